"""Judges of what the IQ Gateway says."""

from nutbridge.sources.enphase.facts import derive_grid
from nutbridge.sources.enphase.flows import FRESH_S
from nutbridge.sources.enphase.readings import Inventory
from nutbridge.tools.doctor.facts import DoctorFacts, GatewayFacts
from nutbridge.tools.doctor.finding import (
    CheckVerdict,
    failed,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.judge_files import SUDO
from nutbridge.ups.model import Grid
from nutbridge.ups.status.policy import (
    ABOVE_FLOOR_PCT,
    DEFAULT_FLOOR_PCT,
)

#: Beyond it something is wrong with a clock: a gateway judges tokens by its own.
_SKEW_S = 120.0
_SHORT = 16


def judge_resolves(facts: DoctorFacts) -> CheckVerdict:
    """The name leads to an address."""
    gateway = _gateway(facts)
    if gateway.unresolved is not None:
        return failed(
            f"gateway {gateway.host}: {gateway.unresolved}",
            "ENVOY_HOST in the config: a fixed address of the gateway is safest",
        )
    return ok(f"gateway {gateway.host} has address {', '.join(gateway.addresses)}")


def judge_connects(facts: DoctorFacts) -> CheckVerdict:
    """HTTPS answers at the address."""
    gateway = _gateway(facts)
    if gateway.unresolved is not None:
        return skipped("gateway: without an address there is no connection")
    if gateway.unreachable is not None:
        return failed(
            f"gateway {gateway.host} cannot be reached: {gateway.unreachable}",
            "is it on, and is ENVOY_HOST right? nutbridge discover looks for it",
        )
    return ok(f"gateway {gateway.host} answers at {gateway.address}")


def judge_certificate(facts: DoctorFacts) -> CheckVerdict:
    """The certificate is the one known."""
    gateway = _gateway(facts)
    if gateway.shown is None:
        return skipped("gateway: its certificate was not seen")
    shown = f"{gateway.shown[:_SHORT]}..."
    trust = f"if that is right: nutbridge gateway trust {facts.settings.ups}"
    if gateway.pin_denied:
        return skipped("gateway: the stored fingerprint may not be read", SUDO)
    if gateway.known is None:
        return ok(f"gateway: certificate {shown}, the monitor stores it when it starts")
    if gateway.known != gateway.shown:
        return failed(
            f"gateway: certificate {shown}, known is {gateway.known[:_SHORT]}...", trust
        )
    return ok(f"gateway: certificate {shown} is the known one")


def judge_serial(facts: DoctorFacts) -> CheckVerdict:
    """It is the gateway of the config."""
    gateway, wanted = _gateway(facts), facts.settings.serial
    if gateway.info is None or gateway.info.serial is None:
        return _without_info(gateway, "serial number")
    if gateway.info.serial != wanted:
        return failed(
            f"gateway: serial number {gateway.info.serial}, the config says {wanted}",
            "check ENVOY_HOST and SERIAL",
        )
    return ok(f"gateway: serial number {wanted}, as in the config")


def judge_firmware(facts: DoctorFacts) -> CheckVerdict:
    """Firmware 7 and later: tokens, and what tells about the battery."""
    gateway = _gateway(facts)
    if gateway.info is None or gateway.info.software is None:
        return _without_info(gateway, "firmware")
    software = gateway.info.software
    digits = software.lstrip("DRdr").partition(".")[0]
    if gateway.info.web_tokens is False or (digits.isdigit() and int(digits) < 7):  # noqa: PLR2004 - the first with tokens
        return failed(
            f"gateway: firmware {software} knows no tokens",
            "firmware 7 or later is needed; Enphase updates it over the internet",
        )
    return ok(f"gateway: firmware {software}")


def judge_access(facts: DoctorFacts) -> CheckVerdict:
    """The gateway takes the token."""
    gateway = _gateway(facts)
    if gateway.refused:
        return failed(
            "gateway: it refuses the token",
            f"nutbridge token renew {facts.settings.ups}, or nutbridge token import",
        )
    problem = gateway.problems.get("access")
    if problem is not None:
        return failed(
            f"gateway: {problem}",
            "after a restart of the gateway ask again in a minute; else the account "
            "must be the owner's",
        )
    if gateway.silent is not None:
        return skipped(f"gateway: not asked further: {gateway.silent}")
    if gateway.shown is None:
        return skipped("gateway: the token was not tried")
    told = (gateway.relay, gateway.inventory, gateway.secctrl, gateway.live)
    if all(each is None for each in told):
        return skipped("gateway: whether it takes the token was not told")
    return ok("gateway: it takes the token")


def judge_grid(facts: DoctorFacts) -> CheckVerdict:
    """A controller or Collar is fitted; what it and the relay say."""
    gateway = _gateway(facts)
    if gateway.relay is None:
        return _missing(gateway, "relay", "the state of the grid")
    if gateway.inventory is None:
        return _missing(gateway, "inventory", "its inventory")
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
        return failed(
            f"gateway: {what}, but {said} means nothing to the monitor",
            "please report this word, with: nutbridge gateway capture",
        )
    if answer.grid is Grid.CLOSED and answer.backup_mode is False:
        return warning(
            f"gateway: {what}, {said}, but in no backup mode",
            "after a backup mode the monitor takes this for no answer; where it "
            "lasts, restart the gateway",
        )
    state = {Grid.CLOSED: "on line", Grid.OPEN: "on battery"}[answer.grid]
    return ok(f"gateway: {state}; {what}, {said}")


def _without_controller(
    facts: DoctorFacts, found: Inventory, said: str
) -> CheckVerdict | None:
    if not found.devices:
        return failed(
            f"gateway: its inventory is empty ({said})",
            "a gateway that has just started finds its devices within minutes",
        )
    if found.controllers or found.collars:
        return None
    lone = f"gateway: no System Controller and no Meter Collar ({said})"
    remedy = "without one it says on line for ever: this is no UPS"
    if facts.settings.allow_no_controller:
        return warning(f"{lone}, ALLOW_NO_CONTROLLER is set", remedy)
    return failed(lone, f"{remedy}; ALLOW_NO_CONTROLLER=1 overrides")


def judge_battery(facts: DoctorFacts) -> CheckVerdict:
    """A battery is there, with charge and capacity."""
    gateway = _gateway(facts)
    if gateway.secctrl is None:
        return _missing(gateway, "secctrl", "its battery")
    soc, capacity = gateway.secctrl.soc_pct, gateway.secctrl.capacity_wh
    count = gateway.inventory.batteries if gateway.inventory else None
    if not capacity or soc is None:
        if count == 0:
            return failed(
                "gateway: no IQ Battery is fitted", "without one there is no UPS"
            )
        return failed(
            "gateway: its batteries are not ready, charge or capacity is unknown",
            "after a restart of the gateway they rejoin within 15 minutes",
        )
    fitted = f"{count} IQ Batteries, " if count else ""
    return ok(f"gateway: {fitted}{soc:.0f} % of {capacity / 1000:.1f} kWh")


def judge_charge_low(facts: DoctorFacts) -> CheckVerdict:
    """battery.charge.low lies above the floor, and below the owner's reserve."""
    low = facts.files.charge_low if facts.files else None
    if low is None:
        return skipped("battery.charge.low: there is no port file that tells it")
    gateway = facts.gateway
    if gateway is None or gateway.secctrl is None:
        return skipped(
            f"battery.charge.low {low:g} %: the gateway does not tell its floor"
        )
    secctrl = gateway.secctrl
    ups = facts.settings.ups
    return judge_low(ups, low, secctrl.floor_pct, secctrl.reserve_pct)


def judge_low(
    ups: str, low: float, told_floor: float | None, reserve: float | None
) -> CheckVerdict:
    """Compare with what the device tells, all in %; None where it does not."""
    floor = told_floor or DEFAULT_FLOOR_PCT
    least = floor + ABOVE_FLOOR_PCT
    shown = f"battery.charge.low {low:g} %, floor {floor:g} %"
    change = f"nutbridge set {ups} battery.charge.low="
    if low < least:
        return failed(
            f"{shown}: too near, {least:g} % is used instead", f"{change}{least:g}"
        )
    if reserve is None:
        return ok(shown)
    shown = f"{shown}, reserve {reserve:g} %"
    if reserve < low:
        return warning(
            f"{shown}: an outage that begins at the reserve shuts down at once",
            f"raise the reserve in the Enphase app to {low:g} % or more",
        )
    return ok(shown)


def judge_clock(facts: DoctorFacts) -> CheckVerdict:
    """Both clocks agree."""
    skew_s = _gateway(facts).skew_s
    if skew_s is None:
        return skipped("gateway: its clock was not seen")
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


def judge_stream(facts: DoctorFacts) -> CheckVerdict:
    """The live stream; other endpoints tell nearly as much, only less often."""
    gateway = _gateway(facts)
    live, age_s = gateway.live, gateway.live_age_s
    if live is None:
        return _missing(gateway, "live", "its live stream")
    if live.stream_on and age_s is not None and abs(age_s) <= FRESH_S:
        return ok(f"gateway: live stream on, values {max(0.0, age_s):.0f} s old")
    running = facts.files is not None and facts.files.held
    state = "on, but its values are old" if live.stream_on else "off"
    if running:
        return warning(
            f"gateway: live stream {state}",
            "the monitor switches it on once a minute; see its log if it stays so",
        )
    return ok(f"gateway: live stream {state}; the monitor switches it on")


def _gateway(facts: DoctorFacts) -> GatewayFacts:
    if facts.gateway is None:
        raise AssertionError("checks are judged only with their facts")
    return facts.gateway


def _without_info(gateway: GatewayFacts, what: str) -> CheckVerdict:
    if gateway.no_info is not None:
        return failed(
            f"gateway: {what} unknown, /info: {gateway.no_info}",
            "is this an IQ Gateway? check ENVOY_HOST",
        )
    if gateway.info is not None:
        return failed(
            f"gateway: /info tells no {what}", "is this an IQ Gateway? check ENVOY_HOST"
        )
    return skipped(f"gateway: {what} unknown without an answer")


def _missing(gateway: GatewayFacts, name: str, what: str) -> CheckVerdict:
    problem = gateway.problems.get(name)
    if problem is not None:
        return failed(
            f"gateway: it does not tell {what}: {problem}",
            "ask again in a minute; the gateway may be busy",
        )
    return skipped(f"gateway: {what} was not asked for")
