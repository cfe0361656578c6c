"""The token goes to the gateway with our serial number and to nobody else."""

import logging
from dataclasses import dataclass, field

import pytest

from nutbridge.errors import (
    CertificateChanged,
    DeviceAnswerError,
    DeviceUnreachable,
    WrongDevice,
)
from nutbridge.net.wire import Answer, Peer, Request
from nutbridge.sources.enphase import paths
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.identity import PeerGuard
from tests.sources.enphase.wires import (
    HOST,
    SERIAL,
    FakeClock,
    TableWire,
)

OLD, NEW = "a" * 64, "b" * 64
LATER = 5000.0
OTHER = "122000000999"


@dataclass
class Pin:
    expected: str | None = None


@dataclass
class Store:
    """Keeps a fingerprint as the pin file does."""

    kept: str | None = None
    full: bool = False
    saves: list[str] = field(default_factory=list)

    def load(self) -> str | None:
        return self.kept

    def save(self, fingerprint: str) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.kept = fingerprint
        self.saves.append(fingerprint)


class Site:
    """A device at an address with a certificate and a serial number.

    Refuses like https.HttpsDevice: another certificate than expected during
    the handshake, a secret for another peer before it is sent.
    """

    def __init__(self, store: Store, *, strict: bool = False) -> None:
        self.address, self.shown, self.serial = "192.0.2.1", OLD, SERIAL
        self.info: Answer | DeviceUnreachable | None = None
        self.silent = False
        self.pin = Pin()
        self.wire = TableWire(FakeClock())
        self.wire.table = {paths.RELAY: self.answer, paths.INFO: self.answer}
        guard = PeerGuard(
            host=HOST,
            serial=SERIAL,
            strict=strict,
            wire=self.wire,
            pin=self.pin,
            store=store,
        )
        self.got_token: list[Peer] = []
        self.gateway = Gateway(self.wire, self.wire.clock, HOST, lambda: "tok", guard)

    def answer(self, request: Request) -> Answer:
        if self.silent:
            raise DeviceUnreachable(HOST + request.path, "connection refused")
        peer = self.wire.peer = Peer(self.address, self.shown)
        if self.pin.expected not in (None, self.shown):
            raise CertificateChanged(HOST, self.pin.expected or "", self.shown)
        secret = "Authorization" in request.headers
        if secret and self.wire.secrets_only_to not in (None, peer):
            raise DeviceUnreachable(HOST + request.path, "another peer")
        if secret:
            self.got_token.append(peer)
            return Answer(200, {}, b'{"mains_oper_state":"closed"}')
        if isinstance(self.info, DeviceUnreachable):
            raise self.info
        sn = f"<sn>{self.serial}</sn>" if self.serial else ""
        body = f"<envoy_info><device>{sn}</device></envoy_info>".encode()
        return self.info or Answer(200, {}, body)

    def relay(self) -> None:
        self.gateway.fetch_relay(LATER)

    def asked(self) -> list[str]:
        asked = self.wire.paths
        self.wire.asked = []
        return asked


def test_first_contact_asks_who_it_is_first() -> None:
    store = Store()
    site = Site(store)
    site.relay()
    site.relay()
    assert site.asked() == [paths.INFO, paths.RELAY, paths.RELAY]
    assert store.kept == site.pin.expected == OLD
    assert site.wire.secrets_only_to == Peer("192.0.2.1", OLD)


def test_first_contact_with_another_device() -> None:
    store = Store()
    site = Site(store)
    site.serial = OTHER
    for _ in range(2):
        with pytest.raises(WrongDevice) as caught:
            site.relay()
        assert SERIAL in str(caught.value)
        assert OTHER in str(caught.value)
    assert site.got_token == []
    assert store.kept is None


@pytest.mark.parametrize("info", [Answer(503, {}, b""), Answer(401, {}, b"")])
def test_first_contact_without_an_answer(info: Answer) -> None:
    store = Store()
    site = Site(store)
    site.info = info
    with pytest.raises(DeviceAnswerError):
        site.relay()
    site.info = DeviceUnreachable(HOST, "no answer")
    with pytest.raises(DeviceUnreachable):
        site.relay()
    site.info, site.serial = None, ""
    with pytest.raises(DeviceAnswerError, match="no serial number"):
        site.relay()
    assert site.got_token == []
    assert store.kept is None


def test_known_certificate_survives_a_broken_info() -> None:
    """The relay decides; /info may fail as any other endpoint."""
    site = Site(Store(OLD))
    site.info = Answer(503, {}, b"")
    site.relay()
    assert site.got_token == [Peer("192.0.2.1", OLD)]
    site = Site(Store(OLD))
    site.info = DeviceUnreachable(HOST, "no answer")
    with pytest.raises(DeviceUnreachable):
        site.relay()
    site.relay()
    assert site.got_token == [Peer("192.0.2.1", OLD)]


def test_known_certificate_with_another_serial() -> None:
    site = Site(Store(OLD))
    site.serial = OTHER
    for _ in range(2):
        with pytest.raises(WrongDevice):
            site.relay()
    assert site.got_token == []


def test_new_address_is_asked_before_it_gets_the_token(
    caplog: pytest.LogCaptureFixture,
) -> None:
    site = Site(Store(OLD))
    site.relay()
    site.address = "192.0.2.7"
    site.asked()
    with pytest.raises(DeviceUnreachable):
        site.relay()
    with caplog.at_level(logging.INFO):
        site.relay()
    assert site.asked() == [paths.RELAY, paths.INFO, paths.RELAY]
    assert site.got_token == [Peer("192.0.2.1", OLD), Peer("192.0.2.7", OLD)]
    assert "has moved from 192.0.2.1 to 192.0.2.7" in caplog.text


def test_after_silence_info_is_asked_once() -> None:
    site = Site(Store(OLD))
    site.relay()
    site.silent = True
    for _ in range(2):
        with pytest.raises(DeviceUnreachable):
            site.relay()
    site.silent = False
    site.asked()
    site.relay()
    site.relay()
    assert site.asked().count(paths.RELAY) == 2
    assert len(site.got_token) == 3


def test_first_use_accepts_a_new_certificate_of_our_gateway(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Store(OLD)
    site = Site(store)
    site.relay()
    site.shown = NEW
    site.relay()
    assert store.kept == site.pin.expected == NEW
    assert site.got_token[-1] == Peer("192.0.2.1", NEW)
    warnings = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert OLD in warnings[0].getMessage()
    assert NEW in warnings[0].getMessage()


def test_first_use_gives_a_stranger_no_token(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not with a wrong serial, not with a broken /info; our own stays welcome."""
    store = Store(OLD)
    site = Site(store)
    site.relay()
    site.shown, site.serial = NEW, OTHER
    for _ in range(3):
        with pytest.raises(WrongDevice):
            site.relay()
    site.info = Answer(503, {}, b"")
    for _ in range(3):
        with pytest.raises(DeviceAnswerError):
            site.relay()
    assert store.kept == site.pin.expected == OLD
    assert site.got_token == [Peer("192.0.2.1", OLD)]
    assert sum("certificate changed" in m for m in caplog.messages) == 1
    site.shown, site.serial, site.info = OLD, SERIAL, None
    site.relay()
    assert site.got_token[-1] == Peer("192.0.2.1", OLD)


def test_strict_fails_until_trusted(caplog: pytest.LogCaptureFixture) -> None:
    store = Store(OLD)
    site = Site(store, strict=True)
    site.relay()
    site.shown = NEW
    for _ in range(3):
        with pytest.raises(CertificateChanged):
            site.relay()
    assert sum("nutbridge gateway trust" in m for m in caplog.messages) == 1
    store.kept = NEW
    site.relay()
    assert site.got_token[-1] == Peer("192.0.2.1", NEW)
    assert site.pin.expected == NEW


def test_strict_stores_the_first_certificate() -> None:
    store = Store()
    Site(store, strict=True).relay()
    assert store.kept == OLD


def test_full_disk_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    site = Site(Store(full=True))
    site.relay()
    site.relay()
    assert site.pin.expected == OLD
    assert sum("not stored" in message for message in caplog.messages) == 1
