"""Debian's packages of nutbridge: ``python -m tests.boot.package FOLDER``.

Built in a tree of Debian 13 by debhelper and pybuild, from the files of an sdist, and
looked at by lintian. The version is that of nutbridge/__init__.py.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from email.utils import formatdate
from pathlib import Path

import nutbridge
from tests.boot.tree import ROOT, build_tree

#: Later ones are built in the same way; the packages say what they need.
DEBIAN = 13

_CHANGELOG = """nutbridge ({version}) unstable; urgency=medium

  * Version {version}; what is new stands in changelog.gz beside this file.

 -- nutbridge contributors <nutbridge@nutbridge.invalid>  {date}
"""


def debian_version(version: str) -> str:
    """Return a version as dpkg sorts it: ``1.0rc1`` before ``1.0``."""
    return re.sub(r"\.?(dev|a|b|rc)(?=\d)", r"~\1", version)


def make_packages(folder: Path) -> list[Path]:
    """Build both packages into a folder; lintian's errors are failures."""
    tree = build_tree(DEBIAN)
    tree.joinpath("build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=tree / "build", prefix="nb-") as name:
        place = Path(name)
        _unpack(place)
        changelog = _CHANGELOG.format(
            version=debian_version(nutbridge.__version__),
            date=formatdate(float(os.environ.get("SOURCE_DATE_EPOCH", time.time()))),
        )
        place.joinpath("nutbridge/debian/changelog").write_text(changelog)
        inside = f"/{place.relative_to(tree)}"
        _inside(tree, f"{inside}/nutbridge", *_BUILD)
        _inside(tree, inside, *_LOOK)
        folder.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.copy(deb, folder)) for deb in sorted(place.glob("*.deb"))]


_BUILD = ("dpkg-buildpackage", "--build=binary", "--no-sign")
_LOOK = ("sh", "-c", "lintian --allow-root --fail-on error *.changes")


def _unpack(place: Path) -> None:
    """Make an sdist of the checkout and unpack it as ``nutbridge``."""
    _run(
        *(sys.executable, "-m", "build", "--sdist", "--no-isolation"),
        *("--outdir", str(place), str(ROOT)),
    )
    (sdist,) = place.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(place, filter="data")
    sdist.unlink()
    (unpacked,) = place.iterdir()
    unpacked.rename(place / "nutbridge")


def _inside(tree: Path, folder: str, *command: str) -> None:
    """Run a command in the tree, without a network."""
    said = _run(
        *("unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc"),
        *(f"--root={tree}", f"--wd={folder}"),
        *("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"),
        *("HOME=/nonexistent", *command),
    )
    if command == _LOOK:
        sys.stdout.write(said)


def _run(*command: str) -> str:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-6000:]}"
    return done.stdout


def main(folder: str) -> int:
    """Build, and name what was built."""
    if os.geteuid() != 0:
        sys.stderr.write("make deb: a tree of Debian is made by root; run as root\n")
        return 2
    for package in make_packages(Path(folder)):
        sys.stdout.write(f"{package}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
