"""Files into the store: bodies as they were sent, their XML, each also gzipped.

Idempotent: what is there already is counted, its rows stay. The database is
left to others between two groups of files, so that a collector goes on meanwhile.
"""

import contextlib
import os
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nutbridge.collector.errors import TooLarge
from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.envelope import (
    MAX_INFLATED,
    NotAReport,
    gunzip,
    members,
)
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
#: Of an archive: some weeks of reports.
_LARGEST = 64 << 20
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
        for body, result in _bodies(path, outcome):
            if result.report is None:
                outcome.failed.append((str(path), result.problem or ""))
                continue
            group.append((_raw(body), result))
            rows += _rows(result.report)
            if len(group) >= _GROUP or rows >= _ROWS:
                _store(store, group, outcome)
                group, rows = [], 0
        progress(number)
    _store(store, group, outcome)
    return outcome


def _bodies(path: Path, outcome: ImportOutcome) -> Iterator[tuple[bytes, ParseResult]]:
    """Yield the bodies of a file up to its end, or to where it cannot be read."""
    try:
        yield from _read(path)
    except (OSError, TooLarge, NotAReport, zlib.error) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        outcome.failed.append((str(path), reason or str(exc)))


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


def _read(path: Path) -> Iterator[tuple[bytes, ParseResult]]:
    """Yield the bodies of a file; a gzip file may hold several, or one in parts."""
    # A folder of reports may be anybody's: no link, pipe or hard link in it.
    data = read_file(path, _LARGEST, alone=True).data
    if len(data) > (_LARGEST if data.startswith(_GZIP) else MAX_INFLATED):
        raise NotAReport("it is larger than any file of reports that is read")
    if not data.startswith(_GZIP):
        yield data, parse(data)
        return
    # What is in it counts: the same report with and without gzip is one.
    first = next(members(data, MAX_INFLATED))
    if parse(first).report is None:
        with contextlib.suppress(TooLarge, NotAReport, zlib.error):
            whole = gunzip(data, MAX_INFLATED)
            result = parse(whole)
            if result.report is not None or whole == first:
                yield whole, result
                return
    for member in members(data, MAX_INFLATED):
        yield member, parse(member)


def _raw(body: bytes) -> RawReport:
    return RawReport(int(time.time()), "", "", "", (), body)
