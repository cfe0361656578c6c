"""Plays the steps one after another, and tells what upsc and upsmon see."""

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nutbridge.nut.port_file import PortFile
from nutbridge.system.clock import Waiter
from nutbridge.tools.demo.reading import ClientView, parse_upsc
from nutbridge.tools.demo.table import clock
from nutbridge.tools.drill.nut import NOTICES, DrillNut
from nutbridge.tools.drill.script import DrillStep
from nutbridge.tools.drill.times import UpsmonTimes

_LOOK_S = 0.25
#: For what takes a second or two on a small machine that is busy.
_SLACK_S = 20.0
#: How long OB is left alone, to see that nothing shuts down on it.
_OB_STAYS_S = 3.0

_ADDED = ("CHRG", "DISCHRG", "FSD")

_COLUMNS = (5, 9, 30, 33)
HEADING = ("time", "port file", "upsc sees", "upsmon")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a drill ended.

    Attributes:
        missed: the step that did not, or "".
        too_early: SHUTDOWNCMD ran before OB LB.
        shutdown_s: seconds from OB LB in the file to SHUTDOWNCMD; None: never.
        upsmon_problem: why upsmon did not take part, or None.
    """

    missed: str = ""
    too_early: bool = False
    shutdown_s: float | None = None
    upsmon_problem: str | None = None

    @property
    def good(self) -> bool:
        """Whether everything went as it should."""
        played = not self.missed and not self.too_early
        return played and self.shutdown_s is not None


def row(*cells: str) -> str:
    """Return one line of the table, at most 80 characters wide."""
    pairs = zip(cells, _COLUMNS, strict=True)
    return " ".join(text[:width].ljust(width) for text, width in pairs).rstrip()


class Play:
    """One drill.

    Args:
        nut: its programs; upsd and the driver run.
        port: the port file that they read.
        times: of upsmon.
        waiter: ends a wait on SIGINT and SIGTERM.
        say: takes the lines of the table.
    """

    def __init__(
        self,
        nut: DrillNut,
        port: PortFile,
        times: UpsmonTimes,
        waiter: Waiter,
        say: Callable[[str], None],
    ) -> None:
        self._nut = nut
        self._port = port
        self._times = times
        self._waiter = waiter
        self._say = say
        self._began_s = time.monotonic()
        self._told = 0
        self._reading: ClientView | None = None

    def run(self, steps: Sequence[DrillStep]) -> Ending:
        """Play OL, OB and OB LB.

        Raises:
            Stopping: SIGINT or SIGTERM came.
        """
        online, on_battery, low = steps
        self._say(row(*HEADING))
        self._say(row(*("-" * width for width in _COLUMNS)))
        if not self._until(lambda: self._sees(online), _SLACK_S):
            return Ending(missed=online.status)
        self._nut.start_upsmon(self._times)
        self._until(lambda: self._nut.upsmon_listens or self._upsmon_gone, _SLACK_S)
        self._tell(online)
        self._show(on_battery)
        if self._nut.shut_down:
            return Ending(too_early=True)
        if not self._sees(on_battery):
            return Ending(missed=on_battery.status)
        return self._go_low(low)

    def _show(self, step: DrillStep) -> None:
        self._port.write(step.data)
        poll_s = self._times.values["POLLFREQ"] + _SLACK_S
        self._until(
            lambda: (
                self._sees(step) and (self._upsmon_gone or "ONBATT" in self._nut.events)
            ),
            poll_s,
        )
        self._until(lambda: self._nut.shut_down, _OB_STAYS_S)
        self._tell(step)

    def _go_low(self, low: DrillStep) -> Ending:
        self._port.write(low.data)
        begun_s = time.monotonic()
        limit_s = self._times.until_shutdown_s + _SLACK_S
        seen = self._until(lambda: self._sees(low), _SLACK_S)
        ran = self._until(lambda: self._nut.shut_down or self._upsmon_gone, limit_s)
        took_s = time.monotonic() - begun_s
        if self._nut.shut_down:  # the notice has a process of its own
            self._until(lambda: "SHUTDOWN" in self._nut.events, _SLACK_S)
        self._tell(low, "SHUTDOWNCMD" if self._nut.shut_down else "")
        done = ran and self._nut.shut_down
        return Ending(
            missed="" if seen else low.status,
            shutdown_s=took_s if done else None,
            upsmon_problem=self._nut.upsmon_failed,
        )

    @property
    def _upsmon_gone(self) -> bool:
        return self._nut.upsmon_failed is not None

    def _sees(self, step: DrillStep) -> bool:
        """Whether upsc shows a step; all its values have come when two looks agree."""
        try:
            answer = self._nut.upsc()
        except subprocess.TimeoutExpired:
            return False
        if answer.returncode != 0:
            return False
        before = self._reading
        self._reading = ClientView.from_variables(parse_upsc(answer.stdout))
        if self._reading is None:
            return False
        words = (self._reading.status or "").split()
        # Newer drivers add CHRG and DISCHRG by themselves, upsd FSD for upsmon.
        plain = " ".join(word for word in words if word not in _ADDED)
        return plain == step.status and self._reading == before

    def _until(self, condition: Callable[[], bool], limit_s: float) -> bool:
        until = time.monotonic() + limit_s
        while not condition():
            left = until - time.monotonic()
            if left <= 0:
                return False
            self._waiter.wait(min(_LOOK_S, left))
        return True

    def _tell(self, step: DrillStep, more: str = "") -> None:
        told = self._nut.events[self._told :]
        self._told += len(told)
        told = [notice for notice in NOTICES if notice in told]
        if self._upsmon_gone:
            told.append("(not running)")
        reading = self._reading or ClientView()
        values = (
            reading.status or "not connected",
            f"{reading.charge} %" if reading.charge is not None else "",
            f"{reading.runtime} s" if reading.runtime is not None else "",
        )
        seen = ", ".join(filter(None, values))
        upsmon = " ".join([*told, *([more] if more else [])]) or "-"
        at = clock(time.monotonic() - self._began_s)
        self._say(row(at, step.status, seen, upsmon))
