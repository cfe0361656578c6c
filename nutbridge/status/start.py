"""What to do with the port file found at the start, before any network call.

Vouched for means: this boot's state file speaks of this port file. A monitor of
this boot has then decided about the file before, and what it says is ours. A
file from an earlier boot, or from nobody, may say anything; clocks and mtimes
decide nothing.
"""

from dataclasses import dataclass, replace

from nutbridge.status.memory import BatteryMemory, Memory, RelayMemory, Shown
from nutbridge.status.table import Event


@dataclass(frozen=True, slots=True)
class Found:
    """The port file at the start.

    Attributes:
        status: ups.status in it, "" when it has none, None when it is hidden.
        vouched: see above.
        driver_runs: the driver answers on its socket.
    """

    status: str | None
    vouched: bool
    driver_runs: bool


#: (vouched, driver runs) -> event, for a file that says OB.
_OB = {
    (True, True): Event.FOUND_OB_OURS,
    (True, False): Event.FOUND_OB_OURS,
    (False, True): Event.FOUND_OB_DRIVER,
    (False, False): Event.FOUND_OB_ALONE,
}


def decide(found: Found) -> Event:
    """Return the event for what was found."""
    if found.status is None:
        return Event.FOUND_HIDDEN
    words = found.status.upper().split()
    if "OB" in words:
        return _OB[found.vouched, found.driver_runs]
    if "OL" in words and found.vouched:
        return Event.FOUND_OL_OURS
    return Event.FOUND_OL_STALE


def recall(saved: Memory | None, found: Found, now: float) -> Memory:
    """Return the memory to start with.

    Without a vouching state file only what outlives a boot is kept: that there
    is a controller, and the size of the battery.
    """
    status = found.status or ""
    if saved is None or not found.vouched:
        return _what_lasts(saved or Memory(), status, now)
    shown = saved.shown
    if shown.status.split()[:1] != status.split()[:1]:
        # Killed between writing the file and saving: what clients saw last.
        shown = Shown(status, now, after_outage=shown.on_battery)
    relay = replace(saved.relay, doubt=None)
    return replace(saved, shown=replace(shown, status=status), relay=relay, told=())


def _what_lasts(saved: Memory, status: str, now: float) -> Memory:
    battery = BatteryMemory(
        capacity_wh=saved.battery.capacity_wh,
        floor_pct=saved.battery.floor_pct,
        fitted=saved.battery.fitted,
    )
    return Memory(
        controller=saved.controller,
        collar=saved.collar,
        backup_mode=saved.backup_mode,
        battery=battery,
        relay=RelayMemory(),
        shown=Shown(status, now),
    )
