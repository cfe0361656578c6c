"""The inverter of a simulated house, answer by answer, in both of its languages.

The client is the daemon's own: who is asked in which language, session, pauses,
parsing and serial number; only the connection and the disk are stand-ins. Each path
fails or answers in part by itself.
"""

import functools
import re
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from random import Random
from typing import Any, cast

from nutbridge.errors import DeviceUnreachable
from nutbridge.net.wire import Answer, Request
from nutbridge.net.worker import retrying
from nutbridge.simulator.messages import Incoming
from nutbridge.simulator.sma.ennexos import EnnexosDevice
from nutbridge.simulator.sma.inverter import SimulatedInverter, err
from nutbridge.sources.sma.ennexos import client as ennexos
from nutbridge.sources.sma.inverter import SYSTEM_INFO, Account, Inverter
from nutbridge.sources.sma.login_gate import LONGEST_S, LoginGate
from nutbridge.sources.sma.serial_store import SerialStore
from nutbridge.sources.sma.source import SmaSource
from nutbridge.sources.sma.webconnect import keys, paths
from nutbridge.ups.model import Facts, Grid, GridAnswer
from nutbridge.ups.status.saved import RetryState
from tests.sim.clock import SimClock
from tests.sim.gateway import SimGateway
from tests.sim.house import House
from tests.sim.wire import Fault, in_part

_DATA = Path(__file__).parents[2] / "test-data/sma"
_HOST = "inverter"
_ANSWER_S = 0.12
#: Some browser's session is always there.
_OTHERS = 1
_USER = "nut"
_PASSWORD = "secret"


class _Disk:
    """What lies in STATE_DIR: the session, and the serial number."""

    ups = "home"

    def __init__(self) -> None:
        self.kept: str | None = None

    def load(self) -> str | None:
        return self.kept

    def save(self, text: str) -> None:
        self.kept = text

    def clear(self) -> None:
        self.kept = None


class WireInverter(SimGateway):
    """A SimGateway that speaks Webconnect; see there.

    Attributes:
        faults: by path; "" counts for all of them.
        good: true times of the usable answers about the grid.
        sessions: how many sessions of ours it has.
        logins: true times of the logins that were sent.
    """

    #: Who may fail.
    fragile: tuple[str, ...] = (
        *(paths.VALUES, paths.LOGIN, SYSTEM_INFO.path, paths.LOGOUT),
        *(paths.ONLINE_VALUES, paths.PARAM_VALUES, paths.SESSION_CHECK),
    )
    #: What the question about the grid can do without.
    spare: frozenset[str] = frozenset(
        {paths.ONLINE_VALUES, paths.PARAM_VALUES, paths.SESSION_CHECK, paths.LOGOUT}
    )
    #: Nothing is asked for in vain for longer than this, s.
    longest_s = LONGEST_S

    #: Who ends a session.
    ends: tuple[str, ...] = (paths.LOGOUT, ennexos.LOGOUT)

    def __init__(
        self, house: House, clock: SimClock, advance: Callable[[float], None]
    ) -> None:
        super().__init__(house, clock, advance)
        self.faults: dict[str, Fault] = {}
        self.good: list[float] = []
        self.logins: list[float] = []
        self._session, self._serial = _Disk(), _Disk()
        self._pause = RetryState()
        self._gate: LoginGate | None = None
        self._make()
        self.source = self._new_source()

    def _make(self) -> None:
        """Put the device up."""
        passwords = {"usr": _PASSWORD}
        self._device = SimulatedInverter(
            _DATA / "hybrid", passwords, self._clock.boottime
        )
        for _ in range(_OTHERS):
            self._device.sessions.open("usr", 0.0)
        for each in self._device.params.values():
            each[keys.SERIAL] = {"9": [{"val": 3_010_550_607}]}

    @property
    def sessions(self) -> int:
        """How many of its sessions are not those of others."""
        return len(self._device.sessions.entries) - _OTHERS

    def _is_login(self, path: str, _request: Request) -> bool:
        return path == paths.LOGIN

    def _opened(self) -> Any:
        return dict(self._device.sessions.entries)

    def _put_back(self, opened: Any) -> None:
        self._device.sessions.entries = opened

    def restart(self) -> None:
        """Its web server starts anew: every session is over."""
        self._device.sessions.entries.clear()

    # The daemon's own source, as a process has it.

    def forget(self) -> None:
        super().forget()
        if self._gate is not None:
            self._pause = self._gate.retry_state
        self.source = self._new_source()

    def _new_source(self) -> SmaSource:
        gate = self._gate = LoginGate(_HOST, self._clock, self._pause)
        account = Account(_PASSWORD, "usr", _USER)
        client = Inverter(
            self, _HOST, account, self._clock, gate=gate, keeper=lambda _: self._session
        )
        return SmaSource(
            client,
            functools.partial(retrying, clock=self._clock, waiter=self),
            self._clock,
            lambda: client.logout(self._clock.boottime() + 1.0),
            serials=cast("SerialStore", self._serial),
        )

    def grid(self, until: float) -> GridAnswer:
        answer = self.source.grid(until)
        if answer.grid is not Grid.UNKNOWN and not answer.unfit:
            self.good.append(self._clock.true_s)
        return answer

    def begin_round(self) -> None:
        self.source.begin_round()

    def details(self, until: float) -> bool:
        self.on_details()
        return self.source.details(until)

    @property
    def facts(self) -> Facts:
        return self.source.facts

    def close(self) -> None:
        # At an orderly shutdown upsmon is gone before us.
        advance, self._advance = self._advance, lambda _seconds: None
        self.source.close()
        self._advance = advance

    # Its connection, and how it waits.

    fingerprint = "00" * 32

    def send(self, request: Request, until: float) -> Answer:
        path, _, query = request.path.partition("?")
        fault = self.faults.get(path, self.faults.get(""))
        left_s = max(0.0, min(10.0, until - self._clock.boottime()))
        if self._is_login(path, request) and fault != "refuse":
            self.logins.append(self._clock.true_s)
        if fault in ("hang", "refuse") or left_s < _ANSWER_S:
            self._advance(0.05 if fault == "refuse" else left_s)
            sent = fault == "hang"
            raise DeviceUnreachable(_HOST + path, str(fault or "late"), sent=sent)
        self._advance(_ANSWER_S)
        self._look()
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Incoming(request.method, path, query, headers, request.body or b"")
        # A login that fails makes no session: who knows its end could end it.
        before = self._opened()
        reply = self._device(asked)
        if fault is not None and path in (paths.LOGIN, ennexos.TOKEN):
            self._put_back(before)
        # A wrong clock, of which nothing may depend.
        date = formatdate(self._clock.wall() - 1e8, usegmt=True)
        if isinstance(fault, int):
            return Answer(fault, {"date": date}, b"<html>")
        body = fault(reply.body) if callable(fault) else reply.body
        return Answer(reply.status, {"date": date}, body)

    def reconnect(self) -> None:
        pass

    def wait(self, seconds: float) -> bool:
        self._advance(seconds)
        return False

    def wake(self) -> None:
        pass

    def _look(self) -> None:
        """Let the inverter see the house as it is."""
        device, house = self._device, self.house
        device.say(keys.RUN_STATE, 235 if house.grid else 1463)
        device.say(keys.MAINS, 1780 if house.grid else 1781)
        battery_w = house.battery_w
        for what, value in (
            (keys.SOC, round(house.soc_pct)),
            (keys.RATED_CAPACITY, house.capacity_wh),
            (keys.DISCHARGE_POWER, max(0.0, battery_w)),
            (keys.CHARGE_POWER, max(0.0, -battery_w)),
            (keys.AC_POWER, 0 if house.grid else house.load_w),
            (keys.DRAWN, house.load_w if house.grid else 0),
            (keys.FED_IN, 0),
            (keys.PV_POWER, house.pv_w),
        ):
            device.set(what.key, value)


class WireEnnexos(WireInverter):
    """The same in ennexOS."""

    fragile = (
        *(ennexos.LIVE, ennexos.TOKEN, SYSTEM_INFO.path, ennexos.LOGOUT),
        *(ennexos.PARAMETERS, ennexos.DEVICE),
    )
    spare = frozenset({ennexos.PARAMETERS, ennexos.DEVICE, ennexos.LOGOUT})

    def _make(self) -> None:
        self._ennexos = EnnexosDevice(
            _DATA / "ennexos-hybrid", {_USER: _PASSWORD}, self._clock.boottime
        )
        self._device = cast("SimulatedInverter", self._ennexos)

    @property
    def sessions(self) -> int:
        return len(self._ennexos.refresh)

    def _is_login(self, path: str, request: Request) -> bool:
        return path == ennexos.TOKEN and b"=password&" in (request.body or b"")

    def _opened(self) -> Any:
        return dict(self._ennexos.tokens), set(self._ennexos.refresh)

    def _put_back(self, opened: Any) -> None:
        self._ennexos.tokens, self._ennexos.refresh = opened

    def restart(self) -> None:
        self._ennexos.expire()
        self._ennexos.refresh.clear()

    def _look(self) -> None:
        device, house = self._ennexos, self.house
        device.say("Operation.RunStt", 235.0 if house.grid else 1463.0)
        device.say("Operation.PvGriConn", 1780.0 if house.grid else 1781.0)
        device.say("Operation.BckStt", 1440.0 if house.grid else 1441.0)
        device.set("Parameter.Bat.CapacRtgWh", house.capacity_wh)
        battery_w = house.battery_w
        for channel, value in (
            ("Bat.ChaStt", float(round(house.soc_pct))),
            ("BatDsch.CurBatDsch", max(0.0, battery_w)),
            ("BatChrg.CurBatCha", max(0.0, -battery_w)),
            ("GridMs.TotW", 0.0 if house.grid else house.load_w),
            ("Metering.GridMs.TotWIn", house.load_w if house.grid else 0.0),
            ("Metering.GridMs.TotWOut", 0.0),
            ("PvGen.PvW", house.pv_w),
        ):
            device.set(f"Measurement.{channel}", value)


def _nulls(body: bytes) -> bytes:
    """Return an answer of Webconnect whose keys have no value."""
    return re.sub(rb'"val":(\[[^]]*\]|[^]}]*)', b'"val":null', body)


def _said(number: object) -> Fault:
    return lambda _: err(number).body


def any_fault(random: Random) -> Fault:
    """Return how a path fails, or answers in part."""
    return random.choice(
        [
            *("hang", "refuse", 301, 400, 401, 403, 404, 500, 503),
            *(_said(number) for number in (401, 404, 503, "401", {"a": 503}, None)),
            *(
                lambda _, said=said: said
                for said in (b"{}", b"[]", b"<html>", b"", b"null", b'{"result":{}}')
            ),
            lambda _: b'{"result":{"sid":null}}',
            lambda body: body[: len(body) // 2],
            _nulls,
            *(in_part(random, 0.2), in_part(random, 0.5), in_part(random, 0.9)),
        ]
    )
