"""Who may ask, and what every answer carries.

The page has no password. By default it listens on loopback; a page of another site,
open in a browser that can reach this one, must still learn nothing: names that such a
site could own are refused (DNS rebinding), nothing is answered to other origins.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from nutbridge.collector.serve.options import Allowed, plain_address

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_POLICY = (
    b"default-src 'self'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'; object-src 'none'"
)
HEADERS = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
#: Endings that nobody can register; RFC 6762, RFC 8375, and ICANN's .internal.
_PRIVATE = (".local", ".localhost", ".home.arpa", ".internal", ".lan", ".home")
_PORT = re.compile(r":[0-9]{1,5}$")
_STRANGE = b"This name is not known here; use the address, or start with --name.\n"
#: No address of ours is longer, bytes.
_LONGEST = 2048
_TOO_LONG = b"This address is too long.\n"


def is_known_host(host: str, names: frozenset[str]) -> bool:
    """Whether a Host header names this machine, not what another site could own.

    Args:
        host: as sent, with a port or without.
        names: further ones that are allowed, lower case.
    """
    name = _PORT.sub("", host.strip().lower()).rstrip(".")
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    try:
        ipaddress.ip_address(name)
    except ValueError:
        single = re.fullmatch(r"[a-z0-9-]{1,63}", name) is not None
        return single or name.endswith(_PRIVATE) or name in names
    return True


class WebDoor:
    """Lets addresses in; for a listener.

    Args:
        allowed: --allow-from; loopback is always allowed.
    """

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed

    def lets_in(self, peer: str) -> bool:
        """Tell whether this address may connect."""
        address = plain_address(peer)
        if address is None:
            return False
        return address.is_loopback or self._allowed.source(peer)

    def knocked_with_tls(self, peer: str) -> None:
        """Do nothing: the browser says that itself."""


class HostGuard:
    """Refuses strange names, and puts the headers on every answer.

    Args:
        app: what answers.
        names: further names of this machine.
    """

    def __init__(self, app: App, names: frozenset[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > _LONGEST:
            await _refuse(guarded, 414, _TOO_LONG)
            return
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) == 1 and is_known_host(hosts[0].decode("latin-1"), self._names):
            await self._app(scope, receive, guarded)
            return
        await _refuse(guarded, 421, _STRANGE)


async def _refuse(send: Send, status: int, text: bytes) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode("ascii")),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
