"""What conf/ and test-data/ offer for copying works, and is complete."""

import re
from pathlib import Path

import pytest

from nutbridge.config.file import load
from nutbridge.config.keys import KEYS
from nutbridge.config.settings import Settings
from nutbridge.config.text import parse
from nutbridge.daemon.playback.cycle import (
    fill,
    live_body,
    secctrl_template,
)
from nutbridge.errors import ConfigError
from nutbridge.net.jsonfields import parse_json
from nutbridge.sources.enphase.claims import check_for, parse_token
from nutbridge.sources.enphase.info import Info
from nutbridge.sources.enphase.meters import MeterReports
from nutbridge.sources.enphase.readings import LiveData, Relay, SecCtrl
from tests.readme.tables import example_config

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "conf/enphase-ups.conf"
TEST = ROOT / "conf/test.conf"


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """conf/test.conf as a user of a checkout starts it."""
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o750)
    found, notices = load(str(TEST), None, {"NUT_SYSCONFIG": str(tmp_path)})
    assert notices == []
    return found


def test_example_names_every_key_with_its_default() -> None:
    """One line each, commented out unless it is needed."""
    lines = re.findall(r"^(#?)([A-Z_]+=.*)$", EXAMPLE.read_text(), re.MULTILINE)
    text = "\n".join(line for _, line in lines).encode()
    shown = {name: entry.value for name, entry in parse(text, "f").items()}
    assert shown == {name: key.default for name, key in KEYS.items()}
    assert len(lines) == len(KEYS)
    needed = [line.split("=")[0] for hidden, line in lines if not hidden]
    assert needed == [name for name, key in KEYS.items() if key.required]


def test_example_is_that_of_the_table(update_golden: bool) -> None:
    """Below the first heading; `make golden` writes it anew."""
    head, mark, found = EXAMPLE.read_text().partition("# --- ")
    wanted = "\n".join(example_config()) + "\n"
    if update_golden:
        EXAMPLE.write_text(head + wanted)
        found = wanted.removeprefix(mark)
    assert mark + found == wanted


def test_example_asks_for_the_needed_keys(tmp_path: Path) -> None:
    path = tmp_path / "enphase-home.conf"
    path.write_bytes(EXAMPLE.read_bytes())
    with pytest.raises(ConfigError, match="USERNAME PASSWORD SERIAL PORT_FILE"):
        load(str(path), None, {"NUT_LOCALSTATE": str(tmp_path)})
    filled = EXAMPLE.read_text()
    for name in ("USERNAME", "PASSWORD", "SERIAL", "PORT_FILE"):
        filled = filled.replace(f"{name}=''", f"{name}='x1'")
    path.write_text(filled)
    path.chmod(0o640)
    found, notices = load(str(path), None, {"NUT_LOCALSTATE": str(tmp_path)})
    assert (found.ups, found.serial, notices) == ("home", "x1", [])


def test_test_conf_settings(played: Settings, tmp_path: Path) -> None:
    assert played.ups == "test"
    assert played.port_file == str(tmp_path / "test.dev")
    assert played.token_file == str(tmp_path / "enphase-test.token")
    assert (played.pollfreq_s, played.pollfreqalert_s, played.debug) == (6, 5, 1)
    assert played.relayfreq_s == 5
    assert (played.nocomms_delay_s, played.allow_no_controller) == (0, True)


def test_test_conf_answers_are_complete(played: Settings) -> None:
    """With these bodies charge, load and runtime can be shown."""
    answers = played.test
    assert answers is not None
    assert parse_json(answers.session.encode())["session_id"]
    relay = fill(answers.relay, "open", 90)
    assert Relay.from_json(parse_json(relay.encode())).oper == "open"
    body, _ = live_body(fill(answers.live, "open", 90), 1.8e9)
    live = LiveData.from_json(parse_json(body.encode()))
    assert live.soc_pct == 90
    control = secctrl_template(answers.secctrl, answers.live)
    secctrl = SecCtrl.from_json(parse_json(fill(control, "open", 19).encode()))
    assert secctrl == SecCtrl(19, 10000, 10, 12, 30)
    reports = MeterReports.from_json(parse_json(answers.reports.encode()))
    assert reports.total is not None
    assert reports.total.total.realpower_w == 460
    assert len(reports.total.lines) == 2
    assert Info.from_xml(answers.info.encode()).serial == played.serial


def test_test_conf_power_is_balanced(played: Settings) -> None:
    assert played.test is not None
    meters = parse_json(fill(played.test.live, "open", 90).encode())["meters"]
    power = {
        name: meters[name]["agg_p_mw"] for name in ("pv", "storage", "grid", "load")
    }
    assert power["pv"] + power["storage"] + power["grid"] == power["load"]
    for name, total in power.items():
        phases = [meters[name][f"agg_p_ph_{phase}_mw"] for phase in "abc"]
        assert sum(phases) == total


def test_test_conf_token(played: Settings) -> None:
    assert played.test is not None
    claims = parse_token(played.test.token)
    check_for(claims, played.serial)
    assert claims.expires_epoch > 2.5e9


def test_test_ref_is_a_port_file_without_a_status() -> None:
    text = (ROOT / "test-data/test-ref.dev").read_text()
    assert "battery.charge.low: 20" in text
    assert not re.search(r"^\s*ups\.status", text, re.MULTILINE)


def test_ups_conf_example() -> None:
    text = (ROOT / "conf/ups.conf.example").read_text()
    for line in ("driver = dummy-ups", "mode = dummy-once", "port = /run/nutbridge/"):
        assert f"  {line}" in text
