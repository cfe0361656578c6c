"""What nutbridge setup says: the house, the files, what to do next."""

import shlex
import sys
from pathlib import Path

from nutbridge.errors import ConfigError
from nutbridge.nut.guards import parse_upsmon_conf
from nutbridge.nut.words import NO_SERVER, nut_conf_values
from nutbridge.sources.enphase.remedies import NO_BATTERY, NO_BATTERY_REMEDY
from nutbridge.sources.sma.reading import UpsReading
from nutbridge.system.files import read_file
from nutbridge.system.services import SYSTEMD
from nutbridge.system.text import printable
from nutbridge.tools.doctor.access import User, closed_to, why_closed
from nutbridge.tools.doctor.systemd import LOAD_PATH
from nutbridge.tools.setup.places import UNIT_FOLDERS, UNITS_FOLDER, Places
from nutbridge.tools.setup.plan import Change, RunAs, See, SetupPlan
from nutbridge.tools.setup.probe import INVENTORY, GatewaySurvey
from nutbridge.ups.model import Grid
from nutbridge.ups.units import WH_PER_KWH

UNIT = "enphase-monitor@.service"
_MOST_UNIT_BYTES = 65536
_OURS = b"RuntimeDirectory=nutbridge"
_GRID_WORDS = {
    Grid.CLOSED: "The grid is there",
    Grid.OPEN: "The house is on battery now",
}


def say(text: str = "") -> None:
    """Print one line; nothing from the network may move the cursor."""
    sys.stdout.write(f"{printable(text)}\n")
    sys.stdout.flush()


def show_house(house: GatewaySurvey) -> None:
    """Print what a gateway says about its house."""
    fitted = house.inventory
    parts = [
        _count(fitted.controllers, "System Controller"),
        _count(len(fitted.collars), "Meter Collar"),
        _count(fitted.batteries, "battery", "batteries"),
    ]
    oper = house.relay.oper if house.relay else None
    words = [_GRID_WORDS.get(house.grid, f"The relay says {oper}")]
    battery = house.battery
    if battery is not None and battery.soc_pct is not None and battery.capacity_wh:
        size_kwh = battery.capacity_wh / WH_PER_KWH
        words.append(f"charge {battery.soc_pct:.0f} % of {size_kwh:.1f} kWh")
    say(f"{'; '.join(words)}.")
    if INVENTORY not in house.problems:
        say(f"Fitted: {', '.join(part for part in parts if part) or 'nothing'}.")
    for name, error in house.problems.items():
        say(f"Beware: the gateway does not tell {name}: {error.advice}.")
    for device in fitted.health:
        if device.faults:
            say(f"Beware: {device.name}: {device.words}.")
    if fitted.devices and not fitted.batteries:
        say(f"Beware: {NO_BATTERY}; {NO_BATTERY_REMEDY}.")


def show_inverter(reading: UpsReading) -> None:
    """Print what an inverter says about its house."""
    name = f"{reading.name}, " if reading.name else ""
    firmware = reading.firmware or "unknown"
    say(f"{name}serial {reading.serial or 'unknown'}, firmware {firmware}.")
    grid = reading.grid
    words = [_GRID_WORDS.get(grid.grid, f"It says {grid.word}")]
    if reading.charge_pct is not None:
        size_kwh = (reading.rated_wh or 0.0) / WH_PER_KWH
        size = f" of {size_kwh:.1f} kWh" if size_kwh else ""
        words.append(f"charge {reading.charge_pct:.0f} %{size}")
    if reading.backup:
        words.append("backup mode is on")
    say(f"{'; '.join(words)}.")


def _count(number: int, one: str, more: str = "") -> str:
    if not number:
        return ""
    return f"{number} {one}" if number == 1 else f"{number} {more or one + 's'}"


def show_plan(plan: SetupPlan) -> None:
    """Print which files are to be written, and how ups.conf changes."""
    if plan.changes:
        say()
        say("To be written:")
        for change in plan.changes:
            say(f"  {change.path}")
            say(f"      {_kind(change)}: {change.what}")
    if plan.diff:
        say()
        for line in plan.diff.splitlines():
            say(line.expandtabs())


def _kind(change: Change) -> str:
    return "changed" if change.before is not None else "new"


def _text(see: See, path: str) -> str:
    try:
        seen = see(path)
    except ConfigError:
        return ""
    return seen.data.decode("utf-8", "replace") if seen else ""


def show_notes(
    see: See, account: RunAs | None, places: Places, *, systemd: bool
) -> None:
    """Print what else stands in the way."""
    folders = sorted({places.port_folder, places.state_dir} - {*UNIT_FOLDERS})
    if folders and systemd:
        say()
        edit = SYSTEMD.to("edit", f"enphase-monitor@{places.ups}")
        say(f"The unit may not write there; {edit}")
        say("and add:")
        say("  [Service]")
        say(f"  ReadWritePaths={' '.join(folders)}")
    mode = (nut_conf_values(_text(see, places.nut_conf), "MODE") or [""])[-1]
    if mode in NO_SERVER:
        say()
        say(f"No upsd runs here: nut.conf says MODE={mode}. Write MODE=standalone, or")
        say("MODE=netserver where other machines are to see this UPS.")
    guard = parse_upsmon_conf(_text(see, places.upsmon_conf))
    if not any(each.ups == places.ups for each in guard.monitors):
        say()
        say(f"upsmon.conf has no MONITOR line for {places.ups}: nothing shuts this")
        say("machine down yet. nutbridge-nut(7) has that line. Until there is one,")
        normal = ': that systemd calls it "failed" is normal' if systemd else ""
        say(f"nut-monitor cannot run{normal}.")
    if account is None:
        say()
        say("There is no user nut on this machine: install NUT, then run setup again")
        say("so that the files get their owner.")


def show_closed(account: RunAs) -> None:
    """Print what keeps the monitor's user from running what is installed here."""
    user = User(account.user, account.uid)
    program = Path(sys.executable).with_name("enphase-monitor")
    where = closed_to(user, program, sees_homes=False)
    if where is not None:
        why, to_do = why_closed(where)
        say()
        say(f"Beware: {user.name} cannot run the monitor: {why}.")
        say(f"First: {to_do}")


def start_lines(ups: str, root: str, *, again: bool) -> list[str]:
    """Return the commands that start everything, in order.

    None of them disturbs a driver or an upsd that runs: the enumerator restarts
    drivers whose section has changed, a reload tells upsd of new ones. A monitor
    that runs leaves no gap when it is restarted.

    Args:
        ups: name of the UPS.
        root: where the unit is looked for.
        again: the config of a monitor that may run has changed.
    """
    unit, to = f"enphase-monitor@{ups}", SYSTEMD.to
    units = (Path(f"{root}{folder}/{UNIT}") for folder in LOAD_PATH)
    used = next((path for path in units if path.is_file()), None)
    # The bash script's unit has the same name, and no watchdog.
    ours = used is not None and _OURS in read_file(used, _MOST_UNIT_BYTES).data
    return [
        *([] if ours else [_install_line()]),
        to("daemon-reload"),
        # What runs by an old unit goes on: enable --now does nothing to it.
        *([to("try-restart", unit)] if again or (used and not ours) else []),
        to("enable --now", unit),
        to("enable --now", "nut-driver-enumerator.path"),
        to("restart", "nut-driver-enumerator"),
        to("reload-or-restart", "nut-server"),
    ]


def show_programs(ups: str, doctor: str, *, again: bool) -> None:
    """Print what is to be run where no systemd runs; again it does no harm.

    Args:
        ups: name of the UPS.
        doctor: the command that looks whether all is well.
        again: the config of a monitor that may run has changed.
    """
    say("No systemd runs here. Let your own supervisor run, as user nut, and start")
    say("again when it ends:")
    say(f"  enphase-monitor {ups}")
    if again:
        say("(one that runs has to be restarted: its config has changed)")
    say("Then NUT, where nothing starts it:")
    say(f"  upsdrvctl start {ups}")
    say("  upsd -c reload || upsd")
    say(f"and see whether all is well: {doctor}")


def _install_line() -> str:
    shared = Path(sys.prefix, "share/nutbridge/systemd", UNIT)
    source = str(shared) if shared.exists() else f"systemd/{UNIT}"
    return shlex.join(("install", "-m", "644", source, f"{UNITS_FOLDER}/"))
