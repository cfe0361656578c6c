"""A status as lines for people, at most 80 characters wide where paths allow it."""

import textwrap
import time
from collections.abc import Iterator

from nutbridge.system.services import Services
from nutbridge.system.terminal import BOLD_RED, GREEN, YELLOW
from nutbridge.tools.status.report import (
    MEANING,
    Battery,
    Live,
    PowerReport,
    ProtectionVerdict,
    Status,
    When,
)
from nutbridge.ups.model import DeviceHealth
from nutbridge.ups.units import SECONDS_PER_DAY, spoken_days, spoken_s

_NOTHING = "unknown"
#: Beside the name of a row.
_WIDTH = 67


def lines_of(status: Status, services: Services) -> list[str]:
    """Return the lines, without any colour.

    Args:
        status: of one UPS.
        services: of this machine.
    """
    since = f" since {_moment(status.since)}" if status.since.age_s is not None else ""
    meaning = MEANING[status.verdict][1]
    lines = [
        f"{status.ups}: {_shown(status)}{since}",
        f"  {meaning}",
        "",
    ]
    lines += [f"  {name:9} {text}" for name, text in _rows(status, services)]
    if status.live is not None:
        lines += ["", f"now, from the {status.gateway.kind}:"]
        lines += [f"  {name:9} {text}" for name, text in _live_rows(status.live)]
    return lines


def head_of(status: Status) -> tuple[str, str]:
    """Return how the first line begins, and the colour code of its state."""
    return f"{status.ups}: {_shown(status)}", _colour(status)


def _shown(status: Status) -> str:
    if status.status is None:
        return "hidden"
    return status.status or "no status"


def _colour(status: Status) -> str:
    words = (status.status or "").split()
    if status.verdict is not ProtectionVerdict.PROTECTED or "LB" in words:
        return BOLD_RED
    return GREEN if "OL" in words else YELLOW


def _rows(status: Status, services: Services) -> Iterator[tuple[str, str]]:
    yield "grid", _grid(status)
    for line in textwrap.wrap(status.grid.why or "", _WIDTH):
        yield "", line
    yield "battery", _battery(status.battery)
    for device in status.devices:
        if device.faults or device.name.startswith("battery"):
            yield "", _device(device)
    if status.battery.runtime_s is not None:
        yield "runtime", f"{spoken_s(status.battery.runtime_s)} at the present power"
    yield from _power_rows(status.power)
    gateway = status.gateway
    told = [gateway.serial, f"at {gateway.host}" if gateway.host else None]
    firmware = f", {gateway.firmware}" if gateway.firmware else ""
    yield gateway.kind, (" ".join(filter(None, told)) or _NOTHING) + firmware
    if gateway.gap_s is not None:
        ended = _moment(gateway.gap_ended)
        yield "last gap", f"{spoken_s(gateway.gap_s)}, ended {ended}"
    if gateway.kind == "gateway":
        yield "token", _token(status)
    yield "monitor", _monitor(status, services)
    written = status.port_file.written.age_s
    age = "" if written is None else f", written {_ago(written)}"
    yield "port file", f"{status.port_file.path} ({status.port_file.place}{age})"


def _grid(status: Status) -> str:
    grid = status.grid
    text = grid.word or _NOTHING
    if grid.asked.age_s is not None:
        text += f", asked {_ago(grid.asked.age_s)}"
    if grid.silent_since.age_s is not None:
        text += f"; silent for {spoken_s(grid.silent_since.age_s)}"
    return text


def _battery(battery: Battery) -> str:
    read_s = battery.read.age_s
    if battery.charge_pct is None:
        if battery.fitted is False:
            return "none: OB when the grid is gone, and never LB"
        if battery.read_pct is None:
            return _NOTHING
        text = f"unknown; {battery.read_pct:.3g} % was read {_ago(read_s)}"
    elif battery.source == "reckoned":
        text = f"{battery.charge_pct:g} %, reckoned"
        if battery.read_pct is not None:
            text += f" from {battery.read_pct:g} % read {_ago(read_s)}"
    else:
        read = f", read {_ago(read_s)}" if read_s is not None else ""
        text = f"{battery.charge_pct:g} %{read}"
    if battery.charge_low_pct is not None:
        text += f"; low below {battery.charge_low_pct:g} %"
    return text


def _device(device: DeviceHealth) -> str:
    told = []
    if device.soc_pct is not None:
        told.append(f"{device.soc_pct:.0f} %")
    if device.temperature_c is not None:
        told.append(f"{device.temperature_c:.0f} degC")
    return f"{device.name}: {', '.join([*told, device.words])}"


def _power_rows(power: PowerReport) -> Iterator[tuple[str, str]]:
    """Return load and flows, with their age in the first of the two."""
    read = f", read {_ago(power.read.age_s)}"
    if power.load_w is not None:
        of = f" of {power.nominal_w:.0f} W" if power.nominal_w else ""
        part = f" ({power.load_pct:g} %{of})" if power.load_pct is not None else ""
        yield "load", f"{power.load_w:.0f} W{part}{read}"
        read = ""
    flows = [
        _flow("battery", power.battery_w, "gives", "takes"),
        _flow("grid", power.grid_w, "gives", "takes"),
        _flow("sun", power.pv_w, "gives", "takes"),
    ]
    known = [flow for flow in flows if flow is not None]
    if known:
        yield "power", f"{', '.join(known)}{read}"


def _flow(name: str, power_w: float | None, gives: str, takes: str) -> str | None:
    if power_w is None:
        return None
    watts = round(power_w)
    if watts == 0:
        return f"{name} 0 W"
    return f"{name} {gives if watts > 0 else takes} {abs(watts)} W"


def _token(status: Status) -> str:
    token = status.token
    if token.problem is not None:
        return token.problem
    if token.days_left is None:
        return _NOTHING
    whose = f"{token.account}, " if token.account else ""
    # It is told to a tenth of a day.
    left_s = token.days_left * SECONDS_PER_DAY
    return f"{whose}{spoken_days(left_s) if left_s else 'under 2 h'} left"


def _monitor(status: Status, services: Services) -> str:
    monitor = status.monitor
    if not monitor.running:
        return f"none runs; {services.to('restart', f'enphase-monitor@{status.ups}')}"
    who = f"pid {monitor.pid}" if monitor.pid else "runs"
    state = f", {monitor.state}" if monitor.state else ""
    noted = monitor.noted.age_s
    return f"{who}{state}" + ("" if noted is None else f", noted this {_ago(noted)}")


def _live_rows(live: Live) -> Iterator[tuple[str, str]]:
    if live.grid is None:
        first, *more = textwrap.wrap(f"no answer: {live.problem}", _WIDTH)
        yield "grid", first
        for line in more:
            yield "", line
        return
    yield "grid", live.grid
    if live.battery is not None:
        yield "battery", _battery(live.battery)
    if live.power is not None:
        yield from _power_rows(live.power)


def _ago(seconds: float | None) -> str:
    return "at an unknown time" if seconds is None else f"{spoken_s(seconds)} ago"


def _moment(when: When) -> str:
    """Return the time of day, with the date where it is another, and the age."""
    if when.at is None or when.age_s is None:
        return "an unknown time"
    then, now = time.localtime(when.at), time.localtime(when.at + when.age_s)
    shape = "%H:%M" if then[:3] == now[:3] else "%Y-%m-%d %H:%M"
    return f"{time.strftime(shape, then)} ({_ago(when.age_s)})"
