"""Everything a gateway tells besides the grid, kept up to date piece by piece.

Each endpoint fails alone; what it said before stands, with its age. What is asked, in
which order, and what failed how often, ``PollQueue`` knows by names alone.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    TokenRejected,
)
from nutbridge.sources.enphase.facts import GatewayAnswers, derive_facts
from nutbridge.sources.enphase.flows import is_fresh, needs_power
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.meters import METERS, REPORTS
from nutbridge.sources.enphase.readings import (
    INVENTORY,
    LIVEDATA,
    POWER,
    SECCTRL,
    STATUS,
    Dated,
    Inventory,
    LiveData,
)
from nutbridge.sources.enphase.witnesses import ReportWatch
from nutbridge.system.clock import Clock
from nutbridge.ups.model import Facts
from nutbridge.ups.notices import DEBUG, INFO, WARNING

_log = logging.getLogger(__name__)

#: Slow facts are read again after this long, s.
SLOW_S = 600.0

#: A slow fact that this gateway does not give to our token is asked this often
#: in a row, then as seldom as one that it gives.
_STUBBORN = 3

#: So many failures in a row are worth a warning; one or two happen every night.
_MANY = 3

_NOT_FOUND = 404


class PollQueue:
    """The line of things to ask.

    Args:
        order: every name, in the order of asking.
        slow: those among them that are asked seldom, and after how many seconds.
    """

    def __init__(self, order: tuple[str, ...], slow: Mapping[str, float]) -> None:
        self._order = order
        self._slow = slow
        self._due_at = dict.fromkeys(slow, 0.0)
        self._line: list[str] = []
        self._failures: dict[str, int] = {}
        self._warned: set[str] = set()
        self._cut: str | None = None

    def begin_round(self, now: float) -> None:
        """Put what is due in line, behind what was not reached before."""
        for name in self._order:
            if name not in self._line and now >= self._due_at.get(name, 0.0):
                self._line.append(name)

    def hurry(self, name: str) -> None:
        """Make a slow fact due in the next round, however new it is."""
        self._due_at[name] = 0.0

    @property
    def next(self) -> str | None:
        """The first in line, or None when the round is complete."""
        return self._line[0] if self._line else None

    def waits_for(self, *names: str) -> bool:
        """Whether one of these is still in line."""
        return not set(names).isdisjoint(self._line)

    def cut(self) -> bool:
        """Keep the first in line, because its time was too short.

        Returns:
            False when that has happened before, in whatever round: then it counts as
            failed. Where a check takes as long as a round one that hangs would else
            keep all the others from being asked, the charge too.
        """
        again = self._cut == self.next
        self._cut = self.next
        return not again

    def done(self, now: float, *, settled: bool = True) -> None:
        """Take the first off the line: it answered.

        Args:
            now: CLOCK_BOOTTIME, s.
            settled: False when a slow answer has to be asked again soon.
        """
        name = self._pop()
        if name in self._due_at:
            self._due_at[name] = now + self._slow[name] if settled else now
        self._answered(name)

    def _pop(self) -> str:
        self._cut = None
        return self._line.pop(0)

    def _answered(self, name: str) -> None:
        self._failures.pop(name, None)
        if name in self._warned:
            self._warned.discard(name)
            _log.info("%s answers again", name)

    def failed(self, error: DeviceError, now: float) -> None:
        """Take the first off the line: it failed, and waits for the next round."""
        name = self._pop()
        self._tell(name, error)
        if name in self._due_at:
            stubborn = is_refused(error) and self._failures[name] >= _STUBBORN
            self._due_at[name] = now + SLOW_S if stubborn else now

    @contextlib.contextmanager
    def optional(self, name: str) -> Iterator[None]:
        """Take note of how a request went that is never in line."""
        try:
            yield
        except DeviceError as error:
            self._tell(name, error)
        else:
            self._answered(name)

    def _tell(self, name: str, error: DeviceError) -> None:
        times = self._failures[name] = self._failures.get(name, 0) + 1
        refused = is_refused(error)
        level = DEBUG
        # What is wrong with the gateway is told once, of the relay.
        new = name not in self._warned and not error.of_device
        if new and (refused or times >= _MANY):
            self._warned.add(name)
            level = INFO if refused and not error.lasting else WARNING
        told = error if level == DEBUG else error.advice
        _log.log(level, "goes on without %s: %s", name, told)

    def done_elsewhere(self, name: str, now: float) -> None:
        """Take note that a slow fact was read outside of the line."""
        self._due_at[name] = now + self._slow[name]
        if name in self._line:
            self._line.remove(name)
        self._answered(name)


def is_refused(error: DeviceError) -> bool:
    """Whether the gateway will not give this to our token, today or ever."""
    if isinstance(error, DeviceAnswerError):
        return error.status == _NOT_FOUND
    return isinstance(error, TokenRejected)


#: The live stream is switched on at most this often, s.
STREAM_S = 60.0

#: The inventory tells whether the System Controller still reports.
INVENTORY_S = 300.0
#: A large answer, for what never changes while the batteries are the same.
STATUS_S = 6 * SLOW_S
#: So often it is asked with each inventory where it lacks some of the batteries: a
#: gateway that has started finds them within minutes, some list fewer for good.
SHORT_ANSWERS = 3
_SLOW = {
    "info": SLOW_S,
    "inventory": INVENTORY_S,
    "meters": SLOW_S,
    "status": STATUS_S,
}
_METERS = frozenset({"reports", "meters"})
#: Added up when all of them were asked.
_POWERS = ("livedata", "reports", "power")


class Details:
    """The details of one gateway.

    Args:
        gateway: the endpoints.
        clock: all times.
        request_s: longest time for one request.
        disable_meters: DISABLE_METERS; leaves /ivp/meters alone.

    Attributes:
        facts: all that is known now.
        gateway_offset_s: from CLOCK_BOOTTIME to the gateway's clock, by /info; None
            while unknown.
        reports: whether the System Controller still reports.
    """

    def __init__(
        self, gateway: Gateway, clock: Clock, *, request_s: float, disable_meters: bool
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._request_s = request_s
        # Asked in this order.
        self._asks: dict[str, Callable[[float], bool]] = {
            "secctrl": self._ask_secctrl,
            "livedata": self._ask_livedata,
            "reports": self._ask_reports,
            "power": self._ask_power,
            "info": self._ask_info,
            "inventory": self._ask_inventory,
            "meters": self._ask_meters,
            "status": self._ask_status,
        }
        out = _METERS if disable_meters else frozenset()
        order = tuple(name for name in self._asks if name not in out)
        slow = {name: each_s for name, each_s in _SLOW.items() if name not in out}
        self._queue = PollQueue(order, slow)
        self._parts = GatewayAnswers()
        self._stream_tried_at: float | None = None
        self._rated_batteries = 0
        self._short_answers = 0
        self.gateway_offset_s: float | None = None
        self.reports = ReportWatch()
        self.facts = Facts()

    @property
    def inventory(self) -> Dated[Inventory] | None:
        """The newest inventory, however old."""
        return self._parts.inventory

    def begin_round(self) -> None:
        """Put everything that is due in line."""
        self._queue.begin_round(self._clock.boottime())

    def ask(self, until: float) -> bool:
        """Ask what is in line, one try each, and stop at ``until``.

        Then everything is derived, once.

        Returns:
            True when nothing is left.
        """
        while (name := self._queue.next) and (now := self._clock.boottime()) < until:
            whole = now + self._request_s
            try:
                settled = self._asks[name](min(until, whole))
            except DeviceError as error:
                now = self._clock.boottime()
                late = isinstance(error, DeviceUnreachable) and now >= until
                if late and until < whole and self._queue.cut():
                    break
                self._forget(name)
                self._queue.failed(error, now)
            else:
                self._queue.done(self._clock.boottime(), settled=settled)
        powers_asked = not self._queue.waits_for(*_POWERS)
        self._parts = self._parts._replace(summed=powers_asked)
        self.facts = derive_facts(self._parts, self.facts)
        return self._queue.next is None

    def take_inventory(self, inventory: Dated[Inventory]) -> None:
        """Use an inventory that was asked for together with the relay."""
        settled = self._use_inventory(inventory)
        self.facts = derive_facts(self._parts, self.facts)
        if settled:
            self._queue.done_elsewhere("inventory", inventory.at)

    def _forget(self, name: str) -> None:
        """Mix nothing with an answer that is older than this round."""
        powers = self._parts.powers
        if name == "secctrl":
            self._parts = self._parts._replace(secctrl=None)
        elif name == "livedata":
            self._parts = self._parts._replace(powers=powers._replace(live=None))
        elif name == "reports":
            self._parts = self._parts._replace(powers=powers._replace(reports=None))
        elif name == "power":
            self._parts = self._parts._replace(powers=powers._replace(power=None))

    def _ask_secctrl(self, until: float) -> bool:
        secctrl = self._gateway.fetch(SECCTRL, until)
        self._parts = self._parts._replace(
            secctrl=secctrl, last_secctrl=secctrl.value
        ).with_batteries()
        return True

    def _ask_livedata(self, until: float) -> bool:
        live = self._gateway.fetch(LIVEDATA, until)
        now_s = self._gateway_clock(live)
        fresh = is_fresh(live.value, now_s)
        powers = self._parts.powers._replace(live=live if fresh else None)
        self._parts = self._parts._replace(powers=powers)
        if not live.value.stream_on or (now_s is not None and not fresh):
            self._enable_stream(until)
        return True

    def _gateway_clock(self, answer: Dated[LiveData]) -> float | None:
        """Return the gateway's clock at ``answer``; ours may be wrong by decades."""
        if answer.gateway_epoch_s is not None:
            return answer.gateway_epoch_s
        offset_s = self.gateway_offset_s
        return None if offset_s is None else answer.at + offset_s

    def _enable_stream(self, until: float) -> None:
        """Switch the stream on; its values are there in the next round."""
        now = self._clock.boottime()
        tried_at = self._stream_tried_at
        if tried_at is not None and now - tried_at < STREAM_S:
            return
        self._stream_tried_at = now
        with self._queue.optional("livedata stream"):
            self._gateway.enable_stream(until)

    def _ask_reports(self, until: float) -> bool:
        reports = self._gateway.fetch(REPORTS, until)
        powers = self._parts.powers._replace(reports=reports)
        self._parts = self._parts._replace(powers=powers)
        return True

    def _ask_power(self, until: float) -> bool:
        powers = self._parts.powers
        if not needs_power(powers) and not self._parts.charge_doubted:
            self._parts = self._parts._replace(powers=powers._replace(power=None))
            return True
        power = self._gateway.fetch(POWER, until)
        self._parts = self._parts._replace(powers=powers._replace(power=power))
        return True

    def _ask_info(self, until: float) -> bool:
        info = self._gateway.fetch_info(until)
        if info.value.epoch_s is not None:
            self.gateway_offset_s = info.value.epoch_s - info.at
        if info.value.serial is None and info.value.software is None:
            return False
        self._parts = self._parts._replace(info=info.value)
        return True

    def _ask_inventory(self, until: float) -> bool:
        inventory = self._gateway.fetch(INVENTORY, until)
        return self._use_inventory(inventory)

    def _use_inventory(self, inventory: Dated[Inventory]) -> bool:
        """Take it over; False when it has to be asked for again soon.

        Gateways boot with an empty one, and one that lists only strange devices
        tells nothing of ours.
        """
        if inventory.value.devices and not inventory.value.known:
            return False
        self._parts = self._parts._replace(inventory=inventory).with_emptiness()
        self.reports = self.reports.look(inventory)
        changed = inventory.value.batteries != self._rated_batteries
        if changed or 0 < self._short_answers < SHORT_ANSWERS:
            self._queue.hurry("status")
        return inventory.value.devices > 0

    def _ask_meters(self, until: float) -> bool:
        setup = self._gateway.fetch(METERS, until).value
        before = self._parts.powers.setup
        if setup.listed or before is None:
            powers = self._parts.powers._replace(setup=setup)
            self._parts = self._parts._replace(powers=powers)
        return setup.listed > 0

    def _ask_status(self, until: float) -> bool:
        inventory = self._parts.inventory
        if inventory is None or not inventory.value.batteries:
            return False
        listed = inventory.value.batteries
        short = self._short_answers if listed == self._rated_batteries else 0
        try:
            status = self._gateway.fetch(STATUS, until).value
        except DeviceError as error:
            # Owners of 7.3.130 may not read it; LOADKWH does as well.
            if is_refused(error):
                self._rated_batteries, self._short_answers = listed, 0
                return True
            raise
        # A gateway that has started finds its batteries one by one.
        whole = status.batteries >= listed
        self._rated_batteries, self._short_answers = listed, 0 if whole else short + 1
        self._parts = self._parts._replace(rated_w=status.rated_w if whole else None)
        return True
