"""The guard of all tests: nothing but loopback is reached, not even tried."""

import socket

import pytest

from tests.fakes import loopback


def test_guard_stops_connections() -> None:
    """TEST-NET-1 is nobody's address."""
    with pytest.raises(OSError, match="loopback only"):
        socket.create_connection(("192.0.2.1", 9), timeout=1)
    assert loopback._attempts == ["connect to 192.0.2.1"]
    loopback._attempts.clear()


def test_guard_stops_look_ups() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("example.net", 443)
    assert loopback._attempts == ["look-up of example.net"]
    loopback._attempts.clear()


def test_guard_lets_a_test_ask_for_a_name_that_cannot_exist() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("gateway.invalid", 443)
    assert not loopback._attempts


def test_guard_lets_loopback_pass() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
        socket.create_connection(("localhost", server.getsockname()[1])).close()
    assert not loopback._attempts
