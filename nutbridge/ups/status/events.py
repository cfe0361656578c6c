"""One check of the grid: from an answer, or none, to the next memory.

The only place that turns answers and their ages into events of table.py.
"""

from typing import NamedTuple

from nutbridge.ups.model import Grid, GridAnswer, Heard, Said
from nutbridge.ups.notices import Notice, info
from nutbridge.ups.status.memory import (
    Gap,
    Memory,
    RelayMemory,
    ShownStatus,
)
from nutbridge.ups.status.policy import (
    FULL_MAX_S,
    OL_VISIBLE_S,
    OPEN_AGAIN_S,
    RESUMED_GAP_S,
    Policy,
)
from nutbridge.ups.status.table import (
    FOUND,
    HEARD,
    HEARD_AGAIN,
    NO_ANSWER,
    ON_BATTERY_STATES,
    TABLE,
    Event,
    Next,
    State,
    Transition,
)
from nutbridge.ups.units import spoken_s


class Step(NamedTuple):
    """What one event has led to.

    Attributes:
        memory: after the event.
        event: the event.
        row: its row in the table.
        notices: lines for the log.
    """

    memory: Memory
    event: Event
    row: Transition
    notices: tuple[Notice, ...]


def begin(memory: Memory, event: Event, now: float) -> Step:
    """Return the first step of a monitor after the start decision (start.py)."""
    memory = resumed(memory, now)._replace(state=State.STARTING)
    return _apply(memory._replace(started_at=now, checked_at=now), event, now)


def resumed(memory: Memory, now: float) -> Memory:
    """Return what a monitor that starts ``now`` makes of a saved memory.

    A restart within a minute is the same watch going on.
    """
    noted_at = memory.noted_at
    if noted_at is None or not 0 <= now - noted_at <= RESUMED_GAP_S:
        return memory._replace(awake_since=now, vain_s=0.0)
    return memory


def awake(memory: Memory, now: float, due_at: float) -> Memory:
    """Return the memory after a wait; a machine that slept begins as after a start.

    It slept when it is much later than ``due_at``, the latest that was expected. The
    time that polls and waits take by themselves is no sleep: with long timeouts a
    silent gateway takes minutes per check.
    """
    if now - due_at > RESUMED_GAP_S:
        # Nor can what comes now confirm an answer from before the sleep.
        return memory._replace(
            started_at=now,
            awake_since=now,
            checked_at=now,
            vain_s=0.0,
            relay=memory.relay._replace(unconfirmed=None),
        )
    return memory


def checked(before: Memory, memory: Memory, now: float) -> Memory:
    """Return the memory at the end of a check that began with ``before``.

    Counts the time in which the charge was asked for in vain.
    """
    charge, known = memory.battery.charge, before.battery.charge
    read = charge is not None and (known is None or charge.at > known.at)
    began = memory.outage_since != before.outage_since
    vain_s = 0.0
    if memory.state in ON_BATTERY_STATES and not read and not began:
        vain_s = memory.vain_s + max(0.0, now - memory.checked_at)
    return memory._replace(checked_at=now, vain_s=vain_s)


def classify(memory: Memory, answer: GridAnswer | None, why: str = "") -> Heard:
    """Return what an answer of the source comes to; None is a failed check.

    Odd is a word that nobody knows, and ``closed`` in mode ``unknown`` where a
    backup mode was seen before (a gateway that has just started). Stale is a
    ``closed`` that a gateway repeats which has lost its controller.

    Args:
        memory: before the answer.
        answer: of the source, or None.
        why: the reason where there is none.
    """
    if answer is None:
        return Heard(Said.SILENT, None, why)
    if _is_unfit(memory, answer):
        return Heard(Said.UNFIT, answer, answer.unfit)
    why = f"{answer.speaker} says {answer.word!r}"
    lost_mode = answer.backup_mode is False and memory.backup_mode
    if answer.grid is Grid.CLOSED and lost_mode:
        why += ", in mode unknown after a backup mode"
    if answer.grid is Grid.OPEN:
        return Heard(Said.OPEN, answer, why)
    if answer.grid is Grid.CLOSED and not lost_mode:
        if answer.stale:
            return Heard(Said.STALE, answer, answer.stale)
        return Heard(Said.CLOSED, answer, why)
    return Heard(Said.ODD, answer, why)


def _is_unfit(memory: Memory, answer: GridAnswer) -> bool:
    """Whether an answer is refused because its device can be no UPS.

    In an outage, and where a known UPS tells of one, what it says about the grid
    counts all the same: a unit that restarts answers in part. An OB that stood
    until the battery is back would be reckoned down to LB, the grid long there.
    """
    if not answer.unfit or memory.state in ON_BATTERY_STATES:
        return False
    told = Grid.OPEN in (answer.grid, memory.relay.unconfirmed)
    return not (told and memory.controller)


def check(
    memory: Memory, heard: Heard, now: float, policy: Policy, *, released: bool = False
) -> Step:
    """Return the step that one check of the grid leads to.

    Args:
        memory: before it.
        heard: of ``classify``.
        now: CLOCK_BOOTTIME, s.
        policy: in force.
        released: a person says that the grid is back, which counts only while
            nobody else says anything.
    """
    if heard.answer is not None and heard.answer.backup_mode:
        memory = memory._replace(backup_mode=True, controller=True)
    event = _event(memory, heard.said, now, policy)
    if released and not heard.usable and memory.state is State.HOLDING:
        event = Event.RELEASED
        memory = memory._replace(released=True)
    gap = ""
    if heard.usable and event not in NO_ANSWER:
        if memory.relay.silent_since is not None:
            silent_s = now - memory.relay.silent_since
            gap = f", silent for {spoken_s(silent_s)}"
            known = memory.relay.at is not None  # else it only began
            last_gap = Gap(now, silent_s) if known else memory.last_gap
            memory = memory._replace(told=(), last_gap=last_gap)
        memory = _take_answer(memory, heard, event, now)
    else:
        memory = _take_no_answer(memory, heard, event, now)
    step = _apply(memory, event, now)
    return step._replace(notices=_explained(step.notices, gap, heard.why))


def _explained(notices: tuple[Notice, ...], gap: str, why: str) -> tuple[Notice, ...]:
    if gap and not notices:
        return (info(f"the gateway answers again{gap}"),)
    tail = gap or (f" ({why})" if why else "")
    said = (HEARD_AGAIN if gap and n == HEARD else n for n in notices)
    return tuple(Notice(n.level, n.text + tail) for n in said)


def _event(memory: Memory, said: Said, now: float, policy: Policy) -> Event:
    on_battery = memory.state in ON_BATTERY_STATES
    unconfirmed = memory.relay.unconfirmed
    if said is Said.UNFIT:
        return _hides(memory, Event.UNFIT, now, policy)
    if said is Said.OPEN:
        sure = on_battery or unconfirmed is Grid.OPEN
        return Event.OPEN if sure else Event.FIRST_OPEN
    if said is Said.CLOSED and (memory.controller or policy.allow_no_controller):
        sure = not on_battery or unconfirmed is Grid.CLOSED
        return Event.CLOSED if sure else Event.FIRST_CLOSED
    if unconfirmed is Grid.OPEN and not on_battery:
        return Event.OPEN  # anything but ``closed`` confirms a first ``open``
    if said is Said.CLOSED:
        return _hides(memory, Event.NO_CONTROLLER, now, policy)
    return Event.SILENT if grace_left_s(memory, now, policy) > 0 else Event.GRACE_OVER


def _hides(memory: Memory, event: Event, now: float, policy: Policy) -> Event:
    """Return ``event``, an answer of no UPS, or SILENT while the OL has to stand.

    A known UPS may be back in a minute. An OL that followed an OB, or could not
    be written over it, has to be seen before the file is hidden.
    """
    told = memory.shown
    known = memory.controller or told.on_battery or told.after_outage
    waits = memory.state is State.ONLINE and known
    return Event.SILENT if waits and grace_left_s(memory, now, policy) > 0 else event


def grace_left_s(memory: Memory, now: float, policy: Policy) -> float:
    """Return how long an OL may still stand without an answer, s; 0 = no longer.

    While the file still says OB (an OL that could not be written) it is never
    over.
    """
    if memory.shown.on_battery:
        return OL_VISIBLE_S
    heard_at = memory.relay.at
    since = memory.awake_since if heard_at is None else heard_at
    left = 0.0 if memory.released else since + policy.nocomms_delay_s - now
    if memory.shown.after_outage:
        # A driver that slept, or that starts with us, has not read it yet.
        seen_since = max(memory.shown.since, memory.awake_since)
        left = max(left, seen_since + OL_VISIBLE_S - now)
    return max(0.0, left)


def _take_answer(memory: Memory, heard: Heard, event: Event, now: float) -> Memory:
    grid = Grid.OPEN if heard.said is Said.OPEN else Grid.CLOSED
    first = event in (Event.FIRST_OPEN, Event.FIRST_CLOSED)
    closed_at = now if grid is Grid.CLOSED else None
    relay = RelayMemory(now, grid, closed_at, grid if first else None)
    since = memory.generator_since
    if grid is Grid.OPEN:
        # A relay that opens is a controller, whatever the inventory says.
        answer = heard.answer
        if answer is not None and answer.generator:
            since = since or now
        elif answer is None or answer.backup_mode:
            since = None  # any other mode, or none, tells nothing of a generator
        memory = memory._replace(controller=True)
    return memory._replace(relay=relay, generator_since=since, released=False)


def _take_no_answer(memory: Memory, heard: Heard, event: Event, now: float) -> Memory:
    """Note a failed poll; a ``closed`` that does not count only keeps LB back."""
    relay = memory.relay
    closed = heard.said in (Said.CLOSED, Said.STALE)
    alone = event is Event.NO_CONTROLLER
    return memory._replace(
        relay=relay._replace(
            silent_since=now if relay.silent_since is None else relay.silent_since,
            why=event.value if alone else heard.why,
            grid=Grid.CLOSED if closed else relay.grid,
            closed_at=now if closed else relay.closed_at,
            # The failed poll has confirmed it. A doubt that stayed would leave
            # each later answer 5 s to come, and outlive a person's release.
            unconfirmed=None if relay.unconfirmed is Grid.OPEN else relay.unconfirmed,
        ),
    )


def _apply(memory: Memory, event: Event, now: float) -> Step:
    row = TABLE[memory.state, event]
    before = memory.state
    told = memory.told if row.state is before else ()
    notices: tuple[Notice, ...] = ()
    if row.log is not None and row.log.text not in told:
        told = (*told, row.log.text)
        notices = (row.log,)
    memory = memory._replace(state=row.state, told=told)
    if before not in ON_BATTERY_STATES and row.state in ON_BATTERY_STATES:
        memory = _begin_outage(memory, event, now)
    if row.state not in ON_BATTERY_STATES:
        memory = memory._replace(outage_since=None, generator_since=None)
    if row.state is State.HOLDING and before is not State.HOLDING:
        memory = memory._replace(hour_told_at=now)
    return Step(memory, event, row, notices)


def _begin_outage(memory: Memory, event: Event, now: float) -> Memory:
    """Start an outage, or go on with the one that the state file vouches for."""
    if event in FOUND and memory.outage_since is not None:
        return memory
    return memory._replace(
        outage_since=now,
        hour_told_at=now,
        flow=memory.flow._replace(samples=(), direction=0, direction_since=now, flag=0),
    )


def shown(memory: Memory, status: str, now: float) -> Memory:
    """Return the memory after ``status`` was written ("" when the file was hidden)."""
    old = memory.shown
    new = ShownStatus(status, old.since, old.after_outage)
    if _kind(status) != _kind(old.status):
        new = ShownStatus(status, now, after_outage=old.on_battery and bool(status))
    return memory._replace(shown=new)


def _kind(status: str) -> str:
    return next((word for word in status.split() if word in {"OL", "OB"}), "")


def delay_s(step: Step, now: float, policy: Policy) -> float:
    """Return the seconds until the next check of the grid, FULL_MAX_S at most."""
    memory = step.memory
    online = memory.state is State.ONLINE
    waits = online and step.event in (Event.SILENT, Event.RELEASED)
    freq_s = policy.pollfreq_s if online and not waits else policy.alert_s
    relay_s = min(policy.relay_s, freq_s) if policy.relay_s else freq_s
    alert_s = policy.alert_s
    if waits:
        left_s = max(OPEN_AGAIN_S, grace_left_s(memory, now, policy))
        relay_s, alert_s = min(relay_s, left_s), min(alert_s, left_s)
    delays = {
        Next.NOW: 0.0,
        Next.AGAIN: OPEN_AGAIN_S,
        Next.SOON: policy.closed_again_s,
        Next.RELAY: relay_s,
        Next.ALERT: alert_s,
        Next.MINUTE: 60.0,
    }
    return min(FULL_MAX_S, delays[step.row.next])
