"""The guard over real TLS: who sees the token when certificates change."""

import pytest

from nutbridge.errors import CertificateChanged, WrongDevice
from nutbridge.net.https import HttpsDevice
from nutbridge.net.tls import PinnedContext
from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.enphase import paths
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.identity import PeerGuard
from nutbridge.system.clock import SystemClock
from tests.fakes.fixtures import RunningGateway
from tests.sources.enphase.test_identity import OTHER, Store


def client(
    standin: RunningGateway, store: Store, *, strict: bool = False
) -> tuple[Gateway, HttpsDevice]:
    clock, context = SystemClock(), PinnedContext()
    wire = HttpsDevice(
        standin.host, context=context, clock=clock, waiter=ThreadWaiter()
    )
    guard = PeerGuard(
        host=standin.host,
        serial=standin.house.serial,
        strict=strict,
        wire=wire,
        pin=context,
        store=store,
    )
    token = standin.token
    return Gateway(wire, clock, standin.host, lambda: token, guard), wire


def relay(gateway: Gateway) -> str | None:
    return gateway.fetch_relay(SystemClock().boottime() + 10).value.oper


@pytest.mark.parametrize("strict", [False, True])
def test_gateway_that_shows_another_certificate(
    strict: bool, standin_gateway: RunningGateway
) -> None:
    store, server = Store(), standin_gateway.server
    gateway, wire = client(standin_gateway, store, strict=strict)
    assert relay(gateway) == "closed"
    assert store.kept == wire.fingerprint == server.fingerprint
    server.new_certificate()
    server.drop_connections()
    if strict:
        with pytest.raises(CertificateChanged) as caught:
            relay(gateway)
        assert caught.value.shown == server.fingerprint
        store.kept = caught.value.shown
    assert relay(gateway) == "closed"
    assert store.kept == wire.fingerprint == server.fingerprint
    wire.close()


def test_stranger_at_the_gateways_address_gets_no_token(
    standin_gateway: RunningGateway,
) -> None:
    store, server = Store(), standin_gateway.server
    gateway, wire = client(standin_gateway, store)
    relay(gateway)
    first = store.kept
    standin_gateway.house.serial = OTHER
    server.new_certificate()
    server.drop_connections()
    server.counts.clear()
    for _ in range(3):
        with pytest.raises(WrongDevice, match=OTHER):
            relay(gateway)
    assert set(server.counts.requests) == {paths.INFO}
    assert store.kept == first
    wire.close()
