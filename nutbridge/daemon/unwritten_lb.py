"""Counts the polls in a row whose LB could not be written (disk full, read-only)."""

import logging

from nutbridge.ups.notices import CRITICAL

_log = logging.getLogger(__name__)

#: An LB that could not be written for so many polls: the file is hidden.
POLLS = 3


class UnwrittenLb:
    """Tells when clients have missed an LB for too many polls.

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
        if self._polls == POLLS:
            _log.log(CRITICAL, "LB cannot be written: hiding the file")
        return self._polls >= POLLS
