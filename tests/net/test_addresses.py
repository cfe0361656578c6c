"""Names and addresses: taken apart, resolved seldom, never waited for twice."""

import socket
import threading
from collections.abc import Callable, Sequence

import pytest

from nutbridge.errors import DeviceUnreachable
from nutbridge.net.addresses import (
    AddressBook,
    AddressError,
    resolve_host,
    split_host,
)
from nutbridge.net.https import HttpsDevice
from nutbridge.net.wire import Request
from tests.net.scripted import OK, ScriptedServer, Talk, answer_all

LONG_S = 60.0
INFO = Request("GET", "/info")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("envoy.local", ("envoy.local", 443)),
        ("envoy.local:8443", ("envoy.local", 8443)),
        ("127.0.0.1", ("127.0.0.1", 443)),
        ("[::1]", ("::1", 443)),
        ("[::1]:8443", ("::1", 8443)),
        ("::1", ("::1", 443)),
        ("[fe80::1%eth0]:1", ("fe80::1%eth0", 1)),
    ],
)
def test_split_host(text: str, found: tuple[str, int]) -> None:
    assert split_host(text) == found


@pytest.mark.parametrize(
    "text",
    [
        *("", ":443", "a:", "a:0", "a:65536", "a:b", "a:-1", "a:²", "[::1", "[]"),
        *("[::1]443", "[a]", "a b", "a/b", "u@a", "a?b", "a#b", "a\n", "https://a"),
    ],
)
def test_split_host_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="is not HOST"):
        split_host(text)


class Names:
    """A name service of the test's own."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.held = threading.Event()
        self.held.set()

    def __call__(self, _host: str, _port: int) -> Sequence[str]:
        self.asked += 1
        answer = self.answers[min(self.asked, len(self.answers)) - 1]
        self.held.wait(LONG_S)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _book(names: Names) -> AddressBook:
    return AddressBook("gateway.invalid", 443, names)


def test_resolve_host_numeric() -> None:
    assert resolve_host("127.0.0.1", 443) == ("127.0.0.1",)


def test_resolved_once() -> None:
    names = Names(["127.0.0.1"])
    book = _book(names)
    assert [book.addresses(LONG_S) for _ in range(3)] == [("127.0.0.1",)] * 3
    assert names.asked == 1


def test_resolved_again_only_after_a_failure() -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    book = _book(names)
    book.addresses(LONG_S)
    book.failed()
    assert book.addresses(LONG_S) == ("127.0.0.2",)
    assert names.asked == 2


def test_first_address_is_the_one_that_worked() -> None:
    book = _book(Names(["127.0.0.1", "127.0.0.2", "127.0.0.3"]))
    book.addresses(LONG_S)
    book.worked("127.0.0.2")
    assert book.addresses(LONG_S) == ("127.0.0.2", "127.0.0.1", "127.0.0.3")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "no address for gateway.invalid"),
        (
            socket.gaierror(socket.EAI_AGAIN, "x"),
            "no address for gateway.invalid (the name service does not answer)",
        ),
        (
            UnicodeError("label too long"),
            "no address for gateway.invalid (not a name that can be looked up)",
        ),
    ],
)
def test_no_address(error: Exception, text: str) -> None:
    with pytest.raises(AddressError) as caught:
        _book(Names(error)).addresses(LONG_S)
    assert str(caught.value) == text


def test_known_addresses_outlive_the_name_service() -> None:
    """In an outage the name service is often the first thing to go."""
    book = _book(Names(["127.0.0.1"], socket.gaierror(socket.EAI_AGAIN, "x")))
    book.addresses(LONG_S)
    book.failed()
    assert book.addresses(LONG_S) == ("127.0.0.1",)


def test_never_two_resolutions_at_once() -> None:
    names = Names(["127.0.0.1"])
    names.held.clear()
    book = _book(names)
    for _ in range(3):
        with pytest.raises(AddressError, match=r"still resolving gateway\.invalid"):
            book.addresses(0.01)
    assert names.asked == 1
    names.held.set()


def test_stuck_resolution_does_not_hide_known_addresses() -> None:
    names = Names(["127.0.0.1"])
    book = _book(names)
    book.addresses(LONG_S)
    names.held.clear()
    book.failed()
    assert book.addresses(0.01) == ("127.0.0.1",)
    assert book.addresses(LONG_S) == ("127.0.0.1",)
    names.held.set()


def test_device_says_still_resolving_then_uses_what_came_late(
    serve: Callable[..., ScriptedServer],
    connect: Callable[..., HttpsDevice],
    until: float,
) -> None:
    server = serve(answer_all)
    names = Names(["127.0.0.1"])
    names.held.clear()
    device = connect(f"gateway.invalid:{server.port}", resolve=names, total_s=0.2)
    with pytest.raises(DeviceUnreachable, match=r"no address within 0\.2 s"):
        device.send(INFO, until)
    with pytest.raises(DeviceUnreachable, match=r"still resolving gateway\.invalid"):
        device.send(INFO, until)
    # Not at the end: a machine under load may take longer than the limit to
    # connect, and then asks anew.
    assert names.asked == 1
    names.held.set()
    patient = threading.Event()
    for _ in range(6000):
        try:
            assert device.send(INFO, until).body == b"hi"
            break
        except DeviceUnreachable:
            patient.wait(0.01)
    else:
        pytest.fail("the late address was not used")


def test_device_tries_each_address(
    serve: Callable[..., ScriptedServer],
    connect: Callable[..., HttpsDevice],
    until: float,
) -> None:
    """A name may mean ::1 first, where nobody listens; Host is the name."""
    server = serve(answer_all)
    names = Names(["127.0.0.9", "127.0.0.1"])
    device = connect(f"gateway.invalid:{server.port}", resolve=names)
    assert device.send(INFO, until).body == b"hi"
    assert device.peer
    assert device.peer.address == "127.0.0.1"
    assert f"Host: gateway.invalid:{server.port}".encode() in server.requests[0]


def test_device_moved(
    serve: Callable[..., ScriptedServer],
    connect: Callable[..., HttpsDevice],
    until: float,
) -> None:
    """A new address is found by the second request, without a restart."""

    def script(talk: Talk) -> None:
        talk.request()
        talk.send(OK)

    server = serve(script)
    names = Names(["127.0.0.9"], ["127.0.0.1"])
    device = connect(f"gateway.invalid:{server.port}", resolve=names)
    with pytest.raises(DeviceUnreachable, match="refused"):
        device.send(INFO, until)
    assert device.send(INFO, until).body == b"hi"
    assert device.send(INFO, until).body == b"hi"
    assert names.asked == 2


def test_several_hosts_of_one_device_are_tried_in_order() -> None:
    """Ethernet and Wi-Fi of one gateway."""
    assert split_host("127.0.0.1,127.0.0.2") == ("127.0.0.1,127.0.0.2", 443)
    assert split_host("127.0.0.1:8443,[::1]:8443") == ("127.0.0.1,::1", 8443)
    with pytest.raises(ValueError, match="one port"):
        split_host("127.0.0.1,127.0.0.2:8443")
    found = resolve_host("127.0.0.2,no-such-host.invalid,127.0.0.1", 443)
    assert found == ("127.0.0.2", "127.0.0.1")
    with pytest.raises(socket.gaierror):
        resolve_host("no-such-host.invalid,nor-this.invalid", 443)
