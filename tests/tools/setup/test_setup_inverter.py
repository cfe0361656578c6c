"""nutbridge setup with an SMA inverter as the UPS, of both families."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nutbridge.config.file import load
from nutbridge.simulator.messages import Incoming, Reply
from nutbridge.sources.sma.webconnect import keys
from tests.fakes.ennexos import PASSWORD as ENNEXOS_PASSWORD
from tests.fakes.ennexos import USER, RunningEnnexos, ennexos, run_ennexos
from tests.fakes.inverter import INSTALLER, RunningInverter, hybrid, run_inverter
from tests.fakes.inverter import PASSWORD as USR
from tests.tools.setup.site import Done, Machine

__all__ = ["ennexos", "hybrid", "run_ennexos", "run_inverter"]


def run_yes(machine: Machine, host: str, password: str, *more: str) -> Done:
    return machine.run(
        *("home", "--yes", "--append", "--root", str(machine.root)),
        *("--sma-host", host, *more),
        SMA_PASSWORD=password,
    )


def settings_of(machine: Machine) -> dict[str, object]:
    """Return what the monitor takes from the config that was written."""
    environ = {"NUT_SYSCONFIG": str(machine.etc), "NUT_LOCALSTATE": str(machine.state)}
    text = machine.config.read_text(encoding="ascii")
    text = text.replace("'/var/lib/nut'", f"'{machine.state}'")
    machine.config.write_text(text, encoding="ascii")
    machine.state.chmod(0o750)
    settings, notices = load(str(machine.config), "home", environ)
    assert not notices
    assert settings.sma is not None
    return {
        "alone": settings.inverter_alone,
        "host": settings.sma.host,
        "user": settings.sma.user,
        "group": settings.sma.group,
        "password": settings.sma.password,
        "capacity": settings.sma.capacity_wh,
        "port": settings.port_file,
    }


def check_nobody_else_was_asked(machine: Machine) -> None:
    assert not machine.gateway.server.counts.connections
    assert not machine.cloud.server.counts.connections


def test_ennexos(machine: Machine, ennexos: RunningEnnexos) -> None:
    done = run_yes(machine, ennexos.host, ENNEXOS_PASSWORD, "--username", USER)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[:4] == [
        f"SMA inverter at {ennexos.host}, ennexOS.",
        "Beware: it does not tell the battery's capacity; add SMA_CAPACITY=<Wh>.",
        "Hybrid cellar, serial 3010550607, firmware 03.14.22.R.",
        "The grid is there; charge 62 %; backup mode is on.",
    ]
    assert "      new: the inverter's certificate" in lines
    assert '+  desc = "House battery, SMA inverter"' in lines
    found = settings_of(machine)
    assert found == {
        "alone": True,
        "host": ennexos.host,
        "user": USER,
        "group": "usr",
        "password": ENNEXOS_PASSWORD,
        "capacity": 0,
        "port": "/run/nutbridge/home.dev",
    }
    conf = machine.ups_conf.read_text(encoding="ascii")
    assert "[home]\n  driver = dummy-ups\n  port = /run/nutbridge/home.dev\n" in conf
    pin = machine.state / "sma-home.fingerprint"
    assert pin.read_text().strip() == ennexos.server.fingerprint
    assert (machine.root / "run/nutbridge/home.dev-nocomms").exists()
    assert ennexos.sessions == 0
    check_nobody_else_was_asked(machine)


def test_again_changes_nothing(machine: Machine, ennexos: RunningEnnexos) -> None:
    assert (
        run_yes(machine, ennexos.host, ENNEXOS_PASSWORD, "--username", USER).code == 0
    )
    before = machine.tree()
    # The config says all that is needed.
    done = machine.run("home", "--yes", "--append", "--root", str(machine.root))
    assert (done.code, "Nothing to change." in done.out) == (0, True)
    assert machine.tree() == before


def test_webconnect(machine: Machine, hybrid: RunningInverter) -> None:
    hybrid.inverter.say(keys.BACKUP_MODE, 303)
    done = run_yes(machine, hybrid.host, INSTALLER, "--group", "istl")
    # The installer may see it.
    assert done.code == 1
    assert "backup mode is off" in done.err
    assert not machine.config.exists()
    done = run_yes(machine, hybrid.host, USR)
    assert (done.code, done.err) == (0, "")
    assert "The grid is there; charge 62 % of 10.2 kWh." in done.out
    assert "it does not tell its backup mode" in done.out
    found = settings_of(machine)
    assert (found["group"], found["password"], found["user"]) == ("usr", USR, "")
    assert hybrid.sessions == 0
    check_nobody_else_was_asked(machine)


def test_both_ways_at_one_address(
    machine: Machine, ennexos: RunningEnnexos, hybrid: RunningInverter
) -> None:
    """As the monitor: a user that is named decides."""

    def both(asked: Incoming) -> Reply:
        new = asked.path.startswith("/api/")
        return (ennexos.device if new else hybrid.inverter)(asked)

    hybrid.server.answer = both
    done = run_yes(machine, hybrid.host, USR)
    assert (done.code, done.out.splitlines()[0]) == (
        0,
        f"SMA inverter at {hybrid.host}, Webconnect.",
    )
    assert settings_of(machine)["user"] == ""
    assert not ennexos.logins
    machine.config.unlink()
    (machine.state / "sma-home.fingerprint").unlink()
    ennexos.device.users[USER] = USR
    done = run_yes(machine, hybrid.host, USR, "--username", USER)
    assert (done.code, done.out.splitlines()[0]) == (
        0,
        f"SMA inverter at {hybrid.host}, ennexOS.",
    )
    assert settings_of(machine)["user"] == USER
    assert (ennexos.sessions, hybrid.sessions) == (0, 0)


def test_questions(machine: Machine, ennexos: RunningEnnexos) -> None:
    """An inverter where a gateway was asked for: the same answers, other questions."""
    done = machine.run(
        *("home", "--no-append", "--root", str(machine.root), "--host", ennexos.host),
        stdin=f"{USER}\n{ENNEXOS_PASSWORD}\n9800\ny\n",
    )
    assert (done.code, done.err) == (0, "")
    assert "charge 62 % of 9.8 kWh" in done.out
    found = settings_of(machine)
    assert (found["user"], found["capacity"]) == (USER, 9800)


Run = Callable[..., RunningEnnexos]


@pytest.mark.parametrize(
    ("folder", "code", "wanted"),
    [
        ("ennexos-pv", 1, "no battery of its own"),
        ("ennexos-manager", 1, "try SMA_HOST with: Sunny Boy Smart Energy 5.0"),
    ],
)
def test_device_that_can_be_no_ups(
    machine: Machine, run_ennexos: Run, folder: str, code: int, wanted: str
) -> None:
    before = machine.tree()
    running = run_ennexos(folder)
    done = run_yes(machine, running.host, ENNEXOS_PASSWORD, "--username", USER)
    assert (done.code, wanted in done.err) == (code, True)
    assert machine.tree() == before
    assert running.sessions == 0


def test_night_is_no_time_for_it(machine: Machine, ennexos: RunningEnnexos) -> None:
    ennexos.device.sleep()
    done = run_yes(machine, ennexos.host, ENNEXOS_PASSWORD, "--username", USER)
    assert (done.code, "try again later" in done.err) == (75, True)


@pytest.mark.parametrize(
    ("options", "password", "wanted"),
    [
        ((), ENNEXOS_PASSWORD, "needs: --username"),
        (("--username", USER), "", "needs: --password-file (or SMA_PASSWORD)"),
        (("--username", USER), "x", "wrong user or password"),
        (("--username", USER, "--host", "h"), "x", "--sma-host exclude each other"),
        (("--username", USER, "--group", "x"), "x", "usr, istl"),
        # SERIAL in the config would make a gateway of it.
        (("--username", USER, "--serial", "1"), "x", "--serial is for a gateway"),
        (("--username", USER, "--no-login"), "x", "an inverter knows no tokens"),
        (("--username", USER, "--token-file", "t"), "x", "an inverter knows no tokens"),
    ],
)
def test_what_is_missing_or_wrong(
    machine: Machine,
    ennexos: RunningEnnexos,
    options: tuple[str, ...],
    password: str,
    wanted: str,
) -> None:
    done = run_yes(machine, ennexos.host, password, *options)
    assert done.code != 0
    assert wanted in done.err
    assert not machine.config.exists()


def test_options_of_a_second_run_count(
    machine: Machine, hybrid: RunningInverter, ennexos: RunningEnnexos
) -> None:
    """The config says that it is an inverter; what an option asks for is done."""
    assert run_yes(machine, hybrid.host, USR).code == 0
    again = ("home", "--yes", "--root", str(machine.root))
    done = machine.run(*again, "--group", "istl", SMA_PASSWORD=INSTALLER)
    assert (done.code, done.err) == (0, "")
    assert settings_of(machine)["group"] == "istl"
    machine.config.unlink()
    (machine.state / "sma-home.fingerprint").unlink()
    host, user = ennexos.host, ("--username", USER)
    assert run_yes(machine, host, ENNEXOS_PASSWORD, *user).code == 0
    done = machine.run(*again, "--username", "other", SMA_PASSWORD=ENNEXOS_PASSWORD)
    assert "wrong user or password" in done.err
    assert settings_of(machine)["user"] == USER


def test_group_is_of_no_gateway(machine: Machine) -> None:
    done = machine.run_yes("--group", "istl")
    assert (done.code, done.out) == (2, "")
    assert done.err == "nutbridge: --group is for an SMA inverter (--sma-host)\n"


def test_password_in_a_file_of_this_folder(
    machine: Machine, ennexos: RunningEnnexos
) -> None:
    file = machine.root / "password"
    file.write_text(f"{ENNEXOS_PASSWORD}\n", encoding="ascii")
    file.chmod(0o600)
    options = ("--username", USER, "--password-file", file.name)
    assert run_yes(machine, ennexos.host, "", *options).code == 0
    assert settings_of(machine)["password"] == ENNEXOS_PASSWORD


def test_gateway_at_the_address_of_an_inverter(machine: Machine) -> None:
    """It is not called an inverter, and the error names what it may be."""
    done = run_yes(machine, machine.gateway.host, USR)
    assert done.code == 69
    host = machine.gateway.host
    assert done.out == f"{host} does not say what it is; trying Webconnect.\n"
    assert "another kind of device, such as an IQ Gateway" in done.err


def test_gateway_of_the_config_is_not_replaced(
    machine: Machine, ennexos: RunningEnnexos
) -> None:
    machine.config.write_text("USERNAME=a\nPASSWORD=b\nSERIAL=1\nPORT_FILE=x.dev\n")
    done = run_yes(machine, ennexos.host, ENNEXOS_PASSWORD, "--username", USER)
    assert (done.code, "has a gateway as the UPS" in done.err) == (1, True)
    assert not ennexos.server.counts.connections


def test_another_certificate_gets_no_password(
    machine: Machine, ennexos: RunningEnnexos
) -> None:
    Path(machine.state / "sma-home.fingerprint").write_text("0" * 64 + "\n")
    done = run_yes(machine, ennexos.host, ENNEXOS_PASSWORD, "--username", USER)
    assert done.code == 69
    assert "nutbridge gateway trust" in done.err
    assert not ennexos.server.counts.requests


def test_nobody_at_the_address(machine: Machine) -> None:
    done = run_yes(machine, "127.0.0.1:1", USR)
    assert done.code == 69
    assert "connection refused; is it on, and is the address right?" in done.err
    assert not machine.config.exists()
