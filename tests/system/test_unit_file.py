"""The systemd unit says what the design promises, and systemd agrees."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.unit_file import SYSTEMD, UNIT, Unit, analyze, parse

__all__ = ["analyze"]

UNITS = sorted(SYSTEMD.glob("*.service"))
COMMAND = "/usr/local/bin/enphase-monitor"
CREDENTIALS = SYSTEMD / "credentials.conf"
INSTANCE = "enphase-monitor@home-battery.service"
MOST_EXPOSED = 1.5


@pytest.fixture(scope="module")
def unit() -> Unit:
    return parse(UNIT.read_text())


@pytest.mark.parametrize(
    ("section", "name", "values"),
    [
        ("Unit", "PartOf", ["nut-driver.target"]),
        ("Unit", "Before", ["nut-driver@%i.service"]),
        ("Unit", "StartLimitIntervalSec", ["0"]),
        ("Service", "Type", ["notify"]),
        # The dash: a check that fails must not keep the monitor from starting.
        ("Service", "ExecStartPre", [f"-{COMMAND} -s %i"]),
        ("Service", "ExecStart", [f"{COMMAND} %i"]),
        ("Service", "User", ["nut"]),
        ("Service", "Restart", ["always"]),
        ("Service", "RestartSec", ["2"]),
        ("Service", "TimeoutStartSec", ["30"]),
        ("Service", "WatchdogSec", ["60"]),
        ("Service", "LimitCORE", ["0"]),
        ("Service", "RuntimeDirectory", ["nutbridge"]),
        ("Service", "RuntimeDirectoryPreserve", ["yes"]),
        ("Install", "WantedBy", ["nut-driver@%i.service"]),
    ],
)
def test_promised_directive(
    unit: Unit, section: str, name: str, values: list[str]
) -> None:
    assert unit[section][name] == values


def test_instance_is_never_unescaped() -> None:
    """%I turns home-battery into home/battery."""
    assert "%I" not in UNIT.read_text()


def test_start_does_not_wait_for_the_network() -> None:
    """The start decision comes before any network call."""
    words = {
        word
        for names in parse(UNIT.read_text()).values()
        for values in names.values()
        for value in values
        for word in value.split()
    }
    assert "network-online.target" not in words
    assert not any(word.startswith("-network-online") for word in words)


@pytest.mark.parametrize("folder", ["/var/lib/nut", "/var/lib/ups"])
def test_state_folders_are_writable_where_they_exist(unit: Unit, folder: str) -> None:
    """The dash: a folder that is missing must not stop the unit."""
    assert unit["Service"]["ProtectSystem"] == ["strict"]
    assert f"-{folder}" in " ".join(unit["Service"]["ReadWritePaths"]).split()


def test_boot_id_stays_readable(unit: Unit) -> None:
    """/proc/sys/kernel/random/boot_id vouches for a port file."""
    assert "ProcSubset" not in unit["Service"]


def test_each_family_the_monitor_needs_is_allowed(unit: Unit) -> None:
    families = set(unit["Service"]["RestrictAddressFamilies"][0].split())
    assert families == {"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"}


def test_refused_system_call_is_an_error_not_a_death(unit: Unit) -> None:
    assert unit["Service"]["SystemCallErrorNumber"] == ["EPERM"]


def test_each_relaxation_has_its_reason() -> None:
    """What systemd would like to see and the unit leaves out stands in a comment."""
    comments = "\n".join(
        line for line in UNIT.read_text().splitlines() if line.startswith("#")
    )
    for name in (
        "ProcSubset",
        "PrivateUsers",
        "RootDirectory",
        "DeviceAllow",
        "PrivateNetwork",
        "IPAddressDeny",
        "AF_UNIX",
        "AF_NETLINK",
        "@privileged",
    ):
        assert name in comments


def verify(analyze: str, folder: Path) -> list[str]:
    """Return what systemd says about the unit in this folder, with its drop-ins.

    Only the path of the command, which is not installed here, is replaced; nor are
    the manual pages (tests/readme looks whether they exist).
    """
    command = folder / "enphase-monitor"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    text = UNIT.read_text().replace(COMMAND, str(command))
    (folder / UNIT.name).write_text(text)
    # PartOf and Before name NUT's own units; where NUT's package brings none,
    # systemd takes that for nothing.
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(folder / INSTANCE)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    ours = [
        line
        for line in done.stderr.splitlines()
        if "enphase-monitor" in line or str(folder) in line
    ]
    return ours if ours or not done.returncode else [done.stderr]


def test_systemd_finds_no_fault(analyze: str, tmp_path: Path) -> None:
    assert verify(analyze, tmp_path) == []


@pytest.mark.parametrize("all_lines", [False, True], ids=["as is", "uncommented"])
def test_systemd_finds_no_fault_in_the_drop_in(
    analyze: str, tmp_path: Path, all_lines: bool
) -> None:
    """The example, and each line that it has as a comment."""
    text = CREDENTIALS.read_text()
    if all_lines:
        text = text.replace("#Load", "Load")
    assert text.count("\nLoad") == (3 if all_lines else 1)
    drop_in = tmp_path / f"{INSTANCE}.d" / CREDENTIALS.name
    drop_in.parent.mkdir()
    drop_in.write_text(text)
    assert verify(analyze, tmp_path) == []
    # It was read: a fault in it is found.
    drop_in.write_text(text + "LoadCredential=no colon, but blanks\nNonsense=1\n")
    assert any("Nonsense" in line for line in verify(analyze, tmp_path))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_exposure_is_low(
    analyze: str, path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The figure of ``systemd-analyze security`` is printed with the result."""
    done = subprocess.run(
        [analyze, "security", "--no-pager", "--offline=true", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stdout
    record_property("shown", found[0])
    assert float(found[1]) <= MOST_EXPOSED


def test_examples_of_drop_ins_name_the_real_directives(unit: Unit) -> None:
    """A drop-in must first empty ExecStart, then set it, as the comment shows."""
    example = [
        line[1:].strip() for line in UNIT.read_text().splitlines() if "#" in line
    ]
    for name, values in unit["Service"].items():
        if name in {"ExecStart", "ExecStartPre"}:
            assert f"{name}=" in example
            end = values[0].removeprefix("-").removeprefix(COMMAND)
            assert any(line.startswith(name) and line.endswith(end) for line in example)
