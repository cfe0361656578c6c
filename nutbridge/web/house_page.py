"""What the page of a house shows (pure): drawings and texts from what was read."""

import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from markupsafe import Markup

from nutbridge.daemon.history.outages import ChargeKnown, Outage
from nutbridge.daemon.history.points import HistoryPoint
from nutbridge.system.services import SYSTEMD, Services
from nutbridge.ups.snapshot import encode
from nutbridge.web import charts, words
from nutbridge.web.charts import Day, Frame, Node, Point, Span, Tick
from nutbridge.web.model import House, Past, Reading

#: Days of the strip, and outages whose curve is drawn.
STRIP_DAYS = 30
CURVES = 5
FULL_PCT = 100.0
_SHORTEST_S = 60.0
_MOST_TICKS = 5
_HOUR_STEPS = (300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)


class HouseLook(NamedTuple):
    """One look at a house: now, and what was."""

    house: House
    past: Past
    services: Services = SYSTEMD


class Row(NamedTuple):
    """A value of the table.

    Attributes:
        name: what it is.
        value: with its unit.
        at: when it was read; None: not known, or it has no age.
        mark: "", "old" or "reckoned".
    """

    name: str
    value: str
    at: float | None = None
    mark: str = ""


class Curve(NamedTuple):
    """One outage as the page shows it."""

    head: str
    facts: tuple[str, ...]
    drawing: Markup | None
    outage: Outage


def context(look: HouseLook) -> dict[str, Any]:
    """Return what the template needs."""
    house, past, services = look
    now = house.time
    last_days = days(past, now)
    return {
        "house": house,
        "now": now,
        "sentence": words.sentence(house, services),
        "big": words.big_word(house),
        "tone": words.tone(house),
        "read_at": house.charge_pct.at
        if house.charge_pct.at is not None
        else house.grid_asked,
        "gauge": gauge(house),
        "flows": flows(house),
        "flow_words": words.flow_words(house),
        "rows": rows(house),
        "token": words.token(house.token_ends, now),
        "token_soon": house.token_ends is not None
        and house.token_ends - now < words.TOKEN_SOON_S,
        "past": past,
        "strip": charts.strip(last_days, f"The last 30 days: {strip_words(past, now)}"),
        "told_days": [one.words.split(": ", 1) for one in reversed(last_days)],
        "strip_words": strip_words(past, now),
        "curves": [curve(one, house) for one in past.outages[:CURVES]],
    }


def house_object(look: HouseLook) -> dict[str, Any]:
    """Return the house for JSON, with the sentence of the page."""
    house = look.house
    head = words.sentence(house, look.services)
    return {"sentence": head.head, "meaning": head.more, **house.plain()}


def history_object(look: HouseLook) -> dict[str, Any]:
    """Return the history for JSON."""
    found: dict[str, Any] = encode(look.past)
    return {"ups": look.house.ups, "time": look.house.time, **found}


def gauge(house: House) -> Markup:
    """Draw the charge."""
    return charts.gauge(
        house.charge_pct.value,
        house.low_pct,
        house.floor_pct,
        reckoned=house.charge_pct.reckoned,
        css=words.tone(house),
    )


def flows(house: House) -> Markup | None:
    """Draw the flows; None while none is known."""
    nodes = []
    for name, reading, note in (
        ("sun", house.pv_w, ""),
        ("grid", house.grid_w, "" if house.grid_w.value != 0 else "nothing"),
        ("battery", house.battery_w, _direction(house.battery_w)),
    ):
        if reading.value is not None:
            watts = round(reading.value)
            inwards = (watts > 0) - (watts < 0)
            nodes.append(Node(name, words.power(watts), inwards, note))
    if not nodes and house.load_w.value is None:
        return None
    load = words.power(house.load_w.value)
    return charts.flows(nodes, load, f"Flows: {words.flow_words(house)}")


def _direction(battery: Reading) -> str:
    watts = round(battery.value or 0)
    return "" if watts == 0 else "gives" if watts > 0 else "takes"


def rows(house: House) -> list[Row]:
    """Return the table of values, each with its age."""
    now = house.time
    found = [
        _row("charge", words.percent, house.charge_pct, now),
        _row("runtime", words.spoken, house.runtime_s, now),
        _row("load", words.power, house.load_w, now),
        Row("grid asked", _relay(house), house.grid_asked)
        if house.grid_asked
        else Row("grid asked", "never"),
    ]
    if house.load_pct is not None and house.nominal_w is not None:
        of = f"{words.percent(house.load_pct)} of {words.power(house.nominal_w)}"
        found.insert(3, Row("of what the battery can give", of, house.load_w.at))
    if house.silent_since is not None:
        since = words.moment(house.silent_since, now)
        found.append(Row("no answer", f"since {since}", None, "old"))
    if house.capacity_wh is not None:
        found.append(Row("capacity", words.energy(house.capacity_wh)))
    if house.temperature_c is not None:
        found.append(Row("warmest battery", f"{house.temperature_c:.0f} °C"))
    if house.noted is not None:
        found.append(Row("monitor noted", "", house.noted))
    return found


def _relay(house: House) -> str:
    told = (house.status or "").split()
    return "closed" if "OL" in told else "open" if "OB" in told else ""


def _row(name: str, shown: Any, reading: Reading, now: float) -> Row:
    old = words.is_old(reading, now)
    mark = "reckoned" if reading.reckoned else "old" if old else ""
    return Row(name, shown(reading.value), reading.at, mark)


def days(past: Past, now: float) -> list[Day]:
    """Return the last days with what happened on each, in this machine's zone."""
    today = words.date_of(now)
    found = []
    for back in range(STRIP_DAYS - 1, -1, -1):
        one = today - timedelta(days=back)
        start, end = _midnight(one), _midnight(one + timedelta(days=1))
        spans = tuple(_spans(past, start, end, now))
        told = _day_words(spans, end - start)
        found.append(Day(f"{one.day} {one:%b}", spans, f"{one:%a %-d %b}: {told}"))
    return found


def _midnight(one: date) -> float:
    return time.mktime((one.year, one.month, one.day, 0, 0, 0, 0, 0, -1))


def _stretches(past: Past, now: float) -> Iterator[tuple[str, float, float]]:
    """Yield kind, begin and end of all that is to be drawn, the lowest first."""
    since = now if past.since is None else past.since
    yield "watched", since, now
    yield "unwatched", 0.0, since
    for kind in ("unwatched", "silence", "outage", "low"):
        for one in past.stretches:
            if one.kind == kind:
                yield kind, one.began, now if one.ended is None else one.ended


def _spans(past: Past, start: float, end: float, now: float) -> Iterator[Span]:
    """Yield what of it lies within a day; of a day to come nothing."""
    whole = end - start
    for kind, began, ended in _stretches(past, now):
        first, last = max(began, start), min(ended, end, now)
        if first < last:
            yield Span((first - start) / whole, (last - start) / whole, kind)


_TOLD = (
    ("outage", "outage"),
    ("silence", "no answer"),
    ("unwatched", "nothing was noted"),
)


def _day_words(spans: Sequence[Span], day_s: float) -> str:
    told = []
    for kind, name in _TOLD:
        lasted = sum(span.end - span.start for span in spans if span.kind == kind)
        if lasted:
            told.append(f"{name} {words.spoken(lasted * day_s)}")
    return ", ".join(told) or "on line"


def strip_words(past: Past, now: float) -> str:
    """Return the last days in a sentence."""
    begin = _midnight(words.date_of(now) - timedelta(days=STRIP_DAYS - 1))
    lasted: dict[str, list[float]] = {}
    for kind, began, ended in _stretches(past, now):
        if ended > begin:
            lasted.setdefault(kind, []).append(ended - max(began, begin))
    told = (
        _counted(lasted.get("outage", ()), "outage"),
        _counted(lasted.get("silence", ()), "silence"),
    )
    unknown_s = sum(lasted.get("unwatched", ()))
    end = f"; nothing was noted for {words.spoken(unknown_s)}" if unknown_s else ""
    return f"{' and '.join(told)}{end}"


def _counted(lasted: Sequence[float], one: str) -> str:
    if not lasted:
        return f"no {one}"
    if len(lasted) == 1:
        return f"1 {one} of {words.spoken(lasted[0])}"
    return f"{len(lasted)} {one}s, {words.spoken(sum(lasted))} in all"


def curve(outage: Outage, house: House) -> Curve:
    """Return an outage with its curve and what is to be said of it."""
    now = house.time
    begun = words.moment(outage.began, now)
    if outage.ended is None:
        head = f"Since {begun}, {words.spoken(now - outage.began)} so far"
    else:
        least = "" if outage.end_seen else "at least "
        head = f"{words.day(outage.began, now)}, {words.clock(outage.began)}"
        head += f" to {words.moment(outage.ended, outage.began)}: "
        head += f"{least}{words.spoken(outage.length_s)}"
    return Curve(head, tuple(_facts(outage)), _drawn(outage, house), outage)


_KNOWN = {
    ChargeKnown.RECKONED: "the charge was reckoned",
    ChargeKnown.PARTLY: "the charge was read, and reckoned in a silence",
    ChargeKnown.NOT: "the charge was not known",
}


def _facts(outage: Outage) -> list[str]:
    told = []
    if outage.soc_from_pct is not None and outage.soc_to_pct is not None:
        told.append(
            f"charge {words.percent(outage.soc_from_pct)} to "
            f"{words.percent(outage.soc_to_pct)}"
        )
    if outage.energy_wh is not None:
        told.append(f"{words.energy(outage.energy_wh)} from the battery")
    if outage.runtime_least_s is not None:
        told.append(f"lowest runtime {words.spoken(outage.runtime_least_s)}")
    if outage.generator:
        told.append("a generator ran")
    if outage.known in _KNOWN:
        told.append(_KNOWN[outage.known])
    if outage.unwatched_s:
        told.append(f"nothing was noted for {words.spoken(outage.unwatched_s)} of it")
    if outage.shutdown_at is not None:
        at = words.clock(outage.shutdown_at)
        told.append(f"low battery: machines that listen shut down from {at} on")
    elif outage.ended is None:
        told.append("machines that listen go on")
    else:
        told.append("never low: machines that listen ran on")
    return told


def _drawn(outage: Outage, house: House) -> Markup | None:
    points = outage.curve
    if len(points) < 2:  # noqa: PLR2004 - no curve of one
        return None
    end = max(points[-1].at, outage.began + _SHORTEST_S)
    frame = Frame(outage.began, end, 0, FULL_PCT, height=196)
    parts = [*charts.axes(frame, hours(frame.x0, end), charts.value_ticks(100, "%"))]
    parts += _limits(frame, house)
    read = [Point(one.at, None if one.reckoned else one.soc_pct) for one in points]
    parts.append(charts.path(frame, _reckoned(points), "curve reckoned"))
    parts.append(charts.path(frame, read, "curve"))
    loads = [Point(one.at, one.load_w) for one in points]
    most = max((load.y for load in loads if load.y is not None), default=None)
    if most is not None:
        top = charts.nice_top(most)
        below = Frame(frame.x0, end, 0, top, height=290, top=208)
        ticks = [Tick(0, "0"), Tick(top, words.power(top))]
        parts += [*charts.axes(below, (), ticks)]
        zero = [Point(load.x, None if load.y is None else 0) for load in loads]
        parts.append(charts.area(below, zero, loads, "load"))
    title = f"Charge over the outage: {', '.join(_facts(outage))}"
    height = 196 if most is None else 270
    return charts.svg(parts, height=height, title=title, css="chart outage-curve")


def _reckoned(points: Sequence[HistoryPoint]) -> list[Point]:
    """Return the reckoned parts, each from the last charge that was read."""
    found: list[Point] = []
    for place, one in enumerate(points):
        after = place + 1 < len(points) and points[place + 1].reckoned
        found.append(Point(one.at, one.soc_pct if one.reckoned or after else None))
    return found


def _limits(frame: Frame, house: House) -> list[str]:
    parts = []
    right = charts.WIDTH - 8
    for name, at in (("low", house.low_pct), ("floor", house.floor_pct)):
        if at is not None:
            y = frame.y(at)
            left = frame.x(frame.x0)
            parts.append(charts.line(left, y, right, y, f"limit {name}"))
            parts.append(charts.text(left + 4, y - 3, name, "tick"))
    return parts


def hours(start: float, end: float) -> list[Tick]:
    """Return marks at round times of this machine's zone."""
    base = _midnight(words.date_of(start))
    return [
        Tick(at, words.hour_or_date(time.localtime(at)))
        for at in round_times(start, end, base)
    ]


def round_times(start: float, end: float, base: float) -> list[float]:
    """Return a few moments between two, whole hours or days after ``base``."""
    length_s = end - start
    step = next((s for s in _HOUR_STEPS if length_s / s <= _MOST_TICKS), 86400)
    first = base + -(-(start - base) // step) * step
    count = int((end - first) // step) + 1
    return [first + step * each for each in range(max(0, count))]
