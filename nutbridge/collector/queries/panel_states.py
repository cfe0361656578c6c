"""Whether a panel is well: the rule, and nothing else.

Judged as of the last report of its Envoy: of what came later nobody knows.
nutbridge-collector(8) tells the rule to the owner.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from nutbridge.collector.parse.periods import HOUR

#: A dead panel gave less than this part of the median of its Envoy's panels ...
DEAD_PART = 0.1
#: ... on each of so many sunny days, the newest.
DEAD_DAYS = 2
#: A sunny day has a median of at least this part of the best day's ...
SUNNY_PART = 0.5
#: ... and of this much: 0.1 kWh, J. Snow lies on all of them for weeks.
SUNNY_J = 360_000
#: Days in which the best one is looked for.
WINDOW_DAYS = 30
#: A silent panel gave nothing in so many hours in which half of the others did.
SILENT_HOURS = 4
#: A panel without energy for this long before the last report sleeps, s.
ASLEEP_S = HOUR


class PanelState(StrEnum):
    """How a panel is."""

    OK = "ok"
    #: Nothing comes now; it is night, or too dark for it.
    ASLEEP = "asleep"
    #: Nothing came for hours while the others gave.
    SILENT = "silent"
    #: Next to nothing on two sunny days.
    DEAD = "dead"


#: The worst first.
WORST = (PanelState.DEAD, PanelState.SILENT, PanelState.ASLEEP, PanelState.OK)


#: Local day (a number) to energy of each panel that gave some, by its eqid, J.
Given = Mapping[int, Mapping[str, int]]


class PanelFacts(NamedTuple):
    """What is known of one channel.

    Attributes:
        eqid: its number.
        last_seen: end of its last interval, or time of its last reading, with energy.
        known_since: when the Envoy told of it first; None: with its first ones.
    """

    eqid: str
    last_seen: int | None
    known_since: int | None = None


def medians_of(given: Given) -> dict[int, float]:
    """Return the median of each day, of those that gave something, J.

    Half of a house may be out.
    """
    return {
        day: median(found)
        for day, panels in given.items()
        if (found := [value for value in panels.values() if value > 0])
    }


def sunny_days(medians: Mapping[int, float], today: int) -> dict[int, float]:
    """Return the sunny days before ``today`` and the median of each, J.

    Args:
        medians: from ``medians_of``; a day on which none gave has 0, or is missing.
        today: a local day, a number.
    """
    before = {day: value for day, value in medians.items() if day < today}
    least = max(SUNNY_PART * max(before.values(), default=0), SUNNY_J)
    return {day: value for day, value in before.items() if value >= least}


def state_of(
    panel: PanelFacts,
    given: Given,
    sunny: Mapping[int, float],
    bright_hours: Sequence[int],
    moment: int,
    first_day: int,
) -> PanelState:
    """Return the state of one channel.

    Args:
        panel: what is known of it.
        given: of the Envoy.
        sunny: from ``sunny_days``.
        bright_hours: see ``living_state``.
        moment: of the Envoy's last report, Unix seconds.
        first_day: local day on which the panel was known first.
    """
    days = {day: sunny[day] for day in sunny if day >= first_day}
    if panel.eqid in low_ones((panel.eqid,), given, days):
        return PanelState.DEAD
    return living_state(panel.last_seen, panel.known_since, bright_hours, moment)


def low_ones(
    eqids: Iterable[str], given: Given, sunny: Mapping[int, float]
) -> set[str]:
    """Return the panels that gave next to nothing on the newest sunny days.

    No other day of ``given`` is looked at. One that is not low when all days are
    looked at is not dead, whenever it was known first.
    """
    newest = sorted(sunny)[-DEAD_DAYS:]
    found = set(eqids if len(newest) == DEAD_DAYS else ())
    for day in newest:
        panels, least = given[day], DEAD_PART * sunny[day]
        found = {eqid for eqid in found if panels.get(eqid, 0) < least}
    return found


def living_state(
    last_seen: int | None,
    known_since: int | None,
    bright_hours: Sequence[int],
    moment: int,
) -> PanelState:
    """Return the state of one channel that is not dead.

    Args:
        last_seen: see ``PanelFacts``.
        known_since: likewise.
        bright_hours: begins of the hours in which half of the Envoy's panels gave
            energy, Unix seconds.
        moment: of the Envoy's last report, Unix seconds.
    """
    if bright_hours:
        since = (known_since or 0) if last_seen is None else last_seen
        if sum(hour >= since for hour in bright_hours) >= SILENT_HOURS:
            return PanelState.SILENT
    if last_seen is None or last_seen < moment - ASLEEP_S:
        return PanelState.ASLEEP
    return PanelState.OK
