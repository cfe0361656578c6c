"""The demo's table, at most 80 characters wide (pure)."""

from nutbridge.system.terminal import BOLD_RED, GREEN, GREY, YELLOW, painted
from nutbridge.tools.demo.reading import ClientView

#: (width, right-aligned, first and second line of the heading)
_COLUMNS = (
    (5, True, "", "time"),
    (28, False, "", "what happens"),
    (13, False, "", "ups.status"),
    (8, True, "battery.", "charge"),
    (8, True, "battery.", "runtime"),
    (6, True, "ups.", "load"),
    (6, True, "seen", "after"),
)
_GAP = " "
_STATUS_AT = 2

_COLOURS = {"OL": GREEN, "OB": YELLOW, "OB LB": BOLD_RED}

WHAT_WIDTH = _COLUMNS[1][0]


def heading() -> tuple[str, str, str]:
    """Return the lines above the rows."""
    rule = _GAP.join("-" * width for width, *_ in _COLUMNS)
    upper = [first for *_, first, _ in _COLUMNS]
    lower = [second for *_, second in _COLUMNS]
    return _line(upper), _line(lower), rule


def row(
    at_s: float,
    what: str,
    reading: ClientView,
    seen_s: float | None,
    *,
    absent: str,
    colour: bool,
) -> str:
    """Return one row.

    Args:
        at_s: when it was seen, s from the start.
        what: what happens.
        reading: what was seen.
        seen_s: how long after the event; None: there was none.
        absent: stands for the status where no UPS is to be seen.
        colour: colour the status.
    """
    cells = [
        clock(at_s),
        what,
        absent if reading.status is None else reading.status,
        _with_unit(reading.charge, "%"),
        _with_unit(reading.runtime, "s"),
        _with_unit(reading.load, "%"),
        "" if seen_s is None else f"{seen_s:.1f} s",
    ]
    code = _COLOURS.get(reading.status or "", GREY)
    return _line(cells, code if colour else None)


def clock(seconds: float) -> str:
    """Return minutes and seconds, ``0:07``."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def _with_unit(value: str | None, unit: str) -> str:
    return "-" if value is None else f"{value} {unit}"


def _line(cells: list[str], code: str | None = None) -> str:
    fitted = []
    for number, (width, right, *_) in enumerate(_COLUMNS):
        text = cells[number][:width]
        padded = text.rjust(width) if right else text.ljust(width)
        if code and number == _STATUS_AT:
            padded = painted(text, code) + " " * (width - len(text))
        fitted.append(padded)
    return _GAP.join(fitted).rstrip()
