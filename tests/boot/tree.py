"""Trees of Debian to boot, made once and kept outside the checkout.

``$XDG_CACHE_HOME/nutbridge-boot`` (or ~/.cache) holds one tree and one folder of
wheels for each release; they are made anew when what is in them changes. Whoever
makes one, others wait.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: What is in a tree besides Debian's essential packages. NUT is what step 1 of
#: README installs; a machine without a network cannot fetch it later.
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "python3", "python3-venv", "procps"),
    *("ca-certificates", "nut-server", "nut-client"),
)
#: What builds the packages, and looks at them.
BUILD_PACKAGES = (
    *("build-essential", "debhelper", "dh-python", "pybuild-plugin-pyproject"),
    *("python3-all", "python3-hatchling", "python3-docutils", "lintian", "man-db"),
)
#: What the packages need besides NUT. It waits in apt's cache, so that a machine
#: without a network can install it.
LIBRARIES = tuple(
    f"python3-{name}"
    for name in (
        *("cryptography", "h11", "httpx", "jinja2", "jwt", "markupsafe", "psycopg"),
        *("prometheus-client", "sqlalchemy", "starlette", "tenacity", "typer"),
        *("uvicorn", "zeroconf"),
    )
)
#: Programs that boot a tree.
NEEDED = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "nsenter": "util-linux",
}
#: One cgroup of its own for each machine: in a shared one, the first to end stops the
#: services of the other.
CGROUPS = ("/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd")


@dataclass(frozen=True, slots=True)
class Release:
    """A release of Debian: its name, and the Python that it has."""

    suite: str
    python: str


RELEASES = {12: Release("bookworm", "3.11"), 13: Release("trixie", "3.13")}


def why_not() -> str | None:
    """Return why no machine can be booted here, and the remedy; None: one can."""
    if os.geteuid() != 0:
        return "machines are booted by root; run as root"
    missing = [pkg for tool, pkg in NEEDED.items() if shutil.which(tool) is None]
    if missing:
        return f"missing here: apt-get install {' '.join(missing)}"
    if not all(os.access(folder, os.W_OK) for folder in cgroups()):
        return "cgroups cannot be made here; run outside of an unprivileged container"
    return None


def cgroups() -> tuple[Path, ...]:
    """Return the folders in which a machine's own cgroup is made."""
    hybrid = tuple(Path(folder) for folder in CGROUPS)
    return hybrid if hybrid[0].is_dir() else (Path("/sys/fs/cgroup"),)


def base_tree(debian: int) -> Path:
    """Return a tree of that release with NUT in it; made if there is none."""
    return _tree("tree", debian, PACKAGES)


def build_tree(debian: int) -> Path:
    """Return a tree that builds packages."""
    return _tree("build", debian, BUILD_PACKAGES)


def apt_tree(debian: int) -> Path:
    """Return a tree with NUT in which apt can install LIBRARIES offline."""
    get = "apt-get -qq -o APT::Install-Recommends=1 --download-only install"
    fetch = f'chroot "$1" {get} {" ".join(LIBRARIES)}'
    return _tree(
        *("apt", debian, PACKAGES),
        *("--skip=cleanup/apt", f"--customize-hook={fetch}"),
    )


def _tree(name: str, debian: int, packages: Sequence[str], *options: str) -> Path:
    folder = _cache() / f"{name}-{debian}-{_key(debian, *packages, *options)}"
    with _made_once(folder) as part:
        if part is not None:
            _run(
                *("mmdebstrap", "--quiet", "--variant=minbase", *options),
                f"--include={','.join(packages)}",
                *(RELEASES[debian].suite, str(part)),
            )
    return folder


def wheels(debian: int) -> Path:
    """Return a folder with all that README's step 2 lets pip fetch."""
    release, lock = RELEASES[debian], ROOT / "requirements.lock"
    folder = _cache() / f"wheels-{debian}-{_key(lock.read_bytes())}"
    with _made_once(folder) as part:
        if part is not None:
            _run(
                *(sys.executable, "-m", "pip", "--quiet", "download"),
                *("--require-hashes", "--only-binary=:all:"),
                *("--python-version", release.python, "--dest", str(part)),
                *("--requirement", str(lock)),
            )
    return folder


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home, "nutbridge-boot")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _key(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


@contextmanager
def _made_once(folder: Path) -> Iterator[Path | None]:
    """Yield where to make ``folder``, or None where it is there."""
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            yield None
            return
        part = folder.with_name(f"{folder.name}.part")
        if part.exists():
            shutil.rmtree(part)
        part.mkdir()
        yield part
        part.rename(folder)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stderr[-2000:]}"
