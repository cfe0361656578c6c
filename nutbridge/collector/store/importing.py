"""Files into the store: bodies as they were sent, their XML, each also gzipped.

Idempotent: what is there already is counted, its rows stay. The database is
left to others between two groups of files, so that a collector goes on meanwhile.
"""

import os
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nutbridge.collector.errors import TooLarge
from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.envelope import MAX_INFLATED, NotAReport, gunzip
from nutbridge.collector.parse.model import (
    ParseResult,
    RawReport,
    Report,
)
from nutbridge.collector.store.api import Store
from nutbridge.system.files import read_file

#: A transaction of so many files takes 30 ms.
_GROUP = 16
#: No more files join a group with so many rows: sixteen bodies within the caps
#: took 520 MB.
_ROWS = 10_000
#: Others get the lock in between: SQLite's waiters only look now and then.
_PAUSE_S = 0.02
#: Larger than any body that a collector takes.
_LARGEST = MAX_INFLATED + 1
_GZIP = b"\x1f\x8b"

#: Called with how many files are done.
Progress = Callable[[int], None]


@dataclass(slots=True)
class ImportOutcome:
    """What became of the files.

    Attributes:
        added: reports that are new.
        known: reports that were there.
        failed: file and reason of those that are no report.
    """

    added: int = 0
    known: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def find_files(paths: Sequence[str]) -> tuple[list[Path], list[tuple[str, str]]]:
    """Return the files of all paths, folders with all that is in them.

    Files whose name begins with a dot are left out of folders.

    Returns: the files in their order, and what is not there with the reason.
    """
    found: list[Path] = []
    missing: list[tuple[str, str]] = []
    for path in paths:
        place = Path(path)
        if place.is_dir():
            found += sorted(_inside(place))
        elif place.exists():
            found.append(place)
        else:
            missing.append((path, "no such file"))
    return found, missing


def _inside(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (
            Path(place, name)
            for name in files
            if not name.startswith(".") and Path(place, name).is_file()
        )


def import_files(
    store: Store, files: Sequence[Path], progress: Progress
) -> ImportOutcome:
    """Store the reports of some files.

    Raises:
        StoreError: the files before are stored; import again to go on.
    """
    outcome = ImportOutcome()
    group: list[tuple[RawReport, ParseResult]] = []
    rows = 0
    for number, path in enumerate(files, 1):
        try:
            found = _read(path)
        except (OSError, TooLarge, NotAReport, zlib.error) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else str(exc)
            outcome.failed.append((str(path), reason or str(exc)))
            found = []
        for body, result in found:
            if result.report is None:
                outcome.failed.append((str(path), result.problem or ""))
            else:
                group.append((_raw(body), result))
                rows += _rows(result.report)
        if len(group) >= _GROUP or rows >= _ROWS or number == len(files):
            _store(store, group, outcome)
            group, rows = [], 0
        progress(number)
    return outcome


def _rows(report: Report) -> int:
    kinds = (
        *(report.intervals, report.readings, report.events),
        *(report.devices, report.channels, report.odd_rows),
    )
    return sum(map(len, kinds))


def _store(
    store: Store, group: list[tuple[RawReport, ParseResult]], outcome: ImportOutcome
) -> None:
    if not group:
        return
    new = store.add(group)
    outcome.added += sum(new)
    outcome.known += len(new) - sum(new)
    time.sleep(_PAUSE_S)


def _read(path: Path) -> list[tuple[bytes, ParseResult]]:
    """Return the bodies of a file; a gzip file may hold several."""
    # A folder of reports may be anybody's: no link, pipe or hard link in it.
    data = read_file(path, _LARGEST - 1, alone=True).data
    if len(data) >= _LARGEST:
        raise TooLarge(MAX_INFLATED)
    if not data.startswith(_GZIP):
        return [(data, parse(data))]
    # What is in it counts: the same report with and without gzip is one.
    members = gunzip(data, MAX_INFLATED)
    whole = b"".join(members)
    result = parse(whole)
    if result.report is None and len(members) > 1:
        return [(member, parse(member)) for member in members]
    return [(whole, result)]


def _raw(body: bytes) -> RawReport:
    return RawReport(int(time.time()), "", "", "", (), body)
