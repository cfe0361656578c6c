"""The stand-in IQ Gateway: answers from a House.

As the real one (firmware 8.3): no Content-Type on /ivp/*, Server and Date on
every answer, a ``sessionId`` for a Bearer without a session, 401 with HTML for a
bad or missing token, 301 to an error page for an unknown path, /info for everyone.
"""

import json
import threading
from collections.abc import Callable, Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from nutbridge.simulator import bodies, devices, meters
from nutbridge.simulator.house import SimulatedHouse
from nutbridge.simulator.messages import Incoming, Reply
from nutbridge.simulator.session import Admission, Sessions

SERVER: Final = "openresty/1.17.8.1"
OPEN_PATHS: Final = frozenset({"/info", "/info.xml"})

_HTML: Final = {"Content-Type": "text/html"}
_XML: Final = {"Content-Type": "text/xml"}

REFUSED: Final = Reply(
    HTTPStatus.UNAUTHORIZED,
    _HTML,
    b"<html><head><title>401 Authorization Required</title></head>"
    b"<body><h1>401 Authorization Required</h1>Redirecting to /home</body></html>\n",
)
VALID_TOKEN: Final = Reply(
    headers=_HTML, body=b"<!DOCTYPE html><h2>Valid token.</h2>\n"
)
UNKNOWN_PATH: Final = Reply(
    HTTPStatus.MOVED_PERMANENTLY, _HTML | {"Location": "/error.html"}
)
BAD_REQUEST: Final = Reply(HTTPStatus.BAD_REQUEST, _HTML, b"<h1>400</h1>\n")


def stamped(reply: Reply, now: float, admission: Admission) -> Reply:
    """Add the headers that every answer of a gateway has."""
    headers = {"Server": SERVER, "Date": formatdate(now, usegmt=True)}
    headers.update(reply.headers)
    if admission.new_session:
        headers["Set-Cookie"] = (
            f"sessionId={admission.new_session}; Secure; HttpOnly; path=/"
        )
    return Reply(reply.status, headers, reply.body, reply.deliver, reply.close)


class SimulatedGateway:
    """Answers for a House; an answer function of ``Server``.

    Attributes:
        house: the state; change it at any time.
        sessions: the open sessions; ``sessions.used.clear()`` ends them all.
    """

    def __init__(self, house: SimulatedHouse | None = None) -> None:
        self.house = SimulatedHouse() if house is None else house
        self.sessions = Sessions()
        self._lock = threading.Lock()
        self._shown: Mapping[str, object] | None = None
        self._routes: dict[tuple[str, str], Callable[[Incoming, float], Reply]] = {
            ("GET", "/info"): self._info,
            ("GET", "/info.xml"): self._info,
            ("GET", "/auth/check_jwt"): lambda _asked, _now: VALID_TOKEN,
            ("POST", "/auth/check_jwt"): lambda _asked, _now: VALID_TOKEN,
            ("GET", "/ivp/ensemble/relay"): self._plain(bodies.relay),
            ("POST", "/ivp/ensemble/relay"): self._open_relay,
            ("GET", "/ivp/ensemble/secctrl"): self._plain(bodies.secctrl),
            ("GET", "/ivp/ensemble/power"): self._plain(bodies.power),
            ("GET", "/ivp/ensemble/status"): self._plain(bodies.status),
            ("GET", "/ivp/ensemble/inventory"): self._timed(devices.inventory),
            ("GET", "/ivp/livedata/status"): self._livedata,
            ("POST", "/ivp/livedata/stream"): self._stream,
            ("GET", "/ivp/meters"): self._plain(
                lambda house: bodies.compact(meters.meters(house))
            ),
            ("GET", "/ivp/meters/readings"): self._timed(meters.readings),
            ("GET", "/ivp/meters/reports"): self._timed(meters.reports),
        }

    def __call__(self, asked: Incoming) -> Reply:
        """Answer one request."""
        with self._lock:
            house = self.house
            now = house.clock()
            if asked.path in OPEN_PATHS:
                admission = Admission(granted=True)
            elif house.needs_session and not self._has_session(asked):
                admission = Admission(granted=False)
            else:
                admission = self.sessions.admit(asked, house.serial, house.tokens, now)
            if not admission.granted:
                return stamped(REFUSED, now, admission)
            route = self._routes.get((asked.method, asked.path))
            reply = UNKNOWN_PATH if route is None else route(asked, now)
            return stamped(reply, now, admission)

    def _has_session(self, asked: Incoming) -> bool:
        return asked.path == "/auth/check_jwt" or self.sessions.knows(asked)

    def _plain(
        self, render: Callable[[SimulatedHouse], bytes]
    ) -> Callable[[Incoming, float], Reply]:
        return lambda _asked, _now: Reply(body=render(self.house))

    def _timed(
        self, rows: Callable[[SimulatedHouse, float], object]
    ) -> Callable[[Incoming, float], Reply]:
        return lambda _asked, now: Reply(body=bodies.compact(rows(self.house, now)))

    def _info(self, _asked: Incoming, now: float) -> Reply:
        return Reply(headers=_XML, body=bodies.info(self.house, now))

    def _livedata(self, _asked: Incoming, now: float) -> Reply:
        stream_on = self.house.stream_on
        if stream_on:
            self._shown = bodies.live_meters(self.house, now)
        elif self._shown is None:
            self._shown = bodies.old_meters(self.house)
        return Reply(body=bodies.livedata(self._shown, stream_on=stream_on))

    def _stream(self, asked: Incoming, _now: float) -> Reply:
        wanted = _json_object(asked.body).get("enable")
        if wanted not in (0, 1):
            return BAD_REQUEST
        if wanted:
            self.house.start_stream()
        else:
            self.house.stream_until = 0.0
        state = "enabled" if wanted else "disabled"
        return Reply(body=bodies.compact({"sc_stream": state}))

    def _open_relay(self, asked: Incoming, _now: float) -> Reply:
        # The real one opens the relay of the house. A client that posts here is
        # seen by what becomes of the house.
        wanted = _json_object(asked.body).get("mains_admin_state")
        if wanted not in ("open", "closed"):
            return BAD_REQUEST
        self.house.relay = self.house.admin = str(wanted)
        return Reply(body=bodies.compact({"mains_admin_state": wanted}))


def _json_object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
