"""The sentences of the pages (pure)."""

import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import NamedTuple

from nutbridge.system.services import Services
from nutbridge.ups.units import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    SECONDS_PER_MINUTE,
    spoken_days,
)
from nutbridge.web.model import House, HouseState, Reading

#: A value read longer ago than this is marked as old, s: twice the longest time
#: between two full polls.
OLD_S = 600.0
#: A token that ends within this is told in words of warning, s.
TOKEN_SOON_S = 30 * SECONDS_PER_DAY
_NOTHING = "unknown"
#: 1138 to 2800 and some: devices and damaged files tell other times, s from 1970.
_CALENDAR_S = 2.6e10
_TEN = 10


class Sentence(NamedTuple):
    """What is the matter, in one look.

    Attributes:
        head: the sentence.
        more: what it means, or what to do.
        state: its first part, in which no number changes.
    """

    head: str
    more: str
    state: str


#: What to do, where somebody has to; what it means, where nobody has.
_MORE: Mapping[HouseState, str] = MappingProxyType(
    {
        HouseState.ON_LINE: "The grid carries the house.",
        HouseState.ON_BATTERY: "The battery carries the house. Nothing has to be "
        "done yet.",
        HouseState.LOW: "Machines that listen shut down now. Switch off what need "
        "not run.",
        HouseState.HIDDEN: "The gateway has not answered for long, so machines that "
        "listen see no communication. An outage would not be noticed: look at the "
        "gateway, its network and the config (nutbridge doctor says what is wrong).",
        HouseState.NO_MONITOR: "The last status still stands in the port file, and "
        "nobody keeps it true: start the monitor ({restart}).",
        HouseState.HANGS: "The monitor runs, but has noted nothing for long: restart "
        "it ({restart}).",
        HouseState.NO_STATUS: "The port file has no ups.status of a monitor; nutbridge "
        "doctor says why.",
        HouseState.UNREADABLE: "{problem}",
    }
)


_HIDDEN_NO_MONITOR = (
    "The port file is hidden, so machines that listen see no communication, and no "
    "monitor runs: start it ({restart})."
)


def sentence(house: House, services: Services) -> Sentence:
    """Return the sentence that the page of a house begins with."""
    charge = "" if house.charge_pct.value is None else percent(house.charge_pct.value)
    since = f" since {moment(house.since, house.time)}" if house.since else ""
    runtime_s = house.runtime_s.value
    left = "" if runtime_s is None else f"about {spoken(runtime_s)}"
    match house.state:
        case HouseState.ON_LINE:
            parts = ["On line" + since, charge]
        case HouseState.ON_BATTERY:
            parts = ["On battery" + since, charge, left]
        case HouseState.LOW:
            parts = ["Low battery", charge, left and f"{left} left"]
        case HouseState.HIDDEN:
            parts = ["No communication" + since]
        case HouseState.NO_MONITOR:
            parts = ["Not protected: no monitor runs"]
        case HouseState.HANGS:
            parts = ["Not protected: the monitor hangs"]
        case HouseState.NO_STATUS:
            parts = ["Not protected: there is no status"]
        case _:
            parts = ["Nothing can be read"]
    return Sentence(", ".join(filter(None, parts)), _more(house, services), parts[0])


def _more(house: House, services: Services) -> str:
    text = _MORE[house.state]
    if house.state is HouseState.ON_BATTERY:
        if house.generator:
            return "A generator carries the house."
        if house.charge_pct.reckoned:
            return f"The gateway does not answer: the charge is reckoned. {text}"
    if house.state is HouseState.NO_MONITOR and house.status is None:
        text = _HIDDEN_NO_MONITOR
    return text.format(
        restart=services.to("restart", f"enphase-monitor@{house.ups}"),
        problem=house.problem or "",
    )


def big_word(house: House) -> str:
    """Return what is to be read from across a room."""
    match house.state:
        case HouseState.ON_LINE | HouseState.ON_BATTERY | HouseState.LOW:
            return " ".join(
                word for word in (house.status or "").split() if word in _BIG
            )
        case HouseState.HIDDEN:
            return "NO COMM"
        case _:
            return "NOT SAFE"


_BIG = frozenset({"OL", "OB", "LB"})


def tone(house: House) -> str:
    """Return the class of colours: ``calm``, ``watch`` or ``act``."""
    if house.to_act:
        return "act"
    return "calm" if house.state is HouseState.ON_LINE else "watch"


def age(at: float | None, now: float) -> str:
    """Return how long ago: ``8 s ago``, ``4 min ago``."""
    if at is None:
        return "at an unknown time"
    return f"{short(max(0.0, now - at))} ago"


def short(seconds: float) -> str:
    """Return a duration in one unit: ``8 s``, ``4 min``, ``3 h``, ``9 days``."""
    if seconds < SECONDS_PER_MINUTE:
        return f"{round(seconds)} s"
    if seconds < SECONDS_PER_HOUR:
        return f"{int(seconds // SECONDS_PER_MINUTE)} min"
    if seconds < 2 * SECONDS_PER_DAY:
        return f"{int(seconds // SECONDS_PER_HOUR)} h"
    return f"{int(seconds // SECONDS_PER_DAY)} days"


def spoken(seconds: float | None) -> str:
    """Return a duration as people say it: ``45 s``, ``5 min``, ``5 h 40 min``."""
    if seconds is None:
        return _NOTHING
    whole = round(seconds)
    minutes = round(whole / 60)
    if whole < SECONDS_PER_MINUTE:
        return f"{whole} s"
    if minutes < 60:  # noqa: PLR2004 - of an hour
        return f"{minutes} min"
    if whole < 2 * SECONDS_PER_DAY:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(round(whole / SECONDS_PER_HOUR), 24)
    return f"{days} days {rest} h" if rest else f"{days} days"


def _shown(at: float) -> float:
    """Return a moment that the calendar can tell; no real one is changed."""
    return max(-_CALENDAR_S, min(_CALENDAR_S, at))


def _local(at: float) -> time.struct_time:
    return time.localtime(_shown(at))


def moment(at: float | None, now: float) -> str:
    """Return a time of this machine's zone, with the date where it is another day."""
    if at is None:
        return _NOTHING
    return _dated(_local(at), _local(now))


def moment_at(at: float, now: float, east_s: float) -> str:
    """Return a time of a place so far east of UTC, likewise."""
    return _dated(time.gmtime(at + east_s), time.gmtime(now + east_s))


def _dated(then: time.struct_time, today: time.struct_time) -> str:
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    shape = "%-d %b %H:%M" if then.tm_year == today.tm_year else "%-d %b %Y %H:%M"
    return time.strftime(shape, then)


def clock(at: float) -> str:
    """Return a time of day of this machine's zone."""
    return time.strftime("%H:%M", _local(at))


def hour_or_date(at: time.struct_time) -> str:
    """Return a time of day; of midnight the date that begins."""
    return time.strftime("%H:%M" if at.tm_hour or at.tm_min else "%-d %b", at)


def date_of(at: float) -> date:
    """Return the date of a moment in this machine's zone."""
    return datetime.fromtimestamp(_shown(at), UTC).astimezone().date()


def day(at: float, now: float) -> str:
    """Return a date of this machine's zone, of another year with it."""
    then = _local(at)
    year = "" if then.tm_year == _local(now).tm_year else " %Y"
    return time.strftime(f"%a %-d %b{year}", then)


def percent(value: float | None) -> str:
    """Return a percentage: ``62 %``, with a decimal below 10."""
    if value is None:
        return _NOTHING
    return f"{value:.1f} %" if 0 < value < _TEN else f"{value:.0f} %"


def power(value: float | None) -> str:
    """Return a power without its sign: ``850 W``, ``2.35 kW``."""
    if value is None:
        return _NOTHING
    watts = abs(round(value))
    return f"{watts} W" if watts < 1000 else f"{watts / 1000:.2f} kW"  # noqa: PLR2004


def energy(value_wh: float | None) -> str:
    """Return an energy: ``850 Wh``, ``14.2 kWh``."""
    if value_wh is None:
        return _NOTHING
    if abs(value_wh) < 1000:  # noqa: PLR2004 - Wh in kWh
        return f"{round(value_wh)} Wh"
    return f"{value_wh / 1000:.{1 if abs(value_wh) < 1e6 else 0}f} kWh"  # noqa: PLR2004


def is_old(reading: Reading, now: float) -> bool:
    """Whether a value was read so long ago that it tells little of now."""
    return reading.at is not None and now - reading.at > OLD_S


def token(ends: float | None, now: float) -> str | None:
    """Return what is to be said of the token's end; None where it is not known."""
    if ends is None:
        return None
    end = time.strftime("%-d %B %Y", _local(ends))
    left_s = ends - now
    if left_s <= 0:
        return f"ended on {end}"
    return f"ends on {end}, in {spoken_days(left_s)}"


def flow_words(house: House) -> str:
    """Return the flows as one sentence, for who cannot see the drawing."""
    parts = []
    if (load := house.load_w.value) is not None:
        parts.append(f"the house draws {power(load)}")
    for name, reading in (
        ("the sun", house.pv_w),
        ("the grid", house.grid_w),
        ("the battery", house.battery_w),
    ):
        if (watts := reading.value) is not None:
            verb = "takes" if round(watts) < 0 else "gives"
            parts.append(f"{name} {verb} {power(watts) if round(watts) else 'nothing'}")
    return ", ".join(parts) or "no power is known"


def begun(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]
