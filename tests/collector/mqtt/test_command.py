"""``nutbridge reports mqtt`` as it is typed: its options, and its end."""

import contextlib
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nutbridge.collector.store.api import Store
from tests.nut.harness import wait_until

ROOT = Path(__file__).parents[3]
#: Also on a busy machine; a broker that hangs is waited for much longer.
SOON_S = 30
#: Waits for a lock longer than any test.
PATIENT = """
from nutbridge.collector.store import engine
engine.BUSY_S = 3600
from nutbridge.cli.tools import main
main()
"""


@pytest.fixture
def db(tmp_path: Path) -> str:
    """Return a database in which nothing is yet."""
    path = tmp_path / "reports.db"
    Store.open(f"sqlite:///{path}").close()
    return str(path)


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "nutbridge", "reports", "mqtt", *options]


def refused(*options: str) -> tuple[int, str]:
    """Return status and words of a command that does not begin."""
    done = subprocess.run(
        command(*options), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.returncode, " ".join(done.stderr.replace("│", " ").split())


@contextmanager
def running(folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Start it, as systemd does; yield it when it has told that it is ready."""
    address = str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(address)
        notify.settimeout(SOON_S)
        process = subprocess.Popen(
            command(*options),
            cwd=ROOT,
            env={"NOTIFY_SOCKET": address, "PATH": "/usr/bin:/bin"},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            while b"READY=1" not in notify.recv(4096):
                pass
            yield process
        finally:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--broker", ":1883x"), "--broker"),
        (("--broker", ""), "--broker takes HOST or HOST:PORT"),
        (("--broker", "nas:0"), "--broker"),
        (("--ca", "ca.pem"), "--ca needs --tls"),
        (("--tls", "--ca", "/nonexistent"), "No such file"),
        (("--tls", "--ca", __file__), "no certificate in PEM"),
        (("--user", "panels"), "--user and --password-file belong together"),
        (("--topic", "a/b"), "--topic takes one word"),
        (("--discovery-prefix", "#"), "--discovery-prefix takes one word"),
        (("--every", "1"), "--every"),
        (("--every", "nan"), "--every takes a number of seconds"),
    ],
)
def test_option_that_is_wrong(options: tuple[str, ...], words: str) -> None:
    status, said = refused(*options)
    assert status == 2
    assert words in said


def test_password_file_that_is_missing(tmp_path: Path, db: str) -> None:
    file = tmp_path / "password"
    status, said = refused("--db", db, "--user=a", f"--password-file={file}")
    assert status == 78
    assert str(file) in said
    assert "No such file" in said


def test_password_that_others_can_read(tmp_path: Path, db: str) -> None:
    """It is told, and not what stands in the file."""
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    file.chmod(0o644)
    status, said = refused("--db", db, "--user=a", f"--password-file={file}")
    assert status == 78
    assert "chmod" in said
    assert "horse" not in said


def test_database_that_is_missing(tmp_path: Path) -> None:
    """Systemd tries again: a collector that has just been installed makes it."""
    status, said = refused("--db", str(tmp_path / "none.db"))
    assert status == 74
    assert "none.db" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_end_while_the_broker_hangs(
    tmp_path: Path, db: str, number: signal.Signals
) -> None:
    """It takes the connection, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as broker:
        broker.settimeout(SOON_S)
        place = f"127.0.0.1:{broker.getsockname()[1]}"
        with running(tmp_path, "--db", db, "--broker", place) as process:
            link, _ = broker.accept()
            with link:
                assert link.recv(1)  # the client has begun, and waits for an answer
                process.send_signal(number)
                _, said = process.communicate(timeout=SOON_S)
    assert process.returncode == (130 if number == signal.SIGINT else 0)
    assert said == ""


def test_end_while_the_name_is_not_known(tmp_path: Path, db: str) -> None:
    with running(tmp_path, "--db", db, "--broker", "broker.invalid") as process:
        process.terminate()
        _, said = process.communicate(timeout=SOON_S)
    assert process.returncode == 0
    assert "Traceback" not in said


def test_end_while_the_database_is_locked(tmp_path: Path, db: str) -> None:
    """By another program: the end waits for nobody."""
    other = sqlite3.connect(db)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    process = subprocess.Popen(
        [sys.executable, "-c", PATIENT, *command("--db", db)[3:]],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    with contextlib.closing(other):
        wait_until(lambda: db in _open_files(process.pid), SOON_S, "it asks")
        process.terminate()
        _, said = process.communicate(timeout=SOON_S)
    assert (process.returncode, said) == (0, "")


def _open_files(pid: int) -> set[str]:
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            found.add(str(link.readlink()))
    return found
