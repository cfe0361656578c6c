"""The stand-in ennexOS device: answers under /api/v1, from a folder of values.

As the real one: a token lives an hour and its end is 401 with a page of HTML; a
wrong name or password is 400 without a body; parameters are texts; the ``time`` of
a status stands still while its value does; at night channels lose their value; what
has none may be 16777213.0 or the text NaN. Sub-devices answer under ids of their own.

A folder holds ``system-info.json``, ``device.json``, ``devices.json``, ``live.json``
and ``params.json``, whole answers, as ``nutbridge sma capture`` saves them; a time
``now`` in them is the moment of the answer.

Source: as ``nutbridge.sources.sma.ennexos``.
"""

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from nutbridge.simulator.messages import Incoming, Reply

SELF: Final = "IGULD:SELF"
_DEVICES: Final = "/api/v1/plants/Plant:1/devices"
_JSON: Final = {"Content-Type": "application/json"}
_NO_VALUE: Final = 16777213.0


def html_401() -> Reply:
    """Return the answer to a token that has ended: 401 and a page."""
    body = b"<!DOCTYPE html><html><body>401 Unauthorized</body></html>\n"
    return Reply(HTTPStatus.UNAUTHORIZED, {"Content-Type": "text/html"}, body)


class EnnexosDevice:
    """One device; an answer function of ``Server``.

    Args:
        folder: see the module.
        users: password by name.
        clock: seconds, for the end of tokens.

    Attributes:
        info: answer of system/info; may be changed.
        device: what it says of itself.
        devices: the list with those behind it.
        live: present values.
        params: parameters.
        life_s: of a token.
        tokens: end by access token; ``clear()`` ends them all.
        refresh: the refresh tokens that are good; ``clear()`` spoils them.
        made: how many tokens were made, by way: password or refresh_token.
        replies: by path, an answer given instead of the right one; the key "" stands
            for every path.
    """

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.info: Any = _loaded(folder / "system-info.json", {})
        self.device: dict[str, Any] = _loaded(folder / "device.json", {})
        self.devices: Any = _loaded(folder / "devices.json", [])
        self.live: list[dict[str, Any]] = _loaded(folder / "live.json", [])
        self.params: list[dict[str, Any]] = _loaded(folder / "params.json", [])
        self.users = dict(users)
        self.life_s = 3600.0
        self.tokens: dict[str, float] = {}
        self.refresh: set[str] = set()
        self.made = {"password": 0, "refresh_token": 0}
        self.replies: dict[str, Reply] = {}
        self._login_of: dict[str, int] = {}
        self._clock = clock
        self._lock = threading.Lock()

    def __call__(self, asked: Incoming) -> Reply:
        """Answer one request."""
        with self._lock:
            instead = self.replies.get(asked.path) or self.replies.get("")
            if instead is not None:
                return instead
            if not asked.path.startswith("/api/v1/"):
                return _page(asked)
            if asked.path == "/api/v1/system/info":
                return _json(self.info)
            return self._with_token(asked)

    def _with_token(self, asked: Incoming) -> Reply:
        if asked.path == "/api/v1/token":
            return self._token(asked)
        if asked.path == "/api/v1/refreshtoken":
            return self._logout(asked)
        over = self.tokens.get(asked.bearer or "", float("-inf")) <= self._clock()
        return html_401() if over else self._data(asked)

    def say(self, name: str, *tags: float) -> None:
        """Let an object of tags, ``Operation.RunStt``, say this from now on."""
        self.set(f"Measurement.{name}", *tags)

    def set(self, channel: str, *values: object) -> None:
        """Let a channel or parameter of the device itself have these values.

        None leaves the value out; a channel that was not there is added.
        """
        with self._lock:
            if channel.startswith("Parameter."):
                self._set_parameter(channel, values)
                return
            entry: dict[str, Any] = {"time": "now"}
            if channel.endswith("[]"):
                entry["values"] = list(values)
            elif values and values[0] is not None:
                entry["value"] = values[0]
            found = {"channelId": channel, "componentId": SELF, "values": [entry]}
            self.live = [one for one in self.live if not _is(one, channel)] + [found]

    def _set_parameter(self, channel: str, values: tuple[object, ...]) -> None:
        for each in self.params:
            if each.get("componentId") == SELF:
                left = [one for one in each["values"] if one["channelId"] != channel]
                new = [{"channelId": channel, "value": str(one)} for one in values]
                each["values"] = left + new

    def drop(self, *beginnings: str) -> None:
        """Take the channels away whose names begin so."""
        with self._lock:
            self.live = [
                one
                for one in self.live
                if not str(one.get("channelId")).startswith(beginnings)
            ]

    def sleep(self) -> None:
        """Go to sleep: of the sun and of the grid side nothing has a value."""
        forms: tuple[dict[str, Any], ...] = ({}, {"value": "NaN"}, {"value": _NO_VALUE})
        with self._lock:
            for number, one in enumerate(self.live):
                group = str(one.get("channelId")).split(".")[1]
                if group in ("PvGen", "DcMs", "GridMs", "Metering", "Operation"):
                    one["values"] = [{"time": "now", **forms[number % len(forms)]}]

    def expire(self) -> None:
        """End all tokens, as a restart does; they can be renewed."""
        with self._lock:
            self.tokens.clear()

    def _token(self, asked: Incoming) -> Reply:
        form = {
            name: found[-1] for name, found in parse_qs(asked.body.decode()).items()
        }
        way = form.get("grant_type", "")
        old = ""
        if way == "password":
            known = self.users.get(form.get("username", ""))
            good = known is not None and form.get("password") == known
        else:
            old = form.get("refresh_token", "")
            good = old in self.refresh
            self.refresh.discard(old)
        if asked.method != "POST" or not good:
            return Reply(HTTPStatus.BAD_REQUEST)
        access, refresh = (f"{one}{secrets.token_hex(32)}" for one in ("aa", "bb"))
        self.tokens[access] = self._clock() + self.life_s
        self.refresh.add(refresh)
        self.made[way] += 1
        login = self._login_of[old] if old else sum(self.made.values())
        self._login_of |= {access: login, refresh: login}
        return _json(
            {
                "access_token": access,
                "refresh_token": refresh,
                "token_type": "Bearer",
                "expires_in": int(self.life_s),
                "uiIdleTime": "900",
            },
            {"Set-Cookie": f"JSESSIONID={secrets.token_hex(16)}"},
        )

    def _logout(self, asked: Incoming) -> Reply:
        token = parse_qs(asked.query).get("refreshToken", [""])[-1]
        if asked.method != "DELETE" or token not in self.refresh:
            return html_401()
        self.refresh.discard(token)
        ended = self._login_of[token]
        for access in [one for one in self.tokens if self._login_of.get(one) == ended]:
            del self.tokens[access]
        return Reply(HTTPStatus.NO_CONTENT)

    def _data(self, asked: Incoming) -> Reply:
        if asked.path == _DEVICES:
            return _json(self.devices)
        if asked.path == f"{_DEVICES}/{SELF}":
            return _json(self.device)
        try:
            wanted = json.loads(asked.body or b"null")
        except ValueError:
            return Reply(HTTPStatus.BAD_REQUEST)
        if asked.path == "/api/v1/measurements/live" and isinstance(wanted, list):
            return _json([one for one in map(_dated, self.live) if _fits(one, wanted)])
        if asked.path == "/api/v1/parameters/search" and isinstance(wanted, dict):
            items = wanted.get("queryItems", [])
            return _json([one for one in self.params if _fits(one, items)])
        return Reply(HTTPStatus.NOT_FOUND, {"Content-Type": "text/html"}, b"<html>")


def _loaded(file: Path, missing: Any) -> Any:
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else missing


def _json(value: object, headers: Mapping[str, str] | None = None) -> Reply:
    body = json.dumps(value, separators=(",", ":")).encode("utf-8")
    return Reply(headers={**_JSON, **(headers or {})}, body=body)


def _page(asked: Incoming) -> Reply:
    status = HTTPStatus.OK if asked.method == "GET" else HTTPStatus.NOT_FOUND
    body = b"<!DOCTYPE html><html><body>SMA</body></html>\n"
    return Reply(status, {"Content-Type": "text/html"}, body)


def _is(one: Mapping[str, Any], channel: str) -> bool:
    return one.get("channelId") == channel and one.get("componentId") == SELF


def _fits(one: Mapping[str, Any], wanted: list[Any]) -> bool:
    return any(
        isinstance(item, dict)
        and item.get("componentId") == one.get("componentId")
        and item.get("channelId") in (None, one.get("channelId"))
        for item in wanted
    )


def _dated(one: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    values = [
        {**each, "time": now} if each.get("time") == "now" else each
        for each in one.get("values", [])
    ]
    return {**one, "values": values}
