"""A machine of Debian that boots with systemd, in a network of its own.

Its network has a loopback and nothing else; the stand-in gateway and the cloud of
tests/readme/house.py are there before it boots and live on when it is switched off.
Files that it writes lie in a layer of their own over a tree of Debian.
"""

import contextlib
import itertools
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Self

from tests.boot.tree import ROOT, cgroups
from tests.nut.harness import wait_until
from tests.readme.house import House

BOOT_S = 120.0
MARKS = "/var/lib/shutdown-marks"
#: Bound into the machine.
WHEELS, SOURCE = "/srv/wheels", "/srv/nutbridge"

_ENVIRON = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "PIP_NO_INDEX": "1",
    "PIP_FIND_LINKS": WHEELS,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


_NUMBERS = itertools.count()


class Machine:
    """One machine; a context manager that ends all that belongs to it.

    Args:
        layers: trees, the upper one first.
        name: a short word, in the names of its network and cgroup.
        wheels: folder for pip.

    Attributes:
        house: gateway and cloud, as their owner knows them.
        own: the layer that the machine writes to.
    """

    def __init__(self, layers: Sequence[Path], name: str, wheels: Path) -> None:
        self._layers = layers
        self._name = f"nb-{name}-{os.getpid()}-{next(_NUMBERS)}"
        self._wheels = wheels
        self._folder = Path(tempfile.mkdtemp(prefix="nb-boot-", dir="/var/tmp"))
        self.own = self._folder / "own"
        self._root = self._folder / "root"
        self._exits = contextlib.ExitStack()
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._pid = 0

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as exits:
            exits.callback(shutil.rmtree, self._folder, ignore_errors=True)
            self._make_network(exits)
            self._mount(exits)
            self._start_house(exits)
            self._make_cgroups(exits)
            exits.callback(self.kill)
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    # --- what is around the machine ---

    def _make_network(self, exits: contextlib.ExitStack) -> None:
        _do("ip", "netns", "add", self._name)
        exits.callback(_do, "ip", "netns", "delete", self._name)
        _do("ip", "-n", self._name, "link", "set", "lo", "up")

    def _mount(self, exits: contextlib.ExitStack) -> None:
        work = self._folder / "work"
        for folder in (self.own, work, self._root):
            folder.mkdir()
        lower = ":".join(str(layer) for layer in self._layers)
        options = f"lowerdir={lower},upperdir={self.own},workdir={work}"
        _do("mount", "-t", "overlay", "overlay", "-o", options, str(self._root))
        exits.callback(_do, "umount", "--lazy", str(self._root))

    def _start_house(self, exits: contextlib.ExitStack) -> None:
        told = self._folder / "house.json"
        house = subprocess.Popen(
            self.near(sys.executable, "-m", "tests.readme.house", str(told)),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            text=True,
        )
        exits.callback(_end, house)
        self._house = house
        wait_until(lambda: told.exists() or house.poll() is not None, 60, "the house")
        self.house = House.from_json(json.loads(told.read_text()))

    def _make_cgroups(self, exits: contextlib.ExitStack) -> None:
        for folder in cgroups():
            own = folder / self._name
            own.mkdir()
            exits.callback(_remove_cgroup, own)

    def near(self, *command: str) -> list[str]:
        """Return the command line of a program of the host in the machine's network."""
        return ["ip", "netns", "exec", self._name, *command]

    def let(self, line: str) -> None:
        """Change the house, e.g. ``grid off``; nutbridge/simulator/lines.py."""
        assert self._house.stdin is not None
        self._house.stdin.write(f"{line}\n")
        self._house.stdin.flush()

    # --- the machine itself ---

    def prepare(self) -> None:
        """Before the first boot: a name, and where the house and the cloud are.

        A gateway known from an installation has another certificate in each house.
        """
        for known in self._root.glob("var/lib/*/enphase-home.fingerprint"):
            known.unlink()
        self.write("/etc/hostname", "house\n")
        names = " ".join(House.CLOUD_NAMES)
        self.write("/etc/hosts", f"127.0.0.1 localhost house\n127.0.0.1 {names}\n")
        self.write("/usr/local/share/ca-certificates/house.crt", self.house.ca_pem)
        _do("chroot", str(self._root), "update-ca-certificates")

    def boot(self) -> None:
        """Switch it on, and wait until systemd has started everything."""
        with (self._folder / "console.log").open("ab") as log:
            self._nspawn = self._start(log)
        wait_until(self._found_pid, BOOT_S, "systemd")
        wait_until(lambda: self._state() in ("running", "degraded"), BOOT_S, "the boot")

    def _start(self, log: BinaryIO) -> "subprocess.Popen[bytes]":
        enter = (
            f"echo $$ > {shlex.quote(f'{folder}/{self._name}/cgroup.procs')}"
            for folder in cgroups()
        )
        return subprocess.Popen(
            [
                *("sh", "-c", "; ".join((*enter, 'exec "$@"')), "sh"),
                *("systemd-nspawn", "-q", "-D", str(self._root), "-b"),
                *("--register=no", "--keep-unit", "--console=pipe"),
                *("--resolv-conf=off", "--timezone=off"),
                f"--network-namespace-path=/run/netns/{self._name}",
                f"--bind-ro={self._wheels}:{WHEELS}",
                f"--bind-ro={ROOT}:{SOURCE}",
            ],
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )

    def _found_pid(self) -> bool:
        assert self._nspawn is not None
        assert self._nspawn.poll() is None, (self._folder / "console.log").read_text()
        self._pid = next(filter(_is_systemd, _children(self._nspawn.pid)), 0)
        return self._pid != 0

    def _state(self) -> str:
        return self.run("systemctl is-system-running", check=False).strip()

    def run(
        self, command: str, said: str = "", *, check: bool = True, seconds: float = 300
    ) -> str:
        """Run a line of shell in it as root and return what it shows."""
        done = subprocess.run(
            [
                *("nsenter", "-t", str(self._pid), "-m", "-u", "-i", "-p", "-n"),
                *(f"--wd=/proc/{self._pid}/root/root", "sh", "-c", command),
            ],
            env=_ENVIRON,
            input=said,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert not check or done.returncode == 0, (
            f"{command}: {done.stdout}{done.stderr}"
        )
        return done.stdout

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file of the machine, whether it is on or off."""
        target = self._root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)

    def read(self, path: str) -> str:
        """Return a file of the machine; "" where there is none."""
        target = self._root / path.lstrip("/")
        return target.read_text() if target.exists() else ""

    def power_off(self) -> None:
        """Shut it down as ``poweroff`` does."""
        assert self._nspawn is not None
        self.run("systemctl --no-block poweroff", check=False)
        wait_until(self._off, BOOT_S, "the power to go off")
        self.kill()

    def _off(self) -> bool:
        """Whether systemd, process 1 of the machine, has ended."""
        return not Path(f"/proc/{self._pid}").exists()

    def kill(self) -> None:
        """Pull the plug."""
        if self._nspawn is not None:
            for pid in filter(None, (self._pid, self._nspawn.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._nspawn.wait(30)
            self._nspawn, self._pid = None, 0


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def _is_systemd(pid: int) -> bool:
    """Whether this is process 1 of a machine; nspawn has other children before."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return "Name:\tsystemd\n" in status and "\t1\n" in status.partition("NSpid:")[2]


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


def _end(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait(30)


def _remove_cgroup(folder: Path) -> None:
    """Remove a cgroup and those below it, once the kernel has emptied them."""
    end = time.monotonic() + 10
    for _ in range(1000):
        try:
            for inner in sorted(folder.rglob("*"), reverse=True):
                if inner.is_dir():
                    inner.rmdir()
            folder.rmdir()
        except OSError:
            if time.monotonic() > end:
                return
            time.sleep(0.02)
        else:
            return
