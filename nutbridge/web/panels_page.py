"""What the pages of the panels show (pure): drawings and texts from what was read."""

import time
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from nutbridge.collector.queries.recent import Poll
from nutbridge.collector.store.zones import offset_s
from nutbridge.ups.units import SECONDS_PER_DAY, WH_PER_KWH
from nutbridge.web import charts, house_page, words
from nutbridge.web.charts import ChartBar, Frame, Point, Tick
from nutbridge.web.solar_model import (
    SCALE_WORDS,
    DayEnergy,
    Solar,
    SolarEvent,
    SolarPanel,
)

#: Energy that lies further back than this, while reports come: a backlog, s.
BEHIND_S = 1.5 * SECONDS_PER_DAY
#: No report for longer: said in words of warning, s.
LATE_S = 2 * 3600.0
_DAY, _WEEK = 1, 7
_ASLEEP = "asleep"
#: Digits of a serial number that people compare with a label.
_SHORTEST = 4
#: Polls further apart are not joined by a line, s.
_GAP_S = 3600.0


def context(solar: Solar) -> dict[str, Any]:
    """Return what the template of the panels needs."""
    grids = [_grid(solar, envoy.serial) for envoy in solar.envoys]
    return {
        "solar": solar,
        "now": solar.time,
        "head": head(solar),
        "tone": tone(solar),
        "notes": notes(solar),
        "grids": grids,
        "scale": list(enumerate(SCALE_WORDS)),
        "curve": curve(solar),
        "days": solar.days,
        "months": solar.months,
        "day_bars": bars(solar.days, "kWh", "Energy of the last 31 days", _WEEK),
        "month_bars": bars(solar.months, "kWh", "Energy of the last 12 months", 1),
        "events": _open_events(solar),
    }


def _open_events(solar: Solar) -> list[dict[str, Any]]:
    """Return what is open; what an Envoy says again and again is said once."""
    first: dict[tuple[str | None, str], SolarEvent] = {}
    for one in solar.events:
        if one.open:
            first[one.eqid, one.text] = one  # the oldest comes last
    return [_event(one, solar) for one in first.values()]


def panel_context(solar: Solar, eqid: str, polled: Sequence[Poll]) -> dict[str, Any]:
    """Return what the template of one panel needs."""
    panel = solar.panel(eqid)
    assert panel is not None  # noqa: S101 - looked for before
    zone = next((one.zone for one in solar.envoys if one.serial == panel.envoy), None)
    east_s = offset_s(zone, int(solar.time))
    return {
        "solar": solar,
        "now": solar.time,
        "panel": panel,
        "part": part_words(panel),
        "bars": against(panel),
        "voltage": line_of([(one.at, one.voltage_v) for one in polled], "V", east_s),
        "temperature": line_of(
            [(one.at, one.temperature_c) for one in polled], "°C", east_s
        ),
        "polled": polled[-1] if polled else None,
        "events": [_event(one, solar) for one in solar.events if one.eqid == eqid],
    }


def head(solar: Solar) -> str:
    """Return the sentence that the page begins with."""
    if not solar.panels:
        return "No panel is known yet"
    well = sum(one.state in ("ok", _ASLEEP) for one in solar.panels)
    told = [f"{well} of {len(solar.panels)} panels"]
    if solar.night:
        told[0] += " asleep"
    if solar.today_wh is not None:
        told.append(f"{words.energy(solar.today_wh)} today")
    if solar.received is not None:
        told.append(f"last report {words.age(solar.received, solar.time)}")
    if solar.enphase is not None:
        told.append(f"Enphase {solar.enphase}")
    if solar.waiting is not None:
        told.append(f"{solar.waiting} waiting")
    text = ", ".join(told)
    behind = behind_s(solar)
    return f"{text}; data is {words.short(behind)} behind" if behind else text


def behind_s(solar: Solar) -> float | None:
    """Return how far the data lies back while reports come; None: it does not."""
    newest, received = solar.newest, solar.received
    if newest is None or received is None or solar.time - received > LATE_S:
        return None
    back = solar.time - newest
    return back if back > BEHIND_S else None


def tone(solar: Solar) -> str:
    """Return the class of colours."""
    if any(one.state == "dead" for one in solar.panels):
        return "act"
    late = not solar.night and _late_s(solar) > LATE_S
    silent = any(one.state == "silent" for one in solar.panels)
    return "watch" if late or silent or behind_s(solar) else "calm"


def _late_s(solar: Solar) -> float:
    return 0.0 if solar.received is None else solar.time - solar.received


def notes(solar: Solar) -> list[str]:
    """Return what is the matter, a sentence each."""
    found = []
    for state, text in (
        ("dead", "gives nothing although its neighbours do"),
        ("silent", "is not heard"),
    ):
        names = [one.name for one in solar.panels if one.state == state]
        if names:
            found.append(f"{_several(names)}: {state}, {text}.")
    if not solar.night and _late_s(solar) > LATE_S:
        since = words.short(_late_s(solar))
        found.append(f"No report came for {since}: is the Envoy on, and its network?")
    if behind_s(solar):
        found.append(
            "The Envoy sends old data first, as after a long time without network; "
            "today's panels are shown when it has caught up."
        )
    if solar.more_panels:
        found.append(
            f"{solar.more_panels} more panels are not shown here; nutbridge reports "
            "devices has them all."
        )
    if solar.stuck:
        found.append(f"Enphase refuses {solar.stuck} reports; they are kept.")
    return found


def _several(names: list[str]) -> str:
    shown = ", ".join(names[:6])
    return shown if len(names) <= 6 else f"{shown} and {len(names) - 6} more"  # noqa: PLR2004


def _grid(solar: Solar, envoy: str) -> dict[str, Any]:
    panels = [one for one in solar.panels if one.envoy == envoy]
    placed = [one for one in panels if one.row is not None and one.column is not None]
    rows: list[list[SolarPanel | None]] = []
    if placed:
        most = max(one.column or 0 for one in placed)
        for row in range(1, max(one.row or 0 for one in placed) + 1):
            at = {one.column: one for one in placed if one.row == row}
            rows.append([at.get(column) for column in range(1, most + 1)])
    return {
        "envoy": envoy,
        "rows": rows,
        "short": _labels(panels),
        "others": [one for one in panels if one not in placed],
        "median": next(
            (one.median_wh for one in solar.envoys if one.serial == envoy), None
        ),
    }


def _labels(panels: Sequence[SolarPanel]) -> dict[str, str]:
    """Return what stands in a cell: of serial numbers only the end that differs."""
    bare = [one for one in panels if one.row is None]
    for length in range(_SHORTEST, 20):
        ends = {one.eqid: one.name[-length:] for one in bare}
        if len(set(ends.values())) == len(bare):
            break
    else:
        ends = {}
    return {
        one.eqid: f"…{ends[one.eqid]}"
        if len(ends.get(one.eqid, one.name)) < len(one.name)
        else one.name
        for one in panels
    }


def css(panel: SolarPanel) -> str:
    """Return the classes of a panel's cell."""
    made_up = " estimated" if panel.estimated_wh else ""
    if panel.state in ("dead", "silent", _ASLEEP):
        return f"panel {panel.state}{made_up}"
    bucket = panel.bucket
    return f"panel {'unknown' if bucket is None else f'q{bucket}'}{made_up}"


def part_words(panel: SolarPanel) -> str:
    """Return today's energy against the median, in words."""
    if panel.part is None:
        return ""
    return f"{panel.part * 100:.0f} % of the median"


def curve(solar: Solar) -> Markup | None:
    """Draw today's power of a panel: median, band, yesterday."""
    points = solar.curve
    if not points:
        return None
    known = [one.most_w for one in points if one.most_w is not None]
    known += [one.yesterday_w for one in points if one.yesterday_w is not None]
    top = charts.nice_top(max(known, default=1.0))
    first, last = int(points[0].hour), min(24, int(points[-1].hour) + 1)
    frame = Frame(first, max(last, first + 1), 0, top)
    step = max(1, (last - first + 4) // 5)
    marks = [Tick(hour, f"{hour}:00") for hour in range(first, last + 1, step)]
    low = [Point(one.hour, one.least_w) for one in points]
    high = [Point(one.hour, one.most_w) for one in points]
    parts = [
        *charts.axes(frame, marks, charts.value_ticks(top, "W")),
        charts.area(frame, low, high, "band"),
        charts.path(
            frame, [Point(one.hour, one.yesterday_w) for one in points], "curve thin"
        ),
        charts.path(frame, [Point(one.hour, one.median_w) for one in points], "curve"),
    ]
    peak = max((one.median_w for one in points if one.median_w), default=None)
    title = f"Power of a panel over the day; the median's peak is {words.power(peak)}"
    return charts.svg(parts, height=frame.height, title=title, css="chart day-curve")


def bars(days: tuple[DayEnergy, ...], unit: str, title: str, every: int) -> Markup:
    """Draw energies as bars, kWh."""
    found = [
        ChartBar(
            _label(one.name),
            None if one.wh is None else one.wh / WH_PER_KWH,
            one.estimated_wh / WH_PER_KWH,
            words=f"{one.name}: {words.energy(one.wh)}",
        )
        for one in days
    ]
    return charts.bars(found, unit, title, every)


def _label(name: str) -> str:
    """Return the last part of a date, or the month's short name."""
    parts = name.split("-")
    if len(parts) == 3:  # noqa: PLR2004 - year, month, day
        return f"{int(parts[2])}."
    return _MONTHS[int(parts[1]) - 1]


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # fmt: skip # noqa: E501


def against(panel: SolarPanel) -> Markup:
    """Draw a panel's days, with the median of its Envoy as a line over them."""
    found = []
    for one in panel.days:
        low = one.median_wh and one.wh is not None and one.wh < one.median_wh / 2
        told = (
            f"{one.name}: {words.energy(one.wh)}, median {words.energy(one.median_wh)}"
        )
        value = None if one.wh is None else one.wh / WH_PER_KWH
        found.append(
            ChartBar(
                _label(one.name),
                value,
                one.estimated_wh / WH_PER_KWH,
                "low" if low else "",
                told,
                None if one.median_wh is None else one.median_wh / WH_PER_KWH,
            )
        )
    title = "Energy of 31 days against the median of its Envoy"
    return charts.bars(found, "kWh", title, _WEEK)


def _event(event: SolarEvent, solar: Solar) -> dict[str, Any]:
    panel = solar.panel(event.eqid) if event.eqid else None
    return {
        "text": event.text,
        "when": None
        if event.at is None
        else words.moment_at(event.at, solar.time, offset_s(event.zone, int(event.at))),
        "eqid": event.eqid if panel else None,
        "who": panel.name if panel else event.eqid or "the Envoy",
        "open": event.open,
    }


def line_of(
    values: Sequence[tuple[int, float | None]], unit: str, east_s: int
) -> Markup | None:
    """Draw a value over two days; None where there is too little of it."""
    points = [Point(at, value) for at, value in values]
    known = [point.y for point in points if point.y is not None]
    if len(known) < 2:  # noqa: PLR2004 - no line of one
        return None
    least, most = min(known), max(known)
    step = charts.nice_top(max((most - least) / 3, 1.0))
    bottom = least // step * step
    frame = Frame(points[0].x, points[-1].x, bottom, bottom + 4 * step, height=160)
    ticks = charts.value_ticks(frame.y1, unit, bottom)
    marks = charts.axes(frame, _hours_there(frame, east_s), ticks)
    drawn = charts.path(frame, _with_gaps(points), "curve")
    title = f"{least:.0f} to {most:.0f} {unit} in the last two days"
    return charts.svg([*marks, drawn], height=160, title=title, css="chart")


def _hours_there(frame: Frame, east_s: int) -> list[Tick]:
    base = (frame.x0 + east_s) // SECONDS_PER_DAY * SECONDS_PER_DAY - east_s
    return [
        Tick(at, words.hour_or_date(time.gmtime(at + east_s)))
        for at in house_page.round_times(frame.x0, frame.x1, base)
    ]


def _with_gaps(points: Sequence[Point]) -> list[Point]:
    found: list[Point] = []
    for point in points:
        if found and point.x - found[-1].x > _GAP_S:
            found.append(Point(found[-1].x + 1, None))
        found.append(point)
    return found
