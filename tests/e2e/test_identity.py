"""The token goes to the gateway with our serial number, to nobody else."""

import pytest

from tests.e2e.site import Site
from tests.nut.harness import SOON_S, wait_until


@pytest.fixture
def known(site: Site) -> Site:
    site.cache_token()
    site.start_driver()
    return site


def bearers(site: Site) -> int:
    """How many requests brought a token."""
    return sum(asked.bearer is not None for asked in site.gateway.server.counts.recent)


def test_other_serial_gets_no_token(known: Site) -> None:
    known.gateway.house.serial = "122000007777"
    daemon = known.start("-v")
    daemon.says("no usable answer: nocomms")
    assert bearers(known) == 0
    wanted = "this is gateway 122000007777, the config says SERIAL=122000000001"
    assert daemon.err.count(wanted) == 1


def test_new_certificate_is_a_warning_that_names_both(known: Site) -> None:
    first = known.gateway.server.fingerprint
    daemon = known.start("-v")
    daemon.says("relay closed: online")
    known.gateway.server.new_certificate()
    known.gateway.server.drop_connections()
    daemon.says(f"certificate changed from {first} to ")
    assert known.gateway.server.fingerprint in daemon.err
    wait_until(lambda: daemon.err.count("relay closed: online") > 1, SOON_S, "a poll")
    assert daemon.err.count("WARNING") == 1
    assert known.status == "OL"
    stored = known.state / "enphase-e2e.fingerprint"
    assert stored.read_text().strip() == known.gateway.server.fingerprint


def test_new_certificate_is_a_failure_when_strict(known: Site) -> None:
    known.keys |= {"ENVOY_TLS": "strict", "NOCOMMS_DELAY": "1"}
    daemon = known.start("-v")
    daemon.says("relay closed: online")
    known.gateway.server.counts.clear()
    known.gateway.server.new_certificate()
    known.gateway.server.drop_connections()
    known.wait_status(None)
    assert "if that is right: nutbridge gateway trust" in daemon.err
    assert bearers(known) == 0
