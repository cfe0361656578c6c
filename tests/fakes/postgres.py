"""PostgreSQL from the system's package, on loopback, in a temporary folder.

The programs are those of Debian's package postgresql; its own cluster is neither
needed nor touched. A server refuses to run as root: then it runs as ``nobody``.
"""

import contextlib
import fcntl
import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from tests.fakes.ports import free_port

#: Debian keeps them out of PATH, one folder per version.
_PLACES = "/usr/lib/postgresql/*/bin"
_USER = "nutbridge"
_START_S = 60
_TRIES = 5
_SETTINGS = (
    "-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
)
#: For tests: nothing there has to survive the end of the power.
_FLEETING = "-c fsync=off -c shared_buffers=32MB"
#: For measurements: every commit waits for the disk.
_DURABLE = "-c fsync=on -c synchronous_commit=on -c shared_buffers=64MB"


def programs() -> Path:
    """Return the folder of initdb and pg_ctl.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    found = sorted(Path("/").glob(f"{_PLACES[1:]}/initdb"))
    anywhere = shutil.which("initdb")
    if found:
        return found[-1].parent
    if anywhere:
        return Path(anywhere).parent
    raise FileNotFoundError("PostgreSQL is missing: apt-get install postgresql")


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Run a server on a disk; yields the SQLAlchemy URL of an empty database."""
    # /tmp may lie in memory.
    port, data = _start(_DURABLE, "/var/tmp")
    try:
        yield f"postgresql://{_USER}@127.0.0.1:{port}/postgres"
    finally:
        _stop(data)


@contextlib.contextmanager
def shared(folder: Path) -> Iterator[str]:
    """Yield the URL of a server without a database name, ending with a slash.

    Who needs it first starts it, who leaves last stops it.

    Args:
        folder: the same one for all workers.
    """
    note = folder / "postgres.json"
    with _locked(folder):
        known = _known(note)
        known["users"] += 1
        note.write_text(json.dumps(known))
    try:
        yield f"postgresql://{_USER}@127.0.0.1:{known['port']}/"
    finally:
        with _locked(folder):
            known = json.loads(note.read_text())
            known["users"] -= 1
            note.write_text(json.dumps(known))
            if known["users"] == 0:
                note.unlink()
                _stop(known["data"])


@contextlib.contextmanager
def database(server: str, name: str, encoding: str = "UTF8") -> Iterator[str]:
    """Yield the URL of a new database."""
    statement = f"""CREATE DATABASE "{name}" ENCODING '{encoding}' TEMPLATE template0"""
    with psycopg.connect(f"{server}postgres", autocommit=True) as connection:
        connection.execute(statement.encode())
    yield f"{server}{name}"


def _known(note: Path) -> dict[str, Any]:
    if note.exists():
        found: dict[str, Any] = json.loads(note.read_text())
        return found
    # Not below pytest's folder: that one is closed to other users.
    port, data = _start(_FLEETING, tempfile.gettempdir())
    return {"port": port, "data": data, "users": 0}


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "postgres.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(settings: str, below: str) -> tuple[int, str]:
    """Start a server; returns its port and the folder of its data."""
    home = Path(tempfile.mkdtemp(prefix="nutbridge-postgres-", dir=below))
    if os.geteuid() == 0:
        shutil.chown(home, "nobody")
    data = str(home / "data")
    kind = ("-E", "UTF8", "--no-locale", "--no-sync")
    _run("initdb", "-D", data, "-U", _USER, "-A", "trust", *kind)
    for _ in range(_TRIES):
        port = free_port()
        options = f"-p {port} {_SETTINGS} {settings}"
        arguments = ("-D", data, "-l", f"{data}/log", "-o", options, "-w", "start")
        # Somebody else may have taken the port meanwhile.
        with contextlib.suppress(subprocess.CalledProcessError):
            _run("pg_ctl", *arguments)
            return port, data
    raise AssertionError(Path(data, "log").read_text())


def _stop(data: str) -> None:
    # Immediate: an orderly end waits for the disk, a minute on a busy machine.
    _run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(Path(data).parent)


def _run(tool: str, *arguments: str) -> None:
    other: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        other = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    subprocess.run(
        [str(programs() / tool), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd="/",
        env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
        check=True,
        timeout=_START_S,
        **other,
    )
