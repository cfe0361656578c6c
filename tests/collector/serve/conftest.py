"""A stand-in Enphase, with and without TLS."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.collector.serve.collector import Collector, collector
from tests.collector.serve.upstream import Enphase, takes


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Collector, Enphase]]:
    """One transparent collector without a rate limit for a whole module."""
    folder = tmp_path_factory.mktemp("shared")
    with Enphase().running() as enphase:
        options = ("--upstream", enphase.url, "--rate-limit", "off")
        with collector(folder, *options) as running:
            yield running, enphase


@pytest.fixture
def free(shared: tuple[Collector, Enphase]) -> Collector:
    """The shared collector; what came before does not count."""
    running, enphase = shared
    enphase.got.clear()
    enphase.reaction = takes
    running.mark()
    return running


@pytest.fixture
def behind(shared: tuple[Collector, Enphase]) -> Enphase:
    """The upstream of the shared collector."""
    return shared[1]


@pytest.fixture
def enphase() -> Iterator[Enphase]:
    """A running stand-in upstream by plain HTTP."""
    with Enphase().running() as running:
        yield running


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    """An authority whose certificate lies in ``ca.pem`` of ``tmp_path``."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return made


@pytest.fixture
def tls_enphase(authority: trustme.CA) -> Iterator[Enphase]:
    """A running stand-in upstream by TLS, of the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with Enphase(context).running() as running:
        yield running
