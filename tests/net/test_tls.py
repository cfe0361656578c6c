"""The pin: what is shown is compared before anything is sent."""

import hashlib
import ssl
from collections.abc import Callable

import pytest
import trustme

from nutbridge.errors import CertificateChanged
from nutbridge.net.https import HttpsDevice
from nutbridge.net.tls import PinnedContext
from nutbridge.net.wire import Request
from tests.net.scripted import OK, ScriptedServer, Talk, answer_all

Serve = Callable[..., ScriptedServer]
Connect = Callable[..., HttpsDevice]

SECRET = Request("GET", "/x", {"Authorization": "Bearer t0ken"})
OTHER = "0" * 64


def _fingerprint(certificate: trustme.LeafCert) -> str:
    pem = certificate.cert_chain_pems[0].bytes().decode()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def test_context_settings() -> None:
    context = PinnedContext()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_NONE
    assert not context.check_hostname
    default = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    default.set_ciphers("DEFAULT")
    assert context.get_ciphers() == default.get_ciphers()


def test_first_contact_notes_the_fingerprint(
    serve: Serve, connect: Connect, until: float, certificate: trustme.LeafCert
) -> None:
    context = PinnedContext()
    device = connect(serve(answer_all).host, context=context)
    device.send(Request("GET", "/info"), until)
    assert context.seen == device.fingerprint == _fingerprint(certificate)
    assert device.peer
    assert device.peer.address == "127.0.0.1"


def test_right_fingerprint(
    serve: Serve, connect: Connect, until: float, certificate: trustme.LeafCert
) -> None:
    context = PinnedContext(_fingerprint(certificate))
    assert (
        connect(serve(answer_all).host, context=context).send(SECRET, until).status
        == 200
    )


def test_changed_certificate_nothing_sent(
    serve: Serve, connect: Connect, until: float, certificate: trustme.LeafCert
) -> None:
    heard: list[bytes] = []

    def script(talk: Talk) -> None:
        heard.append(talk.sock.recv(1))

    server = serve(script)
    context = PinnedContext(OTHER)
    device = connect(server.host, context=context)
    with pytest.raises(CertificateChanged) as caught:
        device.send(SECRET, until)
    server.close()
    shown = _fingerprint(certificate)
    assert (caught.value.known, caught.value.shown) == (OTHER, shown)
    assert caught.value.what == server.host
    assert heard in ([], [b""])


def test_new_fingerprint_accepted_by_hand(
    serve: Serve, connect: Connect, until: float
) -> None:
    context = PinnedContext(OTHER)
    device = connect(serve(answer_all).host, context=context)
    with pytest.raises(CertificateChanged):
        device.send(SECRET, until)
    context.expected = context.seen
    assert device.send(SECRET, until).status == 200


def test_pin_holds_on_a_resumed_session(
    serve: Serve, connect: Connect, until: float
) -> None:
    server = serve(answer_all)
    context = PinnedContext()
    device = connect(server.host, context=context)
    device.send(SECRET, until)
    first = context.seen
    device.reconnect()
    device.send(SECRET, until)
    assert context.seen == first
    device.reconnect()
    context.expected = OTHER
    with pytest.raises(CertificateChanged):
        device.send(SECRET, until)
    assert server.resumed[:2] == [False, True]


def test_session_of_another_device_is_no_harm(
    serve: Serve, connect: Connect, until: float, authority: trustme.CA
) -> None:
    """A session the device does not know falls back to a full handshake."""
    server = serve(answer_all)
    context = PinnedContext()
    connect(server.host, context=context).send(SECRET, until)
    server.close()
    with ScriptedServer(authority.issue_cert("localhost"), answer_all) as other:
        device = connect(other.host, context=context)
        assert device.send(SECRET, until).status == 200
        assert other.resumed == [False]
        device.close()


@pytest.mark.parametrize(
    ("reads", "resumed", "left"),
    [
        (None, [False, True, True, True], None),
        (2, [False, True, True, True], 1),
        (0, [False, False, False, False], 0),
    ],
)
def test_session_reads_are_few(
    serve: Serve,
    connect: Connect,
    until: float,
    reads: int | None,
    resumed: list[bool],
    left: int | None,
) -> None:
    """One read per full handshake where each read loses memory."""

    def script(talk: Talk) -> None:
        talk.request()
        talk.send(OK)

    server = serve(script)
    context = PinnedContext()
    context.session_reads = reads
    device = connect(server.host, context=context)
    for _ in resumed:
        assert device.send(SECRET, until).status == 200
    assert server.resumed == resumed
    assert context.session_reads == left
