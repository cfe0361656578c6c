"""nutbridge token import and nutbridge gateway trust."""

import subprocess
import sys
import time

import pytest

from nutbridge.simulator.tokens import make_token
from tests.e2e.site import Site

SOON_S = 60.0


def tool(
    site: Site, *arguments: str, stdin: str = ""
) -> "subprocess.CompletedProcess[str]":
    site.write_config()
    return subprocess.run(
        [sys.executable, "-m", "nutbridge", *arguments, "-c", str(site.config)],
        env=site.environ,
        cwd=site.folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SOON_S,
        check=False,
    )


def test_imported_token_is_used_without_an_account(site: Site) -> None:
    """An account with a second factor: no login by program, a token by hand."""
    token = make_token(site.keys["SERIAL"], time.time() + 300 * 86400)
    site.secrets.add(token)
    site.keys["PASSWORD"] = ""
    done = tool(site, "token", "import", stdin=f"{token}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "300 days" in done.stdout
    assert token not in done.stdout
    daemon = site.start()
    daemon.says("the gateway answers: on line")
    assert daemon.stop() == 0
    assert site.cloud.account.login_attempts == 0


@pytest.mark.parametrize(
    ("serial", "days", "wanted"),
    [
        ("999999999999", 300, "the token is for gateway 999999999999"),
        ("122000000001", -1, "the token ended on"),
        (None, 0, "token"),
    ],
)
def test_unusable_token_is_refused(
    site: Site, serial: str | None, days: float, wanted: str
) -> None:
    text = "no token at all"
    if serial is not None:
        text = make_token(serial, time.time() + days * 86400)
    done = tool(site, "token", "import", stdin=text)
    assert done.returncode == 78
    assert wanted in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert text not in done.stderr


@pytest.mark.parametrize("mode", ["first-use", "strict"])
def test_trust_ends_a_refusal(site: Site, mode: str) -> None:
    assert site.run("-s").code == 0
    site.keys["ENVOY_TLS"] = mode
    site.gateway.server.new_certificate()
    daemon = site.start()
    daemon.says("nutbridge gateway trust")
    done = tool(site, "gateway", "trust")
    assert (done.returncode, done.stderr) == (0, "")
    assert site.gateway.server.fingerprint in done.stdout
    daemon.says("the gateway answers")
    assert daemon.stop() == 0
    assert "Already trusted" in tool(site, "gateway", "trust").stdout


def test_strict_begins_with_trust(site: Site) -> None:
    """Without a certificate that a person has trusted nothing is sent."""
    site.keys["ENVOY_TLS"] = "strict"
    assert "is not trusted" in site.run("-s").err
    assert "Before:      none" in tool(site, "gateway", "trust").stdout
    assert site.run("-s").code == 0


def test_trust_confirms_what_was_taken_by_itself(site: Site) -> None:
    shown, before = site.gateway.server.fingerprint, "a" * 64
    stored = site.state / "enphase-e2e.fingerprint"
    stored.write_text(f"{shown}\nreplaced {before}\n")
    assert f"Before:      {before}" in tool(site, "gateway", "trust").stdout
    assert stored.read_text() == f"{shown}\n"


def test_trust_of_another_gateway_is_refused(site: Site) -> None:
    site.keys["SERIAL"] = "122000000777"
    done = tool(site, "gateway", "trust")
    assert done.returncode == 69
    assert "this is gateway" in done.stderr


def test_trust_at_an_address_that_the_config_does_not_have_yet(site: Site) -> None:
    """A gateway that moved and has another certificate: setup cannot go on else."""
    host = site.keys["ENVOY_HOST"]
    site.keys["ENVOY_HOST"] = "127.0.0.1:9"
    assert tool(site, "gateway", "trust").returncode == 69
    done = tool(site, "gateway", "trust", "--host", host)
    assert done.returncode == 0, done.stderr
    stored = (site.state / "enphase-e2e.fingerprint").read_text()
    assert stored == f"{site.gateway.server.fingerprint}\n"
    done = tool(site, "gateway", "trust", "--host", "http://x/")
    assert (done.returncode, "a name or an address alone" in done.stderr) == (2, True)
