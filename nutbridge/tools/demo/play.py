"""Goes through the script, and writes a row for every change that is seen."""

import time

from nutbridge.system.clock import Waiter
from nutbridge.system.terminal import Terminal
from nutbridge.tools.demo import table
from nutbridge.tools.demo.reading import ClientView
from nutbridge.tools.demo.script import LIMIT_S, STEPS, DemoStep
from nutbridge.tools.demo.stage import DemoStage
from nutbridge.tools.demo.views import View

#: Between two looks; a new value counts when it is seen twice, because the
#: variables of one change reach upsd one after another.
_LOOK_S = 0.25


class Player:
    """One run of the demo.

    Args:
        stage: the house and the monitor.
        view: where the effect is seen.
        screen: where the rows go.
        waiter: ends a wait on SIGINT and SIGTERM.
        started_s: CLOCK_MONOTONIC when the demo began.
    """

    def __init__(
        self,
        stage: DemoStage,
        view: View,
        screen: Terminal,
        waiter: Waiter,
        started_s: float,
    ) -> None:
        self._stage = stage
        self._view = view
        self._screen = screen
        self._waiter = waiter
        self._started_s = started_s
        self._passed_s = self._now_s()
        self._candidate: ClientView | None = None
        self._candidate_at_s = 0.0
        self._shown: ClientView | None = None

    def run(self) -> DemoStep | None:
        """Play every step.

        Returns:
            The first step whose effect was not seen; None when all were.

        Raises:
            Stopping: SIGINT or SIGTERM came.
        """
        gateway = False
        for step in STEPS:
            begun_s: float | None = None
            while not self._look(step, begun_s):
                if self._passed_s > LIMIT_S or not self._stage.monitor_runs:
                    return step
                self._screen.live(self._truth(gateway=gateway))
                self._waiter.wait(_LOOK_S)
                self._let_pass()
                if begun_s is None and self._passed_s >= step.at_s:
                    self._stage.be(grid=step.grid, gateway=step.gateway)
                    gateway = step.gateway
                    begun_s = self._passed_s
        return None

    def _now_s(self) -> float:
        return time.monotonic() - self._started_s

    def _let_pass(self) -> None:
        now_s = self._now_s()
        self._stage.house.let_pass(now_s - self._passed_s)
        self._passed_s = now_s

    def _look(self, step: DemoStep, begun_s: float | None) -> bool:
        """Look once; return whether the effect of the step is seen."""
        reading = self._view.read()
        if reading is None:
            return False
        if reading != self._candidate:
            self._candidate, self._candidate_at_s = reading, self._now_s()
            return False
        met = begun_s is not None and step.met_by(reading)
        if met or reading.worth_a_row(self._shown):
            self._shown = reading
            self._write_row(step, reading, begun_s if met else None)
        return met

    def _write_row(
        self, step: DemoStep, reading: ClientView, begun_s: float | None
    ) -> None:
        at_s = self._candidate_at_s
        # Nothing happens at 0:00; it is only how things are.
        timed = begun_s is not None and step.at_s > 0
        self._screen.say(
            table.row(
                at_s,
                step.before if begun_s is None else step.what,
                reading,
                max(0.0, at_s - begun_s) if timed and begun_s is not None else None,
                absent=self._view.absent,
                colour=self._screen.colour,
            )
        )

    def _truth(self, *, gateway: bool) -> str:
        passed = table.clock(self._now_s())
        return f" {passed} in the house: {self._stage.truth(gateway=gateway)}"
