"""The stand-in inverter: answers as Webconnect does, from a folder of values.

As the real one (firmware 3 and 4): every answer has HTTP status 200 and the
content type ``application/json;``, a wrong password is ``sid: null``, a session
that has ended ``err 401``, a full session table ``err 503``, an unknown path
``err 404``; getValues leaves unknown keys out; a user does not see what is the
installer's; model and language need no session.

A folder holds ``online.json`` and ``params.json``, whole answers; the model and
the languages lie in it or beside it (``ObjectMetadata_Istl.json``,
``l10n/<language>.json``).

Source: as ``nutbridge.sources.sma.webconnect.client``.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from nutbridge.simulator.messages import Incoming, Line, Reply
from nutbridge.simulator.sma.sessions import SessionEntry, SessionTable

HEADERS: Final = {
    "Content-Type": "application/json;",
    "Cache-Control": "no-store",
    "Server": "lighttpd/1.4.54",
}
MODEL: Final = "ObjectMetadata_Istl.json"

#: Beginnings of keys that only the installer sees.
INSTALLERS: Final = ("6102_", "6182_", "6202_", "6802_")

Values = dict[str, dict[str, Any]]


def json_reply(value: object) -> Reply:
    """Return an answer with a JSON body."""
    body = json.dumps(value, separators=(",", ":")).encode("utf-8")
    return Reply(headers=HEADERS, body=body)


def err(number: object) -> Reply:
    """Return an answer that says what went wrong."""
    return json_reply({"err": number})


def _hang(channel: Line, _head: bytes, _body: bytes) -> None:
    channel.wait()


#: Takes the request and never answers.
HANG: Final = Reply(deliver=_hang, close=True)


class SimulatedInverter:
    """One inverter; an answer function of ``Server``.

    Args:
        folder: see the module.
        passwords: by group.
        clock: seconds, for the end of sessions.

    Attributes:
        online: present values, ``{device: {key: payload}}``; may be changed.
        params: parameters, likewise.
        sessions: the session table.
        replies: by path, an answer given instead of the right one (an ``err``,
            HTML, HANG); the key "" stands for every path.
        asked_keys: the keys of the last getValues.
    """

    def __init__(
        self,
        folder: Path,
        passwords: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.online: Values = _values(folder / "online.json")
        self.params: Values = _values(folder / "params.json")
        self.passwords = dict(passwords)
        self.sessions = SessionTable()
        self.replies: dict[str, Reply] = {}
        self.asked_keys: list[str] = []
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, Callable[[Mapping[str, Any]], Reply]] = {
            "/dyn/login.json": self._login,
            "/dyn/sessionCheck.json": self._session_check,
        }
        self._closed: dict[str, Callable[[Mapping[str, Any], SessionEntry], Reply]] = {
            "/dyn/getValues.json": self._get_values,
            "/dyn/getAllOnlValues.json": lambda _body, who: _all(self.online, who),
            "/dyn/getAllParamValues.json": lambda _body, who: _all(self.params, who),
        }

    def __call__(self, asked: Incoming) -> Reply:
        """Answer one request."""
        with self._lock:
            instead = self.replies.get(asked.path) or self.replies.get("")
            if instead is not None:
                return instead
            if asked.method == "GET" and asked.path.startswith("/data/"):
                return self._data(asked.path.removeprefix("/data/"))
            if asked.method != "POST":
                return err(404)
            return self._post(asked)

    def set(self, key: str, *values: object) -> None:
        """Let a key have these values from now on, one for each element.

        In every device that has it, with the class level it has there.
        """
        with self._lock:
            for devices in (self.online, self.params):
                for keys in devices.values():
                    if key in keys:
                        keys[key] = _like(keys[key], [{"val": one} for one in values])

    def say(self, key: str, *tags: int) -> None:
        """Let a key of tags have these tags from now on."""
        self.set(key, [{"tag": tag} for tag in tags])

    def drop(self, *keys: str) -> None:
        """Take keys away, as a firmware does that does not know them."""
        with self._lock:
            for devices in (self.online, self.params):
                for one in devices.values():
                    for key in keys:
                        one.pop(key, None)

    def mask(self) -> None:
        """Show the device id as newer firmware does: five literal x in it."""
        with self._lock:
            self.online = {_masked(name): keys for name, keys in self.online.items()}
            self.params = {_masked(name): keys for name, keys in self.params.items()}

    def _post(self, asked: Incoming) -> Reply:
        body = _object(asked.body)
        if asked.path in self._open:
            return self._open[asked.path](body)
        sid = _sid(asked.query)
        who = self.sessions.use(sid, self._clock())
        if asked.path == "/dyn/logout.json":
            self.sessions.close(sid)
            return json_reply({"result": {"isLogin": False}}) if who else err(401)
        route = self._closed.get(asked.path)
        if route is None:
            return err(404)
        return err(401) if who is None else route(body, who)

    def _login(self, body: Mapping[str, Any]) -> Reply:
        group = str(body.get("right"))
        password = self.passwords.get(group)
        if password is None or body.get("pass") != password:
            return json_reply({"result": {"sid": None}})
        sid = self.sessions.open(group, self._clock())
        return err(503) if sid is None else json_reply({"result": {"sid": sid}})

    def _session_check(self, _body: Mapping[str, Any]) -> Reply:
        return json_reply({"result": {"cntFreeSess": self.sessions.free}})

    def _get_values(self, body: Mapping[str, Any], who: SessionEntry) -> Reply:
        keys = body.get("keys")
        self.asked_keys = wanted = [str(key) for key in keys or []]
        # "<key>_<n>" is answered with the whole array under the key.
        wanted = [key[: len("6100_00295A00")] for key in wanted]
        found: Values = {}
        for devices in (self.online, self.params):
            for name, values in devices.items():
                seen = {key: values[key] for key in wanted if key in values}
                found.setdefault(name, {}).update(seen)
        return _all(found, who)

    def _data(self, name: str) -> Reply:
        if name != MODEL and not name.startswith("l10n/"):
            return err(404)
        for folder in (self._folder, self._folder.parent):
            file = folder / name
            if ".." not in name and file.is_file():
                return Reply(headers=HEADERS, body=file.read_bytes())
        # An unknown language is an empty body.
        return Reply(headers=HEADERS)


def _values(file: Path) -> Values:
    if not file.exists():
        return {}
    found = json.loads(file.read_text(encoding="utf-8"))
    return dict(found["result"])


def _all(devices: Values, who: SessionEntry) -> Reply:
    if who.group != "istl":
        devices = {
            name: {
                key: payload
                for key, payload in values.items()
                if not key.startswith(INSTALLERS)
            }
            for name, values in devices.items()
        }
    return json_reply({"result": devices})


def _like(old: object, elements: list[dict[str, object]]) -> object:
    """Return elements in the form of an old payload."""
    if isinstance(old, list):
        return [{"str": n, **one} for n, one in enumerate(elements, start=1)]
    if isinstance(old, dict) and "val" in old:
        return elements[0] if elements else {"val": None}
    level = next(iter(old)) if isinstance(old, dict) and old else "1"
    return {level: elements}


def _masked(name: str) -> str:
    model, _, serial = name.partition("-")
    return f"{model}-xxxxx{serial[5:]}"


def _sid(query: str) -> str:
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name == "sid":
            return unquote(value)
    return ""


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def html_page(status: int = HTTPStatus.OK) -> Reply:
    """Return an HTML page, as a web server that is no Webconnect sends it."""
    body = b"<!DOCTYPE html><html><body>SMA</body></html>\n"
    return Reply(status, {"Content-Type": "text/html"}, body)


def to_https(host: str) -> Reply:
    """Return the redirect to https of an inverter that does not speak plain http."""
    headers = {"Location": f"https://{host}/", "Server": HEADERS["Server"]}
    return Reply(HTTPStatus.MOVED_PERMANENTLY, headers)
