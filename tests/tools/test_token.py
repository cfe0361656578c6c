"""nutbridge token: the token itself is never shown, the old one never lost."""

import json
import time

import pytest

from nutbridge.simulator.cloud import Mood
from nutbridge.simulator.tokens import make_token
from tests.e2e.site import UPS, Site
from tests.nut.harness import wait_until
from tests.tools.tool import SOON_S, Terminal, plain, tool, tree

DAY_S = 86400.0

SHOWN = """\
file:     DIR/state/enphase-e2e.token
account:  owner
gateway:  122000000001
issued:   DATE
ends:     DATE (in 365 days)
renewal:  DATE, by the monitor
"""


def mode(site: Site) -> int:
    return site.token_file.stat().st_mode & 0o777


def test_token_show_tells_everything_but_the_token(site: Site) -> None:
    site.cache_token()
    done = tool(site, "token", "show", UPS)
    assert (done.code, done.err) == (0, "")
    assert plain(done.out, site) == SHOWN
    text = site.token_file.read_text().strip()
    assert not any(part in done.out for part in text.split("."))


def test_token_show_json_is_numbers(site: Site) -> None:
    site.cache_token()
    found = json.loads(tool(site, "token", "show", "--json").out)
    assert found["account"] == "owner"
    assert found["days_left"] == pytest.approx(365, abs=0.2)
    assert found["renewal"] == pytest.approx(found["expires"] - 30 * DAY_S)
    assert found["problem"] is None


@pytest.mark.parametrize(
    ("serial", "days", "wanted"),
    [
        ("122000000001", -2, "the token has ended"),
        ("999999999999", 300, "the token is for gateway 999999999999"),
    ],
)
def test_token_show_names_what_is_wrong(
    site: Site, serial: str, days: float, wanted: str
) -> None:
    site.cache_token(make_token(serial, time.time() + days * DAY_S))
    done = tool(site, "token", "show")
    assert done.code == 1
    assert wanted in done.out


def test_token_show_without_one_says_how_to_get_one(site: Site) -> None:
    done = tool(site, "token", "show")
    assert done.code == 1
    assert "nutbridge token import" in done.out


def test_token_show_of_a_token_that_nobody_renews(site: Site) -> None:
    site.cache_token()
    site.keys["PASSWORD"] = ""
    assert "none: no USERNAME and PASSWORD" in tool(site, "token", "show").out


def test_token_import_is_taken_by_a_running_monitor(site: Site) -> None:
    """An account with a second factor: the monitor waits for a token by hand."""
    site.cloud.account.mood = Mood.MFA
    daemon = site.start()
    daemon.says("nutbridge token import")
    token = make_token(site.keys["SERIAL"], time.time() + 300 * DAY_S)
    site.secrets.add(token)
    done = tool(site, "token", "import", stdin=token)
    assert (done.code, done.err) == (0, "")
    assert mode(site) == 0o600
    daemon.says("token taken from the changed file")
    daemon.says("the gateway answers: on line")
    assert daemon.stop() == 0


def test_token_import_from_a_file(site: Site) -> None:
    file = site.folder / "brought"
    token = site.gateway.token
    file.write_text(f"{token}\n", encoding="ascii")
    assert tool(site, "token", "import", "-f", str(file)).code == 0
    assert site.token_file.read_text().strip() == token
    done = tool(site, "token", "import", "-f", str(site.folder / "none"))
    assert done.code == 78
    assert len(done.err.splitlines()) == 1


def test_token_import_of_nonsense_leaves_the_old_one(site: Site) -> None:
    site.cache_token()
    site.write_config()
    before = tree(site.folder)
    for text in ("", "a.b.c", "x" * 100_000, "\x00\x1b[2J"):
        done = tool(site, "token", "import", stdin=text)
        assert done.code == 78
        assert len(done.err.splitlines()) == 1
        assert "\x1b" not in done.err
    assert tree(site.folder) == before


@pytest.mark.parametrize("place", [["{}"], ["-f", "{}"], [UPS, "{}"], ["--file={}"]])
def test_token_on_the_command_line_is_refused_and_not_repeated(
    site: Site, place: list[str]
) -> None:
    token = site.gateway.token
    words = [word.format(token) for word in place]
    done = tool(site, "token", "import", *words)
    assert done.code == 2
    assert "does not belong on the command line" in done.err
    assert not any(part in done.out + done.err for part in token.split("."))
    assert not site.token_file.exists()


def test_token_import_on_a_terminal_says_what_it_waits_for(site: Site) -> None:
    waiting = Terminal(site, "token", "import")
    waiting.shows("Paste the token")
    assert waiting.interrupt() == 130


def test_token_import_over_one_that_everybody_can_read(site: Site) -> None:
    site.cache_token()
    site.token_file.chmod(0o644)
    assert tool(site, "token", "import", stdin=site.gateway.token).code == 0
    assert mode(site) == 0o600


def test_token_renew_stores_a_token_that_ends_later(site: Site) -> None:
    site.cache_token(make_token(site.keys["SERIAL"], time.time() + 40 * DAY_S))
    daemon = site.start()
    daemon.says("the gateway answers: on line")
    done = tool(site, "token", "renew")
    assert (done.code, done.err) == (0, "")
    assert "(365 days)" in done.out
    assert mode(site) == 0o600
    daemon.says("token taken from the changed file; it ends in 36")
    assert daemon.stop() == 0


def test_token_renew_by_a_clock_that_runs_ahead(site: Site) -> None:
    """What the cloud has just given has ended: the clock is what is wrong."""
    site.cloud.account.clock = lambda: time.time() - 400 * DAY_S
    done = tool(site, "token", "renew")
    assert (done.code, done.err) == (0, "")
    assert "; the token ended on 20" in done.out
    assert "if that is wrong, set it (timedatectl).\n" in done.out
    assert "(-" not in done.out


def test_token_renew_keeps_the_old_one_after_a_wrong_password(site: Site) -> None:
    site.cache_token()
    site.keys["PASSWORD"] = "wrong-pass-9d"
    site.secrets.add("wrong-pass-9d")
    before = site.token_file.read_bytes()
    done = tool(site, "token", "renew")
    assert done.code == 69
    assert "check USERNAME and PASSWORD" in done.err
    assert site.token_file.read_bytes() == before


def test_token_renew_says_that_a_second_factor_needs_a_person(site: Site) -> None:
    site.cloud.account.mood = Mood.MFA
    done = tool(site, "token", "renew")
    assert done.code == 69
    assert "nutbridge token import" in done.err


def test_token_renew_waits_for_the_grid_unless_forced(site: Site) -> None:
    """Never on battery, unless the gateway refuses the token."""
    site.cache_token()
    site.begin_outage()
    done = tool(site, "token", "renew")
    assert done.code == 1
    assert "--force" in done.err
    assert site.cloud.account.login_attempts == 0
    assert tool(site, "token", "renew", "--force").code == 0


def test_token_renew_respects_the_pause_after_a_refused_login(site: Site) -> None:
    """A wrong password is not tried again before 15 min; more locks the account."""
    site.keys["PASSWORD"] = "wrong-pass-9d"
    site.secrets.add("wrong-pass-9d")
    daemon = site.start()
    daemon.says("check USERNAME and PASSWORD")
    wait_until(
        lambda: '"failed_logins": 1' in _state(site), SOON_S, "the pause in the state"
    )
    attempts = site.cloud.account.login_attempts
    done = tool(site, "token", "renew")
    assert done.code == 1
    assert "--force" in done.err
    assert site.cloud.account.login_attempts == attempts
    assert daemon.stop() == 0


def _state(site: Site) -> str:
    return (site.run_folder / f"enphase-{UPS}.state").read_text()


def test_token_renew_without_an_account_names_the_other_way(site: Site) -> None:
    site.cache_token()
    site.keys["PASSWORD"] = ""
    site.begin_outage()
    done = tool(site, "token", "renew")
    assert done.code == 78
    assert "nutbridge token import" in done.err
    assert "--force" not in done.err, "it would not help"
