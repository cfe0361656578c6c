"""nutbridge sma with an ennexOS device, as a process."""

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from nutbridge.simulator.server import LOOPBACK, Server
from nutbridge.simulator.sma.ennexos import EnnexosDevice
from nutbridge.simulator.sma.inverter import SimulatedInverter
from tests.cli.sma.tool import PASSWORDS, Done, Site, Tool, wait_until
from tests.fakes.ennexos import PASSWORD, USER, RunningEnnexos, running_ennexos
from tests.fakes.inverter import SMA_DATA


class EnnexosTool(Tool):
    """The command with an address, a user and a password."""

    def point_at(self, running: RunningEnnexos) -> None:
        self.running = running
        self.environ |= {
            "SMA_HOST": running.host,
            "SMA_USER": USER,
            "SMA_PASSWORD": PASSWORD,
        }

    def run(self, *words: str) -> Done:
        """Run one command; no token and no secret must be left."""
        device = self.running.device
        done = super().run(*words)
        assert not device.refresh
        for secret in (PASSWORD, *device.tokens):
            assert secret not in done.out + done.err
        return done


@pytest.fixture
def device(tmp_path: Path) -> Iterator[EnnexosTool]:
    found = EnnexosTool(tmp_path)
    with running_ennexos() as running:
        found.point_at(running)
        yield found


def test_probe(device: EnnexosTool) -> None:
    done = device.run("probe")
    assert done.code == 0
    assert done.out.splitlines() == [
        "family:        ennexOS",
        "type:          Sunny Boy Smart Energy 5.0",
        "name:          Hybrid cellar",
        "serial:        3010550607",
        "firmware:      03.14.22.R",
        "battery:       yes",
        "grid:          closed (OpStt 569 RunStt 235 PvGriConn 1780 BckStt 1440)",
        "behind it:     nothing",
    ]
    found = json.loads(device.run("probe", "--json").out)
    assert found["host"] == device.running.host
    assert (found["family"], found["ups"], found["battery"]) == ("ennexOS", True, True)


def test_probe_of_a_manager_names_what_is_behind_it(tmp_path: Path) -> None:
    tool = EnnexosTool(tmp_path)
    with running_ennexos("ennexos-manager") as running:
        tool.point_at(running)
        out = tool.run("probe").out
    assert "battery:       no, this device knows none; it cannot be a UPS" in out
    assert "Sunny Boy Smart Energy 5.0 at 192.0.2.60" in out


def test_tree_has_texts_where_known_and_names_where_not(device: EnnexosTool) -> None:
    lines = device.run("tree").out.splitlines()
    assert lines[0] == "IGULD:SELF"
    for line in (
        "  Measurement / Bat / Battery charge: 62 %",
        "  Measurement / Operation / Operating state: Parallel grid operation",
        "  Measurement / Operation / Standby state: n/a",
        "  Measurement / DcMs / DC power, each string: 0 W, n/a",
        "  Measurement / Spdwr / ComSocA.Stt: 307",
        "  Measurement / GridMs / AC voltage L1: 230.12 V",
    ):
        assert line in lines
    assert "[Measurement.Bat.ChaStt: 62.0]" in device.run("tree", "--raw").out


def test_parameters_hide_what_is_secret(device: EnnexosTool) -> None:
    done = device.run("tree", "--params")
    assert "  Parameter / Inverter / Largest active power: 5000 W" in done.out
    assert "  Parameter / Operation / Backup mode: Automatic" in done.out
    assert "Usr.Passwd: (hidden)" in done.out


def test_values_in_all_forms(device: EnnexosTool) -> None:
    out = device.run("values", "Measurement.Bat.ChaStt", "battery volt*").out
    assert out.splitlines() == [
        "Measurement.Bat.ChaStt  Battery charge             62 %     Measurement / Bat",
        "Measurement.Bat.Vol[]   Battery voltage, each [0]  418.5 V  Measurement / Bat",
        "Measurement.Bat.Vol[]   Battery voltage, each [1]  0 V      Measurement / Bat",
    ]
    (row,) = device.run("values", "Measurement.Operation.RunStt", "--json").rows
    assert (row["value"], row["tags"], row["raw"]) == (
        ["Parallel grid operation"],
        [235],
        235,
    )
    assert "Battery charge,62,%" in device.run("values", "--csv").out


def test_decode_needs_no_device(tool: Tool, device: EnnexosTool) -> None:
    live = SMA_DATA / "ennexos-hybrid" / "live.json"
    assert tool.run("decode", str(live)).out == device.run("tree").out
    params = SMA_DATA / "ennexos-hybrid" / "params.json"
    assert "Usr.Passwd: (hidden)" in tool.run("decode", str(params)).out
    cut = tool.folder / "cut.txt"
    text = repr(json.loads(live.read_text()))
    cut.write_text(f"DEBUG answer: {text[: text.index('GridMs.Hz') + 60]}")
    done = tool.run("decode", str(cut))
    assert (done.code, "Battery charge: 62 %" in done.out) == (0, True)
    assert "breaks off in Measurement.GridMs.Hz: the rest is shown" in done.err


def test_wrong_password_and_missing_user(device: EnnexosTool) -> None:
    device.environ["SMA_PASSWORD"] = "x"
    done = device.run("probe")
    assert done.code == 69
    assert "wrong user or password" in done.err
    del device.environ["SMA_USER"]
    assert "--user, SMA_USER" in device.run("probe").err
    assert not device.running.asked("/dyn/login.json")
    # No word about 12 characters, which ennexOS does not know.
    device.environ |= {"SMA_USER": USER, "SMA_PASSWORD": "x" * 30}
    assert "characters" not in device.run("probe").err
    device.environ["SMA_USER"] = "me@example.org"
    assert "portal" in device.run("probe").err


PRIVATE = ("3010550607", "192.0.2.60", "Cellar", "Hybrid cellar", "02:00:5e", "Spdwr")


def test_capture_is_served_by_the_simulator(
    device: EnnexosTool, tmp_path: Path
) -> None:
    folder = tmp_path / "saved"
    done = device.run("capture", "--output", str(folder))
    assert done.code == 0
    files = {each.name: each.read_text() for each in folder.iterdir()}
    assert set(files) == {
        *("README", "asked.json", "system-info.json", "device.json", "devices.json"),
        *("live.json", "params.json"),
    }
    for secret in (*PRIVATE, PASSWORD, "Bearer", "127.0.0.1"):
        assert not [name for name, text in files.items() if secret in text], secret
    asked = json.loads(files["asked.json"])
    (token,) = [one for one in asked if one["asked"] == "POST /api/v1/token"]
    assert token["body"].startswith("access_token: str, refresh_token: str")
    assert [one["asked"] for one in asked].count("POST /api/v1/measurements/live") == 2
    served = EnnexosDevice(folder, {USER: PASSWORD})
    with Server(served) as server:
        device.environ["SMA_HOST"] = f"{LOOPBACK}:{server.port}"
        out = device.run("tree").out
        probed = device.run("probe").out
    assert "  Measurement / Bat / Battery charge: 62 %" in out
    assert "serial:        3000000001" in probed
    # A second one does not write over it.
    again = device.run("capture", "--output", str(folder))
    assert (again.code, "is there already" in again.err) == (73, True)


def test_capture_of_webconnect(hybrid: Site, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    for number in range(9):
        hybrid.inverter.params.setdefault("01B8-B3250EDF", {})[f"6800_10AB{number}"] = {
            "9": [{"val": f"192.168.7.{number}"}]
        }
    assert hybrid.run("capture", "--output", str(folder)).code == 0
    text = "".join(each.read_text() for each in folder.iterdir())
    for secret in ("3005550303", "192.168.7.", "user-pw", "B3250EDF", "7A0"):
        assert secret not in text, secret
    for name in ("ObjectMetadata_Istl.json", "l10n"):
        source = SMA_DATA / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    with Server(SimulatedInverter(folder, PASSWORDS)) as server:
        hybrid.tool.environ["SMA_HOST"] = f"{LOOPBACK}:{server.port}"
        done = hybrid.tool.run("probe")
    assert "serial:        3000000001" in done.out
    assert "firmware:      3.01.6.R" in done.out
    assert "battery:       yes" in done.out


def test_nobody_there_saves_nothing(device: EnnexosTool, tmp_path: Path) -> None:
    device.running.server.refuse()
    folder = tmp_path / "saved"
    assert device.run("capture", "--output", str(folder)).code == 69
    assert not folder.exists()
    assert device.run("capture").code == 2


def test_watch_records_a_drill(device: EnnexosTool, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    lines = folder / "watch.jsonl"

    def recorded(text: str) -> bool:
        return lines.exists() and text in lines.read_text()

    words = ("capture", "--output", str(folder), "--watch", "10")
    with device.start(*words) as process:
        wait_until(lambda: recorded("Operation.RunStt"))
        # One that no table has: just what is to be found out.
        device.running.device.say("Operation.RunStt", 5288)
        device.running.device.say("Operation.NewStt", 1)
        wait_until(lambda: recorded("5288"))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    found = [json.loads(line) for line in lines.read_text().splitlines()]
    assert found[1]["Measurement.Operation.RunStt"] == [5288]
    assert found[1]["Measurement.Operation.NewStt"] == [1]
    assert "Measurement.Bat.ChaStt" not in found[1]
    assert found[1]["s"] > 0
    assert not device.running.device.refresh
