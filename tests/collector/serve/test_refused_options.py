"""Options that cannot be: one line, the right exit code, nothing begun."""

import logging
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nutbridge.cli import tools
from nutbridge.errors import NutbridgeError
from tests.collector.serve.collector import serve_command

LISTEN = ("--listen", "127.0.0.1:0")
LOCAL = (*LISTEN, "--mode", "local")
STATE = "STATE"


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    """Give back what the command changes in its process: signals, the log."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    kept = [signal.getsignal(number) for number in numbers]
    ours = logging.getLogger("nutbridge")
    handlers, level = ours.handlers[:], ours.level
    yield
    ours.handlers[:] = handlers
    ours.setLevel(level)
    for number, handler in zip(numbers, kept, strict=True):
        signal.signal(number, handler)


def refused(*options: str) -> NutbridgeError:
    """Return the error that ends ``serve``; in this process, to be quick."""
    with pytest.raises(NutbridgeError) as caught:
        tools.app(["reports", "serve", *options], standalone_mode=False)
    text = str(caught.value)
    assert "\n" not in text
    return caught.value


@pytest.mark.parametrize(
    ("code", "options"),
    [
        (2, LISTEN),
        (2, (*LISTEN, "--mode", "store-and-forward")),
        (2, ("--mode", "local")),
        (2, (*LOCAL, "--upstream", "http://127.0.0.1:9")),
        (2, ("--mode", "local", "--listen", "nowhere")),
        (2, (*LISTEN, "--upstream", "ftp://x")),
        (2, (*LISTEN, "--upstream", "http://u:p@x")),
        (2, (*LOCAL, "--upstream", "x")),
        (2, (*LISTEN, "--upstream", "http://x", "--upstream-ca", "/none")),
        (2, (*LISTEN, "--upstream", "https://x", "--upstream-ca", __file__)),
        (2, (*LOCAL, "--allow-from", "1.2.3")),
        (2, (*LOCAL, "--allow-serial", "")),
        (2, (*LOCAL, "--rate-limit", "fast")),
        (2, (*LOCAL, "--status-listen", "x")),
        (2, (*LOCAL, "--legacy-tls")),
        (1, ("--listen", "192.0.2.1:0", "--mode", "local")),
        (78, (*LOCAL, "--state", "/proc/none")),
        (74, (*LOCAL, "--db", "sqlite:////proc/none/x.db")),
    ],
)
def test_wrong_options(tmp_path: Path, code: int, options: tuple[str, ...]) -> None:
    assert refused("--state", str(tmp_path), *options).exit_code == code


def test_state_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert refused(*LOCAL).exit_code == 2


def test_address_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        error = refused("--state", str(tmp_path), "--mode", "local", "--listen", where)
    assert error.exit_code == 1
    assert "in use" in str(error)


@pytest.mark.parametrize(
    ("listen", "upstream"),
    [
        ("127.0.0.1:{0}", "http://127.0.0.1:{0}"),
        ("0.0.0.0:{0}", "https://localhost:{0}"),
        (":{0}", "http://127.5.6.7:{0}"),
        ("127.0.0.1:{0}", "http://[::ffff:127.0.0.1]:{0}"),
        ("127.0.0.1:{0}", "http://0.0.0.0:{0}"),
    ],
)
def test_upstream_that_is_itself(tmp_path: Path, listen: str, upstream: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    options = ("--listen", listen.format(port), "--upstream", upstream.format(port))
    error = refused("--state", str(tmp_path), *options)
    assert error.exit_code == 1
    assert "is this collector itself" in str(error)


def test_upstream_that_is_itself_is_one_line(tmp_path: Path) -> None:
    """Exit 1, one line: no warning about http beside it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
    options = ("--listen", where, "--upstream", f"http://{where}")
    done = subprocess.run(
        serve_command(*options, "--state", str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_password_of_the_database_is_never_shown(tmp_path: Path) -> None:
    """As a user sees it: exit code and stderr of the real command."""
    url = "postgresql://user:geheim123@127.0.0.1:1/none"
    done = subprocess.run(
        serve_command(*LOCAL, "--state", str(tmp_path), "--db", url),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 74
    assert "geheim123" not in done.stderr + done.stdout
    assert len(done.stderr.splitlines()) == 1
