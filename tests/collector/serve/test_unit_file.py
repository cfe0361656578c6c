"""The collector's systemd unit says what it promises, and systemd agrees."""

import subprocess
from pathlib import Path

import pytest

from tests.system.unit_file import Unit, analyze, parse

__all__ = ["analyze"]

FOLDER = Path(__file__).parents[3] / "systemd"
UNIT = FOLDER / "nutbridge-collector.service"
COMMAND = "/usr/local/bin/nutbridge"


@pytest.fixture(scope="module")
def unit() -> Unit:
    return parse(UNIT.read_text())


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Type", ["notify"]),
        ("ExecStart", [f"{COMMAND} reports serve $COLLECTOR"]),
        ("EnvironmentFile", ["-/etc/nutbridge/collector.env"]),
        ("User", ["nutbridge-collector"]),
        ("DynamicUser", ["yes"]),
        ("StateDirectory", ["nutbridge-collector"]),
        ("StateDirectoryMode", ["0700"]),
        ("Restart", ["always"]),
        ("WatchdogSec", ["60"]),
        ("TimeoutStopSec", ["10"]),
        ("ProtectSystem", ["strict"]),
        ("LimitCORE", ["0"]),
        ("UMask", ["0077"]),
        ("CapabilityBoundingSet", [""]),
        ("SystemCallErrorNumber", ["EPERM"]),
    ],
)
def test_promised_directive(unit: Unit, name: str, values: list[str]) -> None:
    assert unit["Service"][name] == values


def test_each_relaxation_has_its_reason() -> None:
    """What systemd would like to see and the unit leaves out stands in a comment."""
    comments = "\n".join(
        line for line in UNIT.read_text().splitlines() if line.startswith("#")
    )
    for name in (
        *("PrivateUsers", "RootDirectory", "DeviceAllow", "PrivateNetwork"),
        *("IPAddressDeny", "AF_UNIX", "AF_NETLINK", "CAP_NET_BIND_SERVICE"),
    ):
        assert name in comments


@pytest.mark.parametrize("name", ["nutbridge-collector", "nutbridge-mqtt"])
def test_systemd_finds_no_fault(name: str, analyze: str, tmp_path: Path) -> None:
    """Only the path of the command, which is not installed here, is replaced."""
    command = tmp_path / "nutbridge"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    file = FOLDER / f"{name}.service"
    copy = tmp_path / file.name
    copy.write_text(file.read_text().replace(COMMAND, str(command)))
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "nutbridge" in line]
    assert ours == []
    assert done.returncode == 0, done.stderr
