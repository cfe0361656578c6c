"""One line of the history: what was true at one moment (pure)."""

import json
from typing import Any, NamedTuple

from nutbridge.ups.snapshot import SnapshotError, decode, encode

#: Changes only when an older reader would misunderstand a line; a new key is none.
VERSION = 1
#: A line of ours has 200 bytes; 100 batteries with faults, 10 kB.
LONGEST_BYTES = 1 << 14

#: What ups.status may say in a port file of ours.
_STATUS_WORDS = frozenset({"OL", "OB", "LB", "CHRG", "DISCHRG"})
_PERCENT = 100.0
#: Of all times: more is nobody's clock (the year 5138).
_LATEST = 1e11
#: W, s and Wh of no house.
_LARGEST = 1e11


class NewerLineError(SnapshotError):
    """A line of a newer version, whose fields may mean something else."""


class HistoryPoint(NamedTuple):
    """What was true at one moment; a line of the history.

    Attributes:
        at: s since 1970; as the host believed when it was written, put right by
            ``read_history``.
        up: CLOCK_BOOTTIME, s.
        origin: names machine and boot, ``machine.boot``.
        status: ups.status as clients were told; "" while the file was hidden.
        soc_pct: charge as shown.
        reckoned: the charge was not read but reckoned.
        battery_w: discharge (+) or charge (-).
        load_w: of the house.
        pv_w: of the PV array, >= 0.
        grid_w: drawn from the grid (+) or fed into it (-).
        runtime_s: as shown.
        capacity_wh: of the full battery.
        silent_s: how long no usable answer had come; None while there are answers.
        generator: a generator carried the house.
        faults: ``name: what is wrong`` of each battery or controller that is not well.
        mark: ``start`` or ``stop`` of a monitor, else "".
        changed: something else than numbers differs from the line before.
        lost: how many points before it could not be written.
        thinned: points before it were left out later, to make room; all was watched.
    """

    at: float
    up: float
    origin: str = ""
    status: str = ""
    soc_pct: float | None = None
    reckoned: bool = False
    battery_w: float | None = None
    load_w: float | None = None
    pv_w: float | None = None
    grid_w: float | None = None
    runtime_s: float | None = None
    capacity_wh: float | None = None
    silent_s: float | None = None
    generator: bool = False
    faults: tuple[str, ...] = ()
    mark: str = ""
    changed: bool = False
    lost: int = 0
    thinned: bool = False

    @property
    def on_battery(self) -> bool:
        """Whether clients were told OB."""
        return "OB" in self.status.split()

    @property
    def low(self) -> bool:
        """Whether clients were told that the battery is low."""
        return "LB" in self.status.split()

    @property
    def machine(self) -> str:
        """Names the machine; "" where it has no name."""
        return self.origin.partition(".")[0]


def render_point(point: HistoryPoint) -> bytes:
    """Return the line, with its end; what has its default is left out."""
    defaults = HistoryPoint._field_defaults
    data: dict[str, Any] = {"v": VERSION}
    for name, value in zip(point._fields, point, strict=True):
        if name not in defaults or value != defaults[name]:
            data[name] = encode(round(value, 1) if isinstance(value, float) else value)
    return json.dumps(data, separators=(",", ":")).encode("ascii") + b"\n"


def parse_point(line: bytes) -> HistoryPoint:
    """Return what ``render_point`` wrote.

    Raises:
        NewerLineError: of a version that this one cannot read.
        SnapshotError: cut, damaged, or with odd values.
    """
    if len(line) > LONGEST_BYTES:
        raise SnapshotError("too long")
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise SnapshotError("not the JSON that was written") from exc
    version = data.get("v") if isinstance(data, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise NewerLineError(f"version {version}")
    if version != VERSION:
        raise SnapshotError("no point of a history")
    point = decode(HistoryPoint, data)
    if not _possible(point):
        raise SnapshotError("odd values")
    return point


def _possible(point: HistoryPoint) -> bool:
    """Whether a monitor can have written it."""
    soc_pct = point.soc_pct
    powers = (point.battery_w, point.load_w, point.pv_w, point.grid_w)
    numbers = (*powers, point.runtime_s, point.capacity_wh)
    return (
        -_LATEST < point.at < _LATEST
        and 0 <= point.up < _LATEST
        and _STATUS_WORDS.issuperset(point.status.split())
        and (soc_pct is None or 0 <= soc_pct <= _PERCENT)
        and (point.silent_s is None or 0 <= point.silent_s < _LATEST)
        and all(one is None or abs(one) < _LARGEST for one in numbers)
        and point.lost >= 0
    )
