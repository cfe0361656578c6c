"""The guard against sending to ourselves, and names that are not found."""

import asyncio
import socket
from collections.abc import Sequence

import pytest

from nutbridge.collector.errors import UpstreamDown
from nutbridge.collector.serve.options import Origin
from nutbridge.collector.serve.resolver import (
    OwnListeners,
    Resolver,
    look_up_within,
)


@pytest.mark.parametrize(
    ("bound", "address", "port", "own"),
    [
        ("127.0.0.1", "127.0.0.1", 80, True),
        ("127.0.0.1", "127.0.0.1", 81, False),
        ("127.0.0.1", "127.0.0.2", 80, False),
        ("127.0.0.1", "::ffff:127.0.0.1", 80, True),
        ("127.0.0.1", "0.0.0.0", 80, True),
        ("0.0.0.0", "127.3.4.5", 80, True),
        ("0.0.0.0", "192.0.2.1", 80, False),
        ("::", "127.0.0.1", 80, True),
        ("::", "192.0.2.1", 80, False),
        ("127.0.0.1", "not an address", 80, False),
    ],
)
def test_own_listeners(bound: str, address: str, port: int, own: bool) -> None:
    assert OwnListeners([(bound, 80)]).include(address, port) is own


def found(origin: Origin, bound: list[tuple[str, int]]) -> list[str]:
    return list(asyncio.run(Resolver(origin, OwnListeners(bound)).addresses(10)))


def test_name_that_leads_to_us_is_refused() -> None:
    """The DNS entry may change while the collector runs: asked before each use."""
    origin = Origin("https", "localhost", 443)
    assert "127.0.0.1" in found(origin, [("127.0.0.1", 80)])
    with pytest.raises(UpstreamDown, match="leads to this collector"):
        found(origin, [("0.0.0.0", 443)])


def test_address_needs_no_name_server() -> None:
    assert found(Origin("http", "192.0.2.1", 80), []) == ["192.0.2.1"]
    assert found(Origin("http", "2001:db8::1", 80), []) == ["2001:db8::1"]


def test_name_that_nobody_knows() -> None:
    origin = Origin("http", "no-such-host.invalid", 80)
    with pytest.raises(UpstreamDown, match="no address for no-such-host"):
        found(origin, [])
    assert look_up_within(origin, 10) is None


def test_known_address_outlives_the_name_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Looked up again every few minutes, and after a failure, but not forgotten."""
    monkeypatch.setattr("nutbridge.collector.serve.resolver.KEEP_S", -1.0)
    answers: list[Sequence[str] | OSError] = [
        ["192.0.2.1", "192.0.2.2"],
        socket.gaierror(socket.EAI_AGAIN, "x"),
        ["192.0.2.3"],
    ]

    def resolve(_host: str, _port: int) -> Sequence[str]:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    async def run() -> list[Sequence[str]]:
        origin = Origin("https", "upstream.invalid", 443)
        resolver = Resolver(origin, OwnListeners([]), resolve)
        told = [await resolver.addresses(10)]
        resolver.worked("192.0.2.2")
        resolver.failed()
        return [*told, await resolver.addresses(10), await resolver.addresses(10)]

    assert asyncio.run(run()) == [
        ("192.0.2.1", "192.0.2.2"),
        ("192.0.2.2", "192.0.2.1"),
        ("192.0.2.3",),
    ]
