"""What setup says at the end, and the systemctl lines it prints or runs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from nutbridge.cli.setup.show import UNIT, start_lines
from nutbridge.errors import EX_USAGE
from nutbridge.system.services import BY_HAND, SYSTEMD, Services
from nutbridge.tools.setup.context import SetupOptions
from tests.tools.setup.site import PASSWORD, UPS_CONF, Done, Machine, wishes_of

LINES = [
    "systemctl daemon-reload",
    "systemctl enable --now enphase-monitor@home",
    "systemctl enable --now nut-driver-enumerator.path",
    "systemctl restart nut-driver-enumerator",
    "systemctl reload-or-restart nut-server",
]


def fake_systemctl(folder: Path, status: int = 0) -> None:
    """Put commands into the path that note what they were asked."""
    folder.mkdir()
    for name, code in (("systemctl", status), ("install", 0)):
        program = folder / name
        text = f'#!/bin/sh\necho "{name} $@" >> {folder}/log\nexit {code}\n'
        program.write_text(text)
        program.chmod(0o755)


def noted(folder: Path) -> list[str]:
    """Return the commands that change something, in order."""
    lines = (folder / "log").read_text().splitlines()
    return [line for line in lines if not line.startswith("systemctl show")]


@pytest.fixture
def enable(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run with or without --enable, and with this PATH."""
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    monkeypatch.setenv("NUT_SYSCONFIG", str(machine.etc))
    monkeypatch.setenv("NUT_LOCALSTATE", str(machine.state))

    def run(path: str, wanted: bool, services: Services = SYSTEMD) -> Done:
        wishes = SetupOptions(
            ups="home",
            host=machine.gateway.host,
            username=machine.cloud.account.email,
            port_file=str(machine.root / "run/home.dev"),
            append=True,
            yes=True,
            enable=wanted,
        )
        return machine.run_here(monkeypatch, wishes, path=path, services=services)

    return run


def test_enable_runs_the_lines(
    machine: Machine, enable: Callable[..., Done], tmp_path: Path
) -> None:
    """On a new machine the unit is installed first, or nothing could start."""
    fake_systemctl(tmp_path / "bin")
    done = enable(f"{tmp_path}/bin:/usr/bin:/bin", True)
    assert (done.code, done.err) == (0, "")
    first, *others = noted(tmp_path / "bin")
    assert first.startswith("install -m 644 ")
    assert first.endswith(f"/{UNIT} /etc/systemd/system/")
    assert others == LINES
    assert "Started." in done.out


def test_running_monitor_takes_a_changed_config(
    machine: Machine, enable: Callable[..., Done], tmp_path: Path
) -> None:
    """A service that runs is left as it is by enable --now."""
    fake_systemctl(tmp_path / "bin")
    path = f"{tmp_path}/bin:/usr/bin:/bin"
    assert enable(path, False).code == 0
    assert "try-restart" not in enable(path, False).out
    text = machine.config.read_text().replace("PASSWORD=", "POLLFREQ=30\nPASSWORD=")
    machine.config.write_text(text.replace("USERNAME='", "USERNAME='x"))
    assert enable(path, True).code == 0
    assert noted(tmp_path / "bin")[1:3] == [
        "systemctl daemon-reload",
        "systemctl try-restart enphase-monitor@home",
    ]


def test_unit_of_the_bash_script_is_replaced(tmp_path: Path) -> None:
    """It has the same name; one of ours stays, wherever the system has it.

    The script that runs would go on: its unit is active, enable --now does nothing.
    """
    again = "systemctl try-restart enphase-monitor@home"
    assert again not in start_lines("home", str(tmp_path), again=False)
    folder = tmp_path / "usr/lib/systemd/system"
    folder.mkdir(parents=True)
    root = str(tmp_path)
    (folder / UNIT).write_text("[Service]\nExecStart=/usr/local/bin/enphase-monitor\n")
    install, _, third, *_ = start_lines("home", root, again=False)
    assert (install.split()[0], third) == ("install", again)
    shipped = Path(__file__).parents[3] / "systemd" / UNIT
    (folder / UNIT).write_bytes(shipped.read_bytes())
    assert start_lines("home", root, again=False) == LINES
    over = tmp_path / "etc/systemd/system"
    over.mkdir(parents=True)
    (over / UNIT).write_text("[Service]\n")
    assert start_lines("home", root, again=False)[0].startswith("install ")


def test_without_enable_nothing_runs(
    machine: Machine, enable: Callable[..., Done], tmp_path: Path
) -> None:
    fake_systemctl(tmp_path / "bin")
    done = enable(f"{tmp_path}/bin:/usr/bin:/bin", False)
    assert done.code == 0
    assert all(f"  {line}\n" in done.out for line in LINES)
    assert f"ReadWritePaths={machine.root}/run {machine.state}\n" in done.out
    assert noted(tmp_path / "bin") == []


def test_failing_systemctl_is_told(
    machine: Machine, enable: Callable[..., Done], tmp_path: Path
) -> None:
    """It stops at the first failure; the files stay."""
    fake_systemctl(tmp_path / "bin", status=3)
    done = enable(f"{tmp_path}/bin:/usr/bin:/bin", True)
    assert done.code == 1
    assert "`systemctl daemon-reload` ended with status 3" in done.err
    assert noted(tmp_path / "bin")[1:] == LINES[:1]
    assert machine.config.exists()


def test_missing_systemctl_is_told(
    machine: Machine, enable: Callable[..., Done], tmp_path: Path
) -> None:
    done = enable(str(tmp_path), True)
    assert done.code == 1
    assert "No such file" in done.err
    assert machine.config.exists()


@pytest.mark.parametrize("wanted", [False, True])
def test_machine_without_systemd_is_told_what_to_run(
    machine: Machine, enable: Callable[..., Done], tmp_path: Path, wanted: bool
) -> None:
    """A container, a chroot, WSL, Devuan: there systemctl may lie about."""
    fake_systemctl(tmp_path / "bin")
    done = enable(f"{tmp_path}/bin:/usr/bin:/bin", wanted, BY_HAND)
    assert done.code == (1 if wanted else 0)
    assert done.err == ("--enable: no systemd runs here to start anything" * wanted)
    assert "systemctl" not in done.out
    assert "ReadWritePaths" not in done.out
    for line in (
        "enphase-monitor home",
        "upsdrvctl start home",
        "upsd -c reload || upsd",
    ):
        assert f"  {line}\n" in done.out
    assert not (tmp_path / "bin/log").exists()
    assert machine.config.exists()


@pytest.mark.usefixtures("enable")
def test_port_file_lies_where_a_boot_leaves_it_without_systemd(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody makes /run/nutbridge anew there; --port-file wins."""
    wishes = replace(wishes_of(machine), root="")
    done = machine.run_here(monkeypatch, wishes, services=BY_HAND)
    assert (done.code, done.err) == (0, "")
    port = machine.state / "home.dev"
    assert f"PORT_FILE='{port}'\n" in machine.config.read_text()
    assert f"port = {port}\n" in machine.ups_conf.read_text()
    assert port.with_name("home.dev-nocomms").exists()


def test_enable_and_root_exclude_each_other(machine: Machine) -> None:
    done = machine.run(*machine.all_options, "--enable")
    assert done.code == EX_USAGE
    assert "exclude each other" in done.err


@pytest.mark.parametrize(
    ("line", "told"),
    [("MODE=none", True), ('MODE="none" # x', True), ("MODE=standalone", False)],
)
def test_nut_that_is_switched_off_is_told(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, line: str, told: bool
) -> None:
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    (machine.etc / "nut.conf").write_text(f"# MODE=none\n{line}\n", encoding="ascii")
    done = machine.run_here(monkeypatch, wishes_of(machine))
    assert done.code == 0
    assert ("MODE=standalone" in done.out) is told


def test_outage_while_setting_up(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    machine.gateway.house.lose_grid()
    done = machine.run_here(monkeypatch, wishes_of(machine))
    assert done.code == 0
    assert "The house is on battery now" in done.out


def test_template_gives_the_first_lines_but_no_status(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A template that was a whole port file: its status speaks for nobody."""
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    template = machine.etc / "home.dev-template"
    template.write_text("battery.charge.low: 30\nUPS.status: OL\n", encoding="ascii")
    assert machine.run_here(monkeypatch, wishes_of(machine)).code == 0
    hidden = machine.root / "run/nutbridge/home.dev-nocomms"
    assert hidden.read_text(encoding="ascii") == "battery.charge.low: 30\n"


def test_odd_bytes_of_ups_conf_stay(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    odd = UPS_CONF.encode() + b"# gro\xdf \x1b[2J\r\n"
    machine.ups_conf.write_bytes(odd)
    done = machine.run_here(monkeypatch, wishes_of(machine))
    assert done.code == 0
    assert machine.ups_conf.read_bytes().startswith(odd)
    assert all(line.isprintable() for line in done.out.splitlines())


def test_missing_ups_conf_is_made(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    machine.ups_conf.unlink()
    assert machine.run_here(monkeypatch, wishes_of(machine)).code == 0
    assert machine.ups_conf.read_text(encoding="ascii").startswith("[home]\n")
    assert machine.ups_conf.stat().st_mode & 0o7777 == 0o640


def test_password_that_only_the_service_sees(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run again with PASSWORD_FILE as a credential: the token is enough."""
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    assert machine.run_here(monkeypatch, wishes_of(machine)).code == 0
    lines = machine.config.read_text(encoding="ascii").splitlines()
    kept = [line for line in lines if not line.startswith("PASSWORD=")]
    text = "\n".join([*kept, "PASSWORD_FILE=password", ""])
    machine.config.write_text(text, encoding="ascii")
    monkeypatch.delenv("ENPHASE_PASSWORD")
    before = machine.tree()
    done = machine.run_here(monkeypatch, wishes_of(machine))
    assert (done.code, machine.tree()) == (0, before), done.err
    assert "Nothing to change." in done.out


def test_new_password_changes_one_line(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run again with another password: it is tried, then stored in its place."""
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    assert machine.run_here(monkeypatch, wishes_of(machine)).code == 0
    before = machine.config.read_text(encoding="ascii").splitlines()
    machine.cloud.account.password = "new 'one'"
    monkeypatch.setenv("ENPHASE_PASSWORD", "new 'one'")
    assert machine.run_here(monkeypatch, wishes_of(machine)).code == 0
    after = machine.config.read_text(encoding="ascii").splitlines()
    changed = [line for line in after if line not in before]
    assert changed == ["PASSWORD='new '\\''one'\\'''"]
    assert machine.run_here(monkeypatch, wishes_of(machine)).code == 0
    again = replace(wishes_of(machine), port_file="/var/lib/nut/x.dev")
    assert "has port = /run/" in machine.run_here(monkeypatch, again).err
