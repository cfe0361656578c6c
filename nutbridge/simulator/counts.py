"""What a stand-in server counts."""

from collections import Counter, deque
from dataclasses import dataclass, field

from nutbridge.simulator.messages import Incoming

_RECENT = 1000


@dataclass(slots=True)
class Counts:
    """What happened since the start (or the last ``clear``).

    Attributes:
        connections: TCP connections accepted.
        full_handshakes: TLS handshakes with a new session.
        resumed_handshakes: TLS handshakes that resumed a session.
        failed_handshakes: TLS handshakes that the client broke off.
        requests: number of requests by path, without the query.
        recent: the last 1000 requests, oldest first.
    """

    connections: int = 0
    full_handshakes: int = 0
    resumed_handshakes: int = 0
    failed_handshakes: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    recent: deque[Incoming] = field(default_factory=lambda: deque(maxlen=_RECENT))

    def clear(self) -> None:
        """Count from zero again."""
        self.connections = 0
        self.full_handshakes = 0
        self.resumed_handshakes = 0
        self.failed_handshakes = 0
        self.requests.clear()
        self.recent.clear()
