"""The session table of an inverter: four entries for everybody.

As the real one: a login with the table full is ``err 503``; nobody is put out
for it; a session ends by logout, and maybe after some time without use.

Source: as client.py.
"""

import secrets
import string
from dataclasses import dataclass, field

LIMIT = 4

#: What a session id is made of; it may begin with a dash.
ALPHABET = string.ascii_letters + string.digits + "_-"
_LENGTH = 16


@dataclass(slots=True)
class SessionEntry:
    """One session.

    Attributes:
        group: who logged in, ``usr`` or ``istl``.
        used_at: when it was used last, by the inverter's clock, s.
    """

    group: str
    used_at: float


@dataclass(slots=True)
class SessionTable:
    """The open sessions of one inverter.

    Attributes:
        entries: by session id; ``clear()`` ends them all, as a restart does.
        idle_s: unused for so long, a session ends; None: never.
        limit: how many there can be.
        alphabet: of new session ids.
        made: how many were made in all.
    """

    entries: dict[str, SessionEntry] = field(default_factory=dict)
    idle_s: float | None = None
    limit: int = LIMIT
    alphabet: str = ALPHABET
    made: int = 0

    @property
    def free(self) -> int:
        """How many more there can be."""
        return max(0, self.limit - len(self.entries))

    def open(self, group: str, now: float) -> str | None:
        """Make a session; None when the table is full."""
        self._expire(now)
        if not self.free:
            return None
        sid = "".join(secrets.choice(self.alphabet) for _ in range(_LENGTH))
        self.entries[sid] = SessionEntry(group, now)
        self.made += 1
        return sid

    def use(self, sid: str, now: float) -> SessionEntry | None:
        """Return the session, or None when there is none of this id."""
        self._expire(now)
        entry = self.entries.get(sid)
        if entry is not None:
            entry.used_at = now
        return entry

    def close(self, sid: str) -> None:
        """End a session."""
        self.entries.pop(sid, None)

    def _expire(self, now: float) -> None:
        if self.idle_s is None:
            return
        ended = [
            sid
            for sid, entry in self.entries.items()
            if now - entry.used_at >= self.idle_s
        ]
        for sid in ended:
            del self.entries[sid]
