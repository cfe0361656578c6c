"""SIGTERM ends the daemon within 2 s wherever it is, with exit 0."""

import signal
from collections.abc import Callable

import pytest

from tests.e2e.site import Daemon, Site
from tests.fakes import failures
from tests.nut.harness import SOON_S, wait_until

#: 2 s, and the rest for a machine that runs many tests at once. All times that
#: the daemon could wait for something else are set to a minute and more.
LIMIT_S = 30.0

RELAY = "/ivp/ensemble/relay"
LONG = {
    "API_TIMEOUT": "60",
    "LOGIN_TIMEOUT": "120",
    "POLLFREQ": "300",
    "POLLFREQALERT": "300",
    "RELAYFREQ": "300",
}
#: Name resolution that never comes back, as with a dead name server.
STUCK_RESOLVER = """
import socket, threading
socket.getaddrinfo = lambda *a, **k: print_and_wait()
def print_and_wait():
    import sys
    sys.stderr.write("resolving\\n")
    threading.Event().wait()
from nutbridge.cli.enphase_monitor import main
main()
"""


@pytest.fixture
def slow_site(site: Site) -> Site:
    site.cache_token()
    site.keys |= LONG
    return site


def _waiting(site: Site) -> Daemon:
    daemon = site.start("-v")
    daemon.says("relay closed: online")
    return daemon


def _asked(site: Site) -> Daemon:
    daemon = site.start()
    requests = site.gateway.server.counts.requests
    wait_until(lambda: sum(requests.values()) > 0, SOON_S, "a request")
    return daemon


def _hanging(site: Site) -> Daemon:
    site.gateway.faults.always(failures.hang)
    return _asked(site)


def _dripping(site: Site) -> Daemon:
    site.gateway.faults.always(failures.drip_body(0.2))
    return _asked(site)


def _hanging_detail(site: Site) -> Daemon:
    site.gateway.faults.always(failures.hang, "/ivp/ensemble/secctrl")
    daemon = site.start()
    requests = site.gateway.server.counts.requests
    wait_until(lambda: requests["/ivp/ensemble/secctrl"] > 0, SOON_S, "a request")
    return daemon


def _stalled(site: Site) -> Daemon:
    site.gateway.server.stalled = True
    daemon = site.start()
    counts = site.gateway.server.counts
    wait_until(lambda: counts.connections > 0, SOON_S, "a connection")
    return daemon


def _resolving(site: Site) -> Daemon:
    site.keys["ENVOY_HOST"] = "envoy.invalid"
    daemon = site.start_program(STUCK_RESOLVER)
    daemon.says("resolving")
    return daemon


def _logging_in(site: Site) -> Daemon:
    site.token_file.unlink()
    site.cloud.faults.always(failures.hang)
    daemon = site.start()
    requests = site.cloud.server.counts.requests
    wait_until(lambda: sum(requests.values()) > 0, SOON_S, "a login")
    return daemon


def _silent(site: Site) -> Daemon:
    site.gateway.server.refuse()
    daemon = site.start("-v")
    daemon.says("no usable answer: nocomms")
    return daemon


WHERE: dict[str, Callable[[Site], Daemon]] = {
    "waiting": _waiting,
    "hanging relay": _hanging,
    "hanging detail": _hanging_detail,
    "dripping answer": _dripping,
    "stuck handshake": _stalled,
    "stuck name resolution": _resolving,
    "during a login": _logging_in,
    "after a failed poll": _silent,
}


@pytest.mark.parametrize("where", WHERE.values(), ids=WHERE)
def test_sigterm(slow_site: Site, where: Callable[[Site], Daemon]) -> None:
    daemon = where(slow_site)
    assert daemon.stop(LIMIT_S) == 0
    assert "stopping" in daemon.err


def test_sigint(slow_site: Site) -> None:
    assert _waiting(slow_site).stop(LIMIT_S, signal.SIGINT) == 0


def test_sigterm_ends_one_check_too(slow_site: Site) -> None:
    slow_site.gateway.faults.always(failures.hang)
    daemon = slow_site.start("-s")
    requests = slow_site.gateway.server.counts.requests
    wait_until(lambda: sum(requests.values()) > 0, SOON_S, "a request")
    assert daemon.stop(LIMIT_S) == 0


def test_file_stays_while_the_driver_runs(slow_site: Site) -> None:
    slow_site.start_driver()
    _waiting(slow_site).stop(LIMIT_S)
    assert slow_site.status == "OL"


def test_file_is_hidden_when_the_driver_is_gone(slow_site: Site) -> None:
    """The system goes down: at the next boot this OL would be stale."""
    slow_site.start_driver()
    daemon = _waiting(slow_site)
    slow_site.stop_driver()
    assert daemon.stop(LIMIT_S) == 0
    assert slow_site.status is None
    assert slow_site.twin.exists()


def test_ob_stays_while_the_driver_runs(slow_site: Site) -> None:
    slow_site.start_driver()
    slow_site.gateway.house.lose_grid()
    daemon = slow_site.start()
    slow_site.wait_status("OB")
    assert daemon.stop(LIMIT_S) == 0
    assert slow_site.status == "OB"
