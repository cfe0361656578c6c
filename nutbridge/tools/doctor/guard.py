"""upsmon of this machine: would it shut down, in time, and for this UPS alone?

Source: upsmon.conf(5), upsd.users(5), upssched.conf(5) of NUT 2.8.
"""

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from nutbridge.config.file import folders as nut_folders
from nutbridge.net.addresses import split_host
from nutbridge.nut.guards import (
    MonitorLine,
    TimerLine,
    UpsdUser,
    UpsmonConf,
    parse_upsd_users,
    parse_upsmon_conf,
    parse_upssched_conf,
)
from nutbridge.nut.upsd import UPSD_PORT
from nutbridge.nut.words import nut_conf_values
from nutbridge.system.files import read_file
from nutbridge.tools.doctor.access import is_own_host
from nutbridge.tools.doctor.check import (
    CheckVerdict,
    Concluded,
    DoctorFacts,
    Gathered,
    check,
    failed,
    not_allowed,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.context import DoctorContext
from nutbridge.tools.doctor.files import FileFacts
from nutbridge.tools.doctor.nut import UpsdFacts

_CAP = 1 << 20
GUARD, SERVER = "nut-monitor.service", "nut-server.service"
_ASKED = ("LoadState", "UnitFileState", "ActiveState", "SubState", "Restart")
_ON = ("enabled", "enabled-runtime", "static", "generated", "indirect", "alias")
_HERE = ("localhost", "localhost.localdomain", "ip6-localhost", "::1", "")
#: battery.runtime.low where nothing is said, s; with less LB comes by the charge.
_LAST_S = 300.0
#: What upsmon waits between two looks at upsd is late news beyond it, s.
_SLOWEST_LOOK_S = 30
#: Words of a script that ends a machine.
_ENDS = ("fsd", "shutdown", "poweroff", "halt")
_HOW = 'nutbridge-nut(7), "This machine", has the lines'


@dataclass(frozen=True, slots=True)
class GuardFacts(Gathered):
    """What upsmon of this machine is told, and whether it runs.

    Attributes:
        folder: of its config.
        conf: of upsmon.conf; None where it is missing, or not for us.
        denied: upsmon.conf may not be read.
        users: of upsd.users; None likewise.
        users_denied: upsd.users may not be read.
        here: hosts of MONITOR lines that mean this machine's upsd.
        lost: programs and scripts that are named and cannot be run.
        timers: of upssched.conf; None without upssched.
        script: of CMDSCRIPT, its text.
        poweroff_wait: POWEROFF_WAIT of nut.conf.
        units: properties by systemctl's names, of GUARD and SERVER; empty where
            there is neither unit, None where systemd does not tell.
    """

    WHAT: ClassVar[str] = "NUT's guard"

    folder: str
    conf: UpsmonConf | None = None
    denied: bool = False
    users: Mapping[str, UpsdUser] | None = None
    users_denied: bool = False
    here: frozenset[str] = frozenset(_HERE)
    lost: tuple[str, ...] = ()
    timers: Sequence[TimerLine] | None = None
    script: str = ""
    poweroff_wait: str = ""
    units: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def gather(cls, place: DoctorContext) -> "GuardFacts":
        """Read upsmon's files and ask systemd."""
        folder = Path(nut_folders(place.environ).sysconfig).absolute()
        text, denied = _read(folder / "upsmon.conf")
        conf = None if text is None else parse_upsmon_conf(text)
        users, users_denied = _read(folder / "upsd.users")
        named = conf.texts if conf else {}
        commands = [named.get("SHUTDOWNCMD", ""), named.get("NOTIFYCMD", "")]
        timers, script = None, ""
        if "upssched" in commands[1]:
            sched, timers = parse_upssched_conf(
                _read(folder / "upssched.conf")[0] or ""
            )
            commands.append(sched.get("CMDSCRIPT", "no CMDSCRIPT"))
            script = _read(Path(commands[-1]))[0] or ""
        hosts = {each.host for each in conf.monitors} if conf else set()
        waits = nut_conf_values(_read(folder / "nut.conf")[0] or "", "POWEROFF_WAIT")
        return cls(
            folder=str(folder),
            conf=conf,
            denied=denied,
            users=None if users is None else parse_upsd_users(users),
            users_denied=users_denied,
            here=frozenset(host for host in hosts if _is_here(host, place.upsd)),
            lost=tuple(_lost(commands)),
            timers=timers,
            script=script,
            poweroff_wait=waits[-1] if waits else "",
            units=_units(place),
        )


def _read(path: Path) -> tuple[str | None, bool]:
    """Return a file's text, and whether it may not be read."""
    try:
        return read_file(path, _CAP).data.decode("utf-8", "replace"), False
    except PermissionError:
        return None, True
    except OSError:
        return None, False


def _is_here(host: str, upsd: str) -> bool:
    """Tell whether a MONITOR line's host is the upsd that doctor asks."""
    name = host.lower()
    asked = split_host(upsd, UPSD_PORT)[0]
    return name in (*_HERE, asked) or is_own_host(name)


def _lost(commands: Sequence[str]) -> Iterator[str]:
    """Yield what is named by an absolute path and cannot be run."""
    for command in commands:
        try:
            program = (shlex.split(command) or [""])[0]
        except ValueError:
            continue
        plain = program.startswith("/") and not os.access(program, os.X_OK)
        if plain and not _is_hidden(program):
            yield program


def _is_hidden(program: str) -> bool:
    folder = os.path.dirname(program)
    return os.path.isdir(folder) and not os.access(folder, os.X_OK)


def _units(place: DoctorContext) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for unit in (GUARD, SERVER):
        values = place.look(unit, _ASKED)
        if values is not None:
            found[unit] = values
    return found


@check("upsmon-monitor")
def upsmon_monitor(facts: DoctorFacts) -> CheckVerdict:
    """A MONITOR line, for this UPS at this upsd, on which a power supply hangs."""
    guard, ups = facts.need(GuardFacts), facts.settings.ups
    path = f"{guard.folder}/upsmon.conf"
    if guard.denied:
        return not_allowed(f"{path} may not be read")
    lines = guard.conf.monitors if guard.conf else ()
    ours = _our_lines(facts)
    if not ours:
        return _unguarded(facts)
    if not any(line.power for line in ours):
        finding = f"{path}: MONITOR {ups} has power value 0: it is only reported"
        if any(line.power for line in lines):
            return warning(finding, "1 if this machine hangs on the house alone")
        return failed(finding, f"MONITOR {ups}@localhost 1 ...")
    return ok(f"{path} has a MONITOR line for {ups}")


def _unguarded(facts: DoctorFacts) -> CheckVerdict:
    """Judge a machine whose upsmon does not watch this UPS."""
    guard, ups = facts.need(GuardFacts), facts.settings.ups
    path = f"{guard.folder}/upsmon.conf"
    lines = guard.conf.monitors if guard.conf else ()
    for line in lines:
        if line.ups.lower() == ups.lower():
            return warning(
                f"{path} has MONITOR {line.ups}@{line.host}: is that this machine?",
                f"MONITOR {ups}@localhost ... if it is",
            )
    what = f"has no MONITOR line for {ups}" if guard.conf else "is missing"
    finding = f"{path} {what}: this machine does not shut down"
    upsd = facts.get(UpsdFacts)
    others = [
        each for each in (upsd.clients or () if upsd else ()) if not _is_local(each)
    ]
    if others:
        return warning(f"{finding}; {', '.join(others)} would", _HOW)
    return failed(finding, _HOW)


@check("upsmon-user")
def upsmon_user(facts: DoctorFacts) -> CheckVerdict:
    """The server lets upsmon in: name, password, and role."""
    guard, line = facts.need(GuardFacts), _our_line(facts)
    path = f"{guard.folder}/upsd.users"
    if guard.users_denied:
        return not_allowed(f"{path} may not be read")
    user = (guard.users or {}).get(line.user)
    if user is None:
        return failed(f"{path} has no user [{line.user}], as whom upsmon logs in", _HOW)
    if user.password != line.password:
        return failed(
            f"{path}: the password of [{line.user}] is not that of upsmon.conf",
            "give both the same, then, while on line: "
            f"{facts.services.to('restart', 'nut-server', 'nut-monitor')}",
        )
    if not user.role or (line.role == "primary" and user.role != "primary"):
        return failed(
            f"{path}: [{line.user}] is {f'upsmon {user.role}' if user.role else 'no'}"
            f"{'' if user.role else ' upsmon'}, the MONITOR line says {line.role}",
            f"upsmon {line.role} in the section [{line.user}]",
        )
    return ok(f"{path}: [{line.user}] lets upsmon in as {line.role}")


@check("upsmon-supplies")
def upsmon_supplies(facts: DoctorFacts) -> CheckVerdict:
    """MINSUPPLIES: this UPS, when it is low, leaves too few."""
    guard, line = facts.need(GuardFacts), _our_line(facts)
    conf = guard.conf or UpsmonConf()
    least = conf.numbers["MINSUPPLIES"]
    total = sum(each.power for each in conf.monitors)
    path = f"{guard.folder}/upsmon.conf: MINSUPPLIES {least}"
    if least < 1:
        return failed(f"{path}: upsmon never shuts down", "MINSUPPLIES 1")
    if total < least:
        return failed(
            f"{path}, but the MONITOR lines have {total}: upsmon does not start",
            f"MINSUPPLIES {total or 1}, or a greater number in a MONITOR line",
        )
    left = total - sum(each.power for each in _our_lines(facts))
    if line.power and left >= least:
        others = {each.ups for each in conf.monitors if each.power} - {line.ups}
        names = ", ".join(sorted(others))
        return warning(
            f"{path} of {total}: this machine stays on until {names} is low as well",
            f"MINSUPPLIES {left + 1} if the house battery alone is to count",
        )
    return ok(f"{path} of {total} in the MONITOR lines")


@check("upsmon-command")
def upsmon_command(facts: DoctorFacts) -> CheckVerdict:
    """SHUTDOWNCMD is there; POWERDOWNFLAG where POWEROFF_WAIT needs it."""
    guard = facts.need(GuardFacts)
    conf = _conf(guard)
    command = conf.texts.get("SHUTDOWNCMD", "")
    path = f"{guard.folder}/upsmon.conf"
    if not command:
        return failed(
            f"{path} has no SHUTDOWNCMD: upsmon shuts nothing down",
            'SHUTDOWNCMD "/sbin/shutdown -h +0"',
        )
    if command.split()[0] in guard.lost:
        return failed(
            f"{path}: SHUTDOWNCMD names {command.split()[0]}, which cannot be run",
            'SHUTDOWNCMD "/sbin/shutdown -h +0"',
        )
    if guard.poweroff_wait and "POWERDOWNFLAG" not in conf.texts:
        return warning(
            f"{path} has no POWERDOWNFLAG: POWEROFF_WAIT of nut.conf does nothing",
            "POWERDOWNFLAG /etc/killpower",
        )
    return ok(f"{path}: SHUTDOWNCMD {command}")


@check("upsmon-times")
def upsmon_times(facts: DoctorFacts) -> CheckVerdict:
    """The guard hears of OB LB soon, and what it waits then the battery still lasts."""
    guard = facts.need(GuardFacts)
    conf = _conf(guard)
    for name in ("POLLFREQ", "POLLFREQALERT"):
        if conf.numbers[name] > _SLOWEST_LOOK_S:
            return failed(
                f"{name} {conf.numbers[name]} s: upsmon hears of low battery late",
                f"{name} 5 in {guard.folder}/upsmon.conf",
            )
    total = conf.until_shutdown_s
    files = facts.get(FileFacts)
    low = max(_LAST_S, files.runtime_low_s if files else 0.0)
    if total >= low:
        return failed(
            f"upsmon: up to {total} s from low battery to SHUTDOWNCMD, of the "
            f"{low:.0f} s that battery.runtime.low leaves",
            f"smaller HOSTSYNC, FINALDELAY or OBLBDURATION in {guard.folder}"
            "/upsmon.conf, or a greater battery.runtime.low: nutbridge set",
        )
    return ok(f"upsmon: {total} s at most from low battery to SHUTDOWNCMD")


@check("upssched")
def upssched(facts: DoctorFacts) -> CheckVerdict:
    """A timer that is to shut down starts, and ends when the grid is back."""
    guard = facts.need(GuardFacts)
    conf = _conf(guard)
    if guard.timers is None:
        return skipped("upssched is not in use")
    path, ups = f"{guard.folder}/upssched.conf", facts.settings.ups
    timers = [
        line
        for line in guard.timers
        if line.ups == "*" or line.ups.partition("@")[0].lower() == ups.lower()
    ]
    gone = [each for each in guard.lost if each != conf.texts.get("SHUTDOWNCMD")]
    if gone:
        return failed(f"upssched: {gone[0]} cannot be run", f"chmod +x {gone[0]}")
    for line in timers:
        if "EXEC" not in conf.flags.get(line.event, "").split("+"):
            return failed(
                f"{path}: AT {line.event} is never told: its NOTIFYFLAG has no EXEC",
                f"NOTIFYFLAG {line.event} SYSLOG+EXEC in {guard.folder}/upsmon.conf",
            )
    begun = _timers_of(timers, "ONBATT", "START-TIMER")
    ended = _timers_of(timers, "ONLINE", "CANCEL-TIMER")
    for timer in begun:
        if timer not in ended:
            return failed(
                f"{path}: the timer {timer} of ONBATT goes on when the grid is back",
                f"AT ONLINE {ups}@localhost CANCEL-TIMER {timer}",
            )
    silent = [each for each in timers if each.event in ("COMMBAD", "NOCOMM")]
    if silent and any(word in guard.script for word in _ENDS):
        return warning(
            f"{path}: AT {silent[0].event}: a gateway that is silent for minutes, on "
            "line, does this",
            "let it shut nothing down",
        )
    return ok(f"{path}: {len(timers)} lines for {ups}, none with a known trap")


def _timers_of(lines: Sequence[TimerLine], event: str, command: str) -> list[str]:
    return [
        each.words[1]
        for each in lines
        if each.event == event and each.words[0] == command and each.words[1:]
    ]


@check("upsmon-enabled")
def upsmon_enabled(facts: DoctorFacts) -> CheckVerdict:
    """The guard starts at boot."""
    values = _unit(facts, GUARD, "starts at boot")
    state = values.get("UnitFileState", "")
    if state in _ON:
        return ok(f"nut-monitor is {state}")
    return failed(
        f"nut-monitor is {state or 'not enabled'}: nothing shuts down after a boot",
        facts.services.to("enable", "nut-monitor"),
    )


@check("upsmon-running")
def upsmon_running(facts: DoctorFacts) -> CheckVerdict:
    """The guard runs."""
    values = _unit(facts, GUARD, "runs")
    state = f"{values.get('ActiveState', '?')} ({values.get('SubState', '?')})"
    if values.get("ActiveState") == "active":
        return ok(f"nut-monitor is {state}")
    start = facts.services.to("start", "nut-monitor")
    remedy = f"{start}; {facts.services.log('nut-monitor')} tells why it ended"
    if not _our_lines(facts):
        remedy = f"it cannot run without a MONITOR line; then: {start}"
    return failed(f"nut-monitor is {state}: this machine does not shut down", remedy)


@check("upsmon-login")
def upsmon_login(facts: DoctorFacts) -> CheckVerdict:
    """The server counts upsmon of this machine among those that it must wait for."""
    line, upsd = _our_line(facts), facts.need(UpsdFacts)
    if upsd.clients is None:
        return skipped("whether upsmon is logged in: upsd does not tell")
    # By an address of this machine's own it comes from that address.
    here = facts.need(GuardFacts).here
    if not upsd.here or any(_is_local(each) or each in here for each in upsd.clients):
        who = ", ".join(upsd.clients) or "nobody"
        return ok(f"logged in at upsd for {facts.settings.ups}: {who}")
    restart = facts.services.to("restart", "nut-monitor")
    remedy = f"{restart}, while on line; {facts.services.log('nut-monitor')} "
    remedy += "tells why upsd does not let it in"
    port = split_host(upsd.address, UPSD_PORT)[1]
    if (line.port or UPSD_PORT) != port:
        remedy = (
            f"MONITOR {line.ups}@{line.host}:{port} in upsmon.conf, as upsd listens at "
            f"{upsd.address}; then, while on line: {restart}"
        )
    return failed(
        f"upsmon of this machine is not logged in at upsd for {facts.settings.ups}",
        remedy,
    )


@check("nut-restart")
def nut_restart(facts: DoctorFacts) -> CheckVerdict:
    """The service manager starts upsd and upsmon again that were killed."""
    guard = facts.need(GuardFacts)
    if not facts.services.systemd:
        return skipped("Restart= of nut-server: no systemd runs here")
    units = {
        name: values
        for name, values in guard.units.items()
        if values.get("LoadState", "loaded") == "loaded"
    }
    if not units:
        return skipped("Restart= of nut-server: there is no unit to be read")
    for name, effect in (
        (SERVER, "killed in an outage it takes the house with it"),
        (GUARD, "killed it guards nothing any more"),
    ):
        if name in units and units[name].get("Restart", "no") in ("no", ""):
            short = name.removesuffix(".service")
            return warning(
                f"{short} has no Restart=: {effect}",
                f"nutbridge setup {facts.settings.ups} offers a drop-in, or "
                f"{facts.services.to('edit', short)}: Restart=on-failure",
            )
    names = [name.removesuffix(".service") for name in units]
    return ok(f"systemd starts {' and '.join(names)} again")


def _conf(guard: GuardFacts) -> UpsmonConf:
    if guard.conf is None:
        raise Concluded(
            skipped(f"{guard.folder}/upsmon.conf was not read"), nameless=True
        )
    return guard.conf


def _our_lines(facts: DoctorFacts) -> list[MonitorLine]:
    guard, ups = facts.need(GuardFacts), facts.settings.ups.lower()
    return [
        each
        for each in (guard.conf.monitors if guard.conf else ())
        # upsd knows a UPS by its name in any case.
        if each.ups.lower() == ups and each.host in guard.here
    ]


def _our_line(facts: DoctorFacts) -> MonitorLine:
    lines = _our_lines(facts)
    if not lines:
        _conf(facts.need(GuardFacts))
        raise Concluded(
            skipped("upsmon: without a MONITOR line there is no more to see")
        )
    return max(lines, key=lambda line: line.power)


def _is_local(client: str) -> bool:
    return client.startswith(("127.", "::ffff:127.")) or client in ("::1", "localhost")


def _unit(facts: DoctorFacts, unit: str, what: str) -> Mapping[str, str]:
    guard = facts.need(GuardFacts)
    short = unit.removesuffix(".service")
    if not facts.services.systemd:
        raise Concluded(skipped(f"whether {short} {what}: no systemd runs here"))
    values = guard.units.get(unit)
    if values is None:
        raise Concluded(
            skipped(
                f"whether {short} {what}: systemctl does not tell",
                facts.services.to("status", short),
            )
        )
    if values.get("LoadState") != "loaded":
        raise Concluded(failed(f"{short} is not installed", "apt install nut-client"))
    return values
