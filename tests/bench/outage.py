"""From the relay to upsc: how long an outage takes to be seen.

Several monitors, each with its own driver and upsd, watch one stand-in gateway.
They start at times of their own, so that each outage meets them in other
phases of their waiting.
"""

import contextlib
import random
import time
from collections.abc import Callable

from tests.bench.command import OURS, UPS, Command, commands
from tests.bench.standin import StandIn
from tests.nut.harness import Nut, Times, wait_until
from tests.nut.upsd_client import Client

#: Debian's own pollinterval; the rest does not matter here.
_TIMES = Times(pollinterval=2)
_CLIENT_S = 0.05
_GIVE_UP_S = 60.0
#: Longer than RELAYFREQ: every monitor asks again before the next outage.
_REST_S = (12.0, 22.0)

MONITORS = 10
OUTAGES = 3


def see_outages(say: Callable[[str], None]) -> list[float]:
    """Return what passed from each relay's opening to each client's OB, s."""
    with contextlib.ExitStack() as stack:
        gateway = stack.enter_context(StandIn())
        found = stack.enter_context(commands(gateway, *[OURS] * MONITORS))
        clients = [_start(command, stack) for command in found]
        seen: list[float] = []
        for number in range(OUTAGES):
            time.sleep(random.uniform(*_REST_S))  # any moment of the waiting
            gateway.be(grid=False)
            seen += _wait_for("OB", clients)
            say(f"outage {number + 1} of {OUTAGES}: seen by all {MONITORS}")
            gateway.be(grid=True)
            _wait_for("OL", clients)
    return seen


def _start(command: Command, stack: contextlib.ExitStack) -> Client:
    # Where the monitor looks for the driver's socket is where NUT puts it.
    nut = Nut(command.port_file, _TIMES, UPS)
    stack.callback(nut.stop)
    command.environ["NUT_STATEPATH"] = str(nut.socket.parent)
    time.sleep(random.uniform(0.5, 1.5))
    process = command.start()
    stack.callback(process.wait)
    stack.callback(process.terminate)
    wait_until(command.port_file.exists, _GIVE_UP_S, "the first answer")
    nut.start()
    nut.wait_status("OL", _GIVE_UP_S)
    client = Client(nut.port, UPS)
    stack.callback(client.close)
    return client


def _wait_for(status: str, clients: list[Client]) -> list[float]:
    """Return when each client saw the status, s from now."""
    begun = time.monotonic()
    waiting = list(clients)
    seen = []
    while waiting:
        for client in list(waiting):
            if client.list_var().get("ups.status") == status:
                seen.append(time.monotonic() - begun)
                waiting.remove(client)
        if time.monotonic() - begun > _GIVE_UP_S:
            raise RuntimeError(f"{len(waiting)} clients never saw {status}")
        time.sleep(_CLIENT_S)
    return seen
