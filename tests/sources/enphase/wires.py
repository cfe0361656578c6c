"""A wire that answers from a table, and a clock that moves when told."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceUnreachable,
    NutbridgeError,
)
from nutbridge.net.pins import PinRecord
from nutbridge.net.wire import Answer, Peer, Request
from nutbridge.sources.enphase import paths
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.source import EnphaseSource
from tests.fakes.clock import FakeClock

T = TypeVar("T")

HOST = "envoy.local"
SERIAL = "122000000001"
TOKEN = "token-one"
DATA = Path(__file__).parents[3] / "test-data" / "enphase"

FILES = {
    paths.RELAY: "relay.json",
    paths.LIVEDATA: "livedata.json",
    paths.SECCTRL: "secctrl.json",
    paths.INVENTORY: "inventory.json",
    paths.POWER: "power.json",
    paths.METERS: "meters.json",
    paths.REPORTS: "reports.json",
    paths.INFO: "info.xml",
}

Entry = bytes | Answer | NutbridgeError | Callable[[Request], Answer]


@dataclass
class TableWire:
    """Answers by path; 404 where the table has nothing."""

    clock: FakeClock
    table: dict[str, Entry] = field(default_factory=dict)
    date: str | None = None
    asked: list[Request] = field(default_factory=list)
    takes_s: dict[str, float] = field(default_factory=dict)
    reconnects: int = 0
    closed: bool = False
    peer: Peer | None = None
    secrets_only_to: Peer | None = None

    def send(self, request: Request, until: float) -> Answer:
        self.asked.append(request)
        needed = self.takes_s.get(request.path, 0.01)
        if self.clock.now + needed > until:
            self.clock.now = max(until, self.clock.now)
            raise DeviceUnreachable(HOST + request.path, "no answer in time")
        self.clock.now += needed
        entry = self.table.get(request.path)
        if isinstance(entry, NutbridgeError):
            raise entry
        if isinstance(entry, Answer):
            return entry
        if isinstance(entry, bytes):
            headers = {} if self.date is None else {"date": self.date}
            return Answer(200, headers, entry)
        return Answer(404, {}, b"") if entry is None else entry(request)

    def reconnect(self) -> None:
        self.reconnects += 1

    turn_away = reconnect

    def close(self) -> None:
        self.closed = True

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.asked]


@dataclass
class FakeRenewal:
    """A token that is there, or not."""

    token: str | None = TOKEN
    refusals: int = 0
    acceptances: int = 0
    pokes: list[bool] = field(default_factory=list)
    closed: bool = False
    running: bool = False

    def refused(self) -> None:
        self.refusals += 1

    def accepted(self) -> None:
        self.acceptances += 1

    def poke(self, *, grid_gone: bool) -> None:
        self.pokes.append(grid_gone)

    def close(self) -> None:
        self.closed = True


def retry(call: Callable[[], T], *, tries: int, until: float) -> T:
    """The policy of transport.retrying without its pauses."""
    for _ in range(tries - 1):
        try:
            return call()
        except DeviceUnreachable:
            pass
        except DeviceAnswerError as error:
            if error.status is None or error.status < 500:
                raise
    return call()


@dataclass
class House:
    """One gateway behind a table, and the source that asks it."""

    clock: FakeClock
    wire: TableWire
    renewal: FakeRenewal
    source: EnphaseSource

    def round(self, seconds: float = 10.0) -> bool:
        """Do a whole round of details."""
        self.source.begin_round()
        return self.source.details(self.clock.now + seconds)

    def check(self) -> str:
        """Ask the grid; the word for it."""
        return self.source.grid(self.clock.now + 20.0).grid.value


def house(
    folder: str | None = None, *, disable_meters: bool = False, collar: bool = False
) -> House:
    """Return a house whose gateway answers from a fixture folder."""
    clock = FakeClock()
    wire = TableWire(clock)
    if folder is not None:
        for path, name in FILES.items():
            file = DATA / folder / name
            if file.exists():
                wire.table[path] = file.read_bytes()
    wire.table[paths.STREAM] = b'{"sc_stream":"enabled"}'
    renewal = FakeRenewal()
    gateway = Gateway(wire, clock, HOST, lambda: renewal.token)
    source = EnphaseSource(
        gateway, renewal, retry, clock, disable_meters=disable_meters
    )
    source.recall(collar=collar, backup_mode=False)
    return House(clock, wire, renewal, source)


OTHER = "122000000999"


@dataclass
class Store:
    """Keeps what the pin file keeps."""

    record: PinRecord = field(default_factory=PinRecord)
    full: bool = False
    saves: list[PinRecord] = field(default_factory=list)

    @property
    def kept(self) -> str | None:
        return self.record.known

    def load(self) -> PinRecord:
        return self.record

    def save(self, record: PinRecord) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.record = record
        self.saves.append(record)


CLOSED = b'{"mains_oper_state":"closed","Enchg_grid_mode":"multimode-ongrid"}'


OPEN = b'{"mains_oper_state":"open"}'


NO_ANSWER = DeviceUnreachable(HOST + paths.RELAY, "no answer")


VALID = Answer(200, {}, b"<!DOCTYPE html><h2>Valid token.</h2>")


def batteries(*modes: str) -> bytes:
    """Return ensemble/status with batteries that report these modes."""
    listed = {
        str(number): {"device_type": 13, "reported_grid_mode": mode}
        for number, mode in enumerate(modes)
    }
    return json.dumps({"inventory": {"serial_nums": listed}}).encode()
