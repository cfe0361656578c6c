"""doctor with an SMA inverter as the UPS: each check, made to fail."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from nutbridge.simulator.sma.inverter import (
    html_page,
    json_reply,
)
from nutbridge.sources.sma.single_query import session_store
from nutbridge.sources.sma.webconnect import keys
from nutbridge.tools.doctor.check import CheckOutcome
from tests.e2e.site import UPS
from tests.fakes.ennexos import PASSWORD as ENNEXOS_PASSWORD
from tests.fakes.ennexos import USER, running_ennexos
from tests.fakes.inverter import (
    INSTALLER,
    RunningInverter,
    run_inverter,
    settings_of,
)
from tests.tools.doctor.inverter import (
    OWN,
    WAY,
    failing,
    house,
    keys_of,
)
from tests.tools.doctor.lab import Lab, checks, running_lab

__all__ = ["house", "run_inverter"]

RunInverter = Callable[..., RunningInverter]
ASKED = {
    *("/api/v1/system/info", "/dyn/login.json", "/dyn/getValues.json"),
    "/dyn/logout.json",
}


def folder_of(lab: Lab) -> set[str]:
    return {path.name for path in lab.site.state.iterdir()}


def test_inverter_alone_is_asked_instead_of_a_gateway(
    house: Lab, run_inverter: RunInverter
) -> None:
    """All of its checks hold; neither gateway nor cloud is looked for."""
    running, before = run_inverter(), folder_of(house)
    found = house.look(keys_of(running))
    assert checks(found, CheckOutcome.OK) >= OWN - {"inverter-backup"}
    assert not [name for name in found if name.startswith(("gateway", "token"))]
    assert "cloud" not in found
    assert running.host in found["config"].finding
    assert found["inverter-grid"].finding.startswith("inverter: on line")
    assert "3005550303, firmware 3.01.6.R" in found["inverter-firmware"].finding
    shown = found["inverter-certificate"].finding
    assert running.server.fingerprint is not None
    assert running.server.fingerprint[:16] in shown
    assert "stores it when it starts" in shown
    assert (running.logins, running.sessions) == (1, 0)
    assert set(running.server.counts.requests) == ASKED
    assert folder_of(house) == before


def test_session_of_the_monitor_is_borrowed(
    house: Lab, run_inverter: RunInverter
) -> None:
    """So the last free one is never taken, and the monitor's stays."""
    running = run_inverter()
    sessions = running.inverter.sessions
    sid = sessions.open("usr", 0.0)
    assert sid
    while sessions.free:
        sessions.open("usr", 0.0)
    state, sma = str(house.site.state), settings_of(running.host)
    session_store(sma, state, UPS).save(sid)
    found = house.look(keys_of(running))
    assert failing(found) == set()
    assert "monitor's session" in found["inverter-login"].finding
    assert (running.logins, running.sessions) == (0, 4)
    assert session_store(sma, state, UPS).peek() == sid


def test_inverter_without_a_free_session(house: Lab, run_inverter: RunInverter) -> None:
    running = run_inverter()
    while running.inverter.sessions.free:
        running.inverter.sessions.open("usr", 0.0)
    found = house.look(keys_of(running))
    assert failing(found) == {"inverter-login"}
    assert "no free session" in found["inverter-login"].finding
    assert found["inverter-webconnect"].result is CheckOutcome.OK
    assert running.sessions == 4


def test_inverter_that_does_not_take_the_password(
    house: Lab, run_inverter: RunInverter
) -> None:
    running = run_inverter()
    found = house.look({**keys_of(running), "SMA_PASSWORD": "wrong"})
    assert failing(found) == {"inverter-login"}
    assert "group usr" in found["inverter-login"].finding
    assert running.logins == 1
    found = house.look({"SMA_HOST": running.host})
    assert failing(found) == {"inverter-login"}
    assert "SMA_PASSWORD_FILE" in found["inverter-login"].remedy
    assert running.logins == 1


def test_inverter_with_another_certificate_gets_no_password(
    house: Lab, run_inverter: RunInverter
) -> None:
    running = run_inverter()
    pin = house.site.state / f"sma-{UPS}.fingerprint"
    pin.write_text("0" * 64 + "\n")
    found = house.look(keys_of(running))
    assert failing(found) == {"inverter-certificate"}
    assert f"trust {UPS} --inverter" in found["inverter-certificate"].remedy
    assert not running.server.counts.requests
    pin.write_text(f"{running.server.fingerprint}\n")
    found = house.look(keys_of(running))
    assert failing(found) == set()
    assert "is the known one" in found["inverter-certificate"].finding


def test_device_that_speaks_no_webconnect(house: Lab, tmp_path: Path) -> None:
    """What there is instead is named: ennexOS, or any web server."""
    with running_ennexos() as running:
        found = house.look({"SMA_HOST": running.host, "SMA_PASSWORD": "x"})
    assert failing(found) == {"inverter-login"}
    assert "ennexOS" in found["inverter-login"].finding
    assert found["inverter-connects"].result is CheckOutcome.OK


def test_ennexos_alone(house: Lab) -> None:
    """The same checks hold; it tells its backup mode to everybody."""
    with running_ennexos() as running:
        keys = {
            "SMA_HOST": running.host,
            "SMA_USER": USER,
            "SMA_PASSWORD": ENNEXOS_PASSWORD,
        }
        found = house.look({**keys, "SMA_CAPACITY": "9800"})
        assert checks(found, CheckOutcome.OK) >= OWN
        assert found["inverter-webconnect"].finding.endswith("it speaks ennexOS")
        assert f"user {USER}" in found["inverter-login"].finding
        assert "62 % of 9.8 kWh" in found["inverter-battery"].finding
        assert running.sessions == 0
        running.device.set("Parameter.Operation.BckOpMod", 303)
        found = house.look({**keys, "SMA_PASSWORD": "x"})
        assert failing(found) == {"inverter-login"}
        assert "not one of SMA's portal" in str(found["inverter-login"])
        found = house.look(keys)
        assert found["inverter-backup"].result is CheckOutcome.WARNING
        assert "no runtime" in found["inverter-battery"].finding


def test_scheme_that_is_not_spoken_there(house: Lab, run_inverter: RunInverter) -> None:
    plain, secure = run_inverter(tls=False), run_inverter()
    found = house.look(keys_of(plain))
    assert failing(found) == {"inverter-webconnect"}
    assert "http only: use SMA_SCHEME=http" in found["inverter-webconnect"].finding
    found = house.look({**keys_of(secure), "SMA_SCHEME": "http"})
    assert "https only: use SMA_SCHEME=https" in found["inverter-webconnect"].finding
    found = house.look({**keys_of(plain), "SMA_SCHEME": "http"})
    assert failing(found) == set()
    assert "SMA_SCHEME is http" in found["inverter-certificate"].finding


def test_inverter_that_cannot_be_found_or_reached(house: Lab) -> None:
    found = house.look({"SMA_HOST": "inverter.invalid", "SMA_PASSWORD": "x"})
    assert failing(found) == {"inverter-resolves"}
    found = house.look({"SMA_HOST": "127.0.0.1:9", "SMA_PASSWORD": "x"})
    assert failing(found) == {"inverter-connects"}
    assert "SMA_HOST" in found["inverter-connects"].remedy


@pytest.mark.parametrize(
    ("folder", "failed", "warned"),
    [
        ("pv-only", {"inverter-ups"}, set()),
        ("meter", {"inverter-ups", "inverter-grid"}, set()),
        ("old-flat", {"inverter-ups", "inverter-grid"}, set()),
        ("storage", set(), set()),
        ("hybrid-island", set(), set()),
        ("hybrid-no-battery", set(), {"inverter-battery"}),
    ],
)
def test_device_without_battery_keys_is_no_ups(
    house: Lab,
    run_inverter: RunInverter,
    folder: str,
    failed: set[str],
    warned: set[str],
) -> None:
    found = house.look(keys_of(run_inverter(folder)))
    assert failing(found) == failed
    assert checks(found, CheckOutcome.WARNING) & OWN == warned
    assert "cannot be a UPS" in found["inverter-ups"].finding or not failed


def test_backup_mode_as_the_installer_sees_it(
    house: Lab, run_inverter: RunInverter
) -> None:
    running = run_inverter()
    ours: Mapping[str, str] = {
        "SMA_HOST": running.host,
        "SMA_PASSWORD": INSTALLER,
        "SMA_GROUP": "istl",
    }
    assert house.look(ours)["inverter-backup"].result is CheckOutcome.OK
    running.inverter.say(keys.BACKUP_MODE, 303)
    found = house.look(ours)["inverter-backup"]
    assert found.result is CheckOutcome.WARNING
    assert "an outage will look like silence" in found.finding
    user = house.look(keys_of(running))["inverter-backup"]
    assert (user.result, user.remedy) == (CheckOutcome.SKIPPED, "")


def test_inverter_that_answers_nonsense(house: Lab, run_inverter: RunInverter) -> None:
    """The session is ended all the same, and nothing fails but its own checks."""
    running = run_inverter()
    for reply, failed in (
        (json_reply({"result": {}}), {"inverter-webconnect"}),
        (
            json_reply({"result": {"x": {"6100_00295A00": {"9": [{"val": 7}]}}}}),
            {"inverter-grid"},
        ),
        (json_reply({"err": 500}), {"inverter-webconnect"}),
        (json_reply({"err": 401}), {"inverter-login"}),
        (html_page(500), {"inverter-webconnect"}),
    ):
        running.inverter.replies["/dyn/getValues.json"] = reply
        assert failing(house.look(keys_of(running))) >= failed
        assert running.sessions == 0


def test_inverter_beside_a_gateway(run_inverter: RunInverter) -> None:
    """It need not have a battery; both are asked, the gateway decides."""
    running = run_inverter("pv-only")
    with running_lab() as lab:
        found = lab.look(keys_of(running))
        assert checks(found, CheckOutcome.OK) >= WAY | {
            "gateway-grid",
            "gateway-battery",
        }
        assert not found.keys() & {"inverter-ups", "inverter-battery"}
        found = lab.look({**keys_of(running), "SMA_PASSWORD": "wrong"})
        assert checks(found, CheckOutcome.WARNING) & WAY == {"inverter-login"}
    assert running.sessions == 0


def test_files_of_the_monitor_that_are_none(
    house: Lab, run_inverter: RunInverter
) -> None:
    running = run_inverter()
    (house.site.state / f"sma-{UPS}.session").mkdir()
    found = house.look(keys_of(running))
    assert failing(found) == set()
    assert f"sma-{UPS}.session" in found["inverter-login"].finding
    assert "sudo" in found["inverter-login"].remedy
    assert not running.server.counts.connections
