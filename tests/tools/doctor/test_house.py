"""Every check in a real house: all hold, and what makes one fail fails that one."""

import os
import threading
from pathlib import Path

import pytest

from nutbridge.tools.doctor.check import CheckOutcome
from nutbridge.tools.doctor.context import DoctorContext
from nutbridge.tools.doctor.nut import NutFacts
from tests.e2e.site import UPS
from tests.tools.doctor.lab import Lab, checks, mode_of, text_of

pytestmark = pytest.mark.nut

DAY_S = 86400.0
SHIPPED = Path(__file__).parents[3] / "systemd" / "nut-2.8.1"
NOWHERE = "127.0.0.1:1"
NOT_HERE = {"selinux", "unit-enabled", "unit-running", "unit-watchdog", "unit-user"}
NOT_HERE |= {"upsmon-enabled", "upsmon-running", "upssched", "port-wait"}
NOT_HERE |= {"nut-restart"}


def test_doctor_in_a_good_house_finds_nothing(lab: Lab) -> None:
    found = lab.look()
    assert (
        checks(found, CheckOutcome.FAILED)
        == checks(found, CheckOutcome.WARNING)
        == set()
    )
    skipped = checks(found, CheckOutcome.SKIPPED)
    assert skipped <= NOT_HERE
    assert not any(found[check].remedy for check in skipped)
    assert found["upsd"].finding == "upsd shows OL 92 %; the gateway says OL 92 %"


@pytest.mark.parametrize(
    ("check", "result", "keys"),
    [
        ("config-keys", CheckOutcome.FAILED, {"POLLFREG": "5"}),
        ("config-values", CheckOutcome.WARNING, {"POLLFREQ": "1"}),
        ("cloud", CheckOutcome.WARNING, {"ENPHASE_LOGIN": f"https://{NOWHERE}/login"}),
        ("gateway-resolves", CheckOutcome.FAILED, {"ENVOY_HOST": "gateway.invalid"}),
        ("gateway-connects", CheckOutcome.FAILED, {"ENVOY_HOST": NOWHERE}),
    ],
)
def test_doctor_with_one_key_changed(
    lab: Lab, check: str, result: CheckOutcome, keys: dict[str, str]
) -> None:
    found = lab.look(keys)
    assert checks(found, CheckOutcome.FAILED) | checks(found, CheckOutcome.WARNING) == {
        check
    }
    assert found[check].result is result
    assert found[check].remedy


def test_doctor_names_the_unknown_key_and_the_nearest(lab: Lab) -> None:
    finding = lab.look({"POLLFREG": "5"})["config-keys"].finding
    assert "POLLFREG" in finding
    assert "is POLLFREQ meant?" in finding


@pytest.mark.parametrize(
    ("check", "name", "old", "new"),
    [
        ("upsmon-monitor", "upsmon.conf", f"MONITOR {UPS}@", "MONITOR rack@"),
        ("upsmon-user", "upsd.users", "[mon]", "[someone]"),
        ("upsmon-user", "upsd.users", "password = x", "password = y"),
        ("upsmon-supplies", "upsmon.conf", "MINSUPPLIES 1", "MINSUPPLIES 0"),
        ("upsmon-command", "upsmon.conf", "/bin/true", "/bin/truth"),
        ("upsmon-times", "upsmon.conf", "DEADTIME 25", "DEADTIME 99\nPOLLFREQ 60"),
        ("ups-conf-overrides", "ups.conf", "mode =", "ignorelb\n  mode ="),
        ("ups-conf", "ups.conf", f"[{UPS}]", "[other]"),
        ("ups-conf", "ups.conf", f"[{UPS}]", "# nothing"),
        ("ups-conf", "ups.conf", "dummy-ups", "usbhid-ups"),
        ("ups-conf-port", "ups.conf", "home.dev", "house.dev"),
        ("ups-conf-mode", "ups.conf", "dummy-once", "dummy-onse"),
        ("ups-conf-pollinterval", "ups.conf", "pollinterval = 1", "pollinterval = 6"),
        ("ups-conf-pollinterval", "ups.conf", "pollinterval = 1", "pollinterval = x"),
        ("deadtime", "upsmon.conf", "DEADTIME 25", "DEADTIME 20"),
        ("deadtime", "units/nut-driver@.service", "RestartSec=15s", "RestartSec=1min"),
    ],
)
def test_doctor_with_one_line_of_nut_changed(
    lab: Lab, check: str, name: str, old: str, new: str
) -> None:
    path = lab.site.folder / name
    with text_of(path, path.read_text().replace(old, new)):
        found = lab.look()
    assert checks(found, CheckOutcome.FAILED) == {check}
    assert found[check].remedy


def test_doctor_without_ups_conf_and_upsmon_conf(lab: Lab) -> None:
    folder = lab.site.folder / "empty"
    folder.mkdir()
    (folder / lab.site.config.name).symlink_to(lab.site.config)
    found = lab.look(environ={"NUT_SYSCONFIG": str(folder)})
    assert checks(found, CheckOutcome.FAILED) == {"ups-conf", "upsmon-monitor"}
    assert {"ups-conf-port", "ups-conf-mode", "deadtime"} <= checks(
        found, CheckOutcome.SKIPPED
    )


def test_doctor_with_the_socket_somewhere_else(lab: Lab) -> None:
    # upsd has its data, and the monitor would not see the driver.
    found = lab.look(environ={"NUT_STATEPATH": str(lab.site.state)})
    assert checks(found, CheckOutcome.WARNING) == {"driver-socket"}
    assert checks(found, CheckOutcome.FAILED) == set()


@pytest.mark.parametrize(
    ("says", "result"),
    [
        ("repeater driver 0.14 (2.7.4)", CheckOutcome.FAILED),
        ("repeater driver 0.18 (2.8.1)", CheckOutcome.WARNING),
        ("repeater driver 0.19 (2.8.2-1)", CheckOutcome.WARNING),
        ("repeater driver 0.20 (2.8.3)", CheckOutcome.OK),
        ("no version", CheckOutcome.WARNING),
    ],
)
def test_doctor_knows_the_traps_of_versions(
    lab: Lab, tmp_path: Path, says: str, result: CheckOutcome
) -> None:
    program = tmp_path / "dummy-ups"
    program.write_text(f"#!/bin/sh\necho 'Network UPS Tools - {says}'\n")
    program.chmod(0o755)
    path = f"{tmp_path}:{lab.site.environ['PATH']}"
    # Where nothing runs, the program that is found first tells.
    found = lab.look(environ={"PATH": path}, upsd=NOWHERE)
    assert found["nut-version"].result is result
    assert checks(found, CheckOutcome.FAILED) <= {"nut-version", "upsd"}
    version = lab.nut.variables()["driver.version"]
    assert f"NUT {version} " in lab.look(environ={"PATH": path})["nut-version"].finding


def test_doctor_sees_a_guard_that_has_gone(lab: Lab) -> None:
    assert lab.guard is not None
    lab.guard.close()
    try:
        found = lab.look()
    finally:
        lab.log_in()
    assert checks(found, CheckOutcome.FAILED) == {"upsmon-login"}


@pytest.mark.parametrize(
    ("names", "result", "said"),
    [
        ((), CheckOutcome.WARNING, "at once"),
        (("nut-monitor",), CheckOutcome.WARNING, "at once"),
        (("nut-monitor", "nut-driver@"), CheckOutcome.OK, "with the drop-ins"),
    ],
)
def test_doctor_sees_the_drop_ins(
    lab: Lab, tmp_path: Path, names: tuple[str, ...], result: CheckOutcome, said: str
) -> None:
    """As they are shipped, with the path of the port file."""
    program = tmp_path / "dummy-ups"
    program.write_text("#!/bin/sh\necho 'Network UPS Tools - 0.18 (2.8.1)'\n")
    program.chmod(0o755)
    for name in names:
        text = (SHIPPED / f"{name}.service.conf").read_text()
        unit = name.replace("@", f"@{UPS}")
        folder = lab.units / f"{unit}.service.d"
        folder.mkdir()
        text = text.replace("/run/nutbridge/%i.dev", str(lab.site.port))
        (folder / "nutbridge.conf").write_text(text)
    try:
        path = f"{tmp_path}:{lab.site.environ['PATH']}"
        found = lab.look(environ={"PATH": path}, upsd=NOWHERE)
    finally:
        for folder in lab.units.glob("*.d"):
            (folder / "nutbridge.conf").unlink()
            folder.rmdir()
    assert found["nut-version"].result is result
    assert said in found["nut-version"].finding


def test_doctor_with_wrong_permissions(lab: Lab) -> None:
    found = lab.look(mode=0o660)
    assert checks(found, CheckOutcome.FAILED) == {"config-permissions"}
    with mode_of(lab.site.port, 0o666):
        found = lab.look()
    assert checks(found, CheckOutcome.FAILED) == {"port-file"}


def test_doctor_without_upsd(lab: Lab) -> None:
    found = lab.look(upsd=NOWHERE)
    assert checks(found, CheckOutcome.FAILED) == {"upsd"}
    assert "connection refused" in found["upsd"].finding


def test_doctor_names_what_hangs(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that does not answer holds up the checks that need it, only."""
    answers = threading.Event()
    gather = NutFacts.gather

    def hang(place: DoctorContext) -> NutFacts:
        answers.wait(60)
        return gather(place)

    monkeypatch.setattr(NutFacts, "gather", hang)
    try:
        found = lab.look(probes_s=1.0)
    finally:
        answers.set()
    late = {check for check, verdict in found.items() if "in time" in verdict.finding}
    assert late == checks(found, CheckOutcome.FAILED)
    assert {"ups-conf", "deadtime"} <= late
    assert found["upsd"].result is CheckOutcome.OK


def test_doctor_waits_for_no_pipe(lab: Lab) -> None:
    lab.upsmon_conf.rename(lab.site.folder / "upsmon.old")
    os.mkfifo(lab.upsmon_conf)
    try:
        found = lab.look(probes_s=20.0)
    finally:
        lab.upsmon_conf.unlink()
        (lab.site.folder / "upsmon.old").rename(lab.upsmon_conf)
    assert not any("in time" in verdict.finding for verdict in found.values())


def test_doctor_with_links_in_a_circle(lab: Lab) -> None:
    circle = lab.site.folder / "circle.dev"
    circle.symlink_to(circle)
    found = lab.look({"PORT_FILE": str(circle)})
    assert found["port-file"].result is not CheckOutcome.OK
    assert "ups-conf-port" in checks(found, CheckOutcome.FAILED)
