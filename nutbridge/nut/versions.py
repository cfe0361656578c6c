"""Which NUT is installed: its programs tell with -V, without a config."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping

#: Where distributions keep the drivers: Debian 12, Debian 13 and Ubuntu, Fedora,
#: a build from source.
FOLDERS = ("/lib/nut", "/usr/lib/nut", "/usr/libexec/nut", "/usr/local/ups/bin")
_TIMEOUT_S = 3.0
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:\.\d+)*")
#: upsmon of these ends the house at the first poll that fails after OB.
_HASTY = ((2, 8, 1), (2, 8, 3))
_NUMBERS = re.compile(r"\d+\.\d+(?:\.\d+)*")
_IN_BRACKETS = re.compile(r"\((\d+\.\d+\.\d+[^)\s]*)\)")


def find_driver(environ: Mapping[str, str], driverpath: str | None) -> str | None:
    """Return where dummy-ups is, or None.

    Args:
        environ: PATH is looked at before NUT's own folders.
        driverpath: of ups.conf, looked at first.
    """
    path = (driverpath or "", environ.get("PATH", ""), *FOLDERS)
    return shutil.which("dummy-ups", path=os.pathsep.join(filter(None, path)))


def driver_version(
    environ: Mapping[str, str], driverpath: str | None = None
) -> str | None:
    """Return the version of dummy-ups, e.g. ``2.8.0``; None when it is not there.

    Source: ``dummy-ups -V``, on stdout or stderr: "Network UPS Tools - Device
    simulation and repeater driver 0.15 (2.8.0)"; "... 0.19 2.8.2" since then.
    Arguments are those of ``find_driver``.
    """
    program = find_driver(environ, driverpath)
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - a program of NUT that was just found
            [program, "-V"],
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    said = done.stdout + done.stderr
    inside = _IN_BRACKETS.search(said)
    named = _VERSION.search(said)
    return inside[1] if inside else (named[0] if named else "unknown")


def numbers_of(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, e.g. (2, 8, 0); empty when there are none."""
    found = _NUMBERS.search(version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def is_hasty(version: str | None) -> bool:
    """Tell whether upsmon of this version shuts down when the driver is gone shortly.

    Source: in 2.8.1 and 2.8.2, mended in 2.8.3 (NUT issue #2454, PR #2462); measured.
    """
    return _HASTY[0] <= numbers_of(version or "") < _HASTY[1]
