"""Answers on standard output: JSON, CSV, or lines for people."""

import contextlib
import functools
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import typer

from nutbridge.cli.common import write_cells
from nutbridge.errors import EX_CONFIG, NutbridgeError, UsageError
from nutbridge.system.files import Folder
from nutbridge.system.installation import adding
from nutbridge.system.rights import become_reader
from nutbridge.system.terminal import Terminal
from nutbridge.system.text import printable

Object = dict[str, Any]
T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTERRUPTED = 130
_COLLECTOR = (
    *("sqlalchemy", "psycopg", "psycopg_c", "psycopg_binary", "tzdata"),
    *("uvicorn", "starlette", "prometheus_client", "cryptography", "h11"),
)
#: First part of a module's name to the extra that brings it.
_EXTRAS = dict.fromkeys(_COLLECTOR, "collector") | {"paho": "mqtt"}
#: ``dumps`` makes an encoder for each object.
_ENCODE = json.JSONEncoder(allow_nan=False).encode
#: Redraws of the bar, s.
_EVERY_S = 0.1
_BAR = 30
#: Makes us root again, while we are somebody else.
_undo: list[Callable[[], None]] = []


class CollectorMissing(NutbridgeError):
    """A library of the extra ``collector``, or ``mqtt``, is not installed.

    Attributes:
        module: its name.
    """

    #: The unit does not try again: RestartPreventExitStatus.
    exit_code = EX_CONFIG

    def __init__(self, module: str) -> None:
        self.module = module.partition(".")[0]
        extra = _EXTRAS[self.module]
        super().__init__(f"{self.module} is missing; install it: {adding(extra)}")


@contextlib.contextmanager
def orderly() -> Iterator[None]:
    """End quietly on ^C and a closed pipe, plainly where a library is missing."""
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None
    except BrokenPipeError:
        # Python would write what is left at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except ModuleNotFoundError as exc:
        name = exc.name or ""
        if name.partition(".")[0] not in _EXTRAS:
            raise
        raise CollectorMissing(name) from exc
    finally:
        be_root_again()


def database(url: str | None) -> str:
    """Return the database that was given; root becomes the owner of its folder.

    Who owns the folder may replace the file by a link to one of root's, at any time;
    and what root leaves beside the file a collector cannot open. As that user there is
    nothing to gain by it.

    Raises:
        UsageError: none was given.
        StoreDown: root may not follow a link to it, or become that user.
    """
    if not url:
        raise UsageError("give --db URL, the database that reports serve uses")
    from nutbridge.collector.errors import StoreDown
    from nutbridge.collector.store.engine import is_sqlite, parse_url

    address = parse_url(url)
    if os.geteuid() == 0 and is_sqlite(address):
        try:
            _be_owner_of(Path(str(address.database)))
        except FileNotFoundError:
            pass  # told with the rest
        except OSError as exc:
            raise StoreDown(f"{address.database}: {exc.strerror}") from exc
    return url


def _be_owner_of(path: Path) -> None:
    with Folder(path.parent) as folder:
        owner = folder.info()
        if owner.st_uid == 0:
            return
        with contextlib.suppress(FileNotFoundError):
            os.close(folder.open(path.name))  # no link, no pipe
    _undo.append(become_reader((owner.st_uid, owner.st_gid)))


def be_root_again() -> None:
    """Undo what ``database`` did, once the database is open."""
    if _undo:
        _undo.pop()()


def write_array(objects: Iterable[Object]) -> None:
    """Write an array, one object per line, as they come."""
    write_array_of(map(as_json, objects))


def write_array_of(texts: Iterable[str]) -> None:
    """Write an array of what is JSON already."""
    between = "[\n "
    for one in texts:
        sys.stdout.write(between + one)
        between = ",\n "
    sys.stdout.write("[]\n" if between[0] == "[" else "\n]\n")


def write_lines_of_json(objects: Iterable[Object]) -> None:
    """Write one object per line."""
    for one in objects:
        sys.stdout.write(as_json(one) + "\n")


def write_csv(objects: Iterable[Object], columns: Sequence[str]) -> None:
    """Write comma-separated values; what has no column goes into ``extra``."""

    def cells(one: Object) -> Iterable[object]:
        more = {key: value for key, value in one.items() if key not in columns}
        if more and "extra" in columns:
            one["extra"] = json.dumps(more, sort_keys=True)
        return map(one.get, columns)

    write_cells([columns])
    write_cells(map(cells, objects))


def write_lines(lines: Iterable[str]) -> None:
    """Write lines; control characters from the network are escaped."""
    for line in lines:
        sys.stdout.write(printable(line) + "\n")


@functools.lru_cache(maxsize=1024)
def moment(seconds: object, zone: str | None = None) -> str:
    """Return a time as people read it, with its zone.

    Args:
        seconds: of Unix.
        zone: name of the Envoy's timezone; one that is not known is UTC.
    """
    if not isinstance(seconds, int):
        return "-"
    from nutbridge.collector.store.zones import zone_of

    place = zone_of(zone) or UTC
    try:
        there = (_EPOCH + timedelta(seconds=seconds)).astimezone(place)
    except OverflowError:
        return str(seconds)  # of a clock that was never set
    return f"{there:%Y-%m-%d %H:%M %Z}"


def zone_words(zone: str | None) -> str:
    """Return what is said about the timezone of an Envoy."""
    from nutbridge.collector.store.zones import zone_of

    if zone is None:
        return "no timezone named: UTC"
    return zone if zone_of(zone) else f"timezone {zone} is not known: UTC"


def one_of(options: dict[str, bool], *, needed: bool = False) -> None:
    """See that at most one option is given, and one where it is needed.

    Raises:
        UsageError: not so.
    """
    given = [name for name, wanted in options.items() if wanted]
    if len(given) > 1:
        raise UsageError(f"give only one of {' and '.join(given)}")
    if needed and not given:
        raise UsageError(f"give one of {', '.join(options)}")


def nonempty(found: Iterator[T]) -> Iterator[T] | None:
    """Return what was found; None where that is nothing."""
    for one in found:
        return chain((one,), found)
    return None


def as_json(one: object) -> str:
    """Return JSON in plain ASCII: an escape in a text cannot reach a terminal."""
    return _ENCODE(one)


class Bar:
    """How far a long job is, on the last line of a terminal; else nothing.

    Args:
        total: of what is counted.
    """

    def __init__(self, total: int) -> None:
        self._screen = Terminal(sys.stderr)
        self._shown = total > 0 and self._screen.redraws
        self._total = total
        self._next_s = 0.0

    def step(self, _what: str, done: int, total: int) -> None:
        """Show how far one step of several is."""
        self.of(done, total)

    def of(self, done: int, total: int) -> None:
        """Show that so many are done, where the total is known only now."""
        self._total = max(total, 1)
        self.at(done)

    def at(self, done: int) -> None:
        """Show that so many are done."""
        now_s = time.monotonic()
        if not self._shown or (now_s < self._next_s and done < self._total):
            return
        self._next_s = now_s + _EVERY_S
        full = _BAR * done // self._total
        bar = "#" * full + "." * (_BAR - full)
        self._screen.live(f"[{bar}] {done} of {self._total}")

    def end(self) -> None:
        """Remove the line."""
        self._screen.live("")
