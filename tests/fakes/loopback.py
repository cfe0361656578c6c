"""No test reaches any network but loopback.

An audit hook sees every connect and every name look-up of this process, in
every thread and library. It cannot be removed, so that it is set once; an
attempt fails at once, and the test that made it fails too.
"""

import ipaddress
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

_attempts: list[str] = []


def _address(host: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    try:
        return ipaddress.ip_address(str(text))
    except ValueError:
        return None


def _on_event(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        _check_connect(arguments[1])
    elif event == "socket.getaddrinfo":
        _check_look_up(arguments[0])


def _check_connect(address: object) -> None:
    # A path, for a Unix socket, is local.
    if not isinstance(address, tuple) or address[0] in ("", "localhost"):
        return
    found = _address(address[0])
    if found is None or not found.is_loopback:
        _attempts.append(f"connect to {address[0]}")
        raise OSError("tests connect to loopback only")


def _check_look_up(host: object) -> None:
    # An address needs no name server.
    if host in (None, "", "localhost", b"localhost") or _address(host) is not None:
        return
    # RFC 6761: .invalid never exists; a test may ask for it on purpose.
    if not str(host).endswith(".invalid"):
        _attempts.append(f"look-up of {host}")
    raise socket.gaierror(socket.EAI_NONAME, "tests look up nothing")


sys.addaudithook(_on_event)


@pytest.fixture(autouse=True)
def only_loopback() -> Iterator[None]:
    """Fail a test that asked for any other network."""
    _attempts.clear()
    yield
    assert not _attempts, f"the test used the network: {_attempts}"
