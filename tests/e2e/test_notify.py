"""What systemd hears: READY=1 before any answer, WATCHDOG=1 all the time."""

import socket
from collections.abc import Iterator

import pytest

from tests.e2e.site import Site
from tests.fakes import failures


class Ear:
    """systemd's end of NOTIFY_SOCKET."""

    def __init__(self, site: Site) -> None:
        path = site.folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(30)
        site.environ["NOTIFY_SOCKET"] = str(path)

    def next(self) -> str:
        return self._socket.recv(4096).decode()

    def until(self, wanted: str) -> list[str]:
        """Listen until a message holds a text; return all up to it."""
        heard = [self.next()]
        while wanted not in heard[-1]:
            heard.append(self.next())
        return heard

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def ear(site: Site) -> Iterator[Ear]:
    site.cache_token()
    found = Ear(site)
    yield found
    found.close()


@pytest.mark.slow
def test_ready_before_a_gateway_that_never_answers(site: Site, ear: Ear) -> None:
    """The start decision comes first: then a stale file is hidden already."""
    site.show("ups.status: OB LB\n")
    site.gateway.faults.always(failures.hang)
    site.keys["API_TIMEOUT"] = "60"
    daemon = site.start()
    first = ear.next()
    assert first.startswith("READY=1")
    assert site.status is None
    # One poll takes 240 s here; the loop shows all the same that it lives.
    for _ in range(3):
        ear.until("WATCHDOG=1")
    assert daemon.stop() == 0
    ear.until("STOPPING=1")


def test_status_line_tells_the_state(site: Site, ear: Ear) -> None:
    site.start()
    heard = ear.until("STATUS=")
    assert heard[0] == "READY=1"
    assert heard[-1] == "STATUS=online, charge 92 %, port file OL"


def test_one_check_says_nothing_to_systemd(site: Site, ear: Ear) -> None:
    """ExecStartPre= shares the unit's socket; READY=1 from it would be wrong."""
    assert site.run("-s").code == 0
    ear._socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        ear.next()
