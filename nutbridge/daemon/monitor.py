"""The loop: ask, decide, write, wait.

Time, waiting, the source and the port file are handed in. Nothing here decides
what is true: status/ does, from what the source answers.
"""

import logging
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from nutbridge.daemon.last_resort import Crashes, LastResort
from nutbridge.daemon.messages import (
    LastingCauses,
    OddWords,
    UnwrittenLb,
    WriteTrouble,
    called,
    hourly,
    low_at,
    poll_line,
    source_text,
    tell_health,
)
from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    PortFileError,
    Stopping,
)
from nutbridge.nut.numbers import NumbersContext, nut_values
from nutbridge.nut.port_file import PortFilePublisher
from nutbridge.system.clock import Clock
from nutbridge.system.release_request import ReleaseRequest
from nutbridge.ups.model import Facts, Grid, Heard, Said
from nutbridge.ups.notices import VERBOSE
from nutbridge.ups.status.battery import given_up, learn
from nutbridge.ups.status.events import (
    Step,
    awake,
    begin,
    check,
    checked,
    classify,
    delay_s,
    shown,
)
from nutbridge.ups.status.low import Verdict, evaluate
from nutbridge.ups.status.memory import Memory, ShownStatus
from nutbridge.ups.status.policy import (
    BUSY_S,
    FULL_MAX_S,
    NEVER_KNOWN_LB_S,
    OL_VISIBLE_S,
    OPEN_CONFIRM_S,
    RESUMED_GAP_S,
    Policy,
)
from nutbridge.ups.status.saved import worth_saving
from nutbridge.ups.status.start import StartupState, decide, inspect_port_file, recall
from nutbridge.ups.status.table import (
    ON_BATTERY_STATES,
    Event,
    Show,
    State,
)
from nutbridge.ups.units import WH_PER_KWH

if TYPE_CHECKING:
    from nutbridge.ups.source import Source

_log = logging.getLogger(__name__)

_SAID = {Grid.OPEN: Said.OPEN, Grid.CLOSED: Said.CLOSED}


class Monitor:
    """Keeps one port file true.

    Args:
        policy: from the config; the port file's settings are put in.
        serial: configured serial number.
        source: who is asked.
        publisher: the port file.
        clock: all times.
        driver_runs: whether the driver answers on its socket.
        save: called with the memory when it is worth keeping over a restart.
    """

    def __init__(
        self,
        policy: Policy,
        serial: str,
        source: "Source",
        publisher: PortFilePublisher,
        clock: Clock,
        driver_runs: Callable[[], bool],
        save: Callable[[Memory], None],
    ) -> None:
        self._base = policy
        self._serial = serial
        self._source = source
        self._publisher = publisher
        self._clock = clock
        self._driver_runs = driver_runs
        self._driver_seen = False
        self._save = save
        self.memory = Memory()
        self.verdict: Verdict | None = None
        self._due_at = 0.0
        self._round_at = -FULL_MAX_S
        self._round_open = False
        self._lost_lb = UnwrittenLb()
        self.wish: ReleaseRequest | None = None  # where a person can leave one
        self._trouble = WriteTrouble()
        self._odd_words = OddWords()
        self._causes = LastingCauses()
        self._saved_at = 0.0
        self._learnt: Facts | None = None
        self._crashes = Crashes()
        self._heard: Heard | None = None
        self._heard_anew = False
        self._opens = 0
        self._started_at = 0.0
        self.last_resort: LastResort | None = None

    def start(self, saved: Memory | None, *, written_this_boot: bool) -> None:
        """Decide about the port file found, before any network call.

        Args:
            saved: what the state file knows, or None.
            written_this_boot: it was written in this boot and for this port file.
        """
        now = self._clock.boottime()
        self._due_at = self._started_at = now
        try:
            self._driver_seen = self._driver_runs()
            found = inspect_port_file(
                self._publisher.status,
                saved,
                now,
                self._base,
                written_this_boot=written_this_boot,
                driver_runs=self._driver_seen,
            )
            self._carry_out(begin(recall(saved, found, now), decide(found), now), now)
            self._keep(now, important=True)
        except Stopping:
            raise
        except Exception as exc:  # noqa: BLE001  a bug must not end protection
            self._crashes.tell("the decision about the port file found", exc)
            on_battery = "OB" in (self._publisher.status or "")
            state = State.HOLDING if on_battery else State.ONLINE
            shown = ShownStatus(self._publisher.status or "", now)
            self.memory = Memory(
                state=state, started_at=now, awake_since=now, shown=shown
            )

    def tick(self, until: float | None = None) -> float:
        """Do one check of the grid, and as much of a full poll as is due.

        No exception but Stopping leaves it: where even deciding or writing fails,
        last_resort.py keeps an outage shown.

        Args:
            until: CLOCK_BOOTTIME by which everything has to be done, or None.

        Returns:
            CLOCK_BOOTTIME of the next check, s.
        """
        self._heard = None
        try:
            return self._check(until)
        except Stopping:
            raise
        except Exception as exc:  # noqa: BLE001  a bug must not end protection
            self._crashes.tell("deciding or writing", exc)
            return self._survive()

    def _check(self, until: float | None) -> float:
        begun = self._clock.boottime()
        self.memory = awake(self.memory, begun, self._due_at)
        self._look_at_file()
        self._driver_seen = self._driver_seen or self._driver_runs()
        before = self.memory
        heard, reachable = self._ask(until)
        now = self._clock.boottime()
        self.memory = awake(self.memory, now, begun + BUSY_S)
        # The source may have seen what can island the house: that comes first.
        self._learn()
        if heard.answer is not None:
            facts = self._source.facts
            self.memory, notices = given_up(self.memory, heard.answer, facts, now)
            for notice in notices:
                _log.log(notice.level, "%s", notice.text)
        policy = self._policy()
        released = self._released(heard)
        step = check(self.memory, heard, now, policy, released=released)
        # On battery the charge is asked for whatever became of the relay.
        asks = reachable or step.memory.state in ON_BATTERY_STATES
        asks = asks and step.event is not Event.FIRST_OPEN
        follow = asks and (self._round_open or self._begins_round(step, now))
        # What held LB back may have ended with this answer; the charge comes next.
        self._heard_anew = heard.said is Said.OPEN and (
            before.relay.silent_since is not None or before.relay.grid is Grid.CLOSED
        )
        self._carry_out(step, now, details_follow=follow)
        if step.event is Event.RELEASED and self.memory.shown.on_battery:
            self.memory = before  # the OL could not be written: hold on
        next_at = now + delay_s(step, now, self._policy())
        if asks:
            self._read_details(step, now, until)
        if self._lost_lb.count(self.memory.shown.status):
            self._hide(now)
        self.memory = checked(before, self.memory, self._clock.boottime())
        self._do_upkeep()
        important = worth_saving(before, self.memory, now - self._saved_at)
        self._keep(now, important=important)
        if _log.isEnabledFor(VERBOSE):
            _log.log(VERBOSE, "%s", poll_line(self.memory, self.verdict, heard))
        self._due_at = max(next_at, self._clock.boottime())
        return next_at

    def _survive(self) -> float:
        """Go on without deciding: an outage stays shown, an OL does not for ever."""
        now, policy = self._clock.boottime(), self._base
        memory = self.memory
        said = (self._heard or self._ask_anyway()).said
        self._opens = self._opens + 1 if said is Said.OPEN else 0
        gone = memory.state in ON_BATTERY_STATES or memory.shown.on_battery
        if self.last_resort is not None and (gone or self._opens > 1):
            since = memory.outage_since or now
            low_at = memory.low_at or since + NEVER_KNOWN_LB_S
            back = said in (Said.CLOSED, Said.STALE)
            status = "OB LB" if now >= low_at and not back else "OB"
            self._publisher.forget()
            if self.last_resort.write(status):
                shown = ShownStatus(status, since)
                memory = memory._replace(
                    state=State.HOLDING, outage_since=since, shown=shown
                )
        elif self.last_resort is not None and memory.shown.status:
            heard_at = memory.relay.at
            heard_at = self._started_at if heard_at is None else heard_at
            quiet_s = max(policy.nocomms_delay_s, OL_VISIBLE_S)
            if now - max(heard_at, memory.shown.since) >= quiet_s:
                self._publisher.forget()
                if self.last_resort.hide():
                    memory = memory._replace(state=State.NOCOMMS, shown=ShownStatus())
        self.memory = memory
        self._due_at = now + policy.alert_s
        return now + min(policy.alert_s, policy.relay_s or policy.alert_s)

    def _ask_anyway(self) -> Heard:
        """Ask about the grid where the check did not come so far."""
        try:
            self._ask(None)
        except Stopping:
            raise
        except Exception as exc:  # noqa: BLE001  a bug must not end protection
            self._crashes.tell("asking about the grid", exc)
        return self._heard or Heard(Said.SILENT)

    def _do_upkeep(self) -> None:
        try:
            self._source.upkeep(grid_gone=self.memory.state in ON_BATTERY_STATES)
        except Exception as exc:  # noqa: BLE001  nothing of it is for this check
            self._crashes.tell("work in the background", exc)

    def stop(self) -> None:
        """Leave the file as it is, unless the system is going down.

        A driver that is gone already: what the file says would be stale at the
        next boot. One that was never seen may listen elsewhere (statepath of
        ups.conf, another host); to hide an OB from it shuts the house down.
        """
        told = self.memory.shown
        if self._driver_seen and told.status and not self._driver_runs():
            self._hide(self._clock.boottime())
            hidden = told.on_battery and not self.memory.shown.status
            self.memory = self.memory._replace(hidden_at_stop=hidden)
        self.close()

    def discard(self) -> None:
        """Let the source go; nothing was done and nothing is saved."""
        self._source.close()

    def close(self) -> None:
        """Save what is known and let the source go; the file stays as it is."""
        self._keep(self._clock.boottime(), important=True)
        self._source.close()

    @property
    def facts(self) -> Facts:
        """What its source has told, besides the grid."""
        return self._source.facts

    def _policy(self) -> Policy:
        settings = self._publisher.settings
        rated_w, size_wh = self._rated_w, self.memory.battery.capacity_wh
        return self._base._replace(
            charge_low_pct=settings.charge_low_pct,
            runtime_low_s=settings.runtime_low_s,
            rated_w_per_kwh=rated_w * WH_PER_KWH / size_wh
            if rated_w is not None and size_wh
            else None,
        )

    @property
    def _rated_w(self) -> float | None:
        """What the source can give for long, where the user has set no LOADKWH."""
        return self._source.facts.nominal_w if self._base.rated else None

    def _look_at_file(self) -> None:
        """Take over what somebody else did to the port file."""
        try:
            if not self._publisher.refresh():
                return
            if self.memory.state is not State.NOCOMMS:
                self._note_shown()
                self._publisher.republish()
                self._note_shown()
            elif self._publisher.status is not None:
                now = self._clock.boottime()
                found = StartupState(
                    self._publisher.status,
                    written_this_boot=False,
                    driver_runs=self._driver_runs(),
                )
                memory = recall(self.memory, found, now)
                self._carry_out(begin(memory, decide(found), now), now)
        except PortFileError as exc:
            self._trouble.failed(exc)

    def _note_shown(self) -> None:
        """Take note of a status in the file that may not be ours.

        A driver may have read somebody's OB: the OL written over it has to be
        seen before it may be hidden.
        """
        if self._publisher.status:
            now = self._clock.boottime()
            self.memory = shown(self.memory, self._publisher.status, now)

    def _ask(self, until: float | None) -> tuple[Heard, bool]:
        """Return what the source says, and whether it can be reached at all."""
        doubtful = self.memory.relay.unconfirmed is Grid.OPEN
        limit_s = OPEN_CONFIRM_S if doubtful else math.inf
        deadline = min(self._clock.boottime() + limit_s, until or math.inf)
        try:
            answer = self._source.grid(deadline)
        except Stopping:
            raise
        except DeviceError as exc:
            _log.debug("failed poll: %s", exc)
            self._causes.tell(exc)
            self._heard = Heard(Said.SILENT, None, str(exc))
            return self._heard, isinstance(exc, DeviceAnswerError)
        except Exception as exc:  # noqa: BLE001  no more threads or handles, a bug
            self._crashes.tell("asking about the grid", exc)
            self._heard = Heard(Said.SILENT, None, f"{type(exc).__name__}: {exc}")
            return self._heard, False
        self._causes.over()
        # For the last resort, should the next line fail.
        self._heard = Heard(_SAID.get(answer.grid, Said.ODD), answer)
        self._heard = heard = classify(self.memory, answer)
        if heard.said is Said.ODD:
            self._odd_words.tell(answer, heard.why)
        return heard, True

    def _learn(self) -> None:
        """Take over what the source has read, once."""
        facts = self._source.facts
        if facts is not self._learnt:
            self._learnt = facts
            before = self.memory.devices
            self.memory = learn(self.memory, facts, self._policy())
            tell_health(before, self.memory.devices)

    def _released(self, heard: Heard) -> bool:
        """Whether a person says that the grid is back, and the gateway nothing."""
        known = heard.usable or heard.said is Said.UNFIT
        needed = not known and self.memory.state in ON_BATTERY_STATES
        return self.wish is not None and self.wish.holds(needed=needed)

    def _carry_out(
        self, step: Step, now: float, *, details_follow: bool = False
    ) -> None:
        """Do to the port file what the step says."""
        self.memory = step.memory
        for notice in step.notices:
            _log.log(notice.level, "%s", called(notice.text, self._base.device))
        # A file that could not be hidden before is tried again.
        left_over = self.memory.state is State.NOCOMMS and self.memory.shown.status
        if step.row.show is Show.HIDE or left_over:
            self._hide(now)
        elif step.row.show is Show.WRITE:
            self._publish(now, details_follow=details_follow)

    def _begins_round(self, step: Step, now: float) -> bool:
        """Whether a full poll is due."""
        policy = self._base
        on_battery = self.memory.state in ON_BATTERY_STATES
        every_s = policy.alert_s if on_battery else min(policy.pollfreq_s, FULL_MAX_S)
        return step.row.full or now - self._round_at >= every_s

    def _read_details(self, step: Step, now: float, until: float | None) -> None:
        """Go on with a full poll, at most until the relay is due again."""
        policy = self._base
        if self._begins_round(step, now):
            self._source.begin_round()
            self._round_open = True
            self._round_at = now
        if not self._round_open:
            return
        budget = now + (policy.relay_s or policy.alert_s)
        try:
            complete = self._source.details(min(budget, until or budget))
        except Stopping:
            raise
        except Exception as exc:  # noqa: BLE001  no more threads or handles, a bug
            self._crashes.tell("asking for the details", exc)
            complete = True
        self._round_open = not complete
        self.memory = awake(self.memory, self._clock.boottime(), now + BUSY_S)
        self._learn()
        if step.row.show is Show.WRITE:
            self._publish(self._clock.boottime())

    def _publish(self, now: float, *, details_follow: bool = False) -> None:
        """Write what is true now; a failure keeps the loop going.

        What does not change a word of the status is written after the details
        that follow; what does, an LB too, before anybody else is asked. Not a
        reckoned LB as the gateway is heard anew: it tells the charge next.
        """
        self._look_at_file()
        gone, said = self.memory.state in ON_BATTERY_STATES, self.memory.shown.status
        if details_follow and not gone and said.split()[:1] == ["OL"]:
            return
        memory, verdict = evaluate(self.memory, now, self._policy())
        waits = self._heard_anew and verdict.estimated and "OB" in said.split()
        if details_follow and gone and (waits or said == verdict.status):
            return
        self.memory = memory._replace(low_at=low_at(verdict, now) if gone else None)
        self.verdict = verdict
        wall = self._clock.wall()
        self.memory, notice = hourly(self.memory, verdict, now, wall)
        if notice is not None:
            _log.log(notice.level, "%s", notice.text)
        facts = self._source.facts
        settings = self._publisher.settings
        basis = NumbersContext(
            now=now,
            serial=self._serial,
            loadkwh_w=self._base.loadkwh_w,
            rated_w=self._rated_w,
            voltage_high_v=settings.voltage_high,
            voltage_nominal_v=settings.voltage_nominal,
            source=source_text(self.memory, verdict, now, wall),
        )
        phases = facts.meters.phases if facts.meters else None
        try:
            self._publisher.publish(
                nut_values(facts, verdict, basis), verdict.low_pct, phases
            )
        except PortFileError as exc:
            self._trouble.failed(exc)
            self._lost_lb.unwritten = "LB" in verdict.status.split()
        else:
            self._lost_lb.unwritten = False
            self._trouble.over()
            self.memory = shown(self.memory, verdict.status, now)

    def _hide(self, now: float) -> None:
        try:
            self._publisher.hide()
        except PortFileError as exc:
            self._trouble.failed(exc)
        else:
            self._trouble.over()
            self.memory = shown(self.memory, "", now)

    def _keep(self, now: float, *, important: bool) -> None:
        """Save what is known: at changes, and from time to time in any case."""
        # A start has to see that the watch went on (RESUMED_GAP_S), or when an OL was
        # last confirmed (NOCOMMS_DELAY).
        every_s = min(FULL_MAX_S, max(RESUMED_GAP_S, self._base.nocomms_delay_s / 2))
        if self.memory.state in ON_BATTERY_STATES:
            every_s = min(self._base.alert_s, RESUMED_GAP_S / 2)
        if important or now - self._saved_at >= every_s:
            self._saved_at = now
            self._save(self.memory._replace(noted_at=now))
