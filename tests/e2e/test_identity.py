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


@pytest.mark.parametrize("mode", ["first-use", "strict"])
def test_another_certificate_gets_no_token_until_it_is_trusted(
    known: Site, mode: str
) -> None:
    """Its serial number is right: each neighbour can copy that from /info."""
    known.keys |= {"ENVOY_TLS": mode, "NOCOMMS_DELAY": "1"}
    first = known.gateway.server.fingerprint
    stored = known.state / "enphase-e2e.fingerprint"
    stored.write_text(f"{first}\n")
    daemon = known.start("-v")
    daemon.says("relay closed: online")
    known.gateway.server.counts.clear()
    known.gateway.server.new_certificate()
    known.gateway.server.drop_connections()
    known.wait_status(None)
    second = known.gateway.server.fingerprint
    assert f"certificate changed from {first} to {second}" in daemon.err
    assert "if that is right: nutbridge gateway trust" in daemon.err
    assert ("taken without that at" in daemon.err) == (mode == "first-use")
    assert not known.gateway.server.counts.recent
    assert stored.read_text().splitlines()[0] == first
    stored.write_text(f"{second}\n")
    known.wait_status("OL")


def test_another_certificate_in_an_outage_is_silence(known: Site) -> None:
    """On battery no refusal hides the file: the servers would shut down."""
    known.gateway.house.lose_grid()
    known.keys["NOCOMMS_DELAY"] = "0"
    daemon = known.start("-v")
    known.wait_status("OB")
    known.gateway.server.new_certificate()
    known.gateway.server.drop_connections()
    daemon.says("certificate changed from")
    wait_until(lambda: daemon.err.count("no usable answer") > 2, SOON_S, "failed polls")
    assert known.status == "OB"


def test_strict_without_a_pin_sends_nothing(known: Site) -> None:
    known.keys |= {"ENVOY_TLS": "strict", "NOCOMMS_DELAY": "1"}
    stored = known.state / "enphase-e2e.fingerprint"
    stored.write_text("damaged\n")
    daemon = known.start("-v")
    shown = known.gateway.server.fingerprint
    daemon.says(f"certificate {shown} is not trusted")
    daemon.says("no usable answer")
    assert not known.gateway.server.counts.recent
    assert stored.read_text() == "damaged\n"
    assert daemon.stop() == 0
