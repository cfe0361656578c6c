"""From an account, or a token, to a true port file."""

import stat
import time

import pytest

from nutbridge.simulator.cloud import Mood
from nutbridge.simulator.tokens import make_token
from tests.e2e.site import Site


def test_login_from_nothing_to_ol(site: Site) -> None:
    daemon = site.start()
    site.wait_status("OL")
    site.wait_for_one_name()
    assert stat.S_IMODE(site.token_file.stat().st_mode) == 0o600
    assert site.cloud.account.logins == 1
    assert "new token; it ends in 365 days" in daemon.err
    assert site.value("device.serial") == site.gateway.house.serial
    site.start_driver()
    assert daemon.stop() == 0
    assert site.status == "OL"


@pytest.mark.parametrize("level", [(), ("-d",), ("-d", "-d")], ids=["", "-d", "-dd"])
def test_secrets_are_shown_at_no_level(site: Site, level: tuple[str, ...]) -> None:
    """Password, token and session ids, the gateway's too; checked by the fixture."""
    ended = make_token(site.gateway.house.serial, time.time() - 60)
    site.cache_token(ended)
    daemon = site.start(*level, "-v")
    site.wait_status("OL")
    assert site.gateway.gateway.sessions.used
    assert site.cloud.account.logins == 1
    assert ("mains_oper_state" in daemon.err) == (len(level) > 1)
    assert daemon.stop() == 0


def test_cached_token_needs_no_cloud(site: Site) -> None:
    """In an outage the internet is often gone as well."""
    site.cache_token()
    site.cloud.server.refuse()
    daemon = site.start()
    site.wait_status("OL")
    assert site.cloud.server.counts.connections == 0
    assert "WARNING" not in daemon.err


def test_refused_token_is_renewed_once(site: Site) -> None:
    """The gateway's 401, then its check_jwt, decide; not our clock."""
    stranger = make_token(site.gateway.house.serial, time.time() + 300 * 86400)
    accepted: list[str] = []
    site.gateway.house.tokens = accepted
    site.cache_token(stranger)
    daemon = site.start()
    daemon.says("new token")
    accepted.append(site.token_file.read_text().strip())
    site.wait_status("OL", 30)
    assert site.cloud.account.logins == 1
    assert site.gateway.server.counts.requests["/auth/check_jwt"] >= 1


MOODS = {
    Mood.MFA: "second factor",
    Mood.BLOCKED: "blocked this account",
    Mood.RATE_LIMITED: "fewer logins (429)",
    Mood.HTML_WALL: "web page instead of a login",
    Mood.DOWN: "out of order (503)",
    Mood.NO_TOKEN: "(403); check SERIAL",
    Mood.EMPTY_TOKEN: "empty token",
    Mood.WRONG_SERIAL: "the token is for gateway 122000009999",
}


@pytest.mark.parametrize("mood", MOODS, ids=[mood.value for mood in MOODS])
def test_login_that_fails_is_one_warning(site: Site, mood: Mood) -> None:
    site.cloud.account.mood = mood
    daemon = site.start()
    daemon.says(MOODS[mood])
    # The other one says why the file is hidden: no token yet.
    assert daemon.err.count("WARNING") == 2
    assert daemon.err.count("next try at") == 1
    assert site.status is None
    assert daemon.stop() == 0
    assert site.cloud.account.login_attempts == 1


def test_wrong_password_is_not_tried_again_after_a_restart(site: Site) -> None:
    """Every attempt brings the account nearer to being blocked."""
    site.keys["PASSWORD"] = "another-secret-55"
    site.secrets.add("another-secret-55")
    daemon = site.start()
    daemon.says("refuses the login; check USERNAME and PASSWORD")
    assert daemon.stop() == 0
    again = site.start("-v")
    again.says("no usable answer: nocomms")
    assert again.stop() == 0
    assert site.cloud.account.login_attempts == 1


def test_corrected_password_is_tried_at_once(site: Site) -> None:
    """The pause belongs to the config it was made with."""
    right = site.keys["PASSWORD"]
    site.keys["PASSWORD"] = "another-secret-55"
    site.secrets.add("another-secret-55")
    daemon = site.start()
    daemon.says("refuses the login; check USERNAME and PASSWORD")
    assert daemon.stop() == 0
    site.keys["PASSWORD"] = right
    again = site.start()
    again.says("the gateway answers: on line")
    assert again.stop() == 0


def test_token_that_needs_a_session(site: Site) -> None:
    """Some firmware wants the cookie of check_jwt beside the Bearer."""
    site.cache_token()
    site.gateway.house.needs_session = True
    assert site.run("-s").code == 0
    assert site.status == "OL"


def test_cloud_with_an_unknown_certificate_gets_no_password(site: Site) -> None:
    site.cloud.server.new_certificate()
    daemon = site.start()
    daemon.says("certificate not trusted")
    assert not site.cloud.server.counts.requests
