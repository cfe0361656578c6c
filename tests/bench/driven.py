"""A monitor in a process of its own that polls as fast as it can.

It is the daemon's code over real HTTPS, loaded as the daemon loads it; only
the clock is put forward between the polls. What each poll takes is printed as
one line of JSON.
"""

import json
import subprocess
import sys
import tempfile
import time
from array import array
from dataclasses import asdict, dataclass
from pathlib import Path

# What the daemon has loaded by its first poll, so that the memory is the same.
import nutbridge.cli.enphase_monitor
import nutbridge.daemon.runner  # noqa: F401 - the same
from tests.bench.command import MEMORY
from tests.bench.standin import SharedLead, StandIn
from tests.fakes.inside import Ahead, Inside

#: By then a house has lived three hours: what is done hourly has been done.
EARLY = 1000

# tests.bench.plain first: it keeps away what only the development tools bring.
_PROGRAM = f"import tests.bench.plain; from {__spec__.name} import main; main()"


@dataclass(frozen=True, slots=True)
class Task:
    """What to do.

    Attributes:
        host: ENVOY_HOST.
        serial: SERIAL.
        token: for the token file.
        keys: more keys of the config.
        lead: path of the ``SharedLead`` of the house: its clock goes with ours.
        polls: how often to poll.
        pause_s: really waited between the polls.
    """

    host: str
    serial: str
    token: str
    keys: str
    lead: str
    polls: int
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Done:
    """What it took.

    Attributes:
        peak_kb: VmHWM at the end.
        early_peak_kb: VmHWM after EARLY polls.
        failed: polls without a usable answer.
        cpu_s: CPU time of each poll, all threads.
    """

    peak_kb: int
    early_peak_kb: int
    failed: int
    cpu_s: list[float]


def drive(gateway: StandIn, keys: str, polls: int, pause_s: float = 0.0) -> Done:
    """Poll in a fresh process."""
    task = Task(
        gateway.host,
        gateway.serial,
        gateway.token,
        keys,
        gateway.lead,
        polls,
        pause_s,
    )
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        input=json.dumps(asdict(task)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Done(**json.loads(run.stdout))


def peak_kb(pid: int | str = "self") -> int:
    """Return the largest resident memory of a process so far."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise AssertionError("no VmHWM")


def main() -> None:
    """Do the task on stdin."""
    task = Task(**json.load(sys.stdin))
    clock, lead = Ahead(), SharedLead(task.lead)
    begun_s = lead.seconds
    # Not a list that grows: the memory of this process is measured too.
    cpu_s = array("d", bytes(8 * task.polls))
    early_kb = failed = 0
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        inside = Inside(
            Path(folder),
            task.host,
            task.token,
            task.serial,
            keys=task.keys,
            clock=clock,
        )
        for number in range(task.polls):
            begun = time.process_time()
            due = inside.monitor.tick()
            cpu_s[number] = time.process_time() - begun
            failed += inside.monitor.memory.relay.silent_since is not None
            clock.ahead_s += max(0.0, due - clock.boottime())
            lead.put(begun_s + clock.ahead_s)
            if number == EARLY:
                early_kb = peak_kb()
            if task.pause_s:
                time.sleep(task.pause_s)
        inside.monitor.close()
    done = Done(peak_kb(), early_kb, failed, list(cpu_s))
    print(json.dumps(asdict(done)))


if __name__ == "__main__":
    main()
