"""enphase-monitor, and any other monitor command, as processes.

Both get the same config, a folder of their own and the same stand-in gateway.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.standin import StandIn

OURS = shlex.join([sys.executable, str(Path(__file__).with_name("plain.py"))])
_MAIN = "from nutbridge.cli.enphase_monitor import main; main()"
#: The monitor in two environments: as it is installed alone, and beside everything
#: that the extras bring, of which some libraries load what they find. BENCH_RUNTIME
#: is the Python of the first; without it this one hides the most expensive part.
ENVIRONMENTS = {
    "runtime packages": shlex.join([os.environ["BENCH_RUNTIME"], "-c", _MAIN])
    if os.environ.get("BENCH_RUNTIME")
    else OURS,
    "all extras": shlex.join([sys.executable, "-c", _MAIN]),
}
UPS = "bench"
#: Keys that both monitors know: a full poll as often as may be, nothing between.
FAST = "POLLFREQ=5\nPOLLFREQALERT=5\n"

#: State files lie in memory, as under systemd; so does everything else here, that
#: no disk is measured.
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None

#: Runs a command and tells code, CPU, wall time and peak. The kernel counts the size of
#: the parent at the start as a peak of the child, so the parent has to be small.
_SMALL_PARENT = """
import os, sys, time
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
begun = time.perf_counter()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, used = os.wait4(pid, 0)
wall_s = time.perf_counter() - begun
code = os.waitstatus_to_exitcode(status)
print(code, used.ru_utime + used.ru_stime, wall_s, used.ru_maxrss)
"""

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_NS = 1e-9


@dataclass(frozen=True, slots=True)
class Spent:
    """What one command took, its children included.

    Attributes:
        cpu_s: user and system.
        wall_s: from start to end.
        peak_kb: largest resident memory of one process.
    """

    cpu_s: float
    wall_s: float
    peak_kb: int


class Command:
    """One monitor with its folder.

    Args:
        line: as for a shell; ``-c CONFIG`` is added.
        gateway: what it asks.
        folder: an empty folder of its own.
        keys: more keys of the config.
    """

    def __init__(self, line: str, gateway: StandIn, folder: Path, keys: str) -> None:
        self.port_file = folder / "home.dev"
        Path(f"{self.port_file}-nocomms").touch()
        self._secret(folder / f"enphase-{UPS}.token", gateway.token)
        config = folder / f"enphase-{UPS}.conf"
        self._secret(
            config,
            f"USERNAME=bench@example.net\nPASSWORD=none\nSERIAL={gateway.serial}\n"
            f"PORT_FILE={self.port_file.name}\nSTATE_DIR='{folder}'\nUPS={UPS}\n"
            f"ENVOY_HOST={gateway.host}\n{keys}",
        )
        self._command = [*shlex.split(line), "-c", str(config)]
        self.environ = {
            "PATH": os.environ["PATH"],
            "NUT_STATEPATH": str(folder),
            "RUNTIME_DIRECTORY": str(folder),
        }

    @staticmethod
    def _secret(path: Path, text: str) -> None:
        path.touch(mode=0o600)
        path.write_text(text, encoding="ascii")

    def start(self, *options: str) -> "subprocess.Popen[bytes]":
        """Start it; what it says is thrown away."""
        return subprocess.Popen(
            [*self._command, *options],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def once(self) -> Spent:
        """Run one check to its end, which must be a success."""
        done = subprocess.run(
            [sys.executable, "-ISc", _SMALL_PARENT, *self._command, "-s"],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        code, cpu, wall, peak = done.stdout.split()
        if int(code) or "ups.status: OL" not in self.port_file.read_text():
            raise RuntimeError(f"{self._command[0]} -s failed: {int(code)}")
        return Spent(float(cpu), float(wall), int(peak))


@contextmanager
def commands(gateway: StandIn, *lines: str, keys: str = "") -> Iterator[list[Command]]:
    """Give each command line a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=MEMORY) as base:
        found = []
        for number, line in enumerate(lines):
            folder = Path(base, str(number))
            folder.mkdir(mode=0o700)
            found.append(Command(line, gateway, folder, keys))
        yield found


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process and its ended children so far.

    Threads have nanoseconds in schedstat, children ticks in stat.
    """
    own = sum(
        int(path.read_text(encoding="ascii").split()[0])
        for path in Path(f"/proc/{pid}/task").glob("*/schedstat")
    )
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = int(after_name[13]) + int(after_name[14])
    return own * _NS + children * _TICK_S
