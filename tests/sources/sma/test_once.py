"""One look at an inverter beside a monitor that may be running."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nutbridge.config.sma import SmaSettings
from nutbridge.errors import (
    CertificateChanged,
    DeviceAnswerError,
    OtherInverter,
    PasswordRefused,
    Stopping,
)
from nutbridge.net.worker import ThreadWaiter
from nutbridge.simulator.messages import Incoming, Reply
from nutbridge.simulator.sma.inverter import json_reply
from nutbridge.sources.sma.inverter import Family
from nutbridge.sources.sma.serial_store import SerialStore
from nutbridge.sources.sma.single_query import (
    InverterSnapshot,
    look_once,
    session_store,
)
from nutbridge.sources.sma.webconnect import keys
from nutbridge.system.clock import SystemClock
from nutbridge.ups.model import Grid
from tests.fakes.ennexos import PASSWORD as ENNEXOS_PASSWORD
from tests.fakes.ennexos import USER, running_ennexos
from tests.fakes.inverter import RunningInverter, settings_of

UPS = "sun"
_NOBODY = 65534


def look(
    sma: SmaSettings, folder: Path, waiter: ThreadWaiter | None = None
) -> InverterSnapshot:
    return look_once(sma, str(folder), UPS, SystemClock(), waiter or ThreadWaiter())


def test_session_of_its_own_is_ended(hybrid: RunningInverter, tmp_path: Path) -> None:
    found = look(settings_of(hybrid.host), tmp_path)
    assert (found.grid.grid, found.grid.unfit) == (Grid.CLOSED, "")
    assert found.reading.soc_pct == 62
    assert found.fingerprint == hybrid.server.fingerprint
    assert (hybrid.logins, hybrid.sessions) == (1, 0)
    assert not list(tmp_path.iterdir())


def test_session_of_the_monitor_is_used_and_left(
    hybrid: RunningInverter, tmp_path: Path
) -> None:
    sid = hybrid.inverter.sessions.open("usr", 0.0)
    assert sid
    sma = settings_of(hybrid.host)
    session_store(sma, str(tmp_path), UPS).save(sid)
    look(sma, tmp_path)
    assert (hybrid.logins, hybrid.sessions) == (0, 1)
    hybrid.inverter.sessions.entries.clear()
    look(sma, tmp_path)
    assert (hybrid.logins, hybrid.sessions) == (1, 0)
    assert session_store(sma, str(tmp_path), UPS).peek() == sid


def test_no_ups_and_failures(hybrid: RunningInverter, tmp_path: Path) -> None:
    with pytest.raises(PasswordRefused):
        look(settings_of(hybrid.host, "x"), tmp_path)
    hybrid.inverter.drop(*keys.BATTERY_KEYS)
    assert "cannot be a UPS" in look(settings_of(hybrid.host), tmp_path).grid.unfit
    hybrid.inverter.replies["/dyn/getValues.json"] = json_reply({"result": {}})
    with pytest.raises(DeviceAnswerError):
        look(settings_of(hybrid.host), tmp_path)
    assert hybrid.sessions == 0
    (tmp_path / f"sma-{UPS}.fingerprint").write_text("0" * 64)
    with pytest.raises(CertificateChanged):
        look(settings_of(hybrid.host), tmp_path)


@pytest.mark.parametrize("kind", ["session", "fingerprint"])
def test_nothing_is_sent_where_the_monitor_cannot_be_heeded(
    hybrid: RunningInverter, kind: str
) -> None:
    """Its session cannot be borrowed, or nobody knows who gets the password."""
    # Not pytest's folder, which is of its user alone.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        closed = folder / f"sma-{UPS}.{kind}"
        closed.touch(mode=0o000)
        with ordinary_user(), pytest.raises(PermissionError) as refused:
            look(settings_of(hybrid.host), folder)
    assert refused.value.filename == str(closed)
    assert not hybrid.server.counts.connections


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Be a user whom a mode of 0 keeps out."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_session_is_ended_when_the_look_is(
    hybrid: RunningInverter, tmp_path: Path
) -> None:
    """And a login is waited for: only then is there something to end."""
    waiter = ThreadWaiter()

    def answer(asked: Incoming) -> Reply:
        if asked.path == "/dyn/login.json":
            waiter.end()
        return hybrid.inverter(asked)

    hybrid.server.answer = answer
    with pytest.raises(Stopping):
        look(settings_of(hybrid.host), tmp_path, waiter)
    assert (hybrid.logins, hybrid.polls, hybrid.sessions) == (1, 0, 0)
    assert hybrid.asked("/dyn/logout.json") == 1


def test_token_of_the_monitor_is_used_and_never_renewed(tmp_path: Path) -> None:
    """A refresh token is good for one renewal, and that is the monitor's."""
    with running_ennexos() as running:
        running.device.tokens["aa1"] = 3600.0
        running.device.refresh.add("bb1")
        sma = settings_of(running.host, ENNEXOS_PASSWORD)._replace(user=USER)
        store = session_store(sma, str(tmp_path), UPS, whose=f"ennexOS {USER}")
        store.save("aa1 bb1")
        found = look(sma, tmp_path)
        assert (found.family, found.borrowed) == (Family.ENNEXOS, True)
        assert (found.reading.soc_pct, found.backup) == (62, True)
        running.device.expire()
        assert not look(sma, tmp_path).borrowed
        assert running.device.made == {"password": 1, "refresh_token": 0}
        assert running.device.refresh == {"bb1"}
        assert store.peek() == "aa1 bb1"


def test_another_inverter_is_no_answer(hybrid: RunningInverter, tmp_path: Path) -> None:
    sma = settings_of(hybrid.host)
    SerialStore(tmp_path / f"sma-{UPS}.serial", sma.host).save("1234567890")
    with pytest.raises(OtherInverter, match="serial 3005550303, before 1234567890"):
        look(sma, tmp_path)
    assert hybrid.sessions == 0


def test_capacity_of_the_config(tmp_path: Path) -> None:
    with running_ennexos() as running:
        sma = settings_of(running.host, ENNEXOS_PASSWORD)
        found = look(sma._replace(user=USER, capacity_wh=9800.0), tmp_path)
        assert found.reading.rated_wh == 9800
        assert running.sessions == 0
