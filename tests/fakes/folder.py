"""The stand-in gateway that answers with the raw bodies of a fixture folder.

A folder holds one file per endpoint (FILES); an endpoint without a file answers
404. ``gateway.json`` holds::

    {"serial": "122000000001", "clock": 1790000000,
     "answers": {"/ivp/ensemble/secctrl": {"status": 401, "headers": {...}}}}

``clock`` is the gateway's clock, seconds since 1970, and stands still, because
the bodies do; ``answers`` (may be missing) names the endpoints whose status or
headers differ. An endpoint with a status and without a file has an empty body,
401 the gateway's own page.
"""

import json
import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Final

from nutbridge.simulator.gateway import (
    OPEN_PATHS,
    REFUSED,
    UNKNOWN_PATH,
    VALID_TOKEN,
    stamped,
)
from nutbridge.simulator.messages import Incoming, Reply
from nutbridge.simulator.session import Admission, Sessions

#: File of each endpoint that is read.
FILES: Final[Mapping[str, str]] = {
    "/ivp/ensemble/relay": "relay.json",
    "/ivp/livedata/status": "livedata.json",
    "/ivp/ensemble/secctrl": "secctrl.json",
    "/ivp/ensemble/inventory": "inventory.json",
    "/ivp/ensemble/power": "power.json",
    "/ivp/ensemble/status": "status.json",
    "/ivp/meters": "meters.json",
    "/ivp/meters/readings": "readings.json",
    "/ivp/meters/reports": "reports.json",
    "/info": "info.xml",
    "/info.xml": "info.xml",
}
_MISSING: Final = Reply(
    HTTPStatus.NOT_FOUND, {"Content-Type": "text/html"}, b"<h1>404 Not Found</h1>\n"
)
_STREAM: Final = Reply(body=b'{"sc_stream":"enabled"}')
_FIXED: Final[Mapping[tuple[str, str], Reply]] = {
    ("GET", "/auth/check_jwt"): VALID_TOKEN,
    ("POST", "/auth/check_jwt"): VALID_TOKEN,
    # The bodies stand still, so a stream that was off stays off.
    ("POST", "/ivp/livedata/stream"): _STREAM,
}


class FolderGateway:
    """Answers from a folder; an answer function of ``Server``.

    Attributes:
        serial: the gateway's serial number.
        clock: the gateway's clock, seconds since 1970; may be moved.
        tokens: the tokens that are accepted; None: every one made for this
            serial that has not ended.
        sessions: the open sessions.
    """

    def __init__(self, folder: Path, tokens: Collection[str] | None = None) -> None:
        about = json.loads((folder / "gateway.json").read_text(encoding="utf-8"))
        self.serial: str = about["serial"]
        self.clock: float = about["clock"]
        self.tokens = tokens
        self.sessions = Sessions()
        self._lock = threading.Lock()
        self._replies = _read_replies(folder, about.get("answers", {}))

    def __call__(self, asked: Incoming) -> Reply:
        """Answer one request."""
        with self._lock:
            admission = self._admit(asked)
            if not admission.granted:
                return stamped(REFUSED, self.clock, admission)
            key = (asked.method, asked.path)
            reply = self._replies.get(key) or _FIXED.get(key, UNKNOWN_PATH)
            return stamped(reply, self.clock, admission)

    def _admit(self, asked: Incoming) -> Admission:
        if asked.path in OPEN_PATHS:
            return Admission(granted=True)
        return self.sessions.admit(asked, self.serial, self.tokens, self.clock)


def _read_replies(
    folder: Path, answers: Mapping[str, Mapping[str, object]]
) -> dict[tuple[str, str], Reply]:
    replies = {}
    for path, name in FILES.items():
        file = folder / name
        reply = _MISSING
        if file.exists():
            headers = {"Content-Type": "text/xml"} if path in OPEN_PATHS else {}
            reply = Reply(headers=headers, body=file.read_bytes())
        replies["GET", path] = _changed(reply, answers.get(path, {}))
    return replies


def _changed(reply: Reply, about: Mapping[str, object]) -> Reply:
    status = about.get("status", reply.status)
    if not isinstance(status, int) or not about:
        return reply
    if reply is _MISSING:
        reply = REFUSED if status == HTTPStatus.UNAUTHORIZED else Reply()
    headers = about.get("headers", {})
    extra = dict(headers) if isinstance(headers, dict) else {}
    return replace(reply, status=status, headers={**reply.headers, **extra})
