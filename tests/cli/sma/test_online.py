"""nutbridge sma tree, values, probe on a stand-in inverter."""

import csv
import json
from pathlib import Path

import pytest

from nutbridge.simulator.sma.inverter import html_page
from tests.cli.sma.tool import Done, Site, site


def names(done: Done) -> set[str]:
    return {row["name"] for row in done.rows}


def test_tree(hybrid: Site) -> None:
    done = hybrid.run("tree")
    assert done.code == 0
    assert "\n  Battery / State / Battery voltage: 418.50 V\n" in done.out
    assert "\n  Battery / State / Battery state: Discharging\n" in done.out
    assert done.complaints == []
    assert hybrid.asked.count("login") == hybrid.asked.count("logout") == 1


def test_tree_params_raw(hybrid: Site) -> None:
    done = hybrid.run("tree", "--params", "--raw", "--class", "9")
    assert done.code == 0
    assert "Firmware: 3.01.6.R  [6800_00823400 class 9: 50398724]" in done.out
    assert "Battery voltage" not in done.out
    assert hybrid.asked.count("getAllParamValues") == 1
    assert hybrid.asked.count("getAllOnlValues") == 0


def test_tree_language(hybrid: Site) -> None:
    done = hybrid.run("tree", "--lang", "de")
    assert "Ladezustand: 62 %" in done.out
    assert done.complaints == []


def test_tree_installer_sees_more(hybrid: Site) -> None:
    user = names(hybrid.run("tree", "--json"))
    hybrid.tool.environ["SMA_PASSWORD"] = "install-pw"
    installer = names(hybrid.run("tree", "--json", "--group", "istl"))
    assert installer - user == {"Battery area", "Highest charging current"}


def test_values_list(hybrid: Site) -> None:
    done = hybrid.run("values", "6100_00295A00", "battery v*")
    assert done.out == (
        "6100_00295A00  Charge level     62 %      Battery / State\n"
        "6100_00495C00  Battery voltage  418.50 V  Battery / State\n"
    )


def test_values_json(hybrid: Site) -> None:
    (row,) = hybrid.run("values", "--json", "battery current").rows
    assert row["value"] == 2.246
    assert row["key"] == "6100_40495D00"


def test_values_csv(hybrid: Site) -> None:
    done = hybrid.run("values", "--csv", "--params", "serial*")
    (row,) = csv.DictReader(done.out.splitlines())
    assert row["value"] == "3005550303"
    assert row["category"] == "Type label"


def test_values_nothing_fits(hybrid: Site) -> None:
    done = hybrid.run("values", "nothing*", "6100_00000000")
    assert done.code != 0
    assert done.out == ""
    assert done.complaints == [
        "nutbridge: no value fits 'nothing*', '6100_00000000'",
    ]


@pytest.mark.parametrize(
    ("folder", "klass", "battery", "fitted", "ups"),
    [
        ("hybrid", 9, "yes", True, True),
        ("hybrid-no-battery", 9, "no, none is fitted", False, True),
        ("storage", 7, "yes", True, True),
        ("pv-only", 1, "it cannot be a UPS", False, False),
        ("old-flat", 1, "it cannot be a UPS", False, False),
    ],
)
def test_probe(  # each column is one thing
    tmp_path: Path, folder: str, klass: int, battery: str, *, fitted: bool, ups: bool
) -> None:
    with site(tmp_path, folder) as running:
        done = running.run("probe")
        found = json.loads(running.run("probe", "--json").out)
        serial = found["serial"]
        facts = dict(line.split(":", 1) for line in done.out.splitlines())
    assert list(facts) == [
        *("family", "class", "type", "name", "serial", "firmware", "battery"),
        "free sessions",
    ]
    assert battery in facts["battery"]
    assert facts["free sessions"].strip() == "4"
    assert facts["serial"].strip() == serial
    assert found["class"] == klass
    assert (found["battery"], found["ups"]) == (fitted, ups)
    assert found["free_sessions"] == 4


def test_masked_device(hybrid: Site) -> None:
    hybrid.inverter.mask()
    done = hybrid.run("tree")
    assert "-xxxxx" in done.out.splitlines()[0]


def test_http(tmp_path: Path) -> None:
    with site(tmp_path, "old-flat", tls=False) as running:
        done = running.run("values", "--scheme", "http", "--json")
    assert done.code == 0
    assert done.err == ""
    assert {row["class"] for row in done.rows} == {None}


def test_files_are_fetched_once(hybrid: Site) -> None:
    """And lie where nobody else reads, by type and firmware."""
    wide = hybrid.tool.folder / ".cache" / "nutbridge" / "sma"
    wide.mkdir(parents=True)
    wide.chmod(0o755)
    first = hybrid.run("tree")
    assert hybrid.asked.count("/data/") == 2
    assert hybrid.run("tree").out == first.out
    assert hybrid.asked.count("/data/") == 2
    (folder,) = wide.iterdir()
    assert folder.name.endswith("-3.01.6.R")
    for path in (folder, *folder.parents[:2]):
        assert path.stat().st_mode & 0o777 == 0o700
    hybrid.inverter.set("6800_00823400", 0x03020304)
    hybrid.run("tree")
    assert hybrid.asked.count("/data/") == 4


@pytest.mark.parametrize("damage", [b"", b"<html>", b"{}", b"[" * 99999, None])
def test_files_damaged_cache(hybrid: Site, damage: bytes | None) -> None:
    """Fetched again, whatever lies there."""
    good = hybrid.run("tree").out
    for file in hybrid.tool.folder.rglob("*-US.json"):
        file.unlink()
        if damage is None:
            file.mkdir()
        else:
            file.write_bytes(damage)
    again = hybrid.run("tree")
    assert (again.out, again.complaints, again.code) == (good, [], 0)
    assert hybrid.asked.count("l10n") == 2


def test_files_not_served(hybrid: Site) -> None:
    """Firmware 4.10.10.R: exit 0, numbers, one warning; nothing bad is kept."""
    hybrid.inverter.replies["/data/l10n/en-US.json"] = html_page()
    done = hybrid.run("tree")
    assert done.code == 0
    assert len(done.complaints) == 1
    assert "the inverter has no usable language" in done.complaints[0]
    assert "418.50 V" in done.out
    hybrid.inverter.replies.clear()
    assert "Battery voltage: 418.50 V" in hybrid.run("tree").out


def test_files_none_at_all(hybrid: Site) -> None:
    hybrid.inverter.replies["/data/l10n/en-US.json"] = html_page(404)
    hybrid.inverter.replies["/data/ObjectMetadata_Istl.json"] = html_page(500)
    done = hybrid.run("values", "6100_00495C00")
    assert done.code == 0
    assert len(done.complaints) == 1
    assert done.out == "6100_00495C00  6100_00495C00  41850\n"


def test_files_no_home(hybrid: Site) -> None:
    """Nowhere to keep anything: works all the same."""
    hybrid.tool.environ["XDG_CACHE_HOME"] = "/proc/nowhere"
    assert hybrid.run("tree").complaints == []
    del hybrid.tool.environ["HOME"]
    hybrid.tool.environ["XDG_CACHE_HOME"] = "relative"
    assert hybrid.run("tree").complaints == []
    assert list(hybrid.tool.folder.iterdir()) == []


def test_files_not_served_probe(hybrid: Site) -> None:
    """The type is a number then, and the warning says why."""
    hybrid.inverter.replies["/data/l10n/en-US.json"] = html_page()
    done = hybrid.run("probe")
    assert done.code == 0
    assert len(done.complaints) == 1
    assert "the inverter has no usable language" in done.complaints[0]
    assert "type:" in done.out


def test_only_online_values(hybrid: Site) -> None:
    """A firmware that knows no other question still shows its values."""
    for path in ("getValues", "getAllParamValues", "sessionCheck"):
        hybrid.inverter.replies[f"/dyn/{path}.json"] = html_page(404)
    done = hybrid.run("tree")
    assert "Battery voltage: 418.50 V" in done.out
    assert done.code == 0
