"""From the gateway's readings to the model's grid, battery, equipment, identity."""

from typing import NamedTuple, Self

from nutbridge.sources.enphase.flows import (
    TOGETHER_S,
    PowerParts,
    derive_flows,
    derive_meters,
    needs_power,
)
from nutbridge.sources.enphase.info import Info
from nutbridge.sources.enphase.readings import (
    BatteryPowers,
    Collar,
    Dated,
    Inventory,
    Relay,
    SecCtrl,
)
from nutbridge.ups.model import (
    BatteryReading,
    Equipment,
    Facts,
    Flows,
    Grid,
    GridAnswer,
    Identity,
)
from nutbridge.ups.status.policy import DEFAULT_FLOOR_PCT, REJOIN_PART

#: A battery's temperature changes slowly and is read every ten minutes.
TEMPERATURE_FRESH_S = 1800.0

#: A gateway that has started lists its devices within this, s (chosen). A house with
#: neither battery nor controller has an empty inventory for ever.
EMPTY_S = 300.0
#: The same where something was listed before: some gateways are not themselves for half
#: an hour when they restart at night.
EMPTY_AGAIN_S = 3600.0

#: Starts of the relay's words; "open synchronizing" and "open synchronized"
#: are an island that prepares to return to the grid.
_RELAY_WORDS = (("closed", Grid.CLOSED), ("open", Grid.OPEN))


class GatewayAnswers(NamedTuple):
    """The newest answer of every endpoint; None where the last attempt failed.

    Attributes:
        last_secctrl: the newest answer of secctrl, however old: its limits are
            settings and outlive a failure.
        inventory: the newest one, empty or not.
        listed: the newest one with batteries in it.
        full_wh: the largest capacity that secctrl told.
        battery_seen: some answer has shown a battery.
        summed: the powers are all of one round: they may be added up.
        rated_w: what the batteries can give for long, where they tell it.
        empty_since: the inventory has been empty from then on.
    """

    powers: PowerParts = PowerParts()
    secctrl: Dated[SecCtrl] | None = None
    last_secctrl: SecCtrl | None = None
    inventory: Dated[Inventory] | None = None
    listed: Inventory | None = None
    full_wh: float = 0.0
    info: Info | None = None
    battery_seen: bool = False
    summed: bool = False
    rated_w: float | None = None
    empty_since: float | None = None

    def with_emptiness(self) -> Self:
        """Take note of how long the inventory has been empty."""
        inventory = self.inventory
        if inventory is None or inventory.value.devices:
            return self._replace(empty_since=None)
        since = inventory.at if self.empty_since is None else self.empty_since
        return self._replace(empty_since=since)

    @property
    def empty_s(self) -> float:
        """How long the inventory has been empty, s."""
        inventory = self.inventory
        if inventory is None or self.empty_since is None:
            return 0.0
        return inventory.at - self.empty_since

    def with_batteries(self) -> Self:
        """Tell a house without batteries from one whose gateway lost them."""
        secctrl, inventory = self.secctrl, self.inventory
        seen = self.battery_seen or bool(
            (secctrl and (secctrl.value.capacity_wh or secctrl.value.soc_pct))
            or (inventory and inventory.value.batteries)
        )
        listed = inventory is not None and inventory.value.devices > 0
        capacity_wh = secctrl.value.capacity_wh if secctrl else None
        zero = capacity_wh == 0
        powers = self.powers._replace(
            no_battery=listed and not seen,
            battery_lost=zero and (seen or inventory is None),
        )
        return self._replace(
            battery_seen=seen,
            powers=powers,
            listed=inventory.value
            if inventory and inventory.value.batteries
            else self.listed,
            full_wh=max(self.full_wh, capacity_wh or 0.0),
        )

    @property
    def charge_doubted(self) -> bool:
        """Whether each battery's own charge would tell more than secctrl does.

        Nobody has a charge, or secctrl the capacity of a part of the batteries.
        """
        live = self.powers.live
        if self.secctrl is None or not self.secctrl.value.soc_pct:
            return live is None or live.value.soc_pct is None
        capacity_wh = self.secctrl.value.capacity_wh
        listed_wh = self.listed.size_wh if self.listed else None
        full_wh = max(self.full_wh, listed_wh or 0.0)
        return capacity_wh is not None and capacity_wh < REJOIN_PART * full_wh


def derive_facts(answers: GatewayAnswers, known: Facts) -> Facts:
    """Return all that is known after a round.

    Args:
        answers: of the round.
        known: before it. What no answer tells now stays, with its age.
    """
    answers = answers.with_batteries()
    powers = answers.powers
    flows, meters = known.flows, known.meters
    if answers.summed or not needs_power(powers):
        flows = derive_flows(powers) or flows
    if answers.summed:
        meters = derive_meters(powers, flows) or meters
    equipment = known.equipment
    inventory = answers.inventory
    if inventory and (inventory.value.devices or equipment is None):
        equipment = derive_equipment(inventory.value)
    enough_s = EMPTY_S if equipment == Equipment() else EMPTY_AGAIN_S
    if answers.empty_s >= enough_s:
        equipment = Equipment(controller=False, batteries=0, size_wh=0.0)
    return known._replace(
        battery=derive_battery(answers, flows) or known.battery,
        flows=flows,
        meters=meters,
        identity=derive_identity(answers.info) if answers.info else known.identity,
        equipment=equipment,
        nominal_w=answers.rated_w,
    )


def derive_grid(relay: Relay | None, collars: tuple[Collar, ...] = ()) -> GridAnswer:
    """Return whether the house is connected to the grid.

    Args:
        relay: the relay's answer; None when only a Collar could be asked.
        collars: IQ Meter Collars as the inventory lists them now. What the
            relay says behind an open Collar is not known from any capture, so
            a Collar that is off grid decides, and behind one that says neither
            ``closed`` proves nothing.
    """
    relay = relay or Relay()
    grid = relay_grid(relay.oper)
    words = [relay.oper or "no answer"]
    for collar in collars:
        words.append(str(collar))
        said = collar_grid(collar)
        if said is Grid.OPEN or grid is Grid.CLOSED:
            grid = said
    modes = set(relay.modes)
    backup_mode = None
    if any(mode.startswith("multimode-") for mode in modes):
        backup_mode = True
    elif modes == {"unknown"}:
        backup_mode = False
    return GridAnswer(
        grid=grid,
        word=" ".join(words),
        backup_mode=backup_mode,
        generator="multimode-generator" in modes,
    )


def relay_grid(word: str | None) -> Grid:
    """Return what a ``mains_oper_state`` says; UNKNOWN for any other word."""
    for start, grid in _RELAY_WORDS:
        if _starts(word, start):
            return grid
    return Grid.UNKNOWN


def collar_grid(collar: Collar) -> Grid:
    """Return what a Collar says; off grid beats on grid.

    The last word of one that the gateway has lost tells nothing of now, but an open.
    """
    word = (collar.admin_state or "").upper()
    if "OFF_GRID" in word or _starts(collar.mid_state, "open"):
        return Grid.OPEN
    if collar.communicating is False:
        return Grid.UNKNOWN
    on = "ON_GRID" in word or _starts(collar.mid_state, "close")
    return Grid.CLOSED if on else Grid.UNKNOWN


def _starts(word: str | None, start: str) -> bool:
    return (word or "").lower().startswith(start)


def derive_battery(parts: GatewayAnswers, flows: Flows | None) -> BatteryReading | None:
    """Return charge and size, or None when nobody told this time.

    From secctrl; where it has no charge, livedata's while fresh, then that of the
    batteries one by one. Neither knows a capacity: livedata's enc_agg_energy is
    the energy left.
    """
    live, power = parts.powers.live, parts.powers.power
    others = [
        (live.at, live.value.soc_pct) if live else None,
        (power.at, power_soc_pct(power.value, parts.listed)) if power else None,
    ]
    told = [(at, soc_pct) for at, soc_pct in filter(None, others) if soc_pct]
    if parts.secctrl is not None:
        seen, at = parts.secctrl.value, parts.secctrl.at
        soc_pct, capacity_wh = seen.soc_pct, seen.capacity_wh
        if not soc_pct and capacity_wh != 0:
            near = (each for each in told if abs(each[0] - at) <= TOGETHER_S)
            other, soc_pct = next(near, (at, soc_pct))
            # One that comes a check later is a reading of its own.
            at = max(at, other)
    elif told:
        seen, capacity_wh = parts.last_secctrl or SecCtrl(), None
        at, soc_pct = told[0]
    else:
        return None
    floor_pct = seen.floor_pct
    if floor_pct is None and parts.last_secctrl is not None:
        floor_pct = DEFAULT_FLOOR_PCT
    together = flows is not None and abs(flows.at - at) <= TOGETHER_S
    return BatteryReading(
        at=at,
        soc_pct=soc_pct,
        capacity_wh=capacity_wh,
        floor_pct=floor_pct,
        restart_pct=seen.restart_pct,
        power_w=flows.battery_w if flows and together else None,
        temperature_c=_temperature_c(parts.inventory, at),
        own_socs_pct=_own_socs_pct(power, at),
    )


def power_soc_pct(power: BatteryPowers, listed: Inventory | None) -> float | None:
    """Return the charge of all batteries together, by what each of them says.

    Weighed by ``encharge_capacity`` where every battery has one. None unless
    every battery of the inventory is there with a charge above 0.
    """
    if listed is None or not listed.sizes_wh:
        return None
    socs_pct = dict(power.socs_pct)
    own = [(socs_pct.get(serial), size_wh) for serial, size_wh in listed.sizes_wh]
    equal = not all(size_wh for _, size_wh in own)
    weighed = [(soc, 1.0 if equal else size or 0.0) for soc, size in own if soc]
    if len(weighed) < len(own) or not all(soc for _, soc in power.socs_pct):
        return None
    return sum(soc * size for soc, size in weighed) / sum(size for _, size in weighed)


def _own_socs_pct(power: Dated[BatteryPowers] | None, at: float) -> tuple[float, ...]:
    if power is None or abs(power.at - at) > TOGETHER_S:
        return ()
    own = [soc_pct for _, soc_pct in power.value.socs_pct]
    known = tuple(soc_pct for soc_pct in own if soc_pct is not None)
    return known if len(known) == len(own) else ()


def _temperature_c(inventory: Dated[Inventory] | None, at: float) -> float | None:
    if inventory is None or at - inventory.at > TEMPERATURE_FRESH_S:
        return None
    return inventory.value.warmest_c


def derive_equipment(inventory: Inventory) -> Equipment:
    """Return what is fitted; an empty inventory proves nothing."""
    if not inventory.devices:
        return Equipment()
    return Equipment(
        controller=bool(inventory.controllers or inventory.collars),
        batteries=inventory.batteries,
        size_wh=inventory.size_wh,
        collar=bool(inventory.collars),
        devices=inventory.health,
    )


def derive_identity(info: Info) -> Identity:
    """Return who answers."""
    return Identity(serial=info.serial, firmware=info.software)
