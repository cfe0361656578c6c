"""The sd_notify protocol, heard on a real socket."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nutbridge.system.sdnotify import Notifier, watchdog_interval_s


class Listener:
    """PID 1's end of the socket."""

    def __init__(self, name: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name)
        self.socket.settimeout(5)

    def heard(self) -> str:
        return self.socket.recv(4096).decode()

    def silent(self) -> bool:
        self.socket.setblocking(False)
        try:
            return not self.socket.recv(4096)
        except BlockingIOError:
            return True


@pytest.fixture(params=["path", "abstract"])
def pair(
    request: pytest.FixtureRequest,
) -> Iterator[tuple[Listener, Notifier]]:
    """Both kinds of address that systemd uses."""
    if request.param == "path":
        # Not in tmp_path: an address holds 107 characters, no more.
        name = f"/tmp/nutbridge-test-{os.getpid()}.notify"
        address = name
    else:
        name = f"\0nutbridge-test-{os.getpid()}"
        address = "@" + name[1:]
    listener = Listener(name)
    yield listener, Notifier.from_environ({"NOTIFY_SOCKET": address})
    listener.socket.close()
    if request.param == "path":
        Path(name).unlink()


def test_ready_with_status_is_one_datagram(pair: tuple[Listener, Notifier]) -> None:
    listener, notifier = pair
    assert notifier.ready("on line, 62 %")
    assert listener.heard() == "READY=1\nSTATUS=on line, 62 %"


def test_each_message(pair: tuple[Listener, Notifier]) -> None:
    listener, notifier = pair
    for send, expected in (
        (notifier.ready, "READY=1"),
        (notifier.watchdog, "WATCHDOG=1"),
        (notifier.stopping, "STOPPING=1"),
        (lambda: notifier.status("holding"), "STATUS=holding"),
    ):
        assert send()
        assert listener.heard() == expected


def test_status_cannot_smuggle_an_assignment(pair: tuple[Listener, Notifier]) -> None:
    listener, notifier = pair
    assert notifier.status("gateway says\nMAINPID=1\r\nodd")
    assert listener.heard() == "STATUS=gateway says MAINPID=1 odd"


def test_empty_status_is_not_sent(pair: tuple[Listener, Notifier]) -> None:
    listener, notifier = pair
    assert not notifier.status(" \n")
    assert listener.silent()


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "vsock:2:1234",
        "relative/path",
        "/nonexistent/notify",
        "/dev/null",
        "/" + "x" * 300,
        "@" + "x" * 300,
        "/with\0nul",
    ],
)
def test_without_a_listener_nothing_is_raised(address: str | None) -> None:
    notifier = Notifier(address)
    assert not notifier.ready("text")
    assert not notifier.status("text")
    assert not notifier.watchdog()
    assert not notifier.stopping()


def test_without_systemd_nothing_is_raised() -> None:
    assert not Notifier.from_environ({}).watchdog()


def test_full_queue_does_not_hang_the_loop() -> None:
    """PID 1 that does not read costs a message, never the loop."""
    name = f"\0nutbridge-full-{os.getpid()}"
    listener = Listener(name)
    _fill(name)
    sent: list[bool] = []
    # A thread, so that a send without an end fails here instead of hanging.
    thread = threading.Thread(
        target=lambda: sent.append(Notifier("@" + name[1:]).watchdog()), daemon=True
    )
    thread.start()
    thread.join(timeout=15)
    assert sent == [False]
    assert listener.heard() == "x"
    listener.socket.close()


def _fill(name: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                sender.sendto(b"x", name)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "42"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "43"}, None),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": ""}, None),
        ({"WATCHDOG_USEC": "500000"}, 0.25),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({"WATCHDOG_USEC": ""}, None),
        ({"WATCHDOG_USEC": "1e6"}, None),
        ({"WATCHDOG_USEC": "\u0662"}, None),
    ],
)
def test_watchdog_interval(environ: dict[str, str], expected: float | None) -> None:
    """Half of the time after which systemd would restart us, if it watches us."""
    assert watchdog_interval_s(environ, pid=42) == expected


def test_watchdog_interval_knows_its_own_pid() -> None:
    environ = {"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": str(os.getpid())}
    assert watchdog_interval_s(environ) == 1.0
