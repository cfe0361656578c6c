"""The real ``nutbridge reports serve`` as a process, and a client for it."""

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from tests.collector.serve.reports import request
from tests.collector.serve.upstream import wait_for

START_S = 60.0
_LISTENING = re.compile(r"(?:listening|status) on (https?)://(\S+):(\d+)")


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: status, header lines as they came, body."""

    status: int
    headers: list[bytes]
    body: bytes

    def header(self, name: str) -> list[str]:
        """Return the values of a header."""
        wanted = name.lower().encode()
        pairs = (line.partition(b":") for line in self.headers)
        return [
            value.strip().decode() for key, _, value in pairs if key.lower() == wanted
        ]


def exchange(link: socket.socket, data: bytes) -> Answered:
    """Send bytes, read the answer to its end."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        link.sendall(data)
    got = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while piece := link.recv(65536):
            got += piece
    head, _, body = bytes(got).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0].startswith(b"HTTP/1."), bytes(got[:200])
    return Answered(int(lines[0].split()[1]), lines[1:], body)


@dataclass
class Collector:
    """A running collector.

    Attributes:
        log: its lines on stderr so far.
        places: its listeners: ``http``, ``https``, ``status``.
    """

    folder: Path
    process: "subprocess.Popen[str]"
    log: list[str] = field(default_factory=list)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)

    @property
    def db(self) -> str:
        return f"sqlite:///{self.folder / 'reports.db'}"

    def connect(
        self, name: str = "http", source: str = "127.0.0.1"
    ) -> contextlib.closing[socket.socket]:
        """Open a connection that closes itself at the end of ``with``."""
        link = socket.create_connection(
            self.places[name], timeout=60, source_address=(source, 0)
        )
        return contextlib.closing(link)

    def send(self, data: bytes, source: str = "127.0.0.1") -> Answered:
        """Send bytes by plain HTTP."""
        with self.connect(source=source) as link:
            return exchange(link, data)

    def post(self, body: bytes, *args: str, source: str = "127.0.0.1") -> Answered:
        """Send a report; the arguments are those of ``request``."""
        return self.send(request(body, *args), source)

    def send_tls(self, data: bytes, context: ssl.SSLContext) -> Answered:
        """Send bytes by TLS."""
        with self.connect("https") as plain, context.wrap_socket(plain) as link:
            return exchange(link, data)

    def get(self, path: str) -> Answered:
        """Ask the status listener."""
        with self.connect("status") as link:
            data = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            return exchange(link, data.encode())

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask its database."""
        engine = create_engine(self.db)
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(sql))]
        finally:
            engine.dispose()

    def says(self, text: str, times: int = 1) -> None:
        """Wait until so many lines of its log have this in them; not more.

        Raises:
            AssertionError: they did not come, or more of them.
        """

        def told() -> int:
            return sum(text in line for line in self.log)

        wait_for(lambda: told() >= times)
        assert told() == times, self.log

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    def mark(self) -> None:
        """Count from here on: one collector may serve several tests."""
        self.marks = {name: self.count(name) for name in ("raw", "quarantine")}

    def new(self, table: str) -> int:
        """Return how many rows came since ``mark``."""
        return self.count(table) - self.marks.get(table, 0)

    def end(self, number: int = signal.SIGTERM, within_s: float = 60.0) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(within_s)


def serve_command(*options: str) -> list[str]:
    """Return the command line of a collector."""
    return [sys.executable, "-m", "nutbridge", "reports", "serve", *options]


@contextlib.contextmanager
def collector(
    folder: Path, *options: str, env: Mapping[str, str] | None = None
) -> Iterator[Collector]:
    """Run a collector with plain and status listeners on free ports."""
    command = serve_command(
        *("--listen", "127.0.0.1:0", "--status-listen", "127.0.0.1:0"),
        *("--state", str(folder), *options),
    )
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    )
    found = Collector(folder, process)
    reader = threading.Thread(target=_read, args=(found,), daemon=True)
    reader.start()
    try:
        _wait_until_ready(found)
        yield found
    finally:
        process.kill()
        process.wait()
        reader.join(5)
        assert process.stderr is not None
        process.stderr.close()


def _read(found: Collector) -> None:
    assert found.process.stderr is not None
    with contextlib.suppress(ValueError):  # closed while reading
        for line in found.process.stderr:
            place = _LISTENING.search(line)
            if place:
                name = "status" if "status on" in line else place[1]
                found.places[name] = (place[2], int(place[3]))
            found.log.append(line.rstrip("\n"))


def _wait_until_ready(found: Collector) -> None:
    until = time.monotonic() + START_S
    while not any("ready: mode" in line for line in found.log):
        assert found.process.poll() is None, "\n".join(found.log)
        assert time.monotonic() < until, "\n".join(found.log)
        time.sleep(0.01)
