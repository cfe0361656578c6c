"""Who may ask the stand-in gateway, and the sessions it hands out.

As the real one: a Bearer token on every request works; an answer to a request
without a session sets a new ``sessionId``; the cookie alone works too; a session
ends after 10 min idle, and only a few exist at a time. Where a request has both,
the stand-in judges the Bearer, so that a refused token is seen at once.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field

from nutbridge.simulator.messages import Incoming
from nutbridge.simulator.tokens import read_claims

_SESSION_IDLE_S = 600.0
_SESSIONS = 4


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a request is let in, and the session it was given, if any."""

    granted: bool
    new_session: str | None = None


@dataclass(slots=True)
class Sessions:
    """The open sessions of one gateway, by id, with the time of their last use."""

    used: dict[str, float] = field(default_factory=dict)
    _count: int = 0

    def admit(
        self, asked: Incoming, serial: str, tokens: Collection[str] | None, now: float
    ) -> Admission:
        """Judge a request.

        Args:
            asked: the request.
            serial: the gateway's serial number.
            tokens: the tokens that are accepted; None: every one for this
                gateway that has not ended.
            now: the gateway's clock, seconds since 1970.
        """
        session = _cookie(asked)
        known = now - self.used.get(session, float("-inf")) < _SESSION_IDLE_S
        token = asked.bearer
        if not (known if token is None else _accepts(token, serial, tokens, now)):
            return Admission(granted=False)
        if known:
            self.used[session] = now
            return Admission(granted=True)
        return Admission(granted=True, new_session=self._open(now))

    def knows(self, asked: Incoming) -> bool:
        """Tell whether the request brings the cookie of an open session."""
        return _cookie(asked) in self.used

    def _open(self, now: float) -> str:
        self._count += 1
        session = hashlib.sha256(f"{self._count} {now}".encode()).hexdigest()[:32]
        if len(self.used) >= _SESSIONS:
            del self.used[min(self.used, key=self.used.__getitem__)]
        self.used[session] = now
        return session


def _cookie(asked: Incoming) -> str:
    for part in asked.headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == "sessionId":
            return value
    return ""


def _accepts(
    token: str, serial: str, tokens: Collection[str] | None, now: float
) -> bool:
    if tokens is not None:
        return token in tokens
    claims = read_claims(token)
    if claims is None or claims.get("aud") != serial:
        return False
    end = claims.get("exp")
    return isinstance(end, int) and end > now
