"""What setup refuses: one clear line, the right exit code, nothing written."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from nutbridge.errors import (
    EX_CONFIG,
    EX_TEMPFAIL,
    EX_UNAVAILABLE,
    EX_USAGE,
)
from nutbridge.simulator.cloud import Mood
from nutbridge.simulator.house import SimulatedController
from nutbridge.simulator.tokens import make_token
from nutbridge.sources.enphase import paths
from tests.fakes.failures import replaced, spoiled
from tests.fakes.faults import FAULTS
from tests.fakes.spoil import version
from tests.tools.setup.site import PASSWORD, Done, Machine, wishes_of


def no_controller(machine: Machine) -> None:
    machine.gateway.house.controller = SimulatedController.NONE


def no_battery(machine: Machine) -> None:
    machine.gateway.house.batteries = 0


def odd_relay(machine: Machine) -> None:
    machine.gateway.house.relay = "transition"


def mood(wanted: Mood) -> Callable[[Machine], None]:
    def turn(machine: Machine) -> None:
        machine.cloud.account.mood = wanted

    return turn


def other_password(machine: Machine) -> None:
    machine.cloud.account.password = "changed"


def section_of_another(machine: Machine) -> None:
    text = "[home]\n driver = dummy-ups\n port = /var/lib/nut/old.dev\n"
    machine.ups_conf.write_text(text, encoding="ascii")


def test_config(machine: Machine) -> None:
    machine.config.write_text("TEST=1\nSERIAL=1\nPORT_FILE=x.dev\n", encoding="ascii")


def inverter_config(machine: Machine) -> None:
    text = "SMA_HOST=192.0.2.1\nSMA_PASSWORD=x\nPORT_FILE=x.dev\n"
    machine.config.write_text(text, encoding="ascii")


def broken_config(machine: Machine) -> None:
    machine.config.write_text("SERIAL='12\n", encoding="ascii")


test_config.__test__ = False  # type: ignore[attr-defined]


def open_folder(machine: Machine) -> None:
    machine.state.chmod(0o777)


REFUSALS = [
    (open_folder, EX_CONFIG, "everybody can write in it"),
    (no_controller, 1, "no System Controller and no IQ Meter Collar"),
    (odd_relay, EX_TEMPFAIL, "try again later"),
    (other_password, EX_UNAVAILABLE, "check USERNAME and PASSWORD"),
    (mood(Mood.MFA), EX_UNAVAILABLE, "a file and run setup again with --no-login"),
    (mood(Mood.DOWN), EX_UNAVAILABLE, "Enlighten is out of order"),
    (mood(Mood.WRONG_SERIAL), EX_UNAVAILABLE, "the token is for gateway"),
    (section_of_another, 1, "has port = /var/lib/nut/old.dev"),
    (test_config, 1, "TEST mode"),
    (inverter_config, 1, "SMA inverter as the UPS; use another name"),
    (broken_config, EX_CONFIG, "enphase-home.conf:1: SERIAL: the quote"),
]


@pytest.mark.parametrize(("spoil", "code", "wanted"), REFUSALS)
def test_world_that_does_not_fit(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Machine], None],
    code: int,
    wanted: str,
) -> None:
    spoil(machine)
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    before = machine.tree()
    done = machine.run_here(monkeypatch, wishes_of(machine))
    assert (done.code, machine.tree()) == (code, before)
    assert wanted in done.err
    assert done.err.isprintable()


@pytest.mark.parametrize(
    ("change", "code", "wanted"),
    [
        ({"serial": "999"}, EX_UNAVAILABLE, "this is gateway 122000000001"),
        ({"host": "127.0.0.1:9"}, EX_UNAVAILABLE, "discover looks for it"),
        ({"host": "http://x/"}, EX_USAGE, "name or an address"),
        ({"ups": "a b"}, EX_USAGE, "a UPS name has"),
        ({"port_file": "/run/nutbridge/a b.dev"}, EX_USAGE, "no blank"),
        ({"port_file": "/run/a@b.dev"}, EX_USAGE, "no @"),
        ({"port_file": "/run/a/x.dev-nocomms"}, EX_USAGE, "without -nocomms"),
        ({"port_file": "/run/home.dev"}, EX_USAGE, "a folder of its own"),
        ({"port_file": "/etc/nut/ups.conf"}, EX_USAGE, "NUT's config has that name"),
        ({"port_file": "/etc/nut/enphase-home.conf"}, EX_USAGE, "the config has"),
        ({"port_file": "/var/lib/nut/enphase-home.token"}, EX_USAGE, "the token has"),
        ({"port_file": "/run/nutbridge/enphase-home.state"}, EX_USAGE, "state has"),
        ({"root": "etc"}, EX_CONFIG, "no such folder"),
        ({"port_file": "/srv/none/x.dev"}, EX_CONFIG, "no such folder"),
        ({"state_dir": "/srv/none"}, EX_CONFIG, "no such folder"),
        ({"login": False}, EX_USAGE, "--token-file"),
        ({"username": "a\nb"}, EX_USAGE, "printable"),
    ],
)
def test_options_that_do_not_fit(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str],
    code: int,
    wanted: str,
) -> None:
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    before = machine.tree()
    wishes = replace(wishes_of(machine), **change)  # type: ignore[arg-type]
    done = machine.run_here(monkeypatch, wishes)
    assert (done.code, machine.tree()) == (code, before)
    assert wanted in done.err


@pytest.mark.parametrize(
    ("option", "remedy"),
    [
        ({"port_file": "/srv/none/x.dev"}, "make it, writable for the monitor's user"),
        ({"state_dir": "/srv/none"}, "make it, writable for the monitor's user"),
        ({"state_dir": "/var/lib/ups"}, "install NUT first"),
    ],
)
def test_missing_folder_is_told_before_anything_is_asked(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    option: dict[str, str],
    remedy: str,
) -> None:
    """Nobody types a password, and no login is used up, for what cannot be written."""
    wishes = replace(wishes_of(machine), **option, yes=False)  # type: ignore[arg-type]
    done = machine.run_here(monkeypatch, wishes)
    assert (done.code, done.out) == (EX_CONFIG, "")
    assert done.err.endswith(remedy)
    assert not machine.gateway.server.counts.connections


def test_file_without_a_token_is_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = machine.root / "browser.txt"
    file.write_text("no token\n", encoding="ascii")
    wishes = replace(wishes_of(machine), token_file=str(file), login=False)
    done = machine.run_here(monkeypatch, wishes)
    assert (done.code, done.err.split(": ")[0]) == (EX_CONFIG, str(file))


def test_yes_names_everything_that_is_missing(machine: Machine) -> None:
    done = machine.run("--yes", "--root", str(machine.root))
    assert (done.code, done.out) == (EX_USAGE, "")
    assert done.err == (
        "nutbridge: --yes asks nothing, but needs: UPS, --host, --username, "
        "--password-file (or ENPHASE_PASSWORD)\n"
    )


def test_controller_without_a_battery_is_set_up_with_a_warning(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PV or a generator behind it: OB is told, LB never comes."""
    no_battery(machine)
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    done = machine.run_here(monkeypatch, wishes_of(machine))
    assert done.code == 0, done.err
    assert "Beware: no IQ Battery is fitted" in done.out
    assert "never LB" in done.out


@pytest.mark.parametrize(
    ("path", "fault", "wanted"),
    [
        # The System Controller in the inventory says how the grid is, and the mode of
        # the relay that something can island the house.
        (paths.RELAY, "404", "the state of the relay: "),
        (paths.RELAY, "401", "the token is good, but the gateway does not let"),
        (paths.INVENTORY, "401", "its inventory: "),
        (paths.INVENTORY, "404", "this firmware has no /ivp/ensemble/inventory"),
        (paths.SECCTRL, "404", "its charge: "),
    ],
)
def test_what_the_monitor_goes_on_without_is_no_reason_to_refuse(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    fault: str,
    wanted: str,
) -> None:
    machine.gateway.faults.always(FAULTS[fault], path)
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    done = machine.run_here(monkeypatch, wishes_of(machine))
    assert done.code == 0, done.err
    assert "The grid is there" in done.out
    beware = [line for line in done.out.splitlines() if line.startswith("Beware: ")]
    assert len(beware) == 1
    assert "the gateway does not tell" in beware[0]
    assert wanted in beware[0]


@pytest.mark.parametrize("kept", [(), (paths.SECCTRL,)])
def test_without_a_word_of_the_grid_the_gateway_is_refused(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, kept: tuple[str, ...]
) -> None:
    asked = {paths.RELAY, paths.INVENTORY, paths.SECCTRL} - set(kept)
    machine.gateway.faults.always(FAULTS["404"], *asked)
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    done = machine.run_here(monkeypatch, wishes_of(machine))
    assert done.code == EX_UNAVAILABLE
    assert "/ivp/ensemble/relay: answered 404" in done.err


def test_refused_inventory_in_no_backup_mode_is_no_ups(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.gateway.house.mode = "unknown"
    machine.gateway.faults.always(FAULTS["401"], paths.INVENTORY)
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    done = machine.run_here(monkeypatch, wishes_of(machine))
    assert done.code == EX_UNAVAILABLE
    assert "/ivp/ensemble/inventory: the gateway refuses" in done.err


def test_empty_inventory_is_a_house_without_a_battery_or_a_fresh_start(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    machine.gateway.faults.always(replaced(b"[]"), "/ivp/ensemble/inventory")
    before = machine.tree()
    done = machine.run_here(monkeypatch, wishes_of(machine))
    assert (done.code, machine.tree()) == (EX_TEMPFAIL, before)
    assert "this house has no battery and no controller" in done.err
    asked = machine.gateway.server.counts.requests["/ivp/ensemble/inventory"]
    assert asked == 2


def with_token(
    machine: Machine, patch: pytest.MonkeyPatch, serial: str, days: float
) -> Done:
    """Bring a token by hand."""
    token = make_token(serial, time.time() + days * 86400)
    file = machine.root.parent / "token"
    file.write_text(token, encoding="ascii")
    wishes = replace(
        wishes_of(machine), login=False, username=None, token_file=str(file)
    )
    return machine.run_here(patch, wishes)


def test_account_with_a_second_factor_brings_its_token(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No account is asked for, none is written; the cloud is not asked."""
    done = with_token(machine, monkeypatch, "122000000001", 300)
    assert (done.code, done.err) == (0, "")
    assert machine.cloud.account.login_attempts == 0
    assert "PASSWORD" not in machine.config.read_text(encoding="ascii")
    assert (machine.state / "enphase-home.token").exists()


@pytest.mark.parametrize(
    ("serial", "days", "wanted"),
    [
        ("122000000001", -1, "if that is wrong, set it (timedatectl)"),
        ("999999999999", 300, "the token is for gateway 999999999999"),
    ],
)
def test_unusable_token_is_refused(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    serial: str,
    days: float,
    wanted: str,
) -> None:
    before = machine.tree()
    done = with_token(machine, monkeypatch, serial, days)
    assert (done.code, machine.tree()) == (EX_CONFIG, before)
    assert wanted in done.err


def test_refused_token_of_before_is_replaced(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run meets a gateway that no longer takes the stored token."""
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    begin = float(int(time.time()))
    machine.cloud.account.clock = lambda: begin
    assert machine.run_here(monkeypatch, wishes_of(machine)).code == 0
    stored = machine.state / "enphase-home.token"
    old = stored.read_text(encoding="ascii")
    stored.write_text(
        make_token("122000000001", time.time() + 5000, "installer"), encoding="ascii"
    )
    machine.gateway.house.tokens = [old.strip()]
    done = machine.run_here(monkeypatch, wishes_of(machine))
    assert (done.code, done.err) == (0, "")
    assert "does not take the token" in done.out
    assert stored.read_text(encoding="ascii") == old


@pytest.mark.parametrize("host_of", ["refuse", "not a gateway"])
def test_host_that_is_no_gateway(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, host_of: str
) -> None:
    """Nobody there, or another web server: named, and nothing is sent to it."""
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    wishes = wishes_of(machine)
    if host_of == "refuse":
        machine.gateway.server.refuse()
    else:
        wishes = replace(wishes, host=machine.cloud.host)
    before = machine.tree()
    done = machine.run_here(monkeypatch, wishes)
    assert (done.code, machine.tree()) == (EX_UNAVAILABLE, before)
    assert f"{wishes.host}/info" in done.err
    assert machine.cloud.account.login_attempts == 0


def test_hostile_firmware_does_not_move_the_cursor(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    machine.gateway.faults.always(spoiled(version(b"&#x9b;2J&#10;x")), "/info")
    done = machine.run_here(monkeypatch, wishes_of(machine))
    assert (done.code, done.err) == (0, "")
    assert all(line.isprintable() for line in done.out.splitlines())


def test_gateway_where_a_token_needs_a_session(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some firmware wants the cookie of check_jwt beside the Bearer."""
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    machine.gateway.house.needs_session = True
    assert machine.run_here(monkeypatch, wishes_of(machine)).code == 0


@pytest.mark.parametrize("mode", ["strict", "first-use"])
def test_another_certificate_is_refused_until_it_is_trusted(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """ENVOY_TLS holds for setup too."""
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    assert machine.run_here(monkeypatch, wishes_of(machine)).code == 0
    pin = machine.state / "enphase-home.fingerprint"
    old = pin.read_text(encoding="ascii")
    machine.gateway.server.new_certificate()
    with machine.config.open("a", encoding="ascii") as file:
        file.write(f"ENVOY_TLS={mode}\n")
    done = machine.run_here(monkeypatch, wishes_of(machine))
    assert done.code == EX_UNAVAILABLE
    assert "certificate changed" in done.err
    assert done.err.count("nutbridge gateway trust -c /etc/nut/enphase-home.conf") == 1
    assert pin.read_text(encoding="ascii") == old
    shown = machine.gateway.server.fingerprint
    pin.write_text(f"{shown}\n", encoding="ascii")
    assert machine.run_here(monkeypatch, wishes_of(machine)).code == 0
    assert pin.read_text(encoding="ascii") == f"{shown}\n"


def test_gateway_that_was_replaced(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The remedy works: another certificate is no hindrance, it has another number."""
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    wishes, serial = wishes_of(machine), machine.gateway.house.serial
    assert machine.run_here(monkeypatch, wishes).code == 0
    text = machine.config.read_text(encoding="ascii")
    shown = (machine.state / "enphase-home.fingerprint").read_text(encoding="ascii")
    machine.config.write_text(text.replace(serial, "122000000777"))
    for name in ("fingerprint", "token"):
        (machine.state / f"enphase-home.{name}").write_text("a" * 64 + "\n")
    done = machine.run_here(monkeypatch, wishes)
    assert done.code == EX_UNAVAILABLE
    assert f"a new gateway: nutbridge setup --serial {serial}" in done.err
    done = machine.run_here(monkeypatch, replace(wishes, serial=serial))
    assert (done.code, done.err) == (0, "")
    assert machine.config.read_text(encoding="ascii") == text
    assert (machine.state / "enphase-home.fingerprint").read_text() == shown


def test_other_certificate_at_another_address(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The remedy asks there, and it is one line."""
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    wishes = wishes_of(machine)
    assert machine.run_here(monkeypatch, wishes).code == 0
    pin = machine.state / "enphase-home.fingerprint"
    pin.write_text("a" * 64 + "\n", encoding="ascii")
    host = machine.gateway.host
    text = machine.config.read_text(encoding="ascii")
    for before, wanted in ((host, ""), ("192.0.2.7", f" --host {host}")):
        machine.config.write_text(text.replace(host, before), encoding="ascii")
        done = machine.run_here(monkeypatch, wishes)
        assert done.code == EX_UNAVAILABLE
        config = machine.config.relative_to(machine.root)
        assert done.err.endswith(f"nutbridge gateway trust -c /{config}{wanted}")
        assert done.err.count("certificate changed") == 1
