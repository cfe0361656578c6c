"""A broker of MQTT: Debian's mosquitto, on loopback, with nothing kept on a disk."""

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from tests.fakes.ports import free_port

_START_S = 30
_TRIES = 5
USER, PASSWORD = "panels", "correct horse"


@dataclass
class Mosquitto:
    """A broker that can be stopped and started again on its port.

    Attributes:
        port: on 127.0.0.1.
        folder: of its configuration.
        settings: further lines of it.
    """

    port: int
    folder: Path
    settings: tuple[str, ...] = ("allow_anonymous true",)
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self) -> None:
        """Start it, and return once it listens."""
        file = self.folder / "mosquitto.conf"
        lines = (
            *("user root", "persistence false", f"listener {self.port} 127.0.0.1"),
            *self.settings,
        )
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            pytest.fail("mosquitto is missing: apt-get install mosquitto")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, "-c", str(file)], stdout=log, stderr=log
            )
        for _ in range(_START_S * 20):
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), 1),
            ):
                return
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            break
        raise RuntimeError((self.folder / "log").read_text(encoding="utf-8"))

    def stop(self) -> None:
        """End it at once; what it held is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextlib.contextmanager
def mosquitto(folder: Path, *settings: str) -> Iterator[Mosquitto]:
    """Run a broker."""
    broker = Mosquitto(free_port(), folder, settings or ("allow_anonymous true",))
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


def with_password(folder: Path) -> tuple[str, ...]:
    """Return settings by which only USER with PASSWORD is let in."""
    file = folder / "passwords"
    subprocess.run(
        ["mosquitto_passwd", "-b", "-c", str(file), USER, PASSWORD],
        check=True,
        capture_output=True,
    )
    return ("allow_anonymous false", f"password_file {file}")


def with_tls(folder: Path, authority: trustme.CA) -> tuple[str, ...]:
    """Return settings of a listener that speaks TLS for ``localhost``."""
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    with (folder / "cert.pem").open("wb") as file:
        for part in issued.cert_chain_pems:
            file.write(part.bytes())
    return (
        "allow_anonymous true",
        f"certfile {folder}/cert.pem",
        f"keyfile {folder}/key.pem",
    )
