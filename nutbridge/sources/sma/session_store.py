"""The session id or token of an inverter, kept so that a kill -9 costs no session.

The file is removed at a logout; what is found in it at a start is used before
any login, for the same inverter and group only.
"""

import contextlib
import json
import logging
import stat
from pathlib import Path

from nutbridge.errors import reason
from nutbridge.system.files import Access, Folder, read_file, replace_file, sweep

_log = logging.getLogger(__name__)
_CAP = 16384
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SessionStore:
    """A ``reading.SessionKeeper`` over ``sma-<ups>.session``.

    Args:
        path: the file, mode 0600.
        whose: names inverter and group or user; another one's session is of no
            use.
        owner: see ``files.owner_for``.
    """

    def __init__(
        self, path: Path, whose: str, owner: tuple[int, int] | None = None
    ) -> None:
        self._path = path
        self._whose = whose
        self._access = Access(owner=owner, secret=True)
        self._failed = False

    def load(self) -> str | None:
        """Return the session id of an earlier process, or None."""
        sweep(self._path)
        return self.peek()

    def peek(self) -> str | None:
        """Load beside a running monitor: remove no file that it is writing."""
        try:
            kept = read_file(self._path, _CAP)
            found = json.loads(kept.data)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError):
            _log.warning("session file %s ignored: it cannot be read", self._path)
            return None
        if kept.info.st_mode & _OTHERS:
            _log.warning("session file %s ignored: others may read it", self._path)
            return None
        if not isinstance(found, dict) or found.get("of") != self._whose:
            return None
        sid = found.get("sid")
        return sid if isinstance(sid, str) and sid else None

    def save(self, sid: str) -> None:
        """Store it; a failure is said once."""
        data = json.dumps({"of": self._whose, "sid": sid}).encode("ascii")
        try:
            replace_file(self._path, data, access=self._access, durable=False)
        except OSError as exc:
            if not self._failed:
                _log.warning("session file %s not written: %s", self._path, reason(exc))
            self._failed = True

    def clear(self) -> None:
        """Forget it."""
        with contextlib.suppress(OSError), Folder(self._path.parent) as folder:
            folder.unlink(self._path.name)
