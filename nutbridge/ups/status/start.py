"""What to do with the port file found at the start, before any network call.

Vouched for means: this boot's state file speaks of this port file. A monitor of
this boot has then decided about the file before, and what it says is ours. A
file from an earlier boot, or from nobody, may say anything; clocks and mtimes
decide nothing.
"""

from typing import NamedTuple

from nutbridge.ups.status.events import grace_left_s, resumed
from nutbridge.ups.status.memory import (
    BatteryMemory,
    FlowMemory,
    Memory,
    RelayMemory,
    ShownStatus,
)
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.table import Event

#: NOCOMMS_DELAY=0: an update of nutbridge takes less, and hides nothing.
START_GRACE_S = 10.0


class StartupState(NamedTuple):
    """The port file at the start.

    Attributes:
        status: ups.status in it, "" when it has none, None when it is hidden.
        written_this_boot: see above.
        driver_runs: the driver answers on its socket.
        stranger: no state file of any boot speaks of it; the bash script's, say.
        too_old: the last usable answer is older than NOCOMMS_DELAY: monitors that
            crash again and again must not keep an OL for ever.
    """

    status: str | None
    written_this_boot: bool
    driver_runs: bool
    stranger: bool = False
    too_old: bool = False


#: (vouched, driver runs) -> event, for a file that says OB.
_OB = {
    (True, True): Event.FOUND_OB_OURS,
    (True, False): Event.FOUND_OB_OURS,
    (False, True): Event.FOUND_OB_DRIVER,
    (False, False): Event.FOUND_OB_ALONE,
}


def decide(found: StartupState) -> Event:
    """Return the event for what was found."""
    if found.status is None:
        return Event.FOUND_HIDDEN
    words = found.status.upper().split()
    if "OB" in words:
        return _OB[found.written_this_boot, found.driver_runs]
    if "OL" in words and found.written_this_boot:
        return Event.FOUND_OL_OLD if found.too_old else Event.FOUND_OL_OURS
    if "OL" in words and found.stranger and found.driver_runs:
        return Event.FOUND_OL_DRIVER
    return Event.FOUND_OL_STALE


def inspect_port_file(
    status: str | None,
    saved: Memory | None,
    now: float,
    policy: Policy,
    *,
    written_this_boot: bool,
    driver_runs: bool,
) -> StartupState:
    """Return what was found at the start.

    A state file with times to come is of another life of this machine (a
    snapshot put back). An OB that our own stop hid, because the driver had gone
    before us, counts as visible in this boot: NUT was restarted, and an outage
    must be held on. One that a person hid (-x) stays hidden.
    """
    written_this_boot = (
        written_this_boot and saved is not None and not _from_the_future(saved, now)
    )
    if (
        status is None
        and written_this_boot
        and saved is not None
        and saved.hidden_at_stop
    ):
        status = "OB"
    too_old = written_this_boot and saved is not None and _is_old(saved, now, policy)
    stranger = saved is None
    return StartupState(status, written_this_boot, driver_runs, stranger, too_old)


def _is_old(saved: Memory, now: float, policy: Policy) -> bool:
    """Whether nobody has confirmed an OL for longer than it may stand."""
    delay_s = max(START_GRACE_S, policy.nocomms_delay_s)
    policy = policy._replace(nocomms_delay_s=delay_s)
    return grace_left_s(resumed(saved, now), now, policy) <= 0


def _from_the_future(saved: Memory, now: float) -> bool:
    charge = saved.battery.charge
    times = (saved.shown.since, saved.relay.at, charge.at if charge else None)
    return any(at is not None and at > now for at in times)


def recall(saved: Memory | None, found: StartupState, now: float) -> Memory:
    """Return the memory to start with.

    Without a vouching state file only what outlives a boot is kept: that there
    is a controller, and the size of the battery.
    """
    status = found.status or ""
    if saved is None or not found.written_this_boot:
        return _what_lasts(saved or Memory(), status, now)
    shown = saved.shown
    relay = saved.relay._replace(unconfirmed=None)
    if shown.status.split()[:1] != status.split()[:1]:
        # Killed between writing the file and saving: what clients saw last.
        shown = ShownStatus(status, now, after_outage=shown.on_battery)
        if shown.on_battery and not saved.hidden_at_stop:
            # A ``closed`` from before this OB would keep LB back for ever.
            relay = relay._replace(grid=None)
    shown = shown._replace(status=status)
    return saved._replace(shown=shown, relay=relay, told=(), hidden_at_stop=False)


def _what_lasts(saved: Memory, status: str, now: float) -> Memory:
    battery = BatteryMemory(
        capacity_wh=saved.battery.capacity_wh,
        listed_wh=saved.battery.listed_wh,
        floor_pct=saved.battery.floor_pct,
        fitted=saved.battery.fitted,
    )
    return Memory(
        controller=saved.controller,
        collar=saved.collar,
        backup_mode=saved.backup_mode,
        battery=battery,
        flow=FlowMemory(past=saved.flow.past.closed()),
        relay=RelayMemory(),
        # A running driver may have read an OB just before this OL.
        shown=ShownStatus(status, now, after_outage="OL" in status.split()),
    )
