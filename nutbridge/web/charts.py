"""Charts as SVG (pure): no script, no style of their own but classes.

Every number that a chart draws stands in the page as text too. Sizes are units of the
view box; the page scales it to its width.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup, escape

WIDTH = 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 8, 12, 26
_HALF = 50.0
#: Tops that four lines divide into round numbers.
_STEPS = (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10)
#: Less is nothing that a chart could show.
_LEAST = 1e-9
#: More points than units of width are no more to be seen.
_MOST_POINTS = 600


class Point(NamedTuple):
    """A value at a moment; None begins a new line."""

    x: float
    y: float | None


class Tick(NamedTuple):
    """A mark at an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Where values lie in a chart.

    Attributes:
        x0: value at the left edge.
        x1: at the right edge.
        y0: at the bottom.
        y1: at the top.
        height: where it ends, with the words below it.
        top: where it begins.
    """

    x0: float
    x1: float
    y0: float
    y1: float
    height: int = 200
    top: int = _TOP

    def x(self, value: float) -> float:
        """Return where a value lies from left to right."""
        part = (value - self.x0) / ((self.x1 - self.x0) or 1.0)
        return round(_LEFT + part * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        """Return where a value lies from top to bottom."""
        part = (value - self.y0) / ((self.y1 - self.y0) or 1.0)
        return round(
            self.height - _BOTTOM - part * (self.height - self.top - _BOTTOM), 1
        )


def nice_top(most: float) -> float:
    """Return a round number that is not below the largest value."""
    if not _LEAST < most < math.inf:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in _STEPS if step * power >= most * 0.999)


def svg(parts: Iterable[str], *, height: int, title: str, css: str) -> Markup:
    """Put a drawing together.

    Args:
        parts: elements.
        height: of the view box.
        title: says what is to be seen, for who cannot.
        css: its class.
    """
    return Markup(  # noqa: S704 - the texts in the parts are escaped
        f'<svg class="{css}" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def text(x: float, y: float, words: str, css: str = "", anchor: str = "start") -> str:
    """Return a text, escaped."""
    return (
        f'<text x="{x:g}" y="{y:g}" class="{css}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """Return a straight line."""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="{css}"/>'


def rect(x: float, y: float, width: float, height: float, css: str) -> str:
    """Return a rectangle; nothing where it has no size."""
    if width <= 0 or height <= 0:
        return ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'class="{css}"/>'
    )


def hatch(name: str, css: str = "hatch-line") -> str:
    """Return the pattern of what was reckoned, estimated or unknown, by its name."""
    return (
        f'<defs><pattern id="{name}" width="6" height="6" '
        'patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="6" height="6" class="hatch-ground"/>'
        '<line x1="0" y1="0" x2="0" y2="6" '
        f'class="{css}"/></pattern></defs>'
    )


def path(frame: Frame, points: Sequence[Point], css: str) -> str:
    """Return a line through points; a gap where one has no value."""
    drawn: list[str] = []
    pen = "M"
    for point in thinned(points):
        if point.y is None or not math.isfinite(point.y):
            pen = "M"
            continue
        drawn.append(f"{pen}{frame.x(point.x):g} {frame.y(point.y):g}")
        pen = "L"
    return f'<path d="{"".join(drawn)}" class="{css}"/>' if drawn else ""


def area(frame: Frame, low: Sequence[Point], high: Sequence[Point], css: str) -> str:
    """Return the band between two lines that have the same moments; gaps stay."""
    drawn: list[str] = []
    part: list[tuple[float, float, float]] = []
    for below, above in [*zip(low, high, strict=True), (Point(0, None),) * 2]:
        if below.y is not None and above.y is not None:
            part.append((frame.x(above.x), frame.y(below.y), frame.y(above.y)))
            continue
        if len(part) > 1:
            there = [f"{x:g} {top:g}" for x, _, top in part]
            back = [f"{x:g} {bottom:g}" for x, bottom, _ in reversed(part)]
            drawn.append(f"M{'L'.join(there + back)}Z")
        part = []
    return f'<path d="{"".join(drawn)}" class="{css}"/>' if drawn else ""


def thinned(points: Sequence[Point]) -> Iterator[Point]:
    """Yield at most so many points as can be seen, the last one among them."""
    step = max(1, math.ceil(len(points) / _MOST_POINTS))
    yield from points[::step]
    if points and (len(points) - 1) % step:
        yield points[-1]


def axes(frame: Frame, xs: Sequence[Tick], ys: Sequence[Tick]) -> Iterator[str]:
    """Yield the marks of both axes."""
    for tick in ys:
        y = frame.y(tick.at)
        yield line(_LEFT, y, WIDTH - _RIGHT, y, "grid")
        yield text(_LEFT - 6, y + 4, tick.text, "tick", "end")
    for tick in xs:
        x = frame.x(tick.at)
        # A text at the edge would be cut.
        anchor = "end" if x > WIDTH - 30 else "start" if x < 30 else "middle"  # noqa: PLR2004
        yield text(x, frame.height - 8, tick.text, "tick", anchor)
        yield line(x, frame.height - _BOTTOM, x, frame.height - _BOTTOM + 4, "axis")
    bottom = frame.height - _BOTTOM
    yield line(_LEFT, bottom, WIDTH - _RIGHT, bottom, "axis")


def value_ticks(top: float, unit: str, bottom: float = 0.0) -> list[Tick]:
    """Return marks from the bottom to the top, the unit at the last."""
    count = 4
    step = (top - bottom) / count
    ticks = [Tick(bottom + step * each, "") for each in range(count + 1)]
    return [
        Tick(tick.at, f"{tick.at:.4g}{f' {unit}' if place == count else ''}")
        for place, tick in enumerate(ticks)
    ]


def gauge(
    charge: float | None,
    low: float | None,
    floor: float | None,
    *,
    reckoned: bool,
    css: str,
) -> Markup:
    """Draw the charge with the marks of low and floor.

    Args:
        charge: %, None: unknown.
        low: where the battery is low.
        floor: where discharging stops.
        reckoned: hatched.
        css: colours.
    """
    x0, width, y, high = 2.0, WIDTH - 4.0, 4.0, 52.0
    parts = [hatch("reckoned"), rect(x0, y, width, high, "tube")]
    if charge is not None:
        part = max(0.0, min(100.0, charge)) / 100
        parts.append(rect(x0, y, width * part, high, f"charge {css}"))
        if reckoned:
            parts.append(
                f'<rect x="{x0:g}" y="{y:g}" width="{width * part:.1f}" '
                f'height="{high:g}" fill="url(#reckoned)"/>'
            )
    marks = [(floor, "floor"), (low, "low")]
    known = [(at, name) for at, name in marks if at is not None]
    for at, name in known:
        x = x0 + width * max(0.0, min(100.0, at)) / 100
        parts.append(line(x, y, x, y + high + 6, f"mark {name}"))
    # Two that are near each other write one below the other.
    for place, (at, name) in enumerate(reversed(known)):
        x = x0 + width * max(0.0, min(100.0, at)) / 100
        anchor, shift = ("end", 4) if at > _HALF else ("start", -2)
        y_text = y + high + 22 + 18 * place
        parts.append(text(x + shift, y_text, f"{name} {at:.0f} %", "label", anchor))
    words = "unknown" if charge is None else f"{charge:.0f} %"
    also = ", reckoned" if reckoned else ""
    told = "".join(f", {name} at {at:.0f} %" for at, name in known)
    rows = max(1, len(known))
    return svg(
        parts, height=64 + 18 * rows, title=f"Charge {words}{also}{told}", css="gauge"
    )


class Node(NamedTuple):
    """One end of a power flow: grid, sun, battery or house.

    Attributes:
        name: grid, sun, battery or house.
        words: its power.
        inwards: > 0 flows to the house, < 0 from it, 0 nothing.
        note: below it.
    """

    name: str
    words: str
    inwards: int
    note: str = ""


def flows(nodes: Sequence[Node], house: str, title: str) -> Markup:
    """Draw up to three that give or take power, and the house that they are for."""
    parts = [_TIP]
    for node in nodes:
        x1, y1, x2, y2 = _WAYS[node.name]
        tip = {1: ' marker-end="url(#tip)"', -1: ' marker-start="url(#tip)"'}
        css = "flow" if node.inwards else "flow none"
        parts.append(
            f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" class="{css}"'
            f"{tip.get(node.inwards, '')}/>"
        )
    parts += [
        _node(*_PLACES[node.name], node.name, node.words, node.note) for node in nodes
    ]
    parts.append(_node(*_PLACES["house"], "house", house))
    return svg(parts, height=_FLOW_HEIGHT, title=title, css="flows")


_TIP = (
    '<defs><marker id="tip" viewBox="0 0 10 10" refX="8" refY="5" '
    'markerWidth="5" markerHeight="5" orient="auto-start-reverse">'
    '<path d="M0 0L10 5L0 10Z" class="tip"/></marker></defs>'
)
_FLOW_HEIGHT = 226
#: Middle of each box.
_PLACES = {
    "sun": (220, 34),
    "grid": (70, 98),
    "battery": (370, 98),
    "house": (220, 190),
}
#: From the edge of a box to the edge of the house's.
_WAYS = {
    "sun": (220, 68, 220, 154),
    "grid": (100, 132, 150, 176),
    "battery": (340, 132, 290, 176),
}


def _node(x: int, y: int, name: str, words: str, note: str = "") -> str:
    label = f"{name}, {note}" if note else name
    return (
        f'<rect x="{x - 66}" y="{y - 30}" width="132" height="60" rx="9" '
        f'class="node {name}"/>'
        + text(x, y - 7, label, "node-name", "middle")
        + text(x, y + 18, words, "node-value", "middle")
    )


class Span(NamedTuple):
    """Something that lasted, within a day: parts of it from 0 to 1."""

    start: float
    end: float
    kind: str


class Day(NamedTuple):
    """One day of a strip.

    Attributes:
        label: its date.
        spans: what happened, the lowest first; nothing of what is still to come.
        words: the same in words.
    """

    label: str
    spans: tuple[Span, ...]
    words: str


def strip(days: Sequence[Day], title: str) -> Markup:
    """Draw one column per day, midnight at the top."""
    height, top, bottom = 150, 6.0, 24.0
    tall = height - top - bottom
    wide = (WIDTH - 36) / max(1, len(days))
    parts = [hatch("nobody", "unknown-line")]
    for hour in (0, 6, 12, 18, 24):
        y = top + tall * hour / 24
        parts.append(text(28, y + 4, f"{hour}", "tick", "end"))
    for place, one in enumerate(days):
        x = 34 + place * wide
        inner = [rect(x, top, wide - 2, tall, "day")]
        for span in one.spans:
            y = top + tall * span.start
            high = max(2.0, tall * (span.end - span.start))
            inner.append(rect(x, y, wide - 2, high, f"span {span.kind}"))
            if span.kind == "unwatched":
                inner.append(
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide - 2:.1f}" '
                    f'height="{high:.1f}" fill="url(#nobody)"/>'
                )
        parts.append(f"<g><title>{escape(one.words)}</title>{''.join(inner)}</g>")
        if (len(days) - 1 - place) % 7 == 0:
            anchor = "end" if place == len(days) - 1 else "middle"
            middle = x + (wide - 2 if anchor == "end" else wide / 2)
            parts.append(text(middle, height - 6, one.label, "tick", anchor))
    return svg(parts, height=height, title=title, css="strip")


class ChartBar(NamedTuple):
    """One bar.

    Attributes:
        label: below it, where there is room.
        value: its height.
        estimated: the part of it that was made up.
        css: its colour.
        words: for who points at it.
        mark: a line across it, to compare with.
    """

    label: str
    value: float | None
    estimated: float = 0.0
    css: str = ""
    words: str = ""
    mark: float | None = None


def bars(bars_: Sequence[ChartBar], unit: str, title: str, every: int = 1) -> Markup:
    """Draw bars, with what was estimated hatched at their tops."""
    most = max((max(bar.value or 0, bar.mark or 0) for bar in bars_), default=0.0)
    top = nice_top(most)
    frame = Frame(0, max(1, len(bars_)), 0, top, height=180)
    parts = [hatch("made-up"), *axes(frame, (), value_ticks(top, unit))]
    for place, bar in enumerate(bars_):
        x0, x1 = frame.x(place), frame.x(place + 1)
        gap = min(4.0, (x1 - x0) * 0.2)
        if bar.value:
            y = frame.y(bar.value)
            high = frame.y(0) - y
            inner = rect(x0 + gap / 2, y, x1 - x0 - gap, high, f"bar {bar.css}")
            part = min(1.0, bar.estimated / bar.value)
            if part > 0:
                inner += (
                    f'<rect x="{x0 + gap / 2:.1f}" y="{y:.1f}" '
                    f'width="{x1 - x0 - gap:.1f}" height="{high * part:.1f}" '
                    'fill="url(#made-up)"/>'
                )
            parts.append(f"<g><title>{escape(bar.words)}</title>{inner}</g>")
        if bar.mark is not None:
            parts.append(line(x0, frame.y(bar.mark), x1, frame.y(bar.mark), "median"))
        if (len(bars_) - 1 - place) % every == 0:
            parts.append(
                text((x0 + x1) / 2, frame.height - 8, bar.label, "tick", "middle")
            )
    return svg(parts, height=180, title=title, css="chart")
