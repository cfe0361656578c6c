"""Checks of the gateway and its token: what makes one fail fails that one."""

import time

import pytest

from nutbridge.simulator.house import SimulatedController
from nutbridge.simulator.tokens import make_token
from nutbridge.tools.doctor.check import CheckOutcome
from tests.e2e.site import UPS
from tests.fakes import failures
from tests.fakes.fixtures import RunningGateway
from tests.tools.doctor.lab import (
    Lab,
    asking,
    checks,
    text_of,
    token_file,
)

pytestmark = pytest.mark.nut

DAY_S = 86400.0


def test_doctor_asks_the_second_gateway_as_well(
    lab: Lab, other: RunningGateway
) -> None:
    found = lab.look(asking(lab, other))
    assert (
        checks(found, CheckOutcome.FAILED)
        == checks(found, CheckOutcome.WARNING)
        == set()
    )
    assert other.server.counts.requests.keys() <= {
        *("/info", "/ivp/ensemble/relay", "/ivp/ensemble/inventory"),
        *("/ivp/ensemble/secctrl", "/ivp/livedata/status"),
    }
    assert {asked.method for asked in other.server.counts.recent} == {"GET"}


def test_doctor_with_tokens_of_all_kinds(lab: Lab, other: RunningGateway) -> None:
    house, now = other.house, time.time()
    ours = asking(lab, other)
    cases = (
        (make_token("122000000777", now + 90 * DAY_S), CheckOutcome.FAILED, {"token"}),
        ("not a token", CheckOutcome.FAILED, {"token"}),
        (
            make_token(house.serial, now + 3600, "installer"),
            CheckOutcome.WARNING,
            {"token-account"},
        ),
        (
            make_token(house.serial, now + 12 * DAY_S),
            CheckOutcome.WARNING,
            {"token-days"},
        ),
    )
    for token, result, expected in cases:
        found = lab.look({**ours, **token_file(lab, token)})
        assert checks(found, result) == expected
        assert not any(token in str(verdict) for verdict in found.values())
    ended = make_token(house.serial, now - DAY_S)
    house.tokens = {ended}
    found = lab.look({**ours, **token_file(lab, ended)})
    assert checks(found, CheckOutcome.FAILED) == {"token-days"}


def test_doctor_with_a_refused_token(lab: Lab, other: RunningGateway) -> None:
    other.house.tokens = set()
    found = lab.look(asking(lab, other))
    assert checks(found, CheckOutcome.FAILED) == {"gateway-token"}


def test_doctor_where_a_token_needs_a_session(lab: Lab, other: RunningGateway) -> None:
    """Some firmware wants the cookie of check_jwt beside the Bearer."""
    other.house.needs_session = True
    found = lab.look(asking(lab, other))
    assert checks(found, CheckOutcome.FAILED) == set()
    assert found["gateway-token"].result is CheckOutcome.OK


def test_doctor_with_another_certificate(lab: Lab) -> None:
    """The monitor would not send this gateway the token, and neither does doctor."""
    pin = lab.site.state / f"enphase-{UPS}.fingerprint"
    with text_of(pin, "a" * 64 + "\n"):
        for mode in ("first-use", "strict"):
            found = lab.look({"ENVOY_TLS": mode})
            assert checks(found, CheckOutcome.FAILED) == {"gateway-certificate"}
            assert "gateway trust" in found["gateway-certificate"].remedy
            assert "not trusted" in found["gateway-token"].finding
        assert pin.read_text() == "a" * 64 + "\n"


def test_doctor_shows_a_certificate_that_nobody_has_confirmed(lab: Lab) -> None:
    pin = lab.site.state / f"enphase-{UPS}.fingerprint"
    shown = lab.site.gateway.server.fingerprint
    with text_of(pin, f"{shown}\nreplaced {'a' * 64}\n"):
        verdict = lab.look()["gateway-certificate"]
    assert verdict.result is CheckOutcome.WARNING
    assert "taken by itself, in place of aaaaaaaaaaaaaaaa..." in verdict.finding
    assert "gateway trust" in verdict.remedy


def test_doctor_when_strict_knows_no_certificate(lab: Lab) -> None:
    with text_of(lab.site.state / f"enphase-{UPS}.fingerprint", ""):
        found = lab.look({"ENVOY_TLS": "strict"})
    assert checks(found, CheckOutcome.FAILED) == {"gateway-certificate"}
    assert "none is known" in found["gateway-certificate"].finding
    assert "not trusted" in found["gateway-token"].finding


def test_doctor_sends_no_token_to_another_gateway(
    lab: Lab, other: RunningGateway
) -> None:
    other.house.serial = "122000000777"
    found = lab.look(asking(lab, other))
    assert checks(found, CheckOutcome.FAILED) == {"gateway-serial"}
    assert not any(asked.bearer for asked in other.server.counts.recent)


def test_doctor_with_a_gateway_of_another_kind(lab: Lab, other: RunningGateway) -> None:
    house, keys = other.house, asking(lab, other)

    def fails(**changes: object) -> set[str]:
        before = {name: getattr(house, name) for name in changes}
        for name, value in changes.items():
            setattr(house, name, value)
        found = lab.look(keys)
        for name, value in before.items():
            setattr(house, name, value)
        return checks(found, CheckOutcome.FAILED)

    assert fails(firmware="D6.3.100") == {"gateway-firmware"}
    assert fails(controller=SimulatedController.NONE) == {"gateway-grid"}
    assert fails(relay="ajar") == {"gateway-grid", "upsd"}
    assert fails(ready=False) == {"gateway-grid"}
    assert fails(capacity_wh=0.0) == {"gateway-battery"}
    assert fails(vls_pct=18) == {"charge-low"}
    assert fails(clock=lambda: time.time() + 600) == {"gateway-clock"}
    assert fails(relay="open") == {"upsd"}
    assert fails(controller=SimulatedController.COLLAR, collar_off_grid=True) == {
        "upsd"
    }


def test_doctor_tells_what_a_collar_says(lab: Lab, other: RunningGateway) -> None:
    other.house.controller = SimulatedController.COLLAR
    finding = lab.look(asking(lab, other))["gateway-grid"].finding
    assert "Meter Collar" in finding
    assert "relay closed" in finding


def test_doctor_warns_of_what_is_no_danger(lab: Lab, other: RunningGateway) -> None:
    other.house.stream_until = 0.0
    other.house.reserve_pct = 15
    found = lab.look(asking(lab, other))
    assert checks(found, CheckOutcome.WARNING) == {"gateway-stream", "charge-low"}
    assert checks(found, CheckOutcome.FAILED) == set()
    assert not other.house.stream_on


def test_doctor_with_a_gateway_that_fails_in_parts(
    lab: Lab, other: RunningGateway
) -> None:
    keys = asking(lab, other)
    spoiled = {
        # The System Controller itself tells of the grid as well.
        "/ivp/ensemble/relay": set(),
        "/ivp/ensemble/secctrl": {"gateway-battery"},
        "/ivp/livedata/status": {"gateway-stream"},
        # A backup mode tells as much: the monitor goes by it.
        "/ivp/ensemble/inventory": set(),
        # Without a serial number, at a certificate not known, nothing is asked.
        "/info": {"gateway-serial", "gateway-firmware"},
    }
    for path, expected in spoiled.items():
        other.faults.always(failures.status(500), path)
        assert checks(lab.look(keys), CheckOutcome.FAILED) == expected
        other.faults.clear(path)
    # The gateway takes the token, but not here: others tell of the grid.
    other.faults.always(failures.unauthorized, "/ivp/ensemble/relay")
    found = lab.look(keys)
    assert checks(found, CheckOutcome.FAILED) == set()
    assert found["gateway-grid"].result is CheckOutcome.WARNING
    assert "owner" not in found["gateway-grid"].remedy


def test_doctor_asks_on_where_info_alone_fails(lab: Lab) -> None:
    """As the monitor does: the known certificate is enough."""
    lab.site.gateway.faults.always(failures.status(500), "/info")
    found = lab.look()
    lab.site.gateway.faults.clear("/info")
    assert checks(found, CheckOutcome.FAILED) == {"gateway-serial", "gateway-firmware"}
    assert found["gateway-grid"].result is CheckOutcome.OK


@pytest.mark.slow(15)
def test_doctor_in_an_outage_compares_as_well(lab: Lab) -> None:
    house = lab.site.gateway.house
    house.lose_grid()
    try:
        lab.nut.wait_status("OB", 40)
        found = lab.look()
    finally:
        house.regain_grid()
        lab.nut.wait_status("OL", 40)
    assert checks(found, CheckOutcome.FAILED) == set()
    assert found["upsd"].finding.startswith("upsd shows OB ")
    assert "on battery" in found["gateway-grid"].finding
