"""How Envoys and panels are at this moment: what is told to others again and again."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from nutbridge.collector.queries.panel_states import PanelState
from nutbridge.collector.queries.panels import Panel, of_panels, panels
from nutbridge.collector.store import schema
from nutbridge.collector.store.given import panels_in
from nutbridge.collector.store.reading import Reader

#: A legacy Envoy reports every 15 min what it measured in slots of 5 min: older
#: than this, an interval says nothing of the power now, s.
RECENT_S = 1800
#: Without a report for so long, nothing is known of the night either, s.
_HEARD_S = 3600
_J_PER_WH = 3600

#: Slots of some panels.
NEWEST = (
    "SELECT i.envoy_id, i.eqid, i.interval_duration, i.energy_j"
    " FROM (VALUES {panels}) AS w CROSS JOIN interval i"
    " WHERE i.eqid = w.column2 AND i.envoy_id = w.column1"
    " AND i.end_date > ? AND i.end_date <= ?"
    " AND i.energy_j IS NOT NULL AND i.left_out IS NULL AND i.interval_duration > 0"
    " ORDER BY i.end_date"
)
_WAITING = "SELECT envoy_id, count(*) FROM outbox GROUP BY envoy_id"


class PanelNow(NamedTuple):
    """A panel now.

    Attributes:
        eqid: its number, as the Envoy writes it.
        state: ``ok``, ``asleep``, ``silent`` or ``dead``.
        power_w: mean over its newest interval while that is recent, 0 while it
            sleeps, None where nobody knows; W.
        energy_today_wh: since midnight at the Envoy, Wh.
        energy_wh: all that is kept, Wh.
        last_energy: when energy came from it last, Unix s.
    """

    eqid: str
    state: PanelState
    power_w: float | None
    energy_today_wh: float
    energy_wh: float
    last_energy: int | None


class EnvoyNow(NamedTuple):
    """An Envoy now.

    Attributes:
        serial: its serial number.
        panels: those that produce.
        last_report: time of receipt of its newest report, Unix s.
        waiting: reports that wait for the upstream.
    """

    serial: str
    panels: tuple[PanelNow, ...]
    last_report: int | None
    waiting: int


def envoys_now(reading: Reader, now: float) -> list[EnvoyNow]:
    """Return all Envoys by their serial numbers, with their panels.

    Args:
        reading: the database.
        now: Unix s.
    """
    moment = int(now)
    kept = _kept_j(reading)
    found = list(panels(reading, moment))
    powers = _powers(reading, found, moment)
    waiting = {row[0]: row[1] for row in reading.rows(_WAITING)}
    shown: dict[int, list[PanelNow]] = {}
    for panel in found:
        key = (panel.envoy.envoy_id, panel.eqid)
        one = PanelNow(
            panel.eqid,
            panel.state,
            powers.get(key, _asleep_w(panel, moment)),
            panel.today_j / _J_PER_WH,
            kept[key] / _J_PER_WH,
            panel.last_seen,
        )
        shown.setdefault(key[0], []).append(one)
    return [
        EnvoyNow(
            envoy.serial_num,
            tuple(shown.get(envoy.envoy_id, ())),
            envoy.last_received,
            waiting.get(envoy.envoy_id, 0),
        )
        for batch in reading.batches()
        for envoy in batch
    ]


def _kept_j(reading: Reader) -> Counter[tuple[int, str]]:
    """Return all that is kept of each panel, J."""
    found: Counter[tuple[int, str]] = Counter()
    names = ("envoy_id", "day", "gave")
    for number, _, gave in reading.pages(schema.envoy_day, names, "envoy_id > 0", ()):
        for eqid, energy_j, _, _ in panels_in(gave):
            found[number, eqid] += energy_j
    return found


def _powers(
    reading: Reader, found: Sequence[Panel], moment: int
) -> dict[tuple[int, str], float]:
    """Return the power of the panels that had energy lately, W."""
    since = moment - RECENT_S
    asked = [
        (panel.envoy.envoy_id, panel.eqid)
        for panel in found
        if panel.last_seen is not None and panel.last_seen > since
    ]
    return {
        # In the order of their ends: the newest of each panel stays.
        (row[0], row[1]): row[3] / row[2]
        for row in of_panels(reading, NEWEST, asked, (since, moment))
    }


def _asleep_w(panel: Panel, moment: int) -> float | None:
    """Return 0 W of a panel that sleeps, as its Envoy has told lately."""
    heard = panel.envoy.last_received
    is_known = heard is not None and heard > moment - _HEARD_S
    return 0.0 if is_known and panel.state is PanelState.ASLEEP else None
