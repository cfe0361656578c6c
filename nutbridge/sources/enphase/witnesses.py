"""Who else knows about the grid when the relay alone fails (pure).

The System Controller's own word in the inventory, the IQ Meter Collar's, and the mode
that the batteries report. One that says open is enough: an outage that is missed
leaves a house in the dark. For closed all that vote must agree, and one of them must
have reported after the last open of anybody: two looks at one report from before the
outage are one look.

Only differences of the gateway's own clock count, whatever century it shows.
"""

import math
from typing import NamedTuple

from nutbridge.errors import DeviceAnswerError, DeviceError
from nutbridge.sources.enphase.facts import collar_grid, relay_grid
from nutbridge.sources.enphase.readings import (
    BatteryReport,
    Controller,
    Dated,
    EnsembleStatus,
    Inventory,
)
from nutbridge.ups.model import Grid, GridAnswer

#: A report older than this tells of another time. Healthy systems: up to 198 s for a
#: System Controller, 299 s for a battery.
REPORT_FRESH_S = 600.0

#: The HTTP Date and the reports are whole seconds.
_WHOLE_S = 1.0

#: Any other mode is no vote: ``grid-tied`` and ``unknown`` stand on and off grid.
_MODES = {
    "multimode-ongrid": Grid.CLOSED,
    "multimode-offgrid": Grid.OPEN,
    "multimode-generator": Grid.OPEN,
}


def doubt_of(own: GridAnswer | DeviceError, *, lost_mode: bool) -> DeviceError | None:
    """Return why the relay, with the Collar, is not enough; None where it is.

    Args:
        own: what they say, or how they fail.
        lost_mode: the gateway has started and lost the mode that it was in: its
            ``closed`` may be of before an outage.
    """
    if isinstance(own, DeviceError):
        return own
    why = own.stale
    if own.grid is Grid.UNKNOWN:
        why = f"says {own.word!r}"
    elif own.grid is Grid.CLOSED and lost_mode and not why:
        why = "says closed, in mode unknown after a backup mode"
    return DeviceAnswerError("the relay", why) if why else None


class Vote(NamedTuple):
    """What one device besides the relay says about the grid.

    Attributes:
        speaker: who, for the log.
        grid: OPEN or CLOSED.
        word: in the gateway's own words.
        reported_s: when it reported that, by the gateway's clock.
    """

    speaker: str
    grid: Grid
    word: str
    reported_s: float | None = None


def votes_of(
    inventory: Inventory | None,
    status: EnsembleStatus | None,
    now_s: float | None = None,
) -> tuple[Vote, ...]:
    """Return the votes; a witness that says neither has none.

    A Collar's own date says nothing (it is that of its installation): a battery's
    beside it stands for it.

    Args:
        inventory: as listed, None where it was not told.
        status: the same.
        now_s: the gateway's clock, None while unknown.
    """
    inventory, status = inventory or Inventory(), status or EnsembleStatus()
    battery_s = inventory.batteries_reported_s
    votes = [_of_controller(each) for each in inventory.enpowers]
    votes += [
        Vote("Meter Collar", collar_grid(collar), str(collar), battery_s)
        for collar in inventory.collars
    ]
    told = [(serial, mode) for serial, mode in status.modes if mode in _MODES]
    lost = {each.serial for each in inventory.battery_reports if _is_lost(each, now_s)}
    heard = [(serial, mode) for serial, mode in told if serial not in lost]
    votes += [Vote("battery", _MODES[m], m, battery_s) for _, m in heard or told]
    return tuple(vote for vote in votes if vote.grid is not Grid.UNKNOWN)


def _is_lost(battery: BatteryReport, now_s: float | None) -> bool:
    """Whether its mode is of then: one that broke in an outage says so for ever."""
    at = battery.reported_s
    return battery.communicating is False or not (at is None or _is_fresh(at, now_s))


def _is_fresh(reported_s: float, now_s: float | None) -> bool:
    """Whether a report is of now; one still to come is of a clock put back since."""
    return now_s is None or -_WHOLE_S <= now_s - reported_s <= REPORT_FRESH_S


def _of_controller(controller: Controller) -> Vote:
    grid = relay_grid(controller.oper)
    if grid is Grid.CLOSED and controller.communicating is False:
        grid = Grid.UNKNOWN
    word = controller.oper or "?"
    return Vote("System Controller", grid, word, controller.reported_s)


def verdict_of(
    votes: tuple[Vote, ...],
    now_s: float | None = None,
    open_s: float | None = None,
    before: frozenset[float] = frozenset(),
) -> GridAnswer | None:
    """Return what the witnesses say together, or None when that is nothing.

    Args:
        votes: of ``votes_of``.
        now_s: the gateway's clock, None while unknown.
        open_s: when anybody last said open, by that clock; ``-inf`` for never, None
            when that cannot be told.
        before: dates of reports that were there then: by a clock that was put back
            since they would be later.
    """
    if not votes:
        return None
    opened = [vote for vote in votes if vote.grid is Grid.OPEN]
    if not opened and not _is_recent(votes, now_s, open_s, before):
        return None
    said = opened or votes
    modes = {vote.word for vote in votes if vote.word in _MODES}
    return GridAnswer(
        grid=said[0].grid,
        word=", ".join(dict.fromkeys(vote.word for vote in said)),
        backup_mode=True if modes else None,
        generator="multimode-generator" in modes,
        speaker=" and ".join(dict.fromkeys(vote.speaker for vote in said)),
    )


def _is_recent(
    votes: tuple[Vote, ...],
    now_s: float | None,
    open_s: float | None,
    before: frozenset[float],
) -> bool:
    """Whether one of them reported lately, and after the last open."""
    if open_s is None:
        return False
    dates = [vote.reported_s for vote in votes if vote.reported_s is not None]
    if not dates:
        # Nobody dates anything: good enough as long as nobody has said open.
        return open_s == -math.inf
    fresh = (d for d in dates if d not in before and _is_fresh(d, now_s))
    return max(fresh, default=-math.inf) > open_s + _WHOLE_S


class ReportWatch(NamedTuple):
    """Whether the System Controller still reports to the gateway.

    A gateway that has lost it repeats its last word for ever: such a ``closed`` says
    nothing of now.

    Attributes:
        reported_s: date of the newest report seen, by the gateway's clock.
        since: CLOCK_BOOTTIME when that date was first seen, or before, s.
        at: of the newest inventory.
        silent: every controller in it is marked as not communicating.
    """

    reported_s: float | None = None
    since: float = 0.0
    at: float = 0.0
    silent: bool = False

    def look(self, inventory: Dated[Inventory]) -> "ReportWatch":
        """Return the watch after another inventory; an empty one tells nothing."""
        enpowers, at = inventory.value.enpowers, inventory.at
        if not enpowers:
            return self if not inventory.value.devices else ReportWatch(at=at)
        dates = [e.reported_s for e in enpowers if e.reported_s is not None]
        newest_s = max(dates, default=None)
        since = at if newest_s is None or newest_s != self.reported_s else self.since
        if newest_s is not None and self.reported_s is None:
            # At the first look its age is what the gateway's clock says.
            since -= max(0.0, (inventory.gateway_epoch_s or newest_s) - newest_s)
        silent = all(each.communicating is False for each in enpowers)
        return ReportWatch(newest_s, since, at, silent)

    @property
    def stale(self) -> str:
        """Why ``closed`` is not believed; empty while it is."""
        if self.silent:
            return "the gateway has lost the System Controller"
        if self.reported_s is not None and self.at - self.since >= REPORT_FRESH_S:
            return f"the System Controller has not reported for {REPORT_FRESH_S:.0f} s"
        return ""
