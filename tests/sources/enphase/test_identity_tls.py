"""The guard over real TLS: who sees the token when certificates change."""

import pytest

from nutbridge.errors import CertificateChanged
from nutbridge.net.pins import PinRecord
from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.readings import RELAY
from nutbridge.sources.enphase.session import GatewaySite, open_gateway
from nutbridge.system.clock import SystemClock
from tests.fakes.fixtures import RunningGateway
from tests.sources.enphase.wires import OTHER, Store


def client(standin: RunningGateway, store: Store, *, strict: bool = False) -> Gateway:
    token = standin.token
    site = GatewaySite(standin.host, standin.house.serial, strict=strict)
    return open_gateway(site, lambda: token, store, SystemClock(), ThreadWaiter())


def relay(gateway: Gateway) -> str | None:
    return gateway.fetch(RELAY, SystemClock().boottime() + 10).value.oper


@pytest.mark.parametrize("strict", [False, True])
def test_gateway_that_shows_another_certificate(
    strict: bool, standin_gateway: RunningGateway
) -> None:
    server = standin_gateway.server
    store = Store(PinRecord(server.fingerprint))
    gateway = client(standin_gateway, store, strict=strict)
    assert relay(gateway) == "closed"
    assert gateway.peer is not None
    assert gateway.peer.fingerprint == server.fingerprint
    server.new_certificate()
    server.drop_connections()
    server.counts.clear()
    with pytest.raises(CertificateChanged) as caught:
        relay(gateway)
    assert caught.value.shown == server.fingerprint
    assert not server.counts.requests
    store.record = PinRecord(caught.value.shown)
    assert relay(gateway) == "closed"
    assert gateway.peer.fingerprint == server.fingerprint
    gateway.close()


def test_first_certificate_is_taken_unless_strict(
    standin_gateway: RunningGateway,
) -> None:
    server, store = standin_gateway.server, Store()
    server.counts.clear()
    gateway = client(standin_gateway, store, strict=True)
    with pytest.raises(CertificateChanged, match="is not trusted; if that is right"):
        relay(gateway)
    assert not server.counts.requests
    assert store.record == PinRecord()
    assert relay(client(standin_gateway, store)) == "closed"
    assert store.record == PinRecord(server.fingerprint)


@pytest.mark.parametrize("serial", [OTHER, None])
def test_stranger_at_the_gateways_address_gets_no_token(
    serial: str | None, standin_gateway: RunningGateway
) -> None:
    """Be it with our serial number, which any neighbour can read in /info."""
    store, server = Store(), standin_gateway.server
    gateway = client(standin_gateway, store)
    relay(gateway)
    first = store.record
    standin_gateway.house.serial = serial or standin_gateway.house.serial
    server.new_certificate()
    server.drop_connections()
    server.counts.clear()
    for _ in range(3):
        with pytest.raises(CertificateChanged, match="nutbridge gateway trust"):
            relay(gateway)
    assert not server.counts.requests
    assert store.record.known == first.known
    gateway.close()
