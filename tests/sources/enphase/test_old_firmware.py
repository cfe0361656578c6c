"""Firmware 5 listens at port 80 alone: setup, doctor and monitor name that cause."""

import functools
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from nutbridge.config.settings import Settings
from nutbridge.errors import DeviceUnreachable, Refused
from nutbridge.net.worker import ThreadWaiter
from nutbridge.simulator.messages import Incoming, Reply
from nutbridge.simulator.server import Server
from nutbridge.simulator.tokens import make_token
from nutbridge.sources.enphase import session
from nutbridge.sources.enphase.session import GatewaySite, introduce
from nutbridge.system.clock import SystemClock
from nutbridge.tools.doctor.context import DoctorContext
from nutbridge.tools.doctor.gateway import (
    GatewayFacts,
    gateway_connects,
    gateway_firmware,
)
from nutbridge.tools.setup import probe
from tests.fakes.inside import Inside
from tests.tools.doctor.build import facts, settings

SERIAL = "122000000001"
INFO = """<?xml version='1.0' encoding='UTF-8'?>
<envoy_info><time>1700000000</time><device><sn>122000000001</sn>
<software>R5.0.62</software></device></envoy_info>
"""
SAYS = "firmware R5.0.62 knows no tokens; firmware 7 or later is needed"


def answer(request: Incoming) -> Reply:
    assert request.bearer is None
    assert "cookie" not in request.headers
    return Reply(body=INFO.encode()) if request.path == "/info" else Reply(404)


@pytest.fixture
def old() -> Iterator[Server]:
    """A gateway at "port 80"; nothing listens at the port for TLS."""
    with Server(answer, tls=False) as server:
        yield server


@pytest.fixture
def host() -> Iterator[str]:
    """A host of which the port for TLS is closed."""
    with Server(answer) as closed:
        closed.refuse()
        yield f"127.0.0.1:{closed.port}"


def fetch(site: GatewaySite) -> str:
    gateway = introduce(site, SystemClock(), ThreadWaiter())
    with pytest.raises(DeviceUnreachable) as caught:
        gateway.fetch_info(SystemClock().boottime() + 20)
    gateway.close()
    return caught.value.remedy


def test_old_firmware_is_the_cause(old: Server, host: str) -> None:
    assert SAYS in fetch(GatewaySite(host, plain_port=old.port))
    old.answer = lambda _: Reply(body=INFO.replace("R5.0", "D8.3").encode())
    assert "is it on" in fetch(GatewaySite(host, plain_port=old.port))
    old.answer = lambda _: Reply(301)
    assert "is it on" in fetch(GatewaySite(host, plain_port=old.port))
    old.refuse()
    assert "is it on" in fetch(GatewaySite(host, plain_port=old.port))


def test_setup_names_it(
    old: Server, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = functools.partial(GatewaySite, plain_port=old.port)
    monkeypatch.setattr(probe, "GatewaySite", site)
    asked = probe.Probe(host, SystemClock(), ThreadWaiter())
    with pytest.raises(Refused, match=SAYS):
        asked.fetch_info()
    asked.close()


@pytest.fixture
def plainly(old: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a config makes look there."""
    usual = session.site_of

    def site_of(settings: Settings) -> GatewaySite:
        return usual(settings)._replace(plain_port=old.port)

    monkeypatch.setattr(session, "site_of", site_of)


@pytest.mark.usefixtures("plainly")
def test_doctor_names_it(host: str, tmp_path: Path) -> None:
    ours = settings(more=f"ENVOY_HOST={host}\nSTATE_DIR={tmp_path}\n")
    clock = SystemClock()
    place = DoctorContext(ours, {}, clock, clock.boottime() + 20, "127.0.0.1:1")
    found = facts(GatewayFacts.gather(place), ours=ours)
    for check in (gateway_connects, gateway_firmware):
        verdict = check(found)
        assert verdict.result == "failed"
        assert "firmware 7 or later" in verdict.remedy


@pytest.mark.usefixtures("plainly")
def test_monitor_names_it_once(
    host: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = make_token(SERIAL, 4e9)
    inside = Inside(tmp_path, host, token, SERIAL)
    with caplog.at_level(logging.INFO, "nutbridge"):
        for _ in range(3):
            inside.monitor.tick()
    inside.monitor.close()
    told = [each for each in caplog.records if SAYS in each.getMessage()]
    assert [each.levelname for each in told] == ["WARNING"]
