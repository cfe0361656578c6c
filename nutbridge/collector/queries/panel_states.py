"""Whether a panel is well: the rule, and nothing else.

Judged as of the last report of its Envoy: of what came later nobody knows.
nutbridge-collector(8) tells the rule to the owner.
"""

from collections.abc import Mapping, MutableMapping, Sequence
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


class PanelFacts(NamedTuple):
    """What is known of one channel.

    Attributes:
        last_seen: end of its last interval, or time of its last reading, with energy.
        known_since: when the Envoy told of it first; None: with its first ones.
        days: local day (a number) to energy, J; of the window.
    """

    last_seen: int | None
    known_since: int | None
    days: MutableMapping[int, int]


def sunny_days(panels: Sequence[PanelFacts], today: int) -> dict[int, float]:
    """Return the sunny days before ``today`` and the median of each, J.

    The median is of those that gave something: half of a house may be out.
    """
    given: dict[int, list[int]] = {}
    for panel in panels:
        for day, energy_j in panel.days.items():
            if energy_j > 0 and day < today:
                given.setdefault(day, []).append(energy_j)
    medians = {day: median(found) for day, found in given.items()}
    least = max(SUNNY_PART * max(medians.values(), default=0), SUNNY_J)
    return {day: value for day, value in medians.items() if value >= least}


def state_of(
    panel: PanelFacts,
    sunny: Mapping[int, float],
    bright_hours: Sequence[int],
    moment: int,
    first_day: int,
) -> PanelState:
    """Return the state of one channel.

    Args:
        panel: what is known of it.
        sunny: from ``sunny_days``, of the Envoy.
        bright_hours: see ``living_state``.
        moment: of the Envoy's last report, Unix seconds.
        first_day: local day on which the panel was known first.
    """
    days = {day: sunny[day] for day in sunny if day >= first_day}
    if is_low(panel, newest_of(days)):
        return PanelState.DEAD
    return living_state(panel, bright_hours, moment)


def newest_of(sunny: Mapping[int, float]) -> list[tuple[int, float]]:
    """Return the days that tell who is dead, and of how much; none of too few days."""
    newest = sorted(sunny.items())[-DEAD_DAYS:]
    return newest if len(newest) == DEAD_DAYS else []


def is_low(panel: PanelFacts, newest: Sequence[tuple[int, float]]) -> bool:
    """Tell whether a channel gave next to nothing on each of these days.

    One that was not low on the newest days of all is not dead, whenever it was known
    first.
    """
    given = panel.days
    return bool(newest) and all(
        given.get(day, 0) < DEAD_PART * energy_j for day, energy_j in newest
    )


def living_state(
    panel: PanelFacts, bright_hours: Sequence[int], moment: int
) -> PanelState:
    """Return the state of one channel that is not dead.

    Args:
        panel: what is known of it.
        bright_hours: begins of the hours in which half of the Envoy's panels gave
            energy, Unix seconds.
        moment: of the Envoy's last report, Unix seconds.
    """
    since = panel.last_seen if panel.last_seen is not None else panel.known_since
    if sum(hour >= (since or 0) for hour in bright_hours) >= SILENT_HOURS:
        return PanelState.SILENT
    if panel.last_seen is None or panel.last_seen < moment - ASLEEP_S:
        return PanelState.ASLEEP
    return PanelState.OK
