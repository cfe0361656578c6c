"""What pure code noticed, for somebody else to log.

The levels are the numbers of the standard library's logging, which pure code
does not load; VERBOSE and BODIES are ours (cli/logs.py).
"""

from typing import NamedTuple

#: Bodies of answers, secrets replaced (-dd).
BODIES = 5
DEBUG = 10
#: One line per poll (-v).
VERBOSE = 15
INFO = 20
WARNING = 30
CRITICAL = 50


class Notice(NamedTuple):
    """One line for the log.

    Attributes:
        level: one of the numbers above.
        text: one line without any secret.
    """

    level: int
    text: str


def info(text: str) -> Notice:
    """Return a line that is good to know."""
    return Notice(INFO, text)


def warning(text: str) -> Notice:
    """Return a line that somebody should act on."""
    return Notice(WARNING, text)
