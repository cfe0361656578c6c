"""ups.conf is read as NUT reads it, and grows by one section at most once."""

import os
import pwd
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.errors import Refused
from nutbridge.nut.edit import section_text, with_section
from nutbridge.nut.ups_conf import parse_ups_conf
from nutbridge.tools.setup.texts import difference
from tests.nut.harness import program

PORT = "/run/nutbridge/home.dev"

#: The text, and the port of [home] that NUT finds in it.
PORTS = {
    "[home]\ndriver = dummy-ups\nport = /a\n": "/a",
    "[home]\ndriver=dummy-ups\nport=/a b # c\n": "/a",
    '[home]\ndriver = dummy-ups\nport = "/a b"\n': "/a b",
    '[home]\ndriver = dummy-ups\nport = "/a\\"b"\n': '/a"b',
    "[home]\ndriver = dummy-ups\nport = /a\\ b\n": "/a b",
    "[home]\ndriver = dummy-ups\nport = /a\\\nb\n": "/ab",
    '[home]\ndriver = dummy-ups\nport = /a\nport "=" /b\n': "/b",
    "[home]\ndriver = dummy-ups\nport = /a#b\n": "/a",
    '[home]\ndriver = dummy-ups\nport = /a"b\n': '/a"b',
    "[home]\ndriver = dummy-ups\nport = /a=b\n": "/a",
    "[home]\ndriver = dummy-ups\nport = /a\nport = /b\n": "/b",
    "[home]\ndriver = dummy-ups\nport = /a\n[x]\nport = /x\n[home]\nport=/b\n": "/b",
    "[home] port = /z\ndriver = dummy-ups\nport = /a\n": "/a",
    '[home]\ndriver = dummy-ups\nport = /a\ndesc = "x # sdorder = 1\n': "/a",
    "[home]\ndriver = dummy-ups\nport = /a\nPort = /b\nport = /c /d\n": "/c",
    "# [home]\r\n[home]\r\n  driver = dummy-ups\r\n\tport = /a\r\n": "/a",
}


@pytest.mark.parametrize("text", PORTS)
def test_port_is_read_by_the_rules(text: str) -> None:
    section = parse_ups_conf(text).section("home")
    assert section is not None
    assert (section.driver, section.port) == ("dummy-ups", PORTS[text])


def test_nut_itself_reads_the_same_ports(tmp_path: Path) -> None:
    """The driver names the file that it cannot find."""
    user = pwd.getpwuid(os.getuid()).pw_name
    for text, wanted in PORTS.items():
        if "Port = " in text:
            continue  # this driver knows no such key, and ends before
        conf = text.replace("/", f"{tmp_path}/none/")
        (tmp_path / "ups.conf").write_text(conf, encoding="ascii", newline="")
        done = subprocess.run(
            [program("dummy-ups"), "-a", "home", "-F", "-u", user],
            env={"NUT_CONFPATH": str(tmp_path), "NUT_STATEPATH": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert f"{tmp_path}/none{wanted}: No such" in done.stdout + done.stderr, text


def test_values_sections_and_lines() -> None:
    conf = parse_ups_conf(
        "maxretry = 3\nPollInterval = 9\n\n[a]\nMODE = dummy-once\nflag\n"
        'desc = "two\nlines"\n[b]\n[b c]\n'
    )
    assert dict(conf.values) == {"maxretry": "3", "PollInterval": "9"}
    assert [(each.name, each.line) for each in conf.sections] == [("a", 4), ("b", 9)]
    assert dict(conf.sections[0].values) == {
        "mode": "dummy-once",
        "flag": "",
        "desc": "twolines",
    }


def test_sections_of_a_port_file() -> None:
    """dummy-ups looks for a relative port in the config folder."""
    conf = parse_ups_conf(
        "[a]\ndriver=dummy-ups\nport=/x//home.dev\n[b]\ndriver=dummy-ups\n"
        "port=home.dev\n[c]\ndriver=usbhid-ups\nport=/x/home.dev\n"
    )
    assert [each.name for each in conf.sections_of("/x/home.dev", "/x")] == ["a", "b"]
    assert [each.name for each in conf.sections_of("/x/home.dev")] == ["a"]


@pytest.mark.parametrize(
    "text", ["", "a = 1", "a = 1\n", "[x]\n\n", "# c", '[x]\ndesc = "a\\\\"']
)
def test_section_is_appended_once(text: str) -> None:
    once = with_section(text, "home", PORT, "desc")
    assert once.startswith(text)
    assert once.endswith(section_text("home", PORT, "desc"))
    assert with_section(once, "home", PORT, "other words") == once
    section = parse_ups_conf(once).section("home")
    assert section is not None
    assert dict(section.values) == {
        "driver": "dummy-ups",
        "port": PORT,
        "mode": "dummy-once",
        "desc": "desc",
    }
    before = parse_ups_conf(text)
    assert parse_ups_conf(once).sections[:-1] == before.sections


def test_slow_driver_gets_its_own_pollinterval() -> None:
    text = with_section("pollinterval = 15\n", "home", PORT, "d")
    assert text.endswith("pollinterval = 2\n")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[home]\ndriver = usbhid-ups\nport = auto\n", "driver usbhid-ups"),
        ("\n[home]\ndriver = dummy-ups\nport = /b\n", "ups.conf:2: [home] has port"),
        ("[Home]\ndriver = dummy-ups\n", "takes for the same name"),
        (f"[ups]\ndriver = dummy-ups\nport = {PORT}\n", "[ups] reads"),
        ("[ups]\ndriver = dummy-ups\nport = home.dev\n", "[ups] reads"),
        ('[x]\ndesc = "open\n', "not whole"),
        ("[x]\nport = /a\\\n", "not whole"),
        ("[x]\nport = /a\\", "not whole"),
    ],
)
def test_what_cannot_be_appended_is_refused(text: str, wanted: str) -> None:
    with pytest.raises(Refused) as caught:
        with_section(text, "home", PORT, "d", str(Path(PORT).parent))
    assert wanted in str(caught.value)


def test_relative_port_is_one_of_the_config_folder() -> None:
    """As dummy-ups reads it: a section that is there stays as it is."""
    text = "[home]\ndriver = dummy-ups\nport = home.dev\n"
    assert with_section(text, "home", "/etc/nut/home.dev", "d", "/etc/nut") == text


def test_difference_is_a_unified_diff() -> None:
    assert difference("a\nb", "a\nb\nc\n", "f").splitlines() == [
        *("--- f", "+++ f", "@@ -1,2 +1,3 @@", " a", "-b"),
        *("\\ No newline at end of file", "+b", "+c"),
    ]
    assert difference("a", "a", "f") == ""


@given(st.text(alphabet='[]ab= \\"#\n\t\x00é', max_size=60))
def test_any_text_keeps_what_it_has(text: str) -> None:
    """Never raises but Refused; what was there stays there, and is read the same."""
    before = parse_ups_conf(text)
    try:
        after = with_section(text, "home", PORT, "d")
    except Refused:
        return
    conf = parse_ups_conf(after)
    assert conf.section("home") is not None
    assert conf.values == before.values
    assert conf.sections[: len(before.sections)] == before.sections
