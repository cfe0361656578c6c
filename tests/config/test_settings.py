"""The whole config: names, paths, what is required, what is odd."""

import pytest

from nutbridge.config import settings as module
from nutbridge.config.settings import ConfigSite, Settings, interpret
from nutbridge.config.text import parse
from nutbridge.errors import ConfigError
from nutbridge.ups.notices import WARNING

NEEDED = {
    "USERNAME": "me@example.net",
    "PASSWORD": "'a $b'",
    "SERIAL": "122000000001",
    "PORT_FILE": "home.dev",
}


def read(
    text: str = "",
    *,
    without: tuple[str, ...] = (),
    tokens: tuple[str, ...] = (),
    credentials_dir: str | None = None,
) -> tuple[Settings, list[str]]:
    """Interpret the needed keys and ``text``; the notices as texts."""
    lines = [f"{key}={value}" for key, value in NEEDED.items() if key not in without]
    place = ConfigSite(
        path="/etc/nut/enphase-home.conf",
        ups="home",
        state_dir="/var/lib/nut",
        cwd="/place",
        credentials_dir=credentials_dir,
        exists=tokens.__contains__,
    )
    data = "\n".join([*lines, text]).encode()
    found, notices = interpret(parse(data, place.path), place)
    assert all(notice.level == WARNING for notice in notices)
    return found, [notice.text for notice in notices]


def test_interpret_defaults() -> None:
    """An existing config of the bash script needs no more than four keys."""
    found, notices = read()
    assert notices == []
    assert found == Settings(
        ups="home",
        config_path="/etc/nut/enphase-home.conf",
        username="me@example.net",
        password="a $b",
        password_file=None,
        serial="122000000001",
        port_file="/var/lib/nut/home.dev",
        token_file="/var/lib/nut/enphase-home.token",
        state_dir="/var/lib/nut",
        envoy_host="envoy.local",
        disable_meters=False,
        pollfreq_s=60,
        pollfreqalert_s=20,
        relayfreq_s=10,
        nocomms_delay_s=300,
        loadkwh_w=768,
        loadkwh_given=False,
        login_timeout_s=10,
        api_timeout_s=5,
        status_flags=False,
        allow_no_controller=False,
        envoy_tls="first-use",
        login_url="https://enlighten.enphaseenergy.com/login/login.json",
        tokens_url="https://entrez.enphaseenergy.com/tokens",
        debug=0,
        verbose=False,
        test=None,
    )


def test_interpret_test_mode_defaults() -> None:
    """TEST=1 needs no account, hides at once and asks for no controller."""
    found, notices = read(
        "TEST=1\nTEST_SESS=a\nTEST_TOKEN=' b\n'\nTEST_RELAY=c\nTEST_LIVE=d\n"
        "TEST_REPORTS=e\nTEST_SECCTRL=f\nTEST_INFO=g",
        without=("USERNAME", "PASSWORD"),
    )
    assert notices == []
    assert found.test == module.TestAnswers("a", "b", "c", "d", "e", "f", "g")
    assert (found.nocomms_delay_s, found.allow_no_controller) == (0, True)
    asked, _ = read("TEST=1\nNOCOMMS_DELAY=30\nALLOW_NO_CONTROLLER=0")
    assert (asked.nocomms_delay_s, asked.allow_no_controller) == (30, False)
    assert asked.test == module.TestAnswers()


@pytest.mark.parametrize(
    ("text", "port_file", "token_file"),
    [
        ("STATE_DIR=/srv/s", "/srv/s/home.dev", "/srv/s/enphase-home.token"),
        ("STATE_DIR=.", "/place/home.dev", "/place/enphase-home.token"),
        ("STATE_DIR=a//./b/", "/place/a/b/home.dev", "/place/a/b/enphase-home.token"),
        ("PORT_FILE=/x/p.dev", "/x/p.dev", "/var/lib/nut/enphase-home.token"),
        ("TOKEN_FILE=t", "/var/lib/nut/home.dev", "/var/lib/nut/t"),
        ("TOKEN_FILE=/x/t", "/var/lib/nut/home.dev", "/x/t"),
        ("STATE_DIR=\nTOKEN_FILE=", "/var/lib/nut/home.dev", None),
    ],
)
def test_interpret_paths(text: str, port_file: str, token_file: str | None) -> None:
    """Relative PORT_FILE and TOKEN_FILE lie in STATE_DIR."""
    found, _ = read(text)
    assert found.port_file == port_file
    assert found.token_file == (token_file or "/var/lib/nut/enphase-home.token")


def test_interpret_password_file() -> None:
    """Relative: in $CREDENTIALS_DIRECTORY where set, else in STATE_DIR."""
    found, notices = read("PASSWORD_FILE=pw", without=("PASSWORD",))
    assert (found.password_file, notices) == ("/var/lib/nut/pw", [])
    found, _ = read("PASSWORD_FILE=pw", credentials_dir="/run/credentials/x")
    assert found.password_file == "/run/credentials/x/pw"
    found, notices = read("PASSWORD_FILE=/etc/pw", credentials_dir="/run/c")
    assert found.password_file == "/etc/pw"
    assert "PASSWORD: not used" in notices[0]


def test_interpret_names_all_missing_keys_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        read(without=tuple(NEEDED))
    assert caught.value.key == "USERNAME PASSWORD SERIAL PORT_FILE"
    assert caught.value.where == "/etc/nut/enphase-home.conf"
    assert all(f"{key}=<" in caught.value.problem for key in NEEDED)


@pytest.mark.parametrize("key", NEEDED)
@pytest.mark.parametrize("value", [None, "''"])
def test_interpret_missing_key(key: str, value: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        read("" if value is None else f"{key}={value}", without=(key,))
    assert caught.value.key == key


@pytest.mark.parametrize("key", ["SERIAL", "PORT_FILE"])
def test_interpret_missing_key_in_test_mode(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read("TEST=1", without=(key, "USERNAME", "PASSWORD"))
    assert caught.value.key == key


def test_interpret_token_without_account() -> None:
    """Accounts with MFA bring a token by hand."""
    there = ("/var/lib/nut/enphase-home.token",)
    found, notices = read(without=("PASSWORD",), tokens=there)
    assert found.password == ""
    assert len(notices) == 1
    assert "PASSWORD not set" in notices[0]
    _, notices = read(without=("USERNAME", "PASSWORD"), tokens=there)
    assert "USERNAME and PASSWORD not set" in notices[0]
    assert read(tokens=there)[1] == []
    with pytest.raises(ConfigError, match="SERIAL"):
        read(without=("SERIAL", "PASSWORD"), tokens=there)


def test_interpret_slow_polls_without_relay_checks() -> None:
    assert read("POLLFREQ=301")[1] == []
    assert read("POLLFREQ=300\nRELAYFREQ=0")[1] == []
    (notice,) = read("POLLFREQ=301\nRELAYFREQ=0")[1]
    assert "/etc/nut/enphase-home.conf:5: POLLFREQ: more than 300 s" in notice


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("POLFREQ", "POLLFREQ"),
        ("pollfreq", "POLLFREQ"),
        ("PASWORD", "PASSWORD"),
        ("XYZZY", None),
    ],
)
def test_interpret_unknown_key(key: str, near: str | None) -> None:
    (notice,) = read(f"{key}=secret")[1]
    assert notice.startswith(f"/etc/nut/enphase-home.conf:5: {key}: unknown key")
    assert notice.endswith(f"is {near} meant?" if near else "not used")


def test_interpret_many_unknown_keys() -> None:
    notices = read("\n".join(f"K{number}=x" for number in range(500)))[1]
    assert len(notices) == 11
    assert "490 more unknown keys" in notices[-1]


def test_interpret_test_keys_without_test_mode() -> None:
    (notice,) = read("TEST_LIVE=$x\nTEST_INFO=y")[1]
    assert "TEST_LIVE TEST_INFO: not used without TEST=1" in notice


def test_interpret_dollar_in_a_used_key() -> None:
    """What bash would have replaced is taken literally, with a warning."""
    found, notices = read("DIR=/x\nSTATE_DIR=$DIR/y")
    assert found.state_dir == "/place/$DIR/y"
    assert "/etc/nut/enphase-home.conf:6: STATE_DIR: $, ` and ~" in notices[0]
    assert read("PASSWORD='p$w`d'")[1] == []
    found, notices = read('PASSWORD="p$w"')
    assert (found.password, len(notices)) == ("p$w", 1)
    assert "p$w" not in notices[0]


def test_settings_repr_holds_no_secret() -> None:
    found, _ = read("TEST=1\nTEST_SESS=sess1\nTEST_TOKEN=tok1\nPASSWORD=pass1")
    for secret in ("sess1", "tok1", "pass1", "me@example.net"):
        assert secret not in repr(found)
        assert secret not in repr(found.test)
