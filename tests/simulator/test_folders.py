"""The fixture folders are whole, and their numbers belong to one house."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nutbridge.simulator.messages import Incoming
from nutbridge.simulator.tokens import make_token
from tests.fakes.client import Client
from tests.fakes.fixtures import ENPHASE_DATA, FOLDERS, RunningFolder
from tests.fakes.folder import FILES, FolderGateway

ALL_IN_ORDER = [name for name in FOLDERS if name != "8.3_livedata_frozen"]
READY = [name for name in FOLDERS if name not in ("8.3_rebooted", "7.3_secctrl_401")]


def load(folder: str, file: str) -> Any:
    return json.loads((ENPHASE_DATA / folder / file).read_bytes())


def watts(folder: str) -> dict[str, float]:
    return {
        report["reportType"]: report["cumulative"]["currW"]
        for report in load(folder, "reports.json")
    }


def test_folders_are_there() -> None:
    wanted = {
        "8.3_split_ongrid",
        "8.3_split_islanded",
        "8.3_three_phase",
        "8.2_no_consumption_ct",
        "8.3_no_controller",
        "8.2_generator_running",
        "8.3_collar_ongrid",
        "8.3_collar_offgrid",
        "8.3_rebooted",
        "8.3_open_synchronizing",
        "7.6_old_encharge",
        "8.3_acb_beside_encharge",
        "8.3_livedata_frozen",
        "7.3_secctrl_401",
    }
    assert wanted <= set(FOLDERS)


@pytest.mark.parametrize("name", FOLDERS)
def test_folder_names_itself(name: str) -> None:
    folder = ENPHASE_DATA / name
    about = load(name, "gateway.json")
    info = ET.fromstring((folder / "info.xml").read_bytes())
    assert info.findtext("device/sn") == about["serial"]
    assert info.findtext("time") == str(about["clock"])
    software = info.findtext("device/software") or ""
    assert software.startswith("D" + name.split("_", maxsplit=1)[0])
    readme = (folder / "README").read_text(encoding="utf-8")
    assert software in readme
    assert "Written for this project" in readme
    assert 2 <= len(readme.splitlines()) <= 6


@pytest.mark.parametrize("name", FOLDERS)
def test_folder_answers_over_https(
    name: str, standin_folder: Callable[[str], RunningFolder]
) -> None:
    running = standin_folder(name)
    refused = load(name, "gateway.json").get("answers", {})
    with Client(running.server, token=running.token) as client:
        for path, file in FILES.items():
            got = client.ask(path)
            if path in refused:
                assert got.status == refused[path]["status"]
            elif (ENPHASE_DATA / name / file).exists():
                assert got.status == 200
                assert got.body == (ENPHASE_DATA / name / file).read_bytes()
                assert "date" in got.headers
            else:
                assert got.status == 404
        assert client.ask("/nowhere").status == 301
    with Client(running.server) as stranger:
        assert stranger.ask("/ivp/ensemble/relay").status == 401
        assert stranger.ask("/info").status == 200


@pytest.mark.parametrize("name", FOLDERS)
def test_folder_livedata_adds_up(name: str) -> None:
    meters = load(name, "livedata.json")["meters"]
    kinds = ("pv", "storage", "grid", "load", "generator")
    for kind in kinds:
        phases = [meters[kind][f"agg_p_ph_{phase}_mw"] for phase in "abc"]
        assert meters[kind]["agg_p_mw"] == sum(phases)
    total = {kind: meters[kind]["agg_p_mw"] for kind in kinds}
    sources = total["pv"] + total["storage"] + total["grid"] + total["generator"]
    if name == "8.2_no_consumption_ct":
        assert total["grid"] == total["load"] == 0
    else:
        assert total["load"] == pytest.approx(sources, abs=3)


@pytest.mark.parametrize("name", FOLDERS)
def test_folder_livedata_has_duplicate_keys(name: str) -> None:
    body = (ENPHASE_DATA / name / "livedata.json").read_text(encoding="utf-8")
    assert body.count('"": {') == 2


@pytest.mark.parametrize("name", READY)
def test_folder_battery_power_is_the_same_everywhere(name: str) -> None:
    power = load(name, "power.json")["devices:"]
    total_mw = sum(device["real_power_mw"] for device in power)
    live = load(name, "livedata.json")["meters"]["storage"]["agg_p_mw"]
    if name == "8.3_livedata_frozen":
        assert total_mw != live
    else:
        assert total_mw == live


@pytest.mark.parametrize("name", READY)
def test_folder_energies_belong_to_the_charge(name: str) -> None:
    """ENC_agg_avail_energy = ENC_agg_soc x Enc_max_available_capacity."""
    secctrl = load(name, "secctrl.json")
    capacity = secctrl["Enc_max_available_capacity"]
    assert secctrl["ENC_agg_avail_energy"] == pytest.approx(
        capacity * secctrl["ENC_agg_soc"] / 100, rel=0.01
    )
    live = load(name, "livedata.json")["meters"]
    assert live["enc_agg_energy"] == pytest.approx(
        capacity * live["enc_agg_soc"] / 100, rel=0.01
    )


@pytest.mark.parametrize("name", FOLDERS)
def test_folder_reports_add_up(name: str) -> None:
    found = watts(name)
    if "total-consumption" in found:
        total = found["production"] + found["net-consumption"]
        assert found["total-consumption"] == pytest.approx(total, abs=0.01)
    for report in load(name, "reports.json"):
        for key in ("currW", "rmsVoltage", "rmsCurrent"):
            parts = sum(line[key] for line in report["lines"])
            assert report["cumulative"][key] == pytest.approx(parts, abs=0.01)


@pytest.mark.parametrize("name", ALL_IN_ORDER)
def test_folder_livedata_and_meters_agree(name: str) -> None:
    found = watts(name)
    meters = load(name, "livedata.json")["meters"]
    assert meters["pv"]["agg_p_mw"] == pytest.approx(found["production"] * 1000, abs=1)
    if "net-consumption" in found:
        net = found["net-consumption"] * 1000
        assert meters["grid"]["agg_p_mw"] == pytest.approx(net, abs=1)


def test_folder_of_the_islanded_house_shows_no_watts_in_its_meters() -> None:
    assert set(watts("8.3_split_islanded").values()) == {0.0}
    meters = load("8.3_split_islanded", "livedata.json")["meters"]
    assert meters["load"]["agg_p_mw"] == meters["storage"]["agg_p_mw"] == 734_000
    assert load("8.3_split_islanded", "secctrl.json")["ENC_agg_soc"] == 92


def test_folder_headers_and_status_of_single_endpoints(tmp_path: Path) -> None:
    """A status goes with the file's body, or with an empty one."""
    about = {
        "serial": "122000000001",
        "clock": 1790000000,
        "answers": {
            "/ivp/meters": {"status": 503, "headers": {"Retry-After": "30"}},
            "/ivp/ensemble/power": {"status": 500},
        },
    }
    (tmp_path / "gateway.json").write_text(json.dumps(about))
    (tmp_path / "meters.json").write_bytes(b"[]")
    gateway = FolderGateway(tmp_path)
    token = make_token("122000000001", 1790000001)
    headers = {"authorization": f"Bearer {token}"}
    got = gateway(Incoming("GET", "/ivp/meters", headers=headers))
    assert (got.status, got.body) == (503, b"[]")
    assert got.headers["Retry-After"] == "30"
    got = gateway(Incoming("GET", "/ivp/ensemble/power", headers=headers))
    assert (got.status, got.body) == (500, b"")
