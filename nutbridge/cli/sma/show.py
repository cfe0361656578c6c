"""nutbridge sma tree and values: ask, decode, show; once or again and again."""

import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from nutbridge.cli.sma.output import (
    guard_encoding,
    write_csv,
    write_json,
    write_lines,
)
from nutbridge.cli.sma.reader import RowReader, reader_of, warn_of_missing
from nutbridge.cli.sma.session import (
    Target,
    interruptible,
    is_passing,
    patiently,
    say,
    session,
)
from nutbridge.errors import DecodeError, DeviceError, UsageError
from nutbridge.sources.sma.rows import (
    DecodedRow,
    matching,
    of_class,
)
from nutbridge.sources.sma.tree import flat, tree

if TYPE_CHECKING:
    from nutbridge.sources.sma.inverter import Inverter


class Form(Enum):
    """How rows are shown."""

    TREE = "tree"
    LIST = "list"
    CSV = "csv"
    JSON = "json"


def form_of(*, json: bool, csv: bool) -> Form:
    """Return the form of a list.

    Raises:
        UsageError: both were asked for.
    """
    if json and csv:
        raise UsageError("--json or --csv, not both")
    if json:
        return Form.JSON
    return Form.CSV if csv else Form.LIST


@dataclass(frozen=True, slots=True)
class Ask:
    """What to ask an inverter for.

    Attributes:
        params: parameters instead of present values.
        language: of its texts, ``en-US``.
        wait_s: how long to wait for a free session.
    """

    params: bool
    language: str
    wait_s: float


@dataclass(frozen=True, slots=True)
class RowSelection:
    """Which rows to show, and how.

    Attributes:
        form: tree, list, CSV or JSON.
        klass: only this device class; None: all.
        raw: with keys and values as sent (tree).
        wanted: keys and globs of names; none: all.
    """

    form: Form
    klass: int | None = None
    raw: bool = False
    wanted: tuple[str, ...] = ()

    def chosen(self, rows: list[DecodedRow]) -> list[DecodedRow]:
        """Keep the rows asked for.

        Raises:
            DecodeError: none is left.
        """
        left = matching(of_class(rows, self.klass), self.wanted)
        if not left:
            names = [f"class {self.klass}"] if self.klass is not None else []
            names += [repr(name) for name in self.wanted]
            raise DecodeError(f"no value fits {', '.join(names)}")
        return left

    def write(self, rows: list[DecodedRow]) -> None:
        """Write the rows of one answer."""
        if self.form is Form.JSON:
            write_json(rows)
        elif self.form is Form.CSV:
            write_csv(rows, time=None, header=True)
        else:
            lines = tree(rows, raw=self.raw) if self.form is Form.TREE else flat(rows)
            write_lines(lines)

    def write_round(self, rows: list[DecodedRow], *, first: bool) -> None:
        """Write the rows of one round of a watch."""
        if self.form is Form.JSON:
            write_json(rows, one_line=True)
            return
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        if self.form is Form.CSV:
            write_csv(rows, time=now, header=first)
        else:
            write_lines([*([] if first else [""]), now, *flat(rows)])


def show_once(target: Target, ask: Ask, show: RowSelection) -> None:
    """Ask once; the session has ended before anything is shown."""
    guard_encoding()
    with interruptible() as interrupts:
        with session(target, interrupts) as inverter:
            reader, rows = patiently(lambda: _begin(inverter, ask), ask.wait_s)
        warn_of_missing(reader.files, "the inverter has ")
        show.write(show.chosen(rows))


def _begin(inverter: "Inverter", ask: Ask) -> tuple[RowReader, list[DecodedRow]]:
    reader = reader_of(inverter, params=ask.params, language=ask.language)
    return reader, reader.read()


def show_rounds(target: Target, ask: Ask, show: RowSelection, every_s: float) -> None:
    """Ask again every ``every_s`` seconds until a signal comes.

    After the first answer a failure is told once and the next round comes as
    usual; a login that fails or another certificate ends the watch.
    """
    guard_encoding()
    with interruptible() as interrupts, session(target, interrupts) as inverter:
        reader, rows = patiently(lambda: _begin(inverter, ask), ask.wait_s)
        warn_of_missing(reader.files, "the inverter has ")
        show.write_round(show.chosen(rows), first=True)
        lost = False
        due = time.monotonic()
        while True:
            # Rounds that were missed are not made up for.
            due = max(due + every_s, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))
            again = _round(reader, (ask, show), tell=not lost)
            if again is None:
                lost = True
                continue
            if lost:
                say("values are back")
            lost = False
            show.write_round(again, first=False)


def _round(
    reader: RowReader, what: tuple[Ask, RowSelection], *, tell: bool
) -> list[DecodedRow] | None:
    """Ask once more; None after a failure that may pass."""
    ask, show = what
    try:
        rows = patiently(reader.read, ask.wait_s)
        return show.chosen(rows)
    except (DeviceError, DecodeError) as error:
        if isinstance(error, DeviceError) and not is_passing(error):
            raise
        if tell:
            say(f"{error}; the next rounds try again")
        return None
