"""The history of a UPS in words, as a table and as a drawing (pure)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from nutbridge.daemon.history.outages import ChargeKnown, Outage, Silence, Unwatched
from nutbridge.daemon.history.points import HistoryPoint
from nutbridge.daemon.history.reading import History, MonthSum
from nutbridge.ups.units import SECONDS_PER_HOUR, WH_PER_KWH, spoken_s

#: The newest of each; --since, --json and --csv have them all.
MOST = 20
#: Of the drawing.
COLUMNS, ROWS = 68, 12
#: What stands left of it, and the fewest columns: room for both times.
_MARGIN, _FEWEST = 9, 24
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_FULL = 100.0

#: Column -> field of the CSV file.
COLUMNS_CSV = (
    *("began", "ended", "end_seen", "length_s", "soc_from_pct", "soc_to_pct"),
    *("energy_wh", "runtime_least_s", "known", "low_at", "shutdown_at"),
    *("unwatched_s", "generator"),
)


def lines_of(ups: str, history: History, zone: tzinfo | None = None) -> Iterator[str]:
    """Return what people want to know, newest last; 80 columns.

    Args:
        ups: its name.
        history: as read.
        zone: of the times; None is the machine's own.
    """
    yield from _head(ups, history, zone)
    if history.outages:
        yield from ("", f"  {_ROW.format(*_TITLES)}")
    for outage in history.outages[-MOST:]:
        yield from _outage(outage, zone)
    if history.silences:
        yield from ("", "  silent from       for")
    for silence in history.silences[-MOST:]:
        yield _silence(silence, zone)
    if history.unwatched:
        yield from ("", "  nothing was noted")
    for gap in history.unwatched[-MOST:]:
        yield _unwatched(gap, zone)
    if history.months:
        yield ""
    yield from map(_month, history.months)
    cut = max(map(len, (history.outages, history.silences, history.unwatched))) > MOST
    if cut or history.left_out:
        yield ""
    if cut:
        yield f"the newest {MOST} are shown; --since, --json and --csv have more"
    yield from history.left_out


def _head(ups: str, history: History, zone: tzinfo | None) -> Iterator[str]:
    outages = history.outages
    lengths_s = [each.length_s for each in outages]
    if not history.points:
        yield f"{ups}: nothing was noted in this time"
        return
    since = moment(history.points[0].at, zone)
    if not outages:
        watched = ", as far as it was watched" if history.unwatched else ""
        yield f"{ups}: no outage since {since}{watched}"
        return
    count = _count(len(outages), "outage")
    together = "" if len(outages) == 1 else "together "
    yield f"{ups}: {count} since {since}, {together}{spoken_s(sum(lengths_s))}"
    if together:
        yield f"  the longest {spoken_s(max(lengths_s))}"


_ROW = "{:17} {:13} {:14} {:>9}  {}"
_TITLES = ("outage", "length", "charge", "energy", "lowest runtime")


def _outage(outage: Outage, zone: tzinfo | None) -> Iterator[str]:
    least_s = outage.runtime_least_s
    least = "" if outage.end_seen or outage.ended is None else ">= "
    yield "  " + _ROW.format(
        moment(outage.began, zone),
        least + spoken_s(outage.length_s),
        f"{_percent(outage.soc_from_pct)} -> {_percent(outage.soc_to_pct)}",
        _energy(outage.energy_wh),
        "?" if least_s is None else spoken_s(least_s),
    )
    for text in _notes(outage, zone):
        yield f"    {text}"


def _notes(outage: Outage, zone: tzinfo | None) -> Iterator[str]:
    if outage.ended is None:
        ending = "it lasts"
    elif outage.end_seen:
        ending = f"until {moment(outage.ended, zone)}"
    else:
        ending = f"until {moment(outage.ended, zone)} at least, then nobody watched"
    known = "charge unknown" if outage.known is ChargeKnown.NOT else outage.known.value
    generator = "; a generator ran" if outage.generator else ""
    yield f"{ending}; {known}{generator}"
    if outage.unwatched_s:
        yield f"nothing was noted for {spoken_s(outage.unwatched_s)} of it"
    if outage.low_at is not None:
        after = spoken_s(outage.low_at - outage.began)
        yield f"LB after {after}: upsmon would have shut machines down"
    elif outage.shutdown_at is not None:
        after = spoken_s(outage.shutdown_at - outage.began)
        yield f"hidden after {after}: upsmon would have shut machines down"
    elif outage.end_seen or outage.ended is None:
        yield "LB was not reached: upsmon would have shut nothing down"
    else:
        yield "LB was not reached as far as it was watched"


def _silence(silence: Silence, zone: tzinfo | None) -> str:
    end = "" if silence.ended is not None else ", its end was not seen"
    gone = ", on battery" if silence.on_battery else ""
    began = moment(silence.began, zone)
    return f"  {began:17} {spoken_s(silence.length_s)}{gone}{end}"


def _unwatched(gap: Unwatched, zone: tzinfo | None) -> str:
    until = "until now" if gap.ended is None else f"to {moment(gap.ended, zone)}"
    return f"  {moment(gap.began, zone)} {until:19} {spoken_s(gap.length_s)}"


def _month(month: MonthSum) -> str:
    outages = _count(month.outages, "outage")
    if month.outages:
        outages += f", {spoken_s(month.outage_s)}, {_energy(month.energy_wh)}"
        outages += f", LB in {month.low}" if month.low else ""
    silences = _count(month.silences, "silence")
    if month.silences:
        silences += f", {spoken_s(month.silence_s)}"
    return f"  {month.month}  {outages}; {silences}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _percent(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f} %"


def _energy(value: float | None) -> str:
    if value is None:
        return "?"
    if abs(value) < WH_PER_KWH:
        return f"{value:.0f} Wh"
    return f"{value / WH_PER_KWH:.1f} kWh"


def moment(at: float, zone: tzinfo | None) -> str:
    """Return a time as people write it, to the minute."""
    return _strftime(at, zone, "%Y-%m-%d %H:%M")


def _strftime(at: float, zone: tzinfo | None, form: str) -> str:
    try:
        return datetime.fromtimestamp(at, zone).strftime(form)
    except (OverflowError, ValueError, OSError):
        return "?"  # a clock beyond what the calendar can tell


def rows_of(history: History, zone: tzinfo | None = None) -> Iterator[Sequence[object]]:
    """Return a row for each outage under COLUMNS_CSV; times are ISO 8601."""
    yield COLUMNS_CSV
    for outage in history.outages:
        cells: list[object] = []
        for name in COLUMNS_CSV:
            value = getattr(outage, name)
            if name in ("began", "ended", "low_at", "shutdown_at") and value:
                value = _iso(value, zone)
            cells.append(round(value, 1) if isinstance(value, float) else value)
        yield cells


def _iso(at: float, zone: tzinfo | None) -> str:
    try:
        return (
            datetime.fromtimestamp(at, zone).astimezone(zone).isoformat("T", "seconds")
        )
    except (OverflowError, ValueError, OSError):
        return ""


def drawing_of(
    outage: Outage,
    zone: tzinfo | None = None,
    *,
    blocks: bool = True,
    width: int = COLUMNS + _MARGIN,
) -> Iterator[str]:
    """Return the charge over the time of one outage, in characters.

    Args:
        outage: to be drawn.
        zone: of the times; None is the machine's own.
        blocks: whether the terminal has block characters.
        width: of the terminal.
    """
    began, length_s = outage.began, max(outage.length_s, 1.0)
    columns = max(_FEWEST, min(COLUMNS, width - _MARGIN))
    cells = [
        _at(outage.curve, began + (column + 0.5) * length_s / columns)
        for column in range(columns)
    ]
    read, guessed = ("█", "░") if blocks else ("#", ":")
    for row in range(ROWS, 0, -1):
        line = "".join(_cell(each, row, read, guessed, blocks=blocks) for each in cells)
        label = f"{_FULL * row / ROWS:3.0f} %" if row in (ROWS, ROWS // 2) else ""
        yield f"{label:>6} |{line.rstrip()}"
    yield f"{'0 %':>6} +{'-' * columns}"
    form = "%Y-%m-%d %H:%M" + ("" if length_s > SECONDS_PER_HOUR else ":%S")
    left, right = (_strftime(at, zone, form) for at in (began, began + length_s))
    if right[:10] == left[:10] or columns < len(left) + len(right):
        right = right[11:]
    yield f"{'':8}{left}{right:>{columns - len(left)}}"
    if outage.low_at is not None:
        where = min(int((outage.low_at - began) / length_s * columns), columns - 3)
        yield f"{'':8}{'':{where}}^ LB"
    keys = [f"{read} charge read"] if not all(p and p.reckoned for p in cells) else []
    if any(each and each.reckoned for each in cells):
        keys.append(f"{guessed} reckoned")
    yield f"{'':8}{', '.join(keys)}"


def _at(curve: Sequence[HistoryPoint], at: float) -> HistoryPoint | None:
    """Return the last point with a charge before a time."""
    found = None
    for point in curve:
        if point.at > at:
            break
        found = point if point.soc_pct is not None else found
    return found


def _cell(
    point: HistoryPoint | None, row: int, read: str, guessed: str, *, blocks: bool
) -> str:
    if point is None or point.soc_pct is None:
        return " "
    part = point.soc_pct / _FULL * ROWS - (row - 1)
    if point.reckoned or not blocks:
        mark = guessed if point.reckoned else read
        return mark if part >= 1 / 2 else " "
    return _EIGHTHS[max(0, min(8, round(part * 8)))]
