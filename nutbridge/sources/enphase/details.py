"""Everything a gateway tells besides the grid, kept up to date piece by piece.

Each endpoint fails alone; what it said before stands, with its age.
"""

from collections.abc import Callable

from nutbridge.errors import DeviceError, DeviceUnreachable
from nutbridge.sources.enphase.facts import GatewayAnswers, derive_facts
from nutbridge.sources.enphase.flows import is_fresh, needs_power
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.meters import METERS, REPORTS
from nutbridge.sources.enphase.poll_queue import SLOW_S, PollQueue, is_refused
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

#: The live stream is switched on at most this often, s.
STREAM_S = 60.0

#: Asked in this order.
_ORDER = (
    "secctrl",
    "livedata",
    "reports",
    "power",
    "info",
    "inventory",
    "meters",
    "status",
)
#: The inventory tells whether the System Controller still reports.
INVENTORY_S = 300.0
#: A large answer, for what never changes while the batteries are the same.
STATUS_S = 6 * SLOW_S
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
        out = _METERS if disable_meters else frozenset()
        order = tuple(name for name in _ORDER if name not in out)
        slow = {name: each_s for name, each_s in _SLOW.items() if name not in out}
        self._queue = PollQueue(order, slow)
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
        self._parts = GatewayAnswers()
        self._stream_tried_at: float | None = None
        self._rated_batteries = 0
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
        if inventory.value.batteries != self._rated_batteries:
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
        try:
            status = self._gateway.fetch(STATUS, until).value
        except DeviceError as error:
            # Owners of 7.3.130 may not read it; LOADKWH does as well.
            if is_refused(error):
                self._rated_batteries = listed
                return True
            raise
        # A gateway that has started finds its batteries one by one.
        whole = status.batteries >= listed
        self._rated_batteries = status.batteries
        self._parts = self._parts._replace(rated_w=status.rated_w if whole else None)
        return True
