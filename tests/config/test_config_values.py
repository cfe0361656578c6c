"""Each kind of value: what is taken, what is bounded, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.config.keys import KEYS, KeyKind, Values, absolute
from nutbridge.config.text import ConfigEntry
from nutbridge.errors import ConfigError

NUMBERS = [key for key in KEYS.values() if key.kind in (KeyKind.NUMBER, KeyKind.WHOLE)]


def values(name: str, text: str) -> Values:
    return Values({name: ConfigEntry(name, text, 7)}, "/c")


@pytest.mark.parametrize(
    ("name", "least", "most", "default"),
    [
        ("POLLFREQ", 5, 3600, 60),
        ("POLLFREQALERT", 5, 300, 20),
        ("RELAYFREQ", 5, 300, 10),
        ("NOCOMMS_DELAY", 0, 3600, 300),
        ("LOADKWH", 50, 10000, 768),
        ("LOGIN_TIMEOUT", 5, 120, 10),
        ("API_TIMEOUT", 2, 60, 5),
        ("SMA_TIMEOUT", 2, 60, 5),
        ("SMA_CAPACITY", 500, 500_000, 0),
        ("DEBUG", 0, 2, 0),
    ],
)
def test_number_bounds(name: str, least: int, most: int, default: int) -> None:
    """Beyond a bound: the bound, and a warning that names both."""
    assert {key.name for key in NUMBERS} >= {name}
    assert values(name, "").number(name) == default
    for inside in (least, most, default):
        found = values(name, str(inside))
        assert found.number(name) == inside
        assert found.notices == []
    above = values(name, str(most + 1))
    assert above.number(name) == most
    assert f"/c:7: {name}: {most + 1} is above the maximum, {most:g}" in str(
        above.notices
    )
    below = values(name, str(least - 1 if least else -1))
    assert below.number(name) == least
    assert f"below the minimum, {least:g}" in str(below.notices)


def test_number_every_key_is_in_the_table_above() -> None:
    assert len(NUMBERS) == 10


@pytest.mark.parametrize(
    ("name", "off"), [("RELAYFREQ", 0), ("LOADKWH", 0), ("POLLFREQ", 5)]
)
def test_number_zero(name: str, off: int) -> None:
    """0 switches off where the table says so, and is too small elsewhere."""
    found = values(name, "0")
    assert found.number(name) == off
    assert bool(found.notices) is bool(off)


@pytest.mark.parametrize("text", ["30", " 30", "30\t ", "+30", "30.0", "030"])
def test_number_written_otherwise(text: str) -> None:
    assert values("POLLFREQ", text).number("POLLFREQ") == 30


@pytest.mark.parametrize(
    "text",
    [
        "60s",
        "sixty",
        "1e3",
        "inf",
        "nan",
        "0x10",
        "6 0",
        "1_0",
        "\u0661",
        "-",
        ".5",
        "5,0",
    ],
)
def test_number_refuses(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        values("POLLFREQ", text).number("POLLFREQ")
    assert (caught.value.where, caught.value.key) == ("/c:7", "POLLFREQ")
    assert "allowed: 5 to 3600 s" in caught.value.problem
    with pytest.raises(ConfigError, match="50 to 10000 W/kWh, or 0 = off"):
        values("LOADKWH", text).number("LOADKWH")


@given(st.sampled_from(NUMBERS), st.text(max_size=12) | st.from_regex(r"-?[0-9.]{1,9}"))
def test_number_is_always_within_bounds(key: object, text: str) -> None:
    assert isinstance(key, type(NUMBERS[0]))
    try:
        found = values(key.name, text).number(key.name)
    except ConfigError:
        return
    assert key.least <= found <= key.most or (found == 0 and key.zero_is_off)


@pytest.mark.parametrize(
    ("text", "on"),
    [("1", True), ("Yes", True), ("on ", True), ("0", False), ("", False)],
)
def test_switch(text: str, on: bool) -> None:
    assert values("STATUS_FLAGS", text).switch("STATUS_FLAGS") is on


def test_switch_refuses() -> None:
    with pytest.raises(ConfigError, match="'maybe' is neither 1 nor 0"):
        values("STATUS_FLAGS", "maybe").switch("STATUS_FLAGS")


@pytest.mark.parametrize(
    ("text", "on", "odd"),
    [("", False, False), (" ", False, False), ("x", True, False), ("0", True, True)],
)
def test_any(text: str, on: bool, odd: bool) -> None:
    """Any value disables the meters, as in the bash script; 0 earns a warning."""
    found = values("DISABLE_METERS", text)
    assert found.any("DISABLE_METERS") is on
    assert bool(found.notices) is odd


def test_choice() -> None:
    assert values("ENVOY_TLS", "").choice("ENVOY_TLS") == "first-use"
    assert values("ENVOY_TLS", "Strict").choice("ENVOY_TLS") == "strict"
    with pytest.raises(ConfigError, match="not one of: first-use, strict"):
        values("ENVOY_TLS", "none").choice("ENVOY_TLS")


def test_url_is_https() -> None:
    good = "https://127.0.0.1:4443/tokens"
    assert values("ENPHASE_TOKENS", good).url("ENPHASE_TOKENS") == good
    for bad in ("http://x/", "https://", "ftp://x", "https://x y", "x"):
        with pytest.raises(ConfigError, match="https://"):
            values("ENPHASE_TOKENS", bad).url("ENPHASE_TOKENS")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("", "envoy.local"),
        (" 192.168.1.50 ", "192.168.1.50"),
        ("127.0.0.1:8443", "127.0.0.1:8443"),
        ("envoy-2.lan.", "envoy-2.lan."),
        ("fe80::1%eth0", "[fe80::1%eth0]"),
        ("::1", "[::1]"),
        ("[2001:db8::5]", "[2001:db8::5]"),
        ("[2001:db8::5]:443", "[2001:db8::5]:443"),
    ],
)
def test_host(text: str, host: str) -> None:
    assert values("ENVOY_HOST", text).host("ENVOY_HOST") == host


@pytest.mark.parametrize(
    "text", ["https://192.168.1.50", "envoy.local/", "a b", "u@h", "h:x", "..", "[x]"]
)
def test_host_refuses(text: str) -> None:
    with pytest.raises(ConfigError, match="name or an address alone"):
        values("ENVOY_HOST", text).host("ENVOY_HOST")


def test_serial() -> None:
    assert values("SERIAL", " 2024XXXXXXXX ").serial("SERIAL") == "2024XXXXXXXX"
    with pytest.raises(ConfigError, match="letters and digits"):
        values("SERIAL", "12 34").serial("SERIAL")


@pytest.mark.parametrize("name", ["USERNAME", "PORT_FILE"])
def test_text_is_one_line(name: str) -> None:
    with pytest.raises(ConfigError, match="one line"):
        values(name, "a\nb").text(name)


def test_absolute() -> None:
    assert absolute("/a", "b") == "/a/b"
    assert absolute("/a", "/b") == "/b"
    assert absolute("/a/", "./b//c/.") == "/a/b/c"
    assert absolute("/a", "../b") == "/a/../b"
    assert absolute("/", ".") == "/"


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", "envoy.local"),
        ("192.0.2.1, 192.0.2.2", "192.0.2.1,192.0.2.2"),
        ("192.0.2.1 envoy.local 192.0.2.1", "192.0.2.1,envoy.local"),
        ("192.0.2.1:8443,fe80::1%eth0", None),
        ("192.0.2.1:8443,[fe80::1]:8443", "192.0.2.1:8443,[fe80::1]:8443"),
        ("a,b,c,d,e", None),
        ("a,https://b", None),
    ],
)
def test_hosts_of_one_gateway(text: str, hosts: str | None) -> None:
    found = values("ENVOY_HOST", text)
    if hosts is None:
        with pytest.raises(ConfigError, match="ENVOY_HOST"):
            found.hosts("ENVOY_HOST")
    else:
        assert found.hosts("ENVOY_HOST") == hosts
