"""The token goes to the gateway with our serial number and to nobody else."""

import contextlib
import logging
from pathlib import Path

import pytest

from nutbridge.errors import (
    CertificateChanged,
    DeviceAnswerError,
    DeviceUnreachable,
    WrongDevice,
)
from nutbridge.net import pins
from nutbridge.net.pins import PinRecord
from nutbridge.net.tls import PinnedContext
from nutbridge.net.wire import Answer, Peer, Request
from nutbridge.sources.enphase import paths
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.readings import RELAY
from nutbridge.sources.enphase.session import PeerGuard
from tests.fakes.clock import FakeClock
from tests.sources.enphase.wires import (
    HOST,
    OTHER,
    SERIAL,
    Store,
    TableWire,
)

OLD, NEW = "a" * 64, "b" * 64
LATER = 1e9
DAY_S = 86400.0


def known(fingerprint: str = OLD) -> Store:
    return Store(PinRecord(fingerprint))


class Site:
    """A device at an address with a certificate and a serial number.

    Refuses like https.HttpsDevice: another certificate than expected during
    the handshake, a secret for another peer before it is sent.
    """

    def __init__(self, store: Store, *, strict: bool = False) -> None:
        self.address, self.shown, self.serial = "192.0.2.1", OLD, SERIAL
        self.info: Answer | DeviceUnreachable | None = None
        self.silent = False
        self.pin = PinnedContext()
        self.wire = TableWire(FakeClock())
        self.wire.table = {paths.RELAY: self.answer, paths.INFO: self.answer}
        self.certificate = pins.Pin(
            HOST,
            strict=strict,
            context=self.pin,
            keeper=store,
            clock=self.wire.clock,
        )
        guard = PeerGuard(HOST, SERIAL, self.wire, self.certificate)
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
        self.gateway.fetch(RELAY, LATER)

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
    site = Site(known())
    site.info = Answer(503, {}, b"")
    site.relay()
    assert site.got_token == [Peer("192.0.2.1", OLD)]
    site = Site(known())
    site.info = DeviceUnreachable(HOST, "no answer")
    with pytest.raises(DeviceUnreachable):
        site.relay()
    site.relay()
    assert site.got_token == [Peer("192.0.2.1", OLD)]


def test_known_certificate_with_another_serial() -> None:
    site = Site(known())
    site.serial = OTHER
    for _ in range(2):
        with pytest.raises(WrongDevice):
            site.relay()
    assert site.got_token == []


def test_new_address_is_asked_before_it_gets_the_token(
    caplog: pytest.LogCaptureFixture,
) -> None:
    site = Site(known())
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
    site = Site(known())
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


@pytest.mark.parametrize("serial", [SERIAL, OTHER])
def test_another_certificate_gets_no_token(
    serial: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever serial it shows: each neighbour can copy that from /info."""
    store = known()
    site = Site(store)
    site.relay()
    site.asked()
    site.shown, site.serial = NEW, serial
    for _ in range(3):
        with pytest.raises(CertificateChanged, match="nutbridge gateway trust"):
            site.relay()
    assert store.kept == site.pin.expected == OLD
    assert site.got_token == [Peer("192.0.2.1", OLD)]
    warnings = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert f"changed from {OLD} to {NEW}" in warnings[0].getMessage()
    site.shown, site.serial = OLD, SERIAL
    site.relay()
    assert site.got_token[-1] == Peer("192.0.2.1", OLD)
    assert store.record == PinRecord(OLD)


def refused_for(site: Site, seconds: float, step_s: float = 60.0) -> None:
    """Poll again and again, each time in vain."""
    for _ in range(int(seconds / step_s)):
        site.wire.clock.now += step_s
        with pytest.raises(CertificateChanged):
            site.relay()


def test_first_use_takes_another_certificate_after_a_day_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = known()
    site = Site(store)
    site.relay()
    site.shown = NEW
    refused_for(site, DAY_S)
    assert 24 <= len(caplog.records) <= 26  # at once and hourly
    assert "nutbridge gateway trust; taken without that at" in caplog.text
    site.wire.clock.now += 60.0
    site.relay()
    assert site.got_token[-1] == Peer("192.0.2.1", NEW)
    # Until somebody confirms it, it is told that nobody has.
    assert store.record == PinRecord(NEW, replaced=OLD)
    assert "taken in place of" in caplog.messages[-1]


def test_day_alone_begins_anew_when_the_known_certificate_is_seen() -> None:
    store = known()
    site = Site(store)
    site.relay()
    site.shown = NEW
    refused_for(site, DAY_S - 600)
    site.shown = OLD
    site.relay()
    assert store.record == PinRecord(OLD)
    site.shown = NEW
    refused_for(site, DAY_S - 600)
    assert store.kept == OLD


def test_day_alone_counts_over_restarts_and_only_while_somebody_looks() -> None:
    store = known()
    site = Site(store)
    site.shown = NEW
    refused_for(site, DAY_S / 2)
    again = Site(store)
    again.shown = NEW
    refused_for(again, DAY_S / 2 - 3600.0)  # at most an hour is lost
    with pytest.raises(CertificateChanged):
        again.relay()
    again.wire.clock.now += 100 * DAY_S  # asleep
    with pytest.raises(CertificateChanged):
        again.relay()
    with contextlib.suppress(pytest.fail.Exception):
        refused_for(again, 2 * 3600.0)  # until it is not
    assert store.kept == NEW


def test_stranger_with_another_serial_is_not_taken_after_a_day_either() -> None:
    store = known()
    site = Site(store)
    site.relay()
    site.shown, site.serial = NEW, OTHER
    refused_for(site, DAY_S)
    for _ in range(3):
        site.wire.clock.now += 60.0
        with pytest.raises(WrongDevice):
            site.relay()
    site.info = Answer(503, {}, b"")
    with pytest.raises(DeviceAnswerError):
        site.relay()
    assert store.kept == site.pin.expected == OLD
    assert site.got_token == [Peer("192.0.2.1", OLD)]


@pytest.mark.parametrize("strict", [False, True])
def test_trusted_by_a_person(strict: bool, caplog: pytest.LogCaptureFixture) -> None:
    store = known()
    site = Site(store, strict=strict)
    site.relay()
    site.shown = NEW
    refused_for(site, 2 * DAY_S if strict else DAY_S / 2)
    assert store.kept == OLD
    assert "nutbridge gateway trust" in caplog.text
    store.record = PinRecord(NEW)
    site.relay()
    assert site.got_token[-1] == Peer("192.0.2.1", NEW)
    assert site.pin.expected == NEW
    assert store.record == PinRecord(NEW)


def test_strict_takes_no_first_certificate(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    site = Site(store, strict=True)
    refused_for(site, 2 * DAY_S)
    assert site.got_token == []
    assert store.record == PinRecord()
    assert f"certificate {OLD} is not trusted" in caplog.text
    store.record = PinRecord(OLD)
    site.relay()
    assert site.got_token == [Peer("192.0.2.1", OLD)]


def test_pin_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = pins.PinStore(tmp_path / "x.fingerprint")
    assert store.load() == PinRecord()
    for record in (
        PinRecord(OLD),
        PinRecord(OLD, pending=NEW, pending_s=86399.0),
        PinRecord(NEW, replaced=OLD),
        PinRecord(NEW, OLD, 3.0, replaced=OLD),
    ):
        store.save(record)
        assert store.load() == record
    assert caplog.text == ""
    for damaged in (b"", b"\0" * 90, b"x\n" + OLD.encode(), OLD.encode()[1:]):
        (tmp_path / "x.fingerprint").write_bytes(damaged)
        assert store.load() == PinRecord()
    assert caplog.text.count("not 64 hex digits") == 4
    (tmp_path / "x.fingerprint").write_text(f"{OLD}\npending\npending {NEW} x\n?\n")
    assert store.load() == PinRecord(OLD)


def test_full_disk_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    site = Site(Store(full=True))
    site.relay()
    site.relay()
    assert site.pin.expected == OLD
    assert sum("not stored" in message for message in caplog.messages) == 1
