"""A few figures of each Envoy, for monitoring: asked every minute, so never of all."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from nutbridge.collector.queries.panel_states import PanelState
from nutbridge.collector.queries.panels import panels_of
from nutbridge.collector.store.reading import EnvoyRow, Reader

#: Envoys that have figures of their own: each makes eight lines of a page.
MOST = 100
_NEWEST = (
    "SELECT envoy_id, serial_num, timezone, last_received FROM envoy"
    " WHERE last_received IS NOT NULL ORDER BY last_received DESC, serial_num LIMIT ?"
)
# The heads by their index, however much waits behind them; few stand aside.
WAITING = (
    "SELECT w.column1, r.received FROM (VALUES {envoys}) AS w CROSS JOIN raw r"
    " WHERE r.raw_id = (SELECT min(o.raw_id) FROM outbox o"
    " WHERE NOT o.stuck AND o.envoy_id = w.column1)"
    " UNION ALL SELECT o.envoy_id, r.received FROM outbox o CROSS JOIN raw r"
    " WHERE o.stuck AND r.raw_id = o.raw_id"
)


class EnvoyFigures(NamedTuple):
    """What is told about one Envoy.

    Attributes:
        envoy: with the time of its last report.
        oldest_waiting: when the oldest report came that waits for the upstream, Unix
            seconds; None: nothing waits.
        today_j: energy of all panels on this day of its place, J.
        panels: how many are in each state.
    """

    envoy: EnvoyRow
    oldest_waiting: int | None
    today_j: int
    panels: Mapping[PanelState, int]


def envoy_figures(reading: Reader, now: int) -> list[EnvoyFigures]:
    """Return the figures of the Envoys that reported last, MOST at most.

    Args:
        reading: the database.
        now: Unix seconds, for what is today.
    """
    envoys = [EnvoyRow(*row) for row in reading.rows(_NEWEST, (MOST,))]
    if not envoys:
        return []
    pairs = ", ".join(f"({envoy.envoy_id}, 0)" for envoy in envoys)
    waiting: dict[int, int] = {}
    for number, received in reading.rows(WAITING.format(envoys=pairs)):
        waiting[number] = min(received, waiting.get(number, received))
    states = {envoy.envoy_id: dict.fromkeys(PanelState, 0) for envoy in envoys}
    today_j: Counter[int] = Counter()
    for panel in panels_of(reading, envoys, now):
        number = panel.envoy.envoy_id
        states[number][panel.state] += 1
        today_j[number] += panel.today_j
    return [
        EnvoyFigures(envoy, waiting.get(number), today_j[number], states[number])
        for envoy in envoys
        for number in (envoy.envoy_id,)
    ]
