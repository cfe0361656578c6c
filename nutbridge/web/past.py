"""Reads the history that a monitor keeps, for the page."""

from pathlib import Path

from nutbridge.daemon.history.file import history_path, load_history
from nutbridge.daemon.history.reading import History
from nutbridge.system.clock import Clock
from nutbridge.ups.units import SECONDS_PER_DAY
from nutbridge.web import words
from nutbridge.web.model import Past

#: Older outages are for nutbridge history to tell.
_SHOWN_S = 400 * SECONDS_PER_DAY
_MOST_OUTAGES, _MOST_SILENCES = 30, 400


class PastReader:
    """Looks at the history of one UPS.

    Args:
        ups: its name.
        folders: where the history may lie; the first that has one counts.
        clock: all times.
    """

    def __init__(self, ups: str, folders: tuple[Path, ...], clock: Clock) -> None:
        self._paths = [history_path(str(folder), ups) for folder in folders]
        self._clock = clock
        self._known: tuple[object, Past] = ("", Past())

    def read(self) -> Past:
        """Return what was; the same object while nothing has changed."""
        problem = None
        for path in self._paths:
            try:
                found = path.stat()
                stamp = (path, found.st_mtime_ns, found.st_size)
                if stamp == self._known[0]:
                    return self._known[1]
                since = self._clock.wall() - _SHOWN_S
                return self._keep(stamp, _past(load_history(path, since=since)))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as exc:
                problem = f"The history {path} cannot be read: {exc.strerror}."
        return self._keep(problem, Past(problem=problem))

    def _keep(self, stamp: object, past: Past) -> Past:
        if stamp != self._known[0]:
            self._known = stamp, past
        return self._known[1]


def _past(history: History) -> Past:
    points = history.points
    days = {f"{words.date_of(point.at)}" for point in points}
    return Past(
        since=points[0].at if points else None,
        days=tuple(sorted(days)),
        outages=history.outages[: -_MOST_OUTAGES - 1 : -1],
        outages_kept=len(history.outages),
        outages_kept_s=round(sum(one.length_s for one in history.outages), 1),
        silences=history.silences[: -_MOST_SILENCES - 1 : -1],
        problem="; ".join(history.left_out) or None,
    )
