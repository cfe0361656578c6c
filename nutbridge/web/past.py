"""Reads the history that a monitor keeps, for the page."""

from collections.abc import Iterator
from pathlib import Path

from nutbridge.daemon.history.file import history_path, load_history
from nutbridge.daemon.history.reading import History
from nutbridge.system.clock import Clock
from nutbridge.ups.units import SECONDS_PER_DAY
from nutbridge.web.model import Past, Stretch

#: What nobody goes on with is unknown after a while: looked at anew so often, s.
_TRUE_S = 300.0
#: Older outages are for nutbridge history to tell.
_SHOWN_S = 400 * SECONDS_PER_DAY
_STRIP_S = 31 * SECONDS_PER_DAY
_MOST_OUTAGES, _MOST_SILENCES = 30, 400


class PastReader:
    """Looks at the history of one UPS.

    Args:
        ups: its name.
        folders: where the history may lie; the one written last counts.
        clock: all times.
    """

    def __init__(self, ups: str, folders: tuple[Path, ...], clock: Clock) -> None:
        self._paths = [history_path(str(folder), ups) for folder in folders]
        self._clock = clock
        self._known: tuple[object, Past] = ("", Past())

    def read(self) -> Past:
        """Return what was; the same object while nothing has changed."""
        problem, found = None, []
        for path in self._paths:
            try:
                stat = path.stat()
                found.append((stat.st_mtime_ns, stat.st_size, path))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as exc:
                problem = _unreadable(path, exc)
        if not found:
            return self._keep(problem, Past(problem=problem))
        path = max(found)[2]
        now = self._clock.wall()
        stamp = (max(found), now // _TRUE_S)
        if stamp == self._known[0]:
            return self._known[1]
        try:
            history = load_history(path, since=now - _SHOWN_S, now=now)
        except OSError as exc:
            problem = _unreadable(path, exc)
            return self._keep(problem, Past(problem=problem))
        return self._keep(stamp, _past(history, now))

    def _keep(self, stamp: object, past: Past) -> Past:
        if stamp != self._known[0]:
            self._known = stamp, past
        return self._known[1]


def _unreadable(path: Path, exc: OSError) -> str:
    return f"The history {path} cannot be read: {exc.strerror}."


def _past(history: History, now: float) -> Past:
    points = history.points
    return Past(
        since=points[0].at if points else None,
        stretches=tuple(
            one
            for one in _stretches(history)
            if one.ended is None or one.ended > now - _STRIP_S
        ),
        outages=history.outages[: -_MOST_OUTAGES - 1 : -1],
        outages_kept=len(history.outages),
        outages_kept_s=round(sum(one.length_s for one in history.outages), 1),
        silences=history.silences[: -_MOST_SILENCES - 1 : -1],
        problem="; ".join(history.left_out) or None,
    )


def _stretches(history: History) -> Iterator[Stretch]:
    for gap in history.unwatched:
        yield Stretch("unwatched", gap.began, gap.ended)
    for silence in history.silences:
        yield Stretch("silence", silence.began, silence.began + silence.length_s)
    for outage in history.outages:
        yield Stretch("outage", outage.began, outage.ended)
        if outage.low_at is not None:
            yield Stretch("low", outage.low_at, outage.ended)
