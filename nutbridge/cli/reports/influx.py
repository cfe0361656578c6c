"""nutbridge reports export --influx: the points that an InfluxDB does not have yet.

Two marks are kept, each the number of a report: up to where the last output went,
and up to where the owner said that it had arrived. Only the second decides: what
was lost on the way is written once more, and replaces itself there.
"""

import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

from nutbridge.cli.reports import output as out
from nutbridge.collector.queries.influx import newest, points
from nutbridge.collector.queries.known import refuse_unknown
from nutbridge.collector.store.reading import reading
from nutbridge.errors import ConfigError, UsageError
from nutbridge.system.files import (
    ChangedError,
    make_folders,
    read_file,
    replace_file,
)

#: Reports that are written again: two collectors at one database may finish in
#: another order than they began.
_AGAIN = 100
_CAP = 1000


class _Marks(NamedTuple):
    """Numbers of reports."""

    given: int = 0
    taken: int = 0


def run(db: str | None, serial: str | None, *, only_new: bool, taken: bool) -> None:
    """Write the points, or note that the last ones have arrived.

    Raises:
        UsageError: no such Envoy; the options do not fit.
    """
    if taken:
        note_taken(db)
    else:
        export(db, serial, only_new=only_new)


def export(db: str | None, serial: str | None, *, only_new: bool) -> None:
    """Write the points; with ``only_new`` those after the mark, which is renewed.

    Raises:
        UsageError: no such Envoy; the mark is one for all of them.
    """
    if only_new and serial is not None:
        raise UsageError("--since last is for all Envoys: leave --serial away")
    store_id, number = _newest(db)
    file = _file(store_id)
    marks = _read(file) if only_new else _Marks()
    if marks.taken > number:
        marks = _Marks()  # a backup was put back, or reports are read anew
    with reading(out.database(db)) as database:
        refuse_unknown(database, serial)
        after = max(0, marks.taken - _AGAIN)
        out.write_lines(points(database, serial=serial, after=after))
    out.be_root_again()
    if only_new:
        _write(file, marks._replace(given=number))


def note_taken(db: str | None) -> None:
    """Note that the last output has arrived.

    Raises:
        UsageError: there was none.
    """
    store_id, _ = _newest(db)
    file = _file(store_id)
    marks = _read(file)
    if not marks.given:
        raise UsageError("nothing was written with --influx --since last before")
    _write(file, _Marks(marks.given, marks.given))


def _newest(db: str | None) -> tuple[str, int]:
    with reading(out.database(db)) as database:
        found = newest(database)
    # The marks are of who asks, not of whom the database belongs to.
    out.be_root_again()
    return found


def _file(store_id: str) -> Path:
    state = os.environ.get("STATE_DIRECTORY")
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = Path(state) if state else Path(home) / "nutbridge"
    return folder / f"influx-{store_id}.json"


def _read(file: Path) -> _Marks:
    try:
        found = json.loads(read_file(file, _CAP).data)
        marks: _Marks | None = _Marks(int(found["given"]), int(found["taken"]))
    except FileNotFoundError:
        return _Marks()
    except (OSError, ValueError, ArithmeticError, TypeError, KeyError):
        marks = None
    if marks is None or not 0 <= marks.taken <= marks.given:
        # Each point replaces itself.
        sys.stderr.write(f"{file}: damaged; all points are written again\n")
        return _Marks()
    return marks


def _write(file: Path, marks: _Marks) -> None:
    try:
        make_folders(file.parent)
        replace_file(file, json.dumps(marks._asdict()).encode() + b"\n")
    except (OSError, ChangedError) as exc:
        why = getattr(exc, "strerror", None) or exc
        raise ConfigError(str(file), None, f"cannot be written: {why}") from exc
