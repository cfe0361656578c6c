"""Texts about an estimated charge and a failing source, for log and port file.

Times of day are for people and come from the wall clock, which may be wrong.
"""

import logging
import time

from nutbridge.errors import DeviceError, PortFileError
from nutbridge.ups.model import DeviceHealth, Grid, GridAnswer, Heard
from nutbridge.ups.notices import CRITICAL, Notice, warning
from nutbridge.ups.status.low import Verdict
from nutbridge.ups.status.memory import Memory
from nutbridge.ups.status.policy import CLOSED_ONCE_S, NO_ESTIMATED_LB_S
from nutbridge.ups.units import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    spoken_s,
)

_log = logging.getLogger(__name__)

_A_DAY = "; a controller that is no longer fitted is forgotten after a day"
#: An LB that could not be written for so many polls: the file is hidden.
LOST_POLLS = 3

_CLOSED_ONCE = Notice(
    CRITICAL,
    "the last word was that the grid is back, and nothing came after it: LB is held "
    "back for half an hour of silence, or until the reckoned charge is at its end; "
    "if the grid is back, say so with 'nutbridge release'",
)


class WriteTrouble:
    """Says once that the port file cannot be written, and once that it can."""

    def __init__(self) -> None:
        self._told = False

    def failed(self, exc: PortFileError) -> None:
        """Note a failure."""
        if not self._told:
            _log.error("%s", exc)
        self._told = True

    def over(self) -> None:
        """Note a success."""
        if self._told:
            _log.info("the port file can be written again")
        self._told = False


class UnwrittenLb:
    """Tells when an LB could not be written for too many polls.

    Attributes:
        unwritten: the status last tried has LB in it and was not written.
    """

    def __init__(self) -> None:
        self.unwritten = False
        self._polls = 0

    def count(self, told: str) -> bool:
        """Count one poll.

        Args:
            told: the status that clients see, "" when hidden.

        Returns:
            True when the file must be hidden: a rename needs no space.
        """
        words = told.split()
        lost = self.unwritten and bool(words) and "LB" not in words
        self._polls = self._polls + 1 if lost else 0
        if self._polls == LOST_POLLS:
            _log.log(CRITICAL, "LB cannot be written: hiding the file")
        return self._polls >= LOST_POLLS


class LastingCauses:
    """Names once why the source gives no answer, where waiting will not help."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, error: DeviceError) -> None:
        """Log what is wrong and what to do about it."""
        text = error.advice
        if error.lasting and text not in self._told and len(self._told) < OddWords.MOST:
            self._told.add(text)
            _log.warning("%s", text)

    def over(self) -> None:
        """Take note of an answer: the next failure is another one."""
        self._told.clear()


class OddWords:
    """Names each word that a source is not known to say, once."""

    #: A gateway can make up any number.
    MOST = 20

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, answer: GridAnswer, why: str) -> None:
        """Log a word that has not been told of; ``why`` is how it was understood."""
        word = answer.word
        if word not in self._told and len(self._told) < self.MOST:
            self._told.add(word)
            odd = "neither open nor closed"
            if answer.grid is Grid.CLOSED:
                odd = "no answer, as from a gateway that has just started" + _A_DAY
            _log.warning("%s: %s", why, odd)


def tell_health(
    before: tuple[DeviceHealth, ...], now: tuple[DeviceHealth, ...]
) -> None:
    """Log each battery or controller whose health has changed."""
    known = {each.name: each.faults for each in before}
    for each in now:
        if each.faults == known.get(each.name, ()):
            continue
        level = logging.WARNING if each.faults else logging.INFO
        _log.log(level, "%s: %s", each.name, each.words)


def called(text: str, device: str) -> str:
    """Return a log line that names the device: gateway or inverter."""
    return text.replace("the gateway", f"the {device}")


def source_text(
    memory: Memory, verdict: Verdict, now: float, wall: float
) -> str | None:
    """Return experimental.nutbridge.source; None while the gateway tells all."""
    since = memory.relay.silent_since
    known = verdict.soc_pct is not None
    if not verdict.holding or since is None:
        return "reckoned" if verdict.estimated and known else None
    word = "charge unknown"
    if known:
        word = "reckoned" if verdict.estimated else "read"
    return f"{word}, silent since {_hh_mm(wall - (now - since))}"


def hourly(
    memory: Memory, verdict: Verdict, now: float, wall: float
) -> tuple[Memory, Notice | None]:
    """Return a log line once an hour while the charge is estimated.

    On line one a day when it has not been read for an hour: in an outage it
    would be reckoned from the last one, all that time included.
    """
    told_at = memory.hour_told_at
    if verdict.status.startswith("OL"):
        return _unread(memory, verdict, now)
    if _last_word_is_old(memory, now) and _CLOSED_ONCE.text not in memory.told:
        return memory._replace(told=(*memory.told, _CLOSED_ONCE.text)), _CLOSED_ONCE
    if not verdict.estimated or memory.battery.fitted is False:
        return memory, None
    if told_at is not None and now - told_at < SECONDS_PER_HOUR:
        return memory, None
    text = "on battery, charge unknown"
    if verdict.soc_pct is not None:
        text = (
            f"on battery, charge reckoned {verdict.soc_pct:.0f} %"
            f"{_low_at(verdict, verdict.soc_pct, wall)}"
        )
    return memory._replace(hour_told_at=now), warning(text)


def _last_word_is_old(memory: Memory, now: float) -> bool:
    """Whether LB is held back by one old ``closed``, and may soon no longer be."""
    relay = memory.relay
    if relay.grid is not Grid.CLOSED or relay.closed_at is None:
        return False
    silent_s = now - relay.closed_at
    low = memory.low.lb and silent_s >= NO_ESTIMATED_LB_S
    return low or silent_s >= CLOSED_ONCE_S / 2


def _unread(
    memory: Memory, verdict: Verdict, now: float
) -> tuple[Memory, Notice | None]:
    charge, told_at = memory.battery.charge, memory.hour_told_at
    since = max(memory.started_at, charge.at if charge else 0.0)
    if verdict.soc_pct is not None or memory.battery.fitted is False:
        return memory._replace(hour_told_at=None), None
    if now - since < SECONDS_PER_HOUR:
        return memory, None
    if told_at is not None and now - told_at < SECONDS_PER_DAY:
        return memory, None
    text = (
        f"no charge was read for {spoken_s(now - since)}: an outage would begin blind"
    )
    return memory._replace(hour_told_at=now), warning(text)


def low_at(verdict: Verdict, now: float) -> float | None:
    """Return when an outage will make the battery low, or None where nobody knows."""
    soc_pct = verdict.soc_pct
    if soc_pct is None or not verdict.power_w or not verdict.capacity_wh:
        return None
    left_wh = max(0.0, soc_pct - verdict.low_pct) / 100 * verdict.capacity_wh
    return now + left_wh * SECONDS_PER_HOUR / max(1.0, verdict.power_w)


def _low_at(verdict: Verdict, soc_pct: float, wall: float) -> str:
    at = low_at(verdict, wall)
    if at is None or soc_pct <= verdict.low_pct:
        return ""
    return f", low battery at about {_hh_mm(at)}"


def summary(memory: Memory, verdict: Verdict | None) -> str:
    """Return one line for ``systemctl status``."""
    charge = verdict.soc_pct if verdict else None
    level = "unknown" if charge is None else f"{charge:.0f} %"
    shown = memory.shown.status or "hidden"
    return f"{memory.state.value}, charge {level}, port file {shown}"


def poll_line(memory: Memory, verdict: Verdict | None, heard: Heard) -> str:
    """Return the line that -v shows for each poll."""
    answer = heard.answer
    said = f"{answer.speaker} {answer.word}" if answer else "no usable answer"
    return f"{said}: {summary(memory, verdict)}"


def _hh_mm(epoch: float) -> str:
    try:
        return time.strftime("%H:%M", time.localtime(epoch))
    except (OverflowError, ValueError, OSError):
        return "?"  # a clock beyond what the C library can tell
