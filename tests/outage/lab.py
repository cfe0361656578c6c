"""A house with everything: gateway, monitor, driver, upsd and upsmon.

Started in the order of the units: the monitor first, then the driver. All times
of NUT are those that Debian installs. The cloud is down: the token is there.
"""

import json
import time

from tests.e2e.site import UPS, Daemon, Site
from tests.fakes.fixtures import RunningCloud, RunningGateway
from tests.nut.harness import DEBIAN, Nut, wait_until
from tests.outage.witness import Witness

#: upsmon decides within DEADTIME; the rest is for POLLFREQ and FINALDELAY.
AFTER_S = DEBIAN.deadtime + 10
#: Until upsmon has told about a change: pollinterval, POLLFREQ and a busy machine.
TOLD_S = 60.0
#: A driver that ended is there again: RestartSec, its start, and a busy machine.
RESTARTED_S = DEBIAN.restart + 30.0

RELAY = "/ivp/ensemble/relay"
LINES_AT_SHUTDOWN = {"FSD", "SHUTDOWN"}


class Lab:
    """One house; nothing runs yet but the gateway.

    Attributes:
        site: config, port file and the command.
        nut: driver, upsd and upsmon.
        witness: sees what clients see once upsmon runs.
        daemons: every monitor started.
    """

    def __init__(self, gateway: RunningGateway, cloud: RunningCloud) -> None:
        self.gateway, self.house = gateway, gateway.house
        self.site = Site(gateway, cloud)
        self.site.cache_token()
        cloud.server.refuse()
        self.nut = Nut(self.site.port, DEBIAN, UPS)
        # Where the monitor looks for the driver's socket.
        self.site.environ["NUT_STATEPATH"] = str(self.nut.socket.parent)
        self.witness = Witness(self.site, self.nut)
        self.daemons: list[Daemon] = []
        self._driver_pid: int | None = None

    def close(self) -> None:
        """End everything; tell what happened, which pytest shows on a failure."""
        self.witness.stop()
        events = self.nut.events()
        self.nut.stop()
        print(self.witness.story())
        print("upsmon:", *events)
        self.site.close()
        for daemon in self.daemons:
            print(daemon.err)

    def start_monitor(self) -> Daemon:
        """Start as the unit does: one check, then the daemon."""
        self.site.run("-s")
        daemon = self.site.start("-v")
        self.daemons.append(daemon)
        return daemon

    def start_nut(self) -> None:
        """Start driver, upsd and upsmon."""
        self.nut.start()
        self.nut.start_upsmon()
        self.witness.start()

    def start_on_line(self) -> Daemon:
        """Start everything, with the grid there; upsmon has seen OL."""
        daemon = self.start_monitor()
        self.site.wait_status("OL")
        self.nut.start()
        self.nut.wait_status("OL")
        self.nut.start_upsmon()
        self._driver_pid = self.nut.driver_pid
        assert self._driver_pid is not None
        self.witness.start()
        return daemon

    def lose_grid(self) -> None:
        """The grid goes; upsmon has told so."""
        self.house.lose_grid()
        self.see_outage()

    def see_outage(self) -> None:
        """Wait until upsmon has told that the grid is gone."""
        self.upsmon_says("ONBATT")
        assert self.site.status == "OB"

    def see_battery_power(self) -> None:
        """Wait until the monitor knows what the battery gives in this outage."""
        state = self.site.run_folder / f"enphase-{UPS}.state"
        wait_until(
            lambda: bool(
                json.loads(state.read_text())["memory"]["flow"].get("samples")
            ),
            TOLD_S,
            "the power of the battery",
        )

    def start_in_outage(self) -> Daemon:
        """Start everything and lose the grid; the charge is known."""
        daemon = self.start_on_line()
        self.lose_grid()
        return daemon

    def upsmon_says(self, event: str, times: int = 1, seconds: float = TOLD_S) -> None:
        """Wait until upsmon has told about an event so many times."""
        wait_until(lambda: self.nut.events().count(event) >= times, seconds, f"{event}")

    def quiet_for(self, seconds: float) -> None:
        """Let time pass; fail as soon as upsmon begins to shut down."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check_no_shutdown()
            time.sleep(0.2)
        self.check_no_shutdown()

    def check_no_shutdown(self) -> None:
        """Upsmon has neither run SHUTDOWNCMD nor begun to."""
        assert not self.nut.shutdown_mark(), "SHUTDOWNCMD ran"
        assert not LINES_AT_SHUTDOWN & set(self.nut.events())

    def check_served(self) -> None:
        """Every LIST VAR was answered, by the same driver."""
        assert self.witness.failures == []
        assert self.nut.driver_pid == self._driver_pid
        assert self.nut.driver_starts == 1

    def check_undisturbed(self, *statuses: str) -> None:
        """The same, and no client ever saw anything else than these statuses."""
        self.check_served()
        assert self.witness.values("ups.status") <= set(statuses)

    def calm_for(self, seconds: float, *statuses: str) -> None:
        """No shutdown for so long, and no client ever saw a gap."""
        self.quiet_for(seconds)
        self.check_undisturbed(*statuses)
