"""What systemd knows of a unit, and what its files say where it does not run.

Source: systemctl(1) show, systemd.unit(5): drop-ins ``NAME.d/*.conf`` of the
template and of the instance, sorted by file name, a folder earlier in the load
path hides files of the same name in later ones; $SYSTEMD_UNIT_PATH.
"""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from nutbridge.system.files import read_file

#: Load path of the system manager, first wins.
LOAD_PATH = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
#: Names the folders; set where no systemd runs, it asks for what their files say.
UNIT_PATH = "SYSTEMD_UNIT_PATH"
_MOST_BYTES = 65536
#: It is asked for so long, s.
SYSTEMCTL_S = 5.0
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zµ]*)")
#: systemd.time(7), as far as times of services go; a bare number is seconds.
_UNITS_S = {
    **dict.fromkeys(("us", "usec", "µs"), 1e-6),
    **dict.fromkeys(("ms", "msec"), 1e-3),
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}


def show(
    unit: str, names: Sequence[str], environ: Mapping[str, str], timeout_s: float
) -> Mapping[str, str]:
    """Ask systemctl for properties of a unit.

    Raises:
        OSError: no systemctl, or it failed; strerror says why.
        subprocess.TimeoutExpired: no answer in time.
    """
    program = shutil.which("systemctl", path=environ.get("PATH", os.defpath))
    if program is None:
        raise FileNotFoundError(2, "systemctl is not installed")
    done = subprocess.run(  # noqa: S603 - systemctl with names of our own
        [program, "show", f"--property={','.join(names)}", "--", unit],
        env={**environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout_s,
        check=False,
    )
    if done.returncode:
        words = " ".join(done.stderr.split())[:200]
        raise OSError(done.returncode, words or "systemctl failed")
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    return {name: value for name, _, value in pairs}


def look(
    unit: str, names: Sequence[str], environ: Mapping[str, str]
) -> Mapping[str, str] | None:
    """Return properties of a unit; None where systemctl does not tell."""
    try:
        return show(unit, names, environ, SYSTEMCTL_S)
    except (OSError, subprocess.TimeoutExpired):
        return None


def from_files(unit: str, environ: Mapping[str, str]) -> Mapping[str, str] | None:
    """Read the settings of an instance ``a@b.service`` from its unit files.

    Returns:
        The last value of every setting, without sections; None without a unit.
    """
    template = re.sub(r"@.*(\.\w+)$", r"@\1", unit)
    folders = load_path(environ)
    found: dict[str, str] = {}
    main = next(
        (
            path
            for name in (unit, template)
            for path in (Path(folder, name) for folder in folders)
            if path.is_file()
        ),
        None,
    )
    if main is None:
        return None
    drop_ins: dict[str, Path] = {}
    for name in (template, unit):
        for folder in reversed(folders):
            with contextlib.suppress(OSError):
                for path in Path(folder, f"{name}.d").iterdir():
                    if path.suffix == ".conf":
                        drop_ins[path.name] = path
    for path in (main, *(drop_ins[name] for name in sorted(drop_ins))):
        found.update(_settings(path))
    return found


def load_path(environ: Mapping[str, str]) -> Sequence[str]:
    """Return the folders of units, first wins; $SYSTEMD_UNIT_PATH, as systemd does."""
    given = environ.get(UNIT_PATH)
    if not given:
        return LOAD_PATH
    named = [folder for folder in given.split(":") if folder]
    return [*named, *LOAD_PATH] if given.endswith(":") else named


def _settings(path: Path) -> Mapping[str, str]:
    try:
        text = read_file(path, _MOST_BYTES).data.decode("utf-8", "replace")
    except OSError:
        return {}
    found = {}
    for line in text.replace("\\\n", " ").splitlines():
        name, equals, value = line.partition("=")
        if equals and line[:1] not in "#;[":
            found[name.strip()] = value.strip()
    return found


def seconds(span: str) -> float | None:
    """Read a time span of systemd, e.g. ``1min 30s``; None for anything else."""
    if not _SPAN.search(span) or _SPAN.sub("", span).strip():
        return None
    total = 0.0
    for amount, unit in _SPAN.findall(span):
        if unit not in _UNITS_S:
            return None
        total += float(amount) * _UNITS_S[unit]
    return total
