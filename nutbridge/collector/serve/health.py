"""Whether the upstream and the store work, told once per change."""

import logging
from collections.abc import Callable

from nutbridge.collector.serve.options import Rate
from nutbridge.collector.serve.rate import RateLimiter
from nutbridge.ups.units import spoken_s

#: One that comes and goes with each report does not fill the log.
_LINES = Rate(10, 60.0)

_log = logging.getLogger(__name__)


class Health:
    """One partner of the collector.

    Args:
        name: how the log calls it.
        monotonic: s, a clock that never goes back.

    Attributes:
        works: as far as known; None before the first attempt.
    """

    def __init__(self, name: str, monotonic: Callable[[], float]) -> None:
        self._name = name
        self._monotonic = monotonic
        self._since = 0.0
        self._gap_s = 0.0
        self._problem = ""
        self._told: str | None = None
        self._lines = RateLimiter(_LINES)
        self.works: bool | None = None

    @property
    def problem(self) -> str | None:
        """Why it fails; None: it does not."""
        return self._problem if self.works is False else None

    @property
    def word(self) -> str:
        """``ok``, ``failing`` or ``unknown``."""
        return {None: "unknown", True: "ok", False: "failing"}[self.works]

    def good(self) -> bool:
        """Note a success; INFO, and True, when it was failing."""
        failing = self.works is False
        if failing:
            self._gap_s = self._monotonic() - self._since
        self.works = True
        if self._is_news(None):
            _log.info("%s works again after %s", self._name, spoken_s(self._gap_s))
        return failing

    def bad(self, problem: str) -> None:
        """Note a failure; WARNING when it is new or has another reason."""
        if self.works is not False:
            self._since = self._monotonic()
        self._problem = problem
        self.works = False
        if self._is_news(problem):
            _log.warning("%s: %s", self._name, problem)

    def _is_news(self, problem: str | None) -> bool:
        """Tell whether to say so; where too much was said, the next call asks again."""
        if problem == self._told or self._lines.take("", self._monotonic()):
            return False
        self._told = problem
        return True
