"""The IQ Gateway of a simulated house, answer by answer.

The source is the daemon's own, endpoints, parsing and witnesses included; only the
connection is a stand-in. Each endpoint fails, lies idle or answers in part by itself.
"""

import functools
import json
from collections.abc import Callable
from email.utils import formatdate
from random import Random
from typing import Any, Literal

from nutbridge.errors import DeviceUnreachable
from nutbridge.net.wire import Answer, Request
from nutbridge.net.worker import retrying
from nutbridge.simulator.gateway import SimulatedGateway
from nutbridge.simulator.house import SimulatedController, SimulatedHouse
from nutbridge.simulator.messages import Incoming
from nutbridge.sources.enphase import paths
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.source import EnphaseSource
from nutbridge.ups.model import Facts, GridAnswer
from tests.sim.clock import SimClock
from tests.sim.gateway import SimGateway
from tests.sim.house import House
from tests.sources.enphase.wires import FakeRenewal

_ANSWER_S = 0.12
#: The longest time for one request.
_TOTAL_S = 10.0
_EPOCH_S = 1.79e9

#: The phases of a gateway's start in their order, each with its longest, s.
BOOTS = {"away": 1500.0, "busy": 60.0, "lost": 900.0, "zeros": 120.0, "half": 900.0}
#: How often each of them is there.
_PHASE = 0.7

#: A status, a way not to answer, or what becomes of a body.
Fault = int | Literal["hang", "refuse"] | Callable[[bytes], bytes]
_BOOT_FAULTS: dict[str, Fault] = {"away": "hang", "busy": 503}


class WireGateway(SimGateway):
    """A SimGateway that speaks the gateway's own words; see there.

    Attributes:
        faults: by path; "" counts for all of them.
        collar: a Meter Collar islands the house, behind which the relay says closed.
        boots: true times at which the phases of a start of the gateway end, and what
            each of them is: one of BOOTS.
        slow_s: how long each answer takes.
    """

    def __init__(
        self, house: House, clock: SimClock, advance: Callable[[float], None]
    ) -> None:
        self.faults: dict[str, Fault] = {}
        self.boots: list[tuple[float, str]] = []
        self.slow_s = _ANSWER_S
        self.clock_s = _EPOCH_S
        self._shown = SimulatedHouse(clock=lambda: self.clock_s + clock.true_s)
        self._answers = SimulatedGateway(self._shown)
        super().__init__(house, clock, advance)
        self.source = self._new_source()

    @property
    def collar(self) -> bool:
        return self._shown.controller is SimulatedController.COLLAR

    @collar.setter
    def collar(self, there: bool) -> None:
        kinds = SimulatedController.ENPOWER, SimulatedController.COLLAR
        self._shown.controller = kinds[there]

    @property
    def phase(self) -> str:
        """How far its start has come; "" when it is over."""
        while self.boots and self.boots[0][0] <= self._clock.true_s:
            del self.boots[0]
        return self.boots[0][1] if self.boots else ""

    def reboot(self, random: Random) -> None:
        """Start it anew: silence, 503, ``closed`` in no mode, zeros, a part."""
        self.boots, end_s = [], self._clock.true_s
        for phase, longest_s in BOOTS.items():
            if random.random() < _PHASE:
                end_s += random.uniform(5.0, longest_s)
                self.boots.append((end_s, phase))

    # The daemon's own source, as a process has it.

    def forget(self) -> None:
        super().forget()
        # The house's memory outlives it.
        before, self.source = self.source, self._new_source()
        self.source.recall(collar=before.collar_known, backup_mode=before.backup_known)

    def _new_source(self) -> EnphaseSource:
        gateway = Gateway(self, self._clock, "gateway", lambda: "token")
        again = functools.partial(retrying, clock=self._clock, waiter=self)
        return EnphaseSource(gateway, FakeRenewal(), again, self._clock)

    def grid(self, until: float) -> GridAnswer:
        return self.source.grid(until)

    def begin_round(self) -> None:
        self.source.begin_round()

    def details(self, until: float) -> bool:
        self.on_details()
        return self.source.details(until)

    @property
    def facts(self) -> Facts:
        return self.source.facts

    # Its connection, and how it waits.

    def send(self, request: Request, until: float) -> Answer:
        fault = self.faults.get(request.path, self.faults.get(""))
        fault = _BOOT_FAULTS.get(self.phase, fault)
        left_s = max(0.0, min(_TOTAL_S, until - self._clock.boottime()))
        if fault in ("hang", "refuse") or left_s < self.slow_s:
            self._advance(0.05 if fault == "refuse" else left_s)
            raise DeviceUnreachable("gateway" + request.path, str(fault or "late"))
        self._advance(self.slow_s)
        self._look()
        headers = {"authorization": "Bearer token"}
        asked = Incoming(request.method, request.path, "", headers, request.body or b"")
        self._shown.tokens = ("token",)
        reply = self._answers(asked)
        date = formatdate(self._shown.clock(), usegmt=True)
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
        """Let the gateway see the house as it is."""
        shown, house = self._shown, self.house
        shown.relay = "closed" if house.grid or self.collar else "open"
        shown.collar_off_grid = self.collar and not house.grid
        shown.generator = not house.grid and house.generator_w > 0
        shown.soc_pct = round(house.soc_pct)
        shown.capacity_wh, shown.load_w = house.capacity_wh, house.load_w
        shown.pv_w, shown.battery_w = house.pv_w, house.battery_w
        phase = self.phase
        shown.ready, shown.mode, shown.batteries = True, None, 2
        if phase == "lost":
            shown.relay, shown.mode, shown.ready = "closed", "unknown", False
            shown.collar_off_grid = False
        elif phase == "zeros":
            shown.ready = False
        elif phase == "half":
            shown.batteries = 1
            shown.capacity_wh, shown.battery_w = (
                house.capacity_wh / 2,
                house.battery_w / 2,
            )


def frozen() -> Fault:
    """Return what repeats the first answer for ever."""
    kept: list[bytes] = []

    def repeat(body: bytes) -> bytes:
        kept.append(body)
        return kept[0]

    return repeat


def in_part(random: Random, part: float) -> Fault:
    """Return what takes some values out, or puts odd ones in their place."""
    seed = random.random()

    def spoil(body: bytes) -> bytes:
        try:
            answer = json.loads(body)
        except ValueError:
            return body
        _spoil(answer, Random(seed), part)
        return json.dumps(answer).encode()

    return spoil


def _spoil(answer: Any, random: Random, part: float) -> None:
    pairs = answer.items() if isinstance(answer, dict) else enumerate(answer)
    for key, value in list(pairs):
        if isinstance(value, dict | list):
            _spoil(value, random, part)
        elif random.random() < part:
            answer[key] = random.choice([None, "unknown", -7, True, "", 1e30])


RELAY_FAULTS: tuple[Fault, ...] = (
    *("hang", "refuse", 401, 403, 404, 500, 503),
    *(lambda _, said=said: said for said in (b"{}", b"[]", b"<html>", b"null")),
    *(
        lambda _, word=word: json.dumps({"mains_oper_state": word}).encode()
        for word in ("unknown", None, 3, "", "maintenance")
    ),
)


def other_fault(random: Random) -> Fault:
    """Return how an endpoint besides the relay fails, or answers from the past."""
    return random.choice(
        [
            *("hang", "refuse", 401, 404, 503),
            *(lambda _: b"[]", lambda _: b"{}"),
            *(frozen(), frozen(), in_part(random, 0.2), in_part(random, 0.5)),
        ]
    )


#: Who tells of the grid, and of the gateway's clock.
PATHS = (paths.RELAY, paths.INVENTORY, paths.STATUS, paths.INFO)
