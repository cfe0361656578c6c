"""Fixtures of the wire: a certificate, servers, devices."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from nutbridge.net.https import HttpsDevice
from nutbridge.net.tls import PinnedContext
from nutbridge.net.worker import ThreadWaiter
from nutbridge.system.clock import SystemClock
from tests.net.scripted import Script, ScriptedServer

#: Seconds that no test reaches unless something is broken.
LONG_S = 60.0


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("localhost", "127.0.0.1")


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def serve(certificate: trustme.LeafCert) -> Iterator[Callable[..., ScriptedServer]]:
    with contextlib.ExitStack() as stack:

        def start(script: Script, **how: Any) -> ScriptedServer:
            server = ScriptedServer(certificate, script, **how)
            return stack.enter_context(server)

        yield start


@pytest.fixture
def connect() -> Iterator[Callable[..., HttpsDevice]]:
    with contextlib.ExitStack() as stack:

        def make(host: str, **how: Any) -> HttpsDevice:
            given = {
                "context": PinnedContext(),
                "clock": SystemClock(),
                "waiter": ThreadWaiter(),
                "timeout_s": LONG_S,
                **how,
            }
            device = HttpsDevice(host, **given)
            stack.callback(device.close)
            return device

        yield make


@pytest.fixture
def until() -> float:
    return SystemClock().boottime() + LONG_S
