"""The file of the history: where it lies, reading, adding lines, its cap."""

import errno
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from nutbridge.config.settings import history_name
from nutbridge.daemon.history.points import LONGEST_BYTES
from nutbridge.system.files import Access, Folder, read_file

if TYPE_CHECKING:
    from datetime import tzinfo

    from nutbridge.daemon.history.reading import History

#: Never longer.
CAP_BYTES = 5_000_000
#: No monitor of ours writes more than the cap; of such a file its end counts.
_MOST_BYTES = 4 * CAP_BYTES
_LONGER = f"left out: all but the newest {_MOST_BYTES / 1e6:.0f} MB"
#: Whoever may read NUT's files may read it, and nobody else.
MODE = 0o640
#: Of the older half of a full file one in so many points of an outage stays.
_OB_POINTS = 15
#: Two points further apart: nobody watched, as read_history has it, s.
_WATCHED_S = 1200.0
_UP = re.compile(rb'"up":([0-9]{1,12}(?:\.[0-9]{1,3})?)[,}]')
_THINNED = b'"thinned":true'


def history_path(state_dir: str, ups: str) -> Path:
    """Return where the history of a UPS lies: it outlives reboots."""
    return Path(state_dir, history_name(ups))


def load_history(
    path: Path,
    *,
    since: float | None = None,
    zone: "tzinfo | None" = None,
    now: float | None = None,
) -> "History":
    """Return what a history tells; see ``read_history``.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    # The monitor writes and never reads.
    from dataclasses import replace

    from nutbridge.daemon.history.reading import read_history

    data = read_file(path, _MOST_BYTES, end=True).data
    longer = len(data) > _MOST_BYTES
    lines = data.split(b"\n")[longer:]
    found = read_history(lines, since=since, zone=zone, now=now)
    if not longer:
        return found
    return replace(found, left_out=(_LONGER, *found.left_out))


def append(path: Path, data: bytes, owner: tuple[int, int] | None) -> None:
    """Add whole lines; all of them or none.

    Args:
        path: of the history.
        data: lines with their ends.
        owner: see ``files.owner_for``.

    Raises:
        OSError: nothing was added.
    """
    with Folder(path.parent) as folder:
        try:
            handle = folder.open(path.name, os.O_RDWR)
        except FileNotFoundError:
            handle = folder.create(path.name, MODE, owner)
        try:
            if not folder.is_alone(path.name, handle):
                from nutbridge.system.rights import NotPlainError

                problem = "is a hard link to another file"
                raise NotPlainError(errno.EMLINK, problem, str(path))
            size = _whole_size(handle)
            if size + len(data) > CAP_BYTES:
                _make_room(folder, path.name, owner)
                os.close(handle)
                handle = folder.open(path.name, os.O_RDWR)
                size = os.fstat(handle).st_size
            _write(handle, data, size)
        finally:
            os.close(handle)


def _whole_size(handle: int) -> int:
    """Return the size up to the last whole line, and cut off what follows it.

    The kernel ends a write of a killed process at the end of a page.
    """
    size = os.fstat(handle).st_size
    if not size or os.pread(handle, 1, size - 1) == b"\n":
        return size
    start = max(0, size - LONGEST_BYTES)
    tail = os.pread(handle, size - start, start)
    whole = start + tail.rfind(b"\n") + 1
    os.ftruncate(handle, whole)
    return whole


def _write(handle: int, data: bytes, size: int) -> None:
    if os.pwrite(handle, data, size) < len(data):
        os.ftruncate(handle, size)  # no half line stays
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _make_room(folder: Folder, name: str, owner: tuple[int, int] | None) -> None:
    """Replace a full file by what is worth more of it, or by its newer half."""
    data = folder.read(name, CAP_BYTES, end=True).data
    lines = data.splitlines(keepends=True)[len(data) > CAP_BYTES :]
    data = b"".join(thinned(lines))
    if len(data) > CAP_BYTES * 4 // 5:
        data = b"".join(lines[len(lines) // 2 :])
    access = folder.access(name) or Access(MODE, owner)
    folder.replace(name, data, access=access, durable=False)


def thinned(lines: list[bytes]) -> list[bytes]:
    """Return lines of which the older half keeps its changes, and little else.

    A line before which others went says so: that time was watched. Both sides of a
    time that was not are kept.
    """
    half = len(lines) // 2
    gaps = _gaps(lines[: half + 1])
    kept: list[bytes] = []
    outage, went = 0, False
    for place, line in enumerate(lines[:half]):
        on_battery = b'"status":"OB' in line
        outage += on_battery
        worth = b'"changed":true' in line or (on_battery and outage % _OB_POINTS == 0)
        if worth or place in gaps or place + 1 in gaps:
            kept.append(_after_others(line) if went else line)
            went = False
        else:
            went = True
    newer = lines[half:]
    if went and newer:
        newer[0] = _after_others(newer[0])
    return kept + newer


def _gaps(lines: list[bytes]) -> set[int]:
    """Return the places of the lines before which nobody watched."""
    ups = [float(found[1]) if (found := _UP.search(line)) else None for line in lines]
    return {
        place
        for place, (before, up) in enumerate(pairwise(ups), start=1)
        if None not in (before, up) and not 0 <= (up or 0) - (before or 0) <= _WATCHED_S
    }


def _after_others(line: bytes) -> bytes:
    if _THINNED in line or not line.endswith(b"}\n"):
        return line
    return line[:-2] + b"," + _THINNED + b"}\n"
