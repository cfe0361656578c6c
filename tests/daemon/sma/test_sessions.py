"""Four sessions are all there are: one is made, kept, used again and ended."""

import logging
import stat

import pytest

from nutbridge.errors import Stopping
from nutbridge.simulator.messages import Incoming, Reply
from nutbridge.simulator.sma.inverter import HANG, err, html_page, json_reply
from nutbridge.sources.sma import login_gate
from nutbridge.sources.sma.webconnect import keys
from tests.daemon.sma.conftest import Play
from tests.daemon.sma.played import Played
from tests.fakes.inverter import PASSWORD

VALUES = "/dyn/getValues.json"
MINUTE_S = 60.0


def logins_after(played: Played, seconds: float, every_s: float = 20.0) -> int:
    """How many logins there were within so much time of polling."""
    before = played.inverter.logins
    played.check(every_s, times=int(seconds / every_s))
    return played.inverter.logins - before


def test_one_request_per_poll_and_one_login(play: Play) -> None:
    played = play()
    played.check(10.0, times=30)
    assert (played.inverter.polls, played.inverter.logins) == (30, 1)
    assert set(played.inverter.inverter.asked_keys) == set(keys.UPS_KEYS)
    asked = {each.path for each in played.inverter.server.counts.recent}
    assert asked == {VALUES, "/dyn/login.json", "/api/v1/system/info"}
    assert played.inverter.asked("/api/v1/system/info") == 1
    played.stop()
    assert played.inverter.sessions == 0


def test_session_is_used_again_after_a_kill(play: Play) -> None:
    """Ten crashes do not fill the table of four."""
    played = play()
    for _ in range(10):
        played.check(10.0)
        played.kill()
    played.check(10.0)
    assert played.inverter.logins == 1
    assert played.inverter.sessions == 1
    file = played.folder / "sma-sun.session"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    played.stop()
    assert played.inverter.sessions == 0
    assert not file.exists()


def test_session_that_could_not_be_ended_is_used_again(play: Play) -> None:
    """Its web server was busy at the stop: the session is still one of four."""
    played = play()
    played.check()
    played.inverter.inverter.replies["/dyn/logout.json"] = err(503)
    played.stop()
    played.inverter.inverter.replies.clear()
    played.kill()
    played.check(10.0)
    assert played.inverter.logins == played.inverter.sessions == 1


def test_session_kept_that_has_ended_is_made_anew(play: Play) -> None:
    played = play()
    played.check()
    played.inverter.inverter.sessions.entries.clear()
    played.kill()
    played.check(10.0)
    assert played.status == "OL"
    assert played.inverter.logins == 2


def test_session_of_another_inverter_is_not_offered(play: Play) -> None:
    played = play()
    file = played.folder / "sma-sun.session"
    file.write_text('{"of": "https://elsewhere usr", "sid": "foreign-session"}')
    file.chmod(0o600)
    played.kill()
    played.check()
    queries = {each.query for each in played.inverter.server.counts.recent}
    assert not any("foreign-session" in query for query in queries)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"of": 1}', "\x00" * 9000])
def test_odd_session_file_is_ignored(play: Play, text: str) -> None:
    played = play()
    file = played.folder / "sma-sun.session"
    file.write_text(text)
    file.chmod(0o600)
    played.kill()
    played.check()
    assert played.status == "OL"


def test_readable_session_file_is_not_used(play: Play) -> None:
    played = play()
    played.check()
    (played.folder / "sma-sun.session").chmod(0o644)
    played.kill()
    played.check()
    assert played.inverter.logins == 2


def test_no_free_session_waits_longer_and_longer(play: Play) -> None:
    """5 min, doubling to 30: others, a browser, need the chance to leave."""
    played = play()
    for _ in range(4):
        played.inverter.inverter.sessions.open("usr", 0.0)
    played.check()
    assert played.inverter.logins == 1
    assert logins_after(played, 4.9 * MINUTE_S) == 0
    assert logins_after(played, MINUTE_S) == 1
    assert logins_after(played, 9 * MINUTE_S) == 0
    assert logins_after(played, 2 * MINUTE_S) == 1
    assert logins_after(played, 3 * 3600.0, 100.0) in (6, 7)
    played.inverter.inverter.sessions.entries.clear()
    played.check(30 * MINUTE_S)
    assert played.status == "OL"


def test_session_that_comes_free_is_taken_at_once(play: Play) -> None:
    """It is asked how many are free, which takes none; half an hour is no outage."""
    played = play()
    for _ in range(4):
        played.inverter.inverter.sessions.open("usr", 0.0)
    played.check(20.0, times=60)
    assert played.inverter.logins == 3
    played.inverter.inverter.sessions.entries.popitem()
    played.check(20.0)
    assert (played.status, played.inverter.logins) == ("OL", 4)


def test_session_that_comes_free_is_taken_after_a_restart_too(play: Play) -> None:
    """Who has left the browser starts the monitor anew, and expects it to work."""
    played = play()
    for _ in range(4):
        played.inverter.inverter.sessions.open("usr", 0.0)
    played.check(20.0, times=60)
    played.stop()
    played.kill()
    played.check(20.0)
    assert played.inverter.logins == 3
    played.inverter.inverter.sessions.entries.popitem()
    played.check(20.0)
    assert (played.status, played.inverter.logins) == ("OL", 4)


@pytest.mark.parametrize("free", [3, 1, "4", None, True, -1])
def test_free_sessions_that_are_none_are_not_believed_twice(
    play: Play, free: object
) -> None:
    """An err 503 of a web server that is only busy, or a count that is wrong."""
    played = play()
    replies = played.inverter.inverter.replies
    replies["/dyn/login.json"] = err(503)
    replies["/dyn/sessionCheck.json"] = json_reply({"result": {"cntFreeSess": free}})
    played.check()
    assert logins_after(played, 3 * 3600.0, 100.0) <= 2 * 8
    replies.clear()
    played.check(30 * MINUTE_S)
    assert played.status == "OL"


def test_pause_survives_a_restart(play: Play) -> None:
    played = play()
    for _ in range(4):
        played.inverter.inverter.sessions.open("usr", 0.0)
    played.check()
    played.stop()
    played.kill()
    assert logins_after(played, 4.5 * MINUTE_S) == 0
    assert logins_after(played, MINUTE_S) == 1


def test_wrong_password_is_not_tried_before_15_minutes(
    play: Play, log: pytest.LogCaptureFixture
) -> None:
    played = play(keys="SMA_PASSWORD=wrong-word")
    played.check()
    assert logins_after(played, 14.5 * MINUTE_S) == 0
    assert logins_after(played, MINUTE_S) == 1
    told = [each.getMessage() for each in log.records if each.levelno >= logging.INFO]
    assert [line for line in told if "wrong password, or group usr" in line]
    assert "wrong-word" not in log.text
    # An edited config ends the pause.
    played.stop()
    text = played.config.read_text().replace("wrong-word", PASSWORD)
    played.config.write_text(text)
    played.kill()
    played.check()
    assert played.status == "OL"


def test_session_that_never_works_is_no_login_per_poll(play: Play) -> None:
    played = play()
    played.inverter.inverter.replies[VALUES] = err(401)
    played.check()
    assert played.inverter.logins == 1
    assert logins_after(played, 0.9 * MINUTE_S) == 0
    assert logins_after(played, 3600.0) <= 7
    assert played.inverter.sessions == 0


def test_expired_session_costs_one_login_and_no_poll(play: Play) -> None:
    played = play()
    for _ in range(5):
        played.check(10.0)
        assert played.status == "OL"
        played.inverter.inverter.sessions.entries.clear()
    assert played.inverter.logins == 5


def test_logins_without_an_answer_end_soon(play: Play) -> None:
    """Each may have taken a session that nobody knows."""
    played = play()
    played.inverter.inverter.replies["/dyn/login.json"] = HANG
    played.hurry(0.2)
    played.check(15.0, times=4)
    assert played.inverter.logins == 2


def test_inverter_that_is_off_is_asked_again_at_every_poll(play: Play) -> None:
    """A login that never left takes no session."""
    played = play()
    played.inverter.server.refuse()
    played.check(20.0, times=5)
    played.inverter.server.listen()
    played.check(20.0)
    assert played.status == "OL"


def test_stop_in_a_login_ends_its_session(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else could: only its answer names the session."""
    monkeypatch.setattr(login_gate, "LAST_LOGIN_S", MINUTE_S)
    played = play()

    def answer(asked: Incoming) -> Reply:
        if asked.path == "/dyn/login.json":
            played.waiter.end()
        return played.inverter.inverter(asked)

    played.inverter.server.answer = answer
    with pytest.raises(Stopping):
        played.check()
    assert (played.inverter.logins, played.inverter.sessions) == (1, 1)
    played.stop()
    assert (played.inverter.polls, played.inverter.sessions) == (0, 0)


def test_stop_without_an_answer_keeps_the_session_for_the_next_start(
    play: Play,
) -> None:
    played = play()
    played.check()
    played.inverter.server.refuse()
    played.stop()
    played.inverter.server.listen()
    played.kill()
    played.check()
    assert played.inverter.logins == 1


@pytest.mark.parametrize("mode", ["first-use", "strict"])
def test_another_certificate_gets_no_password_until_it_is_trusted(
    play: Play, log: pytest.LogCaptureFixture, mode: str
) -> None:
    played = play(keys=f"SMA_TLS={mode}")
    server = played.inverter.server
    first = server.fingerprint
    (played.folder / "sma-sun.fingerprint").write_text(f"{first}\n")
    played.kill()
    played.check()
    assert played.status == "OL"
    server.new_certificate()
    server.drop_connections()
    server.counts.clear()
    played.check(20.0, times=16)
    assert f"changed from {first} to {server.fingerprint}" in log.text
    assert "gateway trust sun --inverter" in log.text
    assert played.status is None
    assert not server.counts.recent
    (played.folder / "sma-sun.fingerprint").write_text(f"{server.fingerprint}\n")
    played.check(20.0)
    assert played.status == "OL"


def test_certificate_of_a_router_is_not_taken_for_the_inverters(play: Play) -> None:
    """SMA_HOST was wrong at first; the right one would be refused for a day."""
    played = play()
    server = played.inverter.server
    server.answer = lambda _: html_page(404)
    played.check(20.0, times=3)
    assert not (played.folder / "sma-sun.fingerprint").exists()
    server.new_certificate()
    server.drop_connections()
    server.answer = played.inverter.inverter
    played.check(61.0)
    assert played.status == "OL"
    kept = (played.folder / "sma-sun.fingerprint").read_text()
    assert kept.strip() == server.fingerprint


def test_fault_of_the_inverter_is_said_once(
    play: Play, log: pytest.LogCaptureFixture
) -> None:
    played = play()
    played.settle()
    for tag, condition in ((35, "fault"), (307, "ok")):
        played.inverter.inverter.say(keys.CONDITION, tag)
        played.check(61.0, times=3)
        assert played.values["experimental.sma.health"] == condition
        assert played.status == "OL"
        assert log.text.count(f"the inverter reports: {condition}") == 1
