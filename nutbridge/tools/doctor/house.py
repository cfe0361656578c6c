"""What the IQ Gateway says of the house: grid, batteries, clock, live stream."""

from nutbridge.sources.enphase.facts import derive_grid
from nutbridge.sources.enphase.flows import FRESH_S
from nutbridge.sources.enphase.readings import (
    Inventory,
    Relay,
)
from nutbridge.sources.enphase.remedies import (
    AGAIN,
    CLOCK_NOT_SET,
    NO_BATTERY,
    NO_BATTERY_REMEDY,
    NO_DEVICES,
    NO_DEVICES_REMEDY,
    SET_FROM_EPOCH,
)
from nutbridge.sources.enphase.witnesses import votes_of
from nutbridge.tools.doctor.check import (
    CheckVerdict,
    DoctorFacts,
    check,
    failed,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.files import FileFacts
from nutbridge.tools.doctor.gateway import GatewayFacts
from nutbridge.ups.model import Grid

#: Beyond it something is wrong with a clock: a gateway judges tokens by its own.
_SKEW_S = 120.0


@check("gateway-grid")
def gateway_grid(facts: DoctorFacts) -> CheckVerdict:
    """A controller or Collar is fitted; what it and the relay say."""
    gateway = facts.need(GatewayFacts)
    if gateway.relay is None:
        return _instead_of_relay(gateway)
    if gateway.inventory is None:
        return _instead_of_inventory(gateway, gateway.relay)
    found = gateway.inventory
    said = f"relay {gateway.relay.oper}" + "".join(
        f", Collar {collar.admin_state or '?'} (switch {collar.mid_state or '?'})"
        for collar in found.collars
    )
    lone = _without_controller(facts, found, said)
    if lone is not None:
        return lone
    answer = derive_grid(gateway.relay, found.collars)
    what = "Meter Collar" if found.collars else "System Controller"
    if answer.grid is Grid.UNKNOWN:
        remedy = "please report this word, with: nutbridge gateway capture"
        if any(collar.communicating is False for collar in found.collars):
            remedy = "the gateway has lost the Collar: see to its connection"
        return failed(
            f"gateway: {what}, but {said} means nothing to the monitor", remedy
        )
    if answer.grid is Grid.CLOSED and answer.backup_mode is False:
        return warning(
            f"gateway: {what}, {said}, but in no backup mode",
            "after a backup mode the monitor takes this for no answer; where it "
            "lasts, restart the gateway; a controller that was given up is "
            "forgotten after a day, see enphase-UPS.memory in enphase-monitor(8)",
        )
    state = {Grid.CLOSED: "on line", Grid.OPEN: "on battery"}[answer.grid]
    return ok(f"gateway: {state}; {what}, {said}")


def _instead_of_inventory(gateway: GatewayFacts, relay: Relay) -> CheckVerdict:
    """Tell what the monitor goes by where early firmware 7 refuses the inventory."""
    missing = _missing(gateway, "inventory", "its inventory")
    answer = derive_grid(relay)
    told = answer.backup_mode and answer.grid is not Grid.UNKNOWN
    if not told or "inventory" not in gateway.problems:
        return missing
    said = f"relay {relay.oper}, in a backup mode"
    return warning(f"{missing.finding}; {said}", missing.remedy)


def _instead_of_relay(gateway: GatewayFacts) -> CheckVerdict:
    """Tell who else knows about the grid; the monitor believes them then."""
    missing = _missing(gateway, "relay", "the state of the grid")
    votes = votes_of(gateway.inventory, None)
    if not votes:
        return missing
    said = f"{votes[0].speaker} says {votes[0].word}"
    return warning(f"{missing.finding}; {said}", missing.remedy)


def _without_controller(
    facts: DoctorFacts, found: Inventory, said: str
) -> CheckVerdict | None:
    if not found.devices:
        finding = f"gateway: {NO_DEVICES} ({said})"
        if facts.settings.allow_no_controller:
            remedy = "ALLOW_NO_CONTROLLER is set: it says on line for ever"
            return warning(finding, remedy)
        return failed(finding, NO_DEVICES_REMEDY)
    if found.controllers or found.collars:
        return None
    lone = f"gateway: no System Controller and no Meter Collar ({said})"
    remedy = "without one it says on line for ever: this is no UPS"
    if facts.settings.allow_no_controller:
        return warning(f"{lone}, ALLOW_NO_CONTROLLER is set", remedy)
    return failed(
        lone,
        f"{remedy}; ALLOW_NO_CONTROLLER=1 overrides, where one was given up a day "
        "after (enphase-UPS.memory in enphase-monitor(8))",
    )


@check("gateway-battery")
def gateway_battery(facts: DoctorFacts) -> CheckVerdict:
    """A battery is there, with charge and capacity."""
    gateway = facts.need(GatewayFacts)
    if gateway.secctrl is None:
        return _missing(gateway, "secctrl", "its battery")
    soc, capacity = gateway.secctrl.soc_pct, gateway.secctrl.capacity_wh
    listed = gateway.inventory
    count = listed.batteries if listed else None
    if not capacity or soc is None:
        if listed is not None and not listed.devices:
            return skipped("gateway: no battery is listed, nor anything else")
        if count == 0:
            return warning(f"gateway: {NO_BATTERY}", NO_BATTERY_REMEDY)
        return failed(
            "gateway: its batteries are not ready, charge or capacity is unknown",
            "after a restart of the gateway they rejoin within 15 minutes",
        )
    word = "IQ Battery" if count == 1 else "IQ Batteries"
    fitted = f"{count} {word}, " if count else ""
    return ok(f"gateway: {fitted}{soc:.0f} % of {capacity / 1000:.1f} kWh")


@check("gateway-health")
def gateway_health(facts: DoctorFacts) -> CheckVerdict:
    """Batteries, System Controller and Collar say that they are well."""
    gateway = facts.need(GatewayFacts)
    if gateway.inventory is None:
        return skipped("gateway: the health of its devices was not told")
    ill = [each for each in gateway.inventory.health if each.faults]
    if ill:
        return warning(
            f"gateway: {'; '.join(f'{each.name}: {each.words}' for each in ill)}",
            "see the Enphase app; a battery whose switch is off, or that does not "
            "communicate, carries nothing in an outage",
        )
    if not gateway.inventory.health:
        return skipped("gateway: no battery and no controller, whose health counts")
    return ok("gateway: batteries and controllers are well")


@check("gateway-clock")
def gateway_clock(facts: DoctorFacts) -> CheckVerdict:
    """Both clocks agree."""
    gateway = facts.need(GatewayFacts)
    skew_s = gateway.skew_s
    if skew_s is None:
        return skipped("gateway: its clock was not seen")
    if (gateway.epoch_s or SET_FROM_EPOCH) < SET_FROM_EPOCH:
        return failed("gateway: its clock shows 1970", CLOCK_NOT_SET)
    shown = f"gateway: its clock is {abs(skew_s):.0f} s "
    shown += "ahead of" if skew_s >= 0 else "behind"
    shown += " this machine's"
    if abs(skew_s) > _SKEW_S:
        return failed(
            shown,
            "set this machine's clock (timedatectl); the gateway takes its own "
            "from the internet",
        )
    return ok(shown)


@check("gateway-stream")
def gateway_stream(facts: DoctorFacts) -> CheckVerdict:
    """The live stream; other endpoints tell nearly as much, only less often."""
    gateway = facts.need(GatewayFacts)
    live, age_s = gateway.live, gateway.live_age_s
    if live is None:
        return _missing(gateway, "live", "its live stream")
    if live.stream_on and age_s is not None and abs(age_s) <= FRESH_S:
        return ok(f"gateway: live stream on, values {max(0.0, age_s):.0f} s old")
    files = facts.get(FileFacts)
    running = files is not None and files.held
    state = "on, but its values are old" if live.stream_on else "off"
    if running:
        return warning(
            f"gateway: live stream {state}",
            "the monitor switches it on once a minute; see its log if it stays so",
        )
    return ok(f"gateway: live stream {state}; the monitor switches it on")


def _missing(gateway: GatewayFacts, name: str, what: str) -> CheckVerdict:
    problem = gateway.problems.get(name)
    if problem is not None and not gateway.refused:
        return failed(
            f"gateway: it does not tell {what}: {problem.problem}",
            problem.remedy or AGAIN,
        )
    return skipped(f"gateway: {what} was not asked for")
