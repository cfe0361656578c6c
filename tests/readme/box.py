"""A machine of its own for commands of the manual: nothing they do stays.

| the manual's | is here |
|---|---|
| /etc, /opt, /usr/local, /var/lib | the host's, with changes that end with the box |
| /run | empty, with the folder that NUT's package makes at boot |
| the network | loopback alone, where the stand-ins are; pip has the host's |
| the Enphase cloud | a stand-in under the real names and port |
| sudo | left out: root runs everything; ``sudo -u nut`` is obeyed |
| apt | looked at only: the host has NUT |
| systemctl | played by services.py with what the unit says |

Made of Linux's mount and network namespaces (unshare(1), nsenter(1)), overlayfs
and tmpfs, so it needs root. All folders lie in memory.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.nut.harness import wait_until
from tests.readme.house import House

ROOT = Path(__file__).parents[2]

#: Everything that an installation writes to.
OVERLAID = ("/etc", "/opt", "/usr/local", "/var/lib")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# /etc/resolv.conf and /etc/hosts are mounts of their own in containers.
_SETUP = """
set -eu
mount -t tmpfs none "$1"
shift
layers=$(pwd)/layers
for name in hosts resolv.conf; do cp /etc/$name "$layers/$name"; done
for folder; do
    own=$layers$folder
    mkdir -p "$own/new" "$own/work"
    mount -t overlay overlay \\
        -o "lowerdir=$folder,upperdir=$own/new,workdir=$own/work" "$folder"
done
cat "$layers/resolv.conf" > /etc/resolv.conf
{ cat "$layers/hosts"; echo "$HOSTS"; } > /etc/hosts
mount -t tmpfs -o mode=755 none /run
install -d -o root -g nut -m 770 /run/nut
install -d /run/systemd/system
exec unshare --net "$PYTHON" -m tests.readme.house "$HOUSE"
"""


class Box:
    """The machine; a context manager.

    Attributes:
        folder: for files that both sides see.
        house: the gateway and cloud in it.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nb-box-"))
        self.folder.chmod(0o755)
        (self.folder / "layers").mkdir()
        told = self.folder / "house.json"
        with (self.folder / "box.log").open("wb") as log:
            self._holder = subprocess.Popen(
                [
                    *("unshare", "--mount", "--propagation", "private"),
                    *("sh", "-c", _SETUP, "sh", str(self.folder / "layers")),
                    *OVERLAID,
                ],
                cwd=self.folder,
                env={
                    "PATH": PATH,
                    "PYTHON": sys.executable,
                    "PYTHONPATH": str(ROOT),
                    "HOUSE": str(told),
                    "HOSTS": f"127.0.0.1 {' '.join(House.CLOUD_NAMES)}",
                },
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        wait_until(lambda: told.exists() or self._ended, 30, "the box")
        assert not self._ended, (self.folder / "box.log").read_text()
        self.house = House.from_json(json.loads(told.read_text()))
        self.ca_file = self.folder / "ca.pem"
        self.ca_file.write_text(self.house.ca_pem)

    @property
    def _ended(self) -> bool:
        return self._holder.poll() is not None

    def close(self) -> None:
        """End it; its files go with it."""
        assert self._holder.stdin is not None
        self._holder.stdin.close()
        self._holder.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def inside(
        self, *command: str, network: bool = True, service: bool = False
    ) -> list[str]:
        """Return the command line that runs a command in the box.

        Args:
            command: program and arguments.
            network: whether it sees the stand-ins; else the host's network.
            service: begins in ``/``, as with systemd; else in the checkout, that
                the user nut may not even see.
        """
        spaces = ["--mount", "--net"] if network else ["--mount"]
        return [
            *("nsenter", "--target", str(self._holder.pid), *spaces),
            *([] if service else [f"--wd={ROOT}"]),
            *("--", *command),
        ]

    def environ(self) -> dict[str, str]:
        """Return the environment of somebody who has just logged in as root."""
        kept = {name: value for name, value in os.environ.items() if _is_pips(name)}
        return {
            **kept,
            "PATH": PATH,
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "SSL_CERT_FILE": str(self.ca_file),
        }

    def run(
        self, command: str, said: str = "", *, network: bool = True, seconds: float = 90
    ) -> "subprocess.CompletedProcess[str]":
        """Run a line of shell in it.

        Args:
            command: as somebody types it.
            said: what is typed at its questions.
            network: see ``inside``.
            seconds: until it counts as hanging.
        """
        return subprocess.run(
            self.inside("sh", "-c", command, network=network),
            env=self.environ(),
            input=said,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def changes(self) -> dict[str, str]:
        """Return what differs from the host: ``new``, ``changed`` or ``removed``.

        What lies in a new folder is not listed, the folder is.
        """
        root = Path("/proc", str(self._holder.pid), "root")
        found: dict[str, str] = {}
        for folder in OVERLAID:
            upper = root / f"{self.folder}/layers{folder}/new".lstrip("/")
            self._compare(upper, Path(folder), found)
        found |= {f"/run/{path.name}": "new" for path in (root / "run").iterdir()}
        return found

    def _compare(self, upper: Path, lower: Path, found: dict[str, str]) -> None:
        for path in upper.iterdir():
            there = lower / path.name
            info = path.lstat()
            if stat.S_ISCHR(info.st_mode) and info.st_rdev == 0:
                found[str(there)] = "removed"  # overlayfs marks it so
            elif not os.path.lexists(there):
                found[str(there)] = "new"
            elif stat.S_ISDIR(info.st_mode):
                self._compare(path, there, found)
            elif path.read_bytes() != there.read_bytes():
                found[str(there)] = "changed"


def _is_pips(name: str) -> bool:
    return name.upper().startswith("PIP_") or name.lower().endswith("_proxy")
