"""A legacy Envoy with 12 microinverters: the reports of its days, made up.

One panel is dead, one weaker than the others, one in the shade in the morning. All
numbers come out of the time alone: no clock, no file, no captured data. The shape of
a report is that of webcomm 4.6.0.
"""

import math
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote

SERIAL = "990000000012"
DAY = 86_400
_SLOT_S = 300
#: Begin and end of the light, s after midnight.
SUNRISE_S, SUNSET_S = 6 * 3600, 20 * 3600
_PEAK_W = 240.0
#: How much of it clouds may take at most.
_CLOUDS = 0.25
#: In the shade a panel has the light of the sky alone.
_SHADE = 0.12
_SLEEPING, _NOT_HEARD = 10009, 10000
_SET, _CLEARED = 2, 1
#: The Envoy measures a little less than the whole slot, s.
_UNMEASURED_S = 6


class SimulatedPanel(NamedTuple):
    """One microinverter.

    Attributes:
        serial: of it; its only channel is ``.1``.
        share: of what the sun gives.
        shade_until_s: s after midnight.
    """

    serial: str
    share: float = 1.0
    shade_until_s: int = 0

    @property
    def eqid(self) -> str:
        """Its channel."""
        return f"{self.serial}.1"


_GOOD = (1.0, 0.98, 1.01, 0.99, 0.97, 1.0, 1.02, 0.98, 1.0)
WEAK = SimulatedPanel("990000001210", 0.7)
SHADED = SimulatedPanel("990000001211", shade_until_s=11 * 3600)
DEAD = SimulatedPanel("990000001212", 0.0)
PANELS = (
    *(SimulatedPanel(f"9900000012{n:02}", share) for n, share in enumerate(_GOOD, 1)),
    *(WEAK, SHADED, DEAD),
)


def power_w(panel: SimulatedPanel, midnight: int, second: float) -> float:
    """Return what a panel gives.

    Args:
        panel: one of PANELS.
        midnight: of the place, Unix seconds.
        second: after midnight.
    """
    if not SUNRISE_S < second < SUNSET_S:
        return 0.0
    height = math.sin(math.pi * (second - SUNRISE_S) / (SUNSET_S - SUNRISE_S))
    day = midnight / DAY
    cloud = math.sin(second / 1700 + day) * math.sin(second / 611 + 3 * day)
    light = math.pow(height, 1.3) * (1 - _CLOUDS * (1 + cloud) / 2)
    shade = _SHADE if second < panel.shade_until_s else 1.0
    return _PEAK_W * panel.share * shade * light


def energy_j(panel: SimulatedPanel, midnight: int, start_s: int, length_s: int) -> int:
    """Return the energy of a slot, J."""
    parts = range(start_s, start_s + length_s, _SLOT_S)
    return sum(
        round(power_w(panel, midnight, part + _SLOT_S / 2) * _SLOT_S) for part in parts
    )


def reports(
    midnight: int, until: int | None = None, *, zone: str = "UTC", first: bool = True
) -> Iterator[tuple[int, bytes]]:
    """Yield the reports of a day, one for each five minutes of light.

    Args:
        midnight: of the place, Unix seconds.
        until: Unix seconds; later ones are not made yet.
        zone: name of the place's timezone.
        first: of several days; the Envoy says then that it does not hear a panel.

    Returns: when each was made, Unix seconds, and the body of its request.
    """
    for start_s in range(SUNRISE_S, SUNSET_S, _SLOT_S):
        made = midnight + start_s + _SLOT_S
        if until is not None and made > until:
            return
        rows = [*_slots(midnight, start_s, _SLOT_S), *_polls(midnight, made)]
        if start_s == SUNRISE_S:
            rows += _morning(midnight, first=first)
        yield made, body(made, rows, zone)


def sample(midnight: int, zone: str = "UTC") -> bytes:
    """Return one small report that holds three days, the last in quarters of an hour.

    Args:
        midnight: at which the last day began, Unix seconds.
        zone: name of the place's timezone.
    """
    evening = midnight + SUNSET_S
    rows = _morning(midnight - 2 * DAY, first=True)
    for before, length_s in ((2, 3600), (1, 3600), (0, 900)):
        for start_s in range(SUNRISE_S, SUNSET_S, length_s):
            rows += _slots(midnight - before * DAY, start_s, length_s)
    return body(evening, [*rows, *_polls(midnight, evening - _SLOT_S)], zone)


def body(made: int, rows: Iterable[str], zone: str = "UTC") -> bytes:
    """Return the body of a request, as an Envoy packs it."""
    return zlib.compress(f"body={quote(xml(made, rows, zone), safe='')}".encode())


def xml(made: int, rows: Iterable[str], zone: str = "UTC") -> str:
    """Return a report as XML."""
    envoy = _element(
        "envoy",
        serial_num=SERIAL,
        part_num="800-00069-r05",
        sw_version="R3.12.34 (simulated)",
        ip_addr="192.0.2.12",
        mac_addr="02:00:00:00:00:12",
        timezone=zone,
        latitude="0.0",
        longitude="0.0",
        emu_region="NA",
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<perf_report report_timestamp="{made}" webcomm_version="4.6.0">'
        f"{envoy}{''.join(rows)}</perf_report>"
    )


def _slots(midnight: int, start_s: int, length_s: int) -> list[str]:
    end = midnight + start_s + length_s
    return [
        _element(
            "interval",
            id=_id(end, place),
            eqid=panel.eqid,
            end_date=end,
            interval_duration=length_s,
            stat_duration=length_s - _UNMEASURED_S,
            stats=energy_j(panel, midnight, start_s, length_s),
        )
        for place, panel in enumerate(PANELS)
        if panel is not DEAD
    ]


def _polls(midnight: int, moment: int) -> list[str]:
    """Return one poll of each panel: V, Hz, V, A in thousandths, deg C, J."""
    rows = []
    for place, panel in enumerate(PANELS):
        power = power_w(panel, midnight, moment - midnight)
        current_ma = round(power / 33.0 * 1000)
        stats = (244_000, 60_000, 33_000, current_ma, 25 + round(power / 12), 0, 0)
        given_j = round(power * (_SLOT_S - _UNMEASURED_S))
        if panel is not DEAD:
            rows.append(
                _element(
                    "reading",
                    id=_id(moment, place),
                    eqid=panel.eqid,
                    date=moment,
                    duration=_SLOT_S - _UNMEASURED_S,
                    flags=0,
                    stats=",".join(map(str, (*stats, given_j))),
                )
            )
    return rows


def _morning(midnight: int, *, first: bool) -> list[str]:
    """Return what the Envoy says when it is light: who is there, who is not."""
    dawn = midnight + SUNRISE_S
    rows = []
    for place, panel in enumerate(PANELS):
        code, state = (_NOT_HEARD, _SET) if panel is DEAD else (_SLEEPING, _CLEARED)
        if panel is DEAD and not first:
            continue
        rows.append(
            _element(
                "event",
                id=_id(dawn, place),
                eqid=panel.serial,
                event_code=code,
                event_state=state,
                event_date=dawn,
            )
        )
    return rows + [_described(panel) for panel in PANELS]


def _described(panel: SimulatedPanel) -> str:
    channel = _element(
        "channel", eqid=panel.eqid, channel_type=1, condition_flags=0, control_bits=0
    )
    return _element(
        "device",
        channel,
        eqid=panel.serial,
        part_num="800-00103-r05",
        device_type=1,
        admin_state=1,
        control_bits=0,
        condition_flags=0,
        observed_flags=0,
    )


def _id(moment: int, place: int) -> int:
    return moment // _SLOT_S * len(PANELS) + place


def _element(name: str, inner: str = "", **attributes: object) -> str:
    pairs = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{pairs}>{inner}</{name}>" if inner else f"<{name}{pairs}/>"
