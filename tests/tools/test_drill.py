"""nutbridge drill: an outage for programs of its own, nothing else is touched."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nutbridge.nut.port_text import parse, values_in
from nutbridge.nut.variables import SMA
from nutbridge.nut.versions import FOLDERS, driver_version
from nutbridge.tools.drill.nut import find_all
from nutbridge.tools.drill.script import steps
from nutbridge.tools.drill.times import DEFAULTS, LONGEST_S, parse_times
from tests.e2e.site import UPS, Site
from tests.nut.fixtures import need_nut
from tests.nut.harness import wait_until
from tests.tools.tool import SOON_S, TOOL, WIDTH, plain, tool, tree

PORT = b"battery.charge: 92\nbattery.runtime: 40218\nbattery.charge.low: 30\n"
QUICK = "POLLFREQ 1\nPOLLFREQALERT 1\nFINALDELAY 0\nHOSTSYNC 1\n"


def test_drill_steps_are_what_the_monitor_would_write() -> None:
    data = PORT + b"mine: 1\nexperimental.nutbridge.source: reckoned\nups.status: OB\n"
    online, on_battery, low = steps(data, values_in(data))
    assert [step.status for step in (online, on_battery, low)] == ["OL", "OB", "OB LB"]
    assert [parse(step.data).status for step in (online, on_battery, low)] == [
        "OL",
        "OB",
        "OB LB",
    ]
    assert values_in(online.data)["battery.charge"] == "92"
    assert values_in(low.data)["battery.charge"] == "29", "just below the user's limit"
    assert values_in(low.data)["mine"] == "1"
    assert "experimental.nutbridge.source" not in values_in(low.data)


def test_drill_finds_nut_where_doctor_finds_it(tmp_path: Path) -> None:
    """A build from source is known by driverpath of ups.conf alone."""
    for name in ("bin/dummy-ups", "bin/upsc", "sbin/upsd", "sbin/upsmon"):
        program = tmp_path / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\necho 'repeater driver 0.20 (2.8.3)'\n")
        program.chmod(0o755)
    (tmp_path / "ups.conf").write_text(f'driverpath = "{tmp_path}/bin"\n')
    environ = {"NUT_SYSCONFIG": str(tmp_path), "PATH": "/usr/bin:/bin"}
    found = find_all(environ)
    assert found is not None
    programs, upsmon = found
    assert programs.driver == f"{tmp_path}/bin/dummy-ups"
    others = (programs.client, programs.server, upsmon)
    assert [Path(one).resolve() for one in others] == [
        tmp_path / name for name in ("bin/upsc", "sbin/upsd", "sbin/upsmon")
    ]
    assert driver_version(environ, f"{tmp_path}/bin") == "2.8.3"
    assert "/usr/local/ups/bin" in FOLDERS


def test_drill_of_an_empty_port_file_pretends_values() -> None:
    _, _, low = steps(b"", {})
    assert values_in(low.data)["battery.charge"] == "19"


@pytest.mark.parametrize("odd", ["abc", "nan", "1e999", "0", '""', "= 30"])
def test_drill_with_settings_that_are_no_numbers_uses_the_defaults(odd: str) -> None:
    """As the monitor does; a number in the port file may be anybody's slip."""
    data = f"battery.charge.low: {odd}\nbattery.runtime.low: -{odd}\n".encode()
    online, _, low = steps(data, values_in(data))
    assert values_in(low.data)["battery.charge"] == "19"
    assert values_in(online.data)["battery.charge.low"] == "20"


@pytest.mark.parametrize("odd", ["nan", "inf", "-inf", "1e999", "x"])
def test_drill_with_values_that_are_no_numbers_pretends_them(odd: str) -> None:
    data = f"battery.charge: {odd}\nbattery.runtime: {odd}\n".encode()
    online, _, low = steps(data, values_in(data))
    assert values_in(online.data)["battery.charge"] == "90"
    assert values_in(low.data)["battery.runtime"].isdigit()


def test_drill_has_the_defaults_of_the_source() -> None:
    online, _, _ = steps(b"", {}, SMA)
    assert values_in(online.data)["device.mfr"] == SMA.default("device.mfr")
    assert "battery.voltage.high" not in values_in(online.data)


def test_drill_takes_the_times_and_nothing_else_of_upsmon_conf() -> None:
    text = (
        'MONITOR x@y 1 u "pass" primary\n  POLLFREQ 3 # often\nDEADTIME "25"\n'
        "HOSTSYNC -3\nFINALDELAY 100000\nPOLLFREQALERT 0\nSHUTDOWNCMD reboot\n"
    )
    times = parse_times(text, "here")
    assert times.values == {
        **DEFAULTS,
        "POLLFREQ": 3,
        "DEADTIME": 25,
        "FINALDELAY": LONGEST_S,
        "POLLFREQALERT": 1,
    }
    assert not any("reboot" in line or "pass" in line for line in times.lines())


def test_drill_of_odd_bytes_in_upsmon_conf_uses_the_defaults() -> None:
    assert parse_times("\x00POLLFREQ ²\n\\\n", "here").values == DEFAULTS


def ready(site: Site) -> None:
    need_nut()
    site.cache_token()
    assert site.run("-s").code == 0
    (site.folder / "upsmon.conf").write_text(QUICK, encoding="ascii")


@pytest.mark.nut
@pytest.mark.slow(20)
def test_drill_shows_ol_ob_lb_and_the_shutdown(site: Site) -> None:
    ready(site)
    before = tree(site.state)
    done = tool(site, "drill", UPS)
    assert (done.code, done.err) == (0, ""), done.out
    assert tree(site.state) == before, "the UPS's own files are not touched"
    rows = re.findall(r"^\d+:\d\d +(.*)$", done.out, re.MULTILINE)
    assert [" ".join(row.replace("FSD ", "").split()) for row in rows] == [
        "OL OL, 92 %, 40218 s -",
        "OB OB, 92 %, 40218 s ONBATT",
        "OB LB OB LB, 19 %, 8306 s LOWBATT SHUTDOWN SHUTDOWNCMD",
    ]
    assert f"the times of {site.folder}/upsmon.conf" in " ".join(done.out.split())
    assert "As it should be" in done.out
    assert all(len(line) <= WIDTH for line in plain(done.out, site).splitlines())


@pytest.mark.nut
@pytest.mark.slow(10)
def test_drill_interrupted_leaves_nothing(site: Site) -> None:
    ready(site)
    site.environ["TMPDIR"] = str(site.folder / "t")
    (site.folder / "t").mkdir()
    drill = subprocess.Popen(
        [TOOL, "drill", UPS],
        env=site.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert drill.stdout is not None
    wait_until(lambda: "upsmon" in (drill.stdout or sys.stdin).readline(), SOON_S, "it")
    drill.send_signal(signal.SIGINT)
    out, err = drill.communicate(timeout=SOON_S)
    assert (drill.returncode, err) == (130, "")
    assert "everything is stopped and removed" in out
    assert _processes_below(site.folder / "t") == []


def _processes_below(folder: Path) -> list[str]:
    found = []
    for cmdline in Path("/proc").glob("[0-9]*/environ"):
        try:
            text = cmdline.read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if f"NUT_CONFPATH={folder}" in text:
            found.append(cmdline.parent.name)
    return found


WITHOUT_NUT = """
import sys
import nutbridge.tools.drill.nut as nut
nut.find_all = lambda _environ: None
from nutbridge.cli.tools import main
sys.argv = ["nutbridge", "drill", "e2e"]
main()
"""


def test_drill_without_nut_says_what_to_install(site: Site) -> None:
    site.show("ups.status: OL\n")
    done = site.run_command([sys.executable, "-c", WITHOUT_NUT])
    assert done.code == 69
    assert len(done.err.splitlines()) == 1
    assert "apt install nut-server nut-client" in done.err
