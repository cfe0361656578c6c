"""The client of upsd: what the real one says, and what a bad one may say."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nutbridge.errors import UsageError
from nutbridge.nut.errors import (
    DataStale,
    DriverNotConnected,
    NutError,
    UnknownUps,
    UpsdAnswerError,
    UpsdUnreachable,
)
from nutbridge.nut.upsd import listen_address, read_ups
from tests.nut.fixtures import StartNut, start_nut
from tests.nut.harness import SOON_S

__all__ = ["start_nut"]


@contextmanager
def speaking(answer: bytes, *, last: bool = True) -> Iterator[str]:
    """Listen as upsd would, and say one thing to whoever asks.

    Args:
        answer: said after the first line of the client.
        last: then close the connection.
    """
    ended = threading.Event()

    def serve(listener: socket.socket) -> None:
        try:
            link, _ = listener.accept()
        except OSError:
            return
        with link:
            link.recv(1024)
            for at in range(0, len(answer), 65536):
                try:
                    link.sendall(answer[at : at + 65536])
                except OSError:
                    return
            if not last:
                ended.wait(20)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        ended.set()


@pytest.mark.nut
@pytest.mark.slow(5)
def test_read_ups_reads_what_upsd_shows(tmp_path: Path, start_nut: StartNut) -> None:
    port = tmp_path / "home.dev"
    port.write_text('ups.status: OB LB\nbattery.charge: 7\nmy.text: "a  b"\n')
    nut = start_nut(port)
    nut.wait_status("OB LB")
    nut.wait_variable("my.text", "a  b")
    address = f"127.0.0.1:{nut.port}"
    assert read_ups("test", address, timeout_s=SOON_S) == nut.variables()
    with pytest.raises(UnknownUps, match="does not know the UPS house"):
        read_ups("house", address, timeout_s=SOON_S)
    port.unlink()
    nut.wait_status(None)
    with pytest.raises(DriverNotConnected, match="driver of test is not connected"):
        read_ups("test", address, timeout_s=SOON_S)


def test_read_ups_takes_quotes_and_backslashes_away() -> None:
    answer = b'BEGIN LIST VAR a\nVAR a x "say \\"hi\\" \\\\"\nEND LIST VAR a\n'
    with speaking(answer) as address:
        assert read_ups("a", address, timeout_s=SOON_S) == {"x": 'say "hi" \\'}


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (b"ERR DATA-STALE\n", DataStale, "the data of a is stale"),
        (b"ERR ACCESS-DENIED\n", UpsdAnswerError, "access denied"),
        (b"ERR \x1b[2J\n", UpsdAnswerError, r"\\x1b"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", UpsdAnswerError, "not that of upsd"),
        (b"BEGIN LIST VAR b\nEND LIST VAR b\n", UpsdAnswerError, "not that of upsd"),
        (b'BEGIN LIST VAR a\nVAR a x "1"\n', UpsdAnswerError, "not that of upsd"),
        (b"", UpsdAnswerError, "not that of upsd"),
        (b"hello\n", UpsdAnswerError, "not that of upsd"),
        (b"BEGIN LIST VAR a\n" + b"x" * (2 << 20), UpsdAnswerError, "too long"),
        (b"BEGIN LIST VAR a\n" + b"\n" * (2 << 20), UpsdAnswerError, "too long"),
    ],
)
def test_read_ups_of_a_bad_answer(
    answer: bytes, kind: type[NutError], said: str
) -> None:
    with speaking(answer) as address, pytest.raises(kind, match=said) as caught:
        read_ups("a", address, timeout_s=SOON_S)
    assert caught.value.exit_code == 69
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("answer", [b"", b"BEGIN LIST VAR a\nVAR a"])
def test_read_ups_gives_a_silent_one_up(answer: bytes) -> None:
    with (
        speaking(answer, last=False) as address,
        pytest.raises(UpsdUnreachable, match=r"no answer within 0\.2 s"),
    ):
        read_ups("a", address, timeout_s=0.2)


def test_read_ups_where_nobody_listens() -> None:
    with pytest.raises(UpsdUnreachable, match="connection refused"):
        read_ups("a", "127.0.0.1:1")
    with pytest.raises(UpsdUnreachable, match="no address"):
        read_ups("a", "upsd.invalid")


@pytest.mark.parametrize("name", ["", "a b", 'a"', "a\n", "a\\", "\u00e4", "a" * 200])
def test_read_ups_of_a_name_that_cannot_be(name: str) -> None:
    with pytest.raises(UnknownUps):
        read_ups(name, "127.0.0.1:1")


@pytest.mark.parametrize("address", ["", "a:b", "a:0", "a b"])
def test_read_ups_at_no_address(address: str) -> None:
    with pytest.raises(UsageError):
        read_ups("a", address)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "127.0.0.1:3493"),
        ("# LISTEN 10.0.0.1\nMAXAGE 15\n", "127.0.0.1:3493"),
        ("LISTEN 0.0.0.0\n", "127.0.0.1:3493"),
        ("LISTEN * 3494\n", "127.0.0.1:3494"),
        ("LISTEN :: 3494\n", "[::1]:3494"),
        ("LISTEN ::1\n", "[::1]:3493"),
        ("LISTEN 192.168.1.5 3493\n", "192.168.1.5:3493"),
        ("LISTEN 192.168.1.5\nLISTEN 127.0.0.1 3500\n", "127.0.0.1:3500"),
        ("LISTEN nas nut\r\nLISTEN\n", "nas:3493"),
    ],
)
def test_listen_lines_tell_where_upsd_is(text: str, wanted: str) -> None:
    """Loopback first: no firewall stands in between."""
    assert listen_address(text) == wanted
