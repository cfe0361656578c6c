"""NUT's own files and programs."""

import contextlib
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from nutbridge.config.file import folders as nut_folders
from nutbridge.net.addresses import split_host
from nutbridge.nut.driver import socket_paths
from nutbridge.nut.errors import NutError
from nutbridge.nut.guards import parse_upsmon_conf
from nutbridge.nut.ups_conf import DRIVER, Section, UpsConf, parse_ups_conf
from nutbridge.nut.upsd import (
    LOCAL_UPSD,
    UPSD_PORT,
    listen_address,
    read_logins,
    read_ups,
)
from nutbridge.nut.versions import driver_version, is_hasty, numbers_of
from nutbridge.nut.words import conf_lines, nut_conf_values, upsmon_number
from nutbridge.system.files import read_file
from nutbridge.tools.doctor import systemd
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

_CAP = 1 << 20
_UPSD_S = 3.0

#: A unit that forgets the outage with its driver has this in its ExecStopPost.
_FORGET = "try-restart nut-monitor"
#: upsd's own default, upsd.conf(5), s.
_MAXAGE_S = 15
#: Variables that the monitor decides: an override of one shows a lie for ever.
_OURS = ("ups.status", "battery.charge", "battery.runtime")
#: systemd's own default, systemd.service(5).
_RESTART_S = 0.1
#: A driver that looks less often shows an outage late, and may miss an OL that
#: is hidden 30 s later. Default of NUT: 2 s.
_SLOWEST_POLL_S = 5
_DEFAULT_POLL_S = 2

#: dummy-ups needs 2 to 3 s to show a state after its start; measured.
_STARTED_S = 3
_DRIVER_START_S = 5

#: upsd is there, only the values are not.
_ANSWERS = ("DriverNotConnected", "DataStale")

#: ``mode`` came with 2.8.0.
_MODE_SINCE = (2, 8, 0)


@dataclass(frozen=True, slots=True)
class NutFacts(Gathered):
    """How NUT is set up.

    Attributes:
        folder: where ups.conf lies.
        ups_conf: its content; None when missing.
        denied: ups.conf may not be read.
        real_port: real path of the port in our section.
        sections: names of dummy-ups sections that read our port file.
        driver_version: what ``dummy-ups -V`` says; None without that program.
        sockets: folders in which the monitor looks for the driver's socket.
        socket_seen: it lies in one of them; None where we may not look.
        deadtime_s: of upsmon.conf; None without that file.
        restart_s: RestartSec of nut-driver@; None without that unit.
        pollfreqalert_s: of upsmon.conf.
        maxage_s: of upsd.conf.
        statepath: of upsd.conf, where upsd looks for sockets, if in none of those
            folders; empty otherwise.
        mode: MODE of nut.conf; empty without one.
        drop_ins: of NUT 2.8.1: ``all``, ``some``, ``none``, or ``other`` where they
            look at another port file; None without units.
    """

    WHAT: ClassVar[str] = "NUT's config and programs"

    folder: str
    ups_conf: UpsConf | None
    denied: bool = False
    real_port: str = ""
    sections: tuple[str, ...] = ()
    driver_version: str | None = None
    sockets: tuple[str, ...] = ()
    socket_seen: bool | None = None
    deadtime_s: float | None = None
    restart_s: float | None = None
    pollfreqalert_s: int = 5
    maxage_s: int = _MAXAGE_S
    statepath: str = ""
    mode: str = ""
    drop_ins: str | None = None

    @classmethod
    def gather(cls, place: DoctorContext) -> "NutFacts":
        """Look at how NUT is set up."""
        folder = Path(nut_folders(place.environ).sysconfig).absolute()
        ups = place.settings.ups
        conf, denied = _ups_conf(folder / "ups.conf")
        section = conf.section(ups) if conf else None
        driverpath = conf.values.get("driverpath") if conf else None
        port = section.port if section else ""
        sockets = socket_paths(ups, place.environ)
        upsmon = parse_upsmon_conf(_text(folder / "upsmon.conf") or "")
        has_upsmon = _text(folder / "upsmon.conf") is not None
        used = place.has_units
        upsd_conf = _text(folder / "upsd.conf") or ""
        modes = nut_conf_values(_text(folder / "nut.conf") or "", "MODE")
        return cls(
            folder=str(folder),
            ups_conf=conf,
            denied=denied,
            # dummy-ups looks for a relative name in NUT's config folder.
            real_port=os.path.realpath(folder / port) if port else "",
            sections=_sections_of(conf, place.settings.port_file, folder),
            driver_version=driver_version(place.environ, driverpath),
            sockets=tuple(str(path.parent) for path in sockets),
            socket_seen=_any_there(sockets),
            deadtime_s=float(upsmon.numbers["DEADTIME"]) if has_upsmon else None,
            restart_s=_restart_s(f"nut-driver@{ups}.service", place) if used else None,
            pollfreqalert_s=upsmon.numbers["POLLFREQALERT"],
            maxage_s=_maxage_s(upsd_conf),
            statepath=_statepath(upsd_conf, sockets),
            mode=modes[-1] if modes else "",
            drop_ins=_drop_ins(place) if used else None,
        )


@dataclass(frozen=True, slots=True)
class UpsdFacts(Gathered):
    """What upsd shows.

    Attributes:
        address: HOST:PORT.
        values: the UPS's variables; None when there are none.
        problem: why.
        kind: name of the error's class (errors.py).
        version: of the upsd that runs; None where it does not tell.
        clients: addresses of the guards that are logged in; None likewise.
        here: it runs on this machine.
    """

    WHAT: ClassVar[str] = "upsd"

    address: str
    values: Mapping[str, str] | None
    problem: str = ""
    kind: str = ""
    version: str | None = None
    clients: tuple[str, ...] | None = None
    here: bool = True

    @classmethod
    def gather(cls, place: DoctorContext) -> "UpsdFacts":
        """Ask upsd what it shows."""
        ups, timeout_s = place.settings.ups, min(_UPSD_S, place.left_s)
        try:
            found = cls(place.upsd, read_ups(ups, place.upsd, timeout_s))
        except NutError as exc:
            found = cls(place.upsd, None, exc.problem, type(exc).__name__)
        found = replace(found, here=is_own_host(split_host(place.upsd, UPSD_PORT)[0]))
        if found.values is not None or found.kind in _ANSWERS:
            with contextlib.suppress(NutError):
                logins = read_logins(ups, place.upsd, min(_UPSD_S, place.left_s))
                return replace(found, version=logins.version, clients=logins.clients)
        return found


def listen_here(environ: Mapping[str, str]) -> str:
    """Return where this machine's upsd listens, HOST:PORT."""
    folder = Path(nut_folders(environ).sysconfig).absolute()
    found = listen_address(_text(folder / "upsd.conf") or "")
    try:
        split_host(found, UPSD_PORT)
    except ValueError:
        return LOCAL_UPSD
    return found


def _ups_conf(path: Path) -> tuple[UpsConf | None, bool]:
    try:
        data = read_file(path, _CAP).data
        return parse_ups_conf(data.decode("utf-8", "replace")), False
    except PermissionError:
        return None, True
    except OSError:
        return None, False


def _sections_of(conf: UpsConf | None, port_file: str, folder: Path) -> tuple[str, ...]:
    wanted = os.path.realpath(port_file)
    return tuple(
        each.name
        for each in (conf.sections if conf else ())
        if each.driver == DRIVER
        and each.port
        and os.path.realpath(folder / each.port) == wanted
    )


def _any_there(paths: Iterable[Path]) -> bool | None:
    try:
        return any(path.exists() for path in paths)
    except PermissionError:
        return None


def _text(path: Path) -> str | None:
    try:
        return read_file(path, _CAP).data.decode("utf-8", "replace")
    except OSError:
        return None


def _maxage_s(text: str) -> int:
    found = upsmon_number(text, "MAXAGE")
    return _MAXAGE_S if found is None else found


def _statepath(text: str, sockets: Iterable[Path]) -> str:
    words = [line.words for line in conf_lines(text)]
    found = [each[1] for each in words if each[:1] == ("STATEPATH",) and each[1:]]
    known = {os.path.realpath(path.parent) for path in sockets}
    return found[-1] if found and os.path.realpath(found[-1]) not in known else ""


def _drop_ins(place: DoctorContext) -> str | None:
    """Return which of the drop-ins for NUT 2.8.1 are in place."""
    ups = place.settings.ups
    guard = place.look("nut-monitor.service", ("PartOf",))
    driver = place.look(f"nut-driver@{ups}.service", ("ExecStopPost",))
    if guard is None or driver is None:
        return None
    after = driver.get("ExecStopPost", "").replace("%i", ups)
    parts = "nut-server.service" in guard.get("PartOf", ""), _FORGET in after
    if all(parts):
        return "all" if f" {place.settings.port_file} " in after else "other"
    return "some" if any(parts) else "none"


def _restart_s(unit: str, place: DoctorContext) -> float | None:
    """Return RestartSec of the driver's unit; its files tell without systemd too."""
    if place.services.systemd:
        values = place.look(unit, ("LoadState", "RestartUSec")) or {}
        if values.get("LoadState") == "loaded":
            return systemd.seconds(values.get("RestartUSec", ""))
    settings = systemd.from_files(unit, place.environ)
    if settings is None:
        return None
    return systemd.seconds(settings.get("RestartSec", f"{_RESTART_S}s"))


@check("ups-conf")
def ups_conf(facts: DoctorFacts) -> CheckVerdict:
    """The section of ups.conf, named as the UPS, with driver dummy-ups."""
    nut, ups = facts.need(NutFacts), facts.settings.ups
    path = f"{nut.folder}/ups.conf"
    if nut.denied:
        return not_allowed(f"{path} may not be read")
    if nut.ups_conf is None:
        return failed(f"{path} is missing: NUT does not know {ups}", _setup(facts))
    ours = section_of(facts)
    if ours is None:
        if nut.sections:
            return failed(
                f"{path} calls this battery [{nut.sections[0]}], the config {ups}",
                f"give both one name: upsc, the monitor and its unit look for {ups}",
            )
        return failed(f"{path} has no section [{ups}]", _setup(facts))
    if ours.driver != DRIVER:
        return failed(
            f"{path}: [{ups}] has driver {ours.driver or 'none'}, not {DRIVER}",
            f"driver = {DRIVER}",
        )
    return ok(f"{path}: [{ups}] has driver {DRIVER}")


@check("ups-conf-port")
def ups_conf_port(facts: DoctorFacts) -> CheckVerdict:
    """Driver and monitor mean one file."""
    nut, section = facts.need(NutFacts), _our_section(facts)
    files = facts.get(FileFacts)
    wanted = files.port.path if files else facts.settings.port_file
    if nut.real_port != wanted:
        return failed(
            f"ups.conf: port of [{section.name}] is {section.port or 'missing'}, the "
            f"monitor writes {wanted}",
            f'port = "{wanted}" in ups.conf, then, while on line: '
            f"{facts.services.to('restart', f'nut-driver@{section.name}')}",
        )
    others = [name for name in nut.sections if name != section.name]
    if others:
        return warning(
            f"ups.conf: {', '.join(others)} and {section.name} read one port file",
            f"remove the sections other than [{section.name}]",
        )
    return ok(f"ups.conf: port of [{section.name}] is the monitor's port file")


@check("ups-conf-mode")
def ups_conf_mode(facts: DoctorFacts) -> CheckVerdict:
    """The file is read again only when it has changed."""
    section = _our_section(facts)
    mode, where = section.values.get("mode"), f"ups.conf: [{section.name}]"
    if mode == "dummy-once":
        return ok(f"{where} has mode dummy-once")
    if mode is None and section.port.endswith(".dev"):
        return ok(f"{where} has no mode, and needs none: the port ends in .dev")
    found = "no mode, and the port does not end in .dev" if mode is None else mode
    finding = f"{where} has mode {found}" if mode else f"{where} has {found}"
    return failed(finding, "mode = dummy-once")


@check("ups-conf-pollinterval")
def ups_conf_pollinterval(facts: DoctorFacts) -> CheckVerdict:
    """How often the driver looks at the file."""
    section, conf = _our_section(facts), facts.need(NutFacts).ups_conf
    text = section.values.get("pollinterval")
    text = text or (conf.values.get("pollinterval") if conf else None)
    if text is None:
        return ok(f"the driver looks at the file every {_DEFAULT_POLL_S} s")
    remedy = f"pollinterval = {_DEFAULT_POLL_S} in the section [{section.name}]"
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        return failed(f"ups.conf: pollinterval {text} is no number of seconds", remedy)
    if len(text) > 9 or int(text) > _SLOWEST_POLL_S:  # noqa: PLR2004 - digits
        return failed(f"ups.conf: pollinterval {text} s shows an outage late", remedy)
    return ok(f"the driver looks at the file every {text} s")


@check("ups-conf-overrides")
def ups_conf_overrides(facts: DoctorFacts) -> CheckVerdict:
    """Nothing between the port file and clients: LB and what else it says arrive.

    Source: ups.conf(5); measured: with ignorelb the driver drops LB and derives one
    of its own, from thresholds that an outage need not cross.
    """
    section, upsd = _our_section(facts), facts.get(UpsdFacts)
    shown = (upsd.values or {}) if upsd else {}
    where = f"ups.conf: [{section.name}] has"
    restart = facts.services.to("restart", f"nut-driver@{section.name}")
    while_on_line = f"then, while on line: {restart}"
    if "ignorelb" in section.values:
        return failed(
            f"{where} ignorelb: low battery never reaches anybody",
            f"remove ignorelb, {while_on_line}",
        )
    if "driver.flag.ignorelb" in shown:
        return failed(
            "the driver that runs has ignorelb: low battery never reaches anybody",
            while_on_line.removeprefix("then, "),
        )
    forced = [key for key in section.values if key.startswith("override.")]
    for key in forced:
        if key.removeprefix("override.") in _OURS:
            return failed(
                f"{where} {key}: clients never see what the monitor says",
                f"remove {key}, {while_on_line}",
            )
    if forced:
        return warning(
            f"{where} {forced[0]}: clients see it in place of the monitor's value",
            f"remove it; nutbridge set {section.name} changes what is yours",
        )
    return ok(f"ups.conf: [{section.name}] lets every value through")


@check("maxage")
def maxage(facts: DoctorFacts) -> CheckVerdict:
    """The server gives a driver that is busy for some seconds its time.

    In an outage upsmon takes stale data as it takes a driver that is gone.
    """
    maxage_s = facts.need(NutFacts).maxage_s
    if maxage_s < _MAXAGE_S:
        return warning(
            f"MAXAGE {maxage_s} s: a busy driver's data may count as stale in an "
            "outage",
            f"MAXAGE {_MAXAGE_S} in upsd.conf, or no such line",
        )
    return ok(f"upsd waits {maxage_s} s for its driver (MAXAGE)")


@check("driver-socket")
def driver_socket(facts: DoctorFacts) -> CheckVerdict:
    """The monitor finds the driver's socket, to see whether the driver runs.

    Source: NUT_STATEPATH of nut.conf moves it (EnvironmentFile of nut-driver@);
    a statepath in ups.conf does not, measured with dummy-ups 2.8.0.
    """
    nut = facts.need(NutFacts)
    folders = ", ".join(nut.sockets)
    unit = f"enphase-monitor@{facts.settings.ups}"
    remedy = facts.services.environment(unit, "NUT_STATEPATH=...")
    if nut.socket_seen is None:
        return not_allowed("the folder of the driver's socket may not be looked at")
    if nut.socket_seen:
        return ok("the monitor finds the driver's socket")
    upsd = facts.get(UpsdFacts)
    if upsd is not None and upsd.values is not None and upsd.here:
        return warning(
            f"the driver runs, but its socket is not in {folders}: the monitor takes "
            "it for stopped",
            remedy,
        )
    return skipped("the driver does not run, so there is no socket to look for")


@check("nut-version")
def nut_version(facts: DoctorFacts) -> CheckVerdict:
    """The traps of some versions, of the driver and the upsd that run."""
    nut, section, upsd = facts.need(NutFacts), section_of(facts), facts.get(UpsdFacts)
    driver = ((upsd.values or {}) if upsd else {}).get("driver.version")
    server = upsd.version if upsd else None
    version = driver or server or nut.driver_version
    if version is None:
        return failed(
            "NUT's driver dummy-ups is not installed",
            "apt install nut (Fedora: dnf install nut)",
        )
    numbers = numbers_of(version)
    if not numbers:
        return warning("NUT does not tell its version", "see: dummy-ups -V")
    if driver and server and numbers_of(driver)[:3] != numbers_of(server)[:3]:
        return warning(
            f"the driver that runs is of NUT {driver}, upsd of {server}",
            "two NUTs are installed: let both units start programs of one of them",
        )
    if numbers < _MODE_SINCE:
        if section is not None and "mode" in section.values:
            return failed(
                f"NUT {version} does not know mode: its dummy-ups does not start",
                "update NUT to 2.8.0 or later, or remove mode and name the port .dev",
            )
        return warning(f"NUT {version} is old", "update NUT to 2.8.0 or later")
    return _drop_ins_of(facts, version, hasty=is_hasty(version))


def _drop_ins_of(facts: DoctorFacts, version: str, *, hasty: bool) -> CheckVerdict:
    """Judge the drop-ins for 2.8.1 and 2.8.2, which have a price."""
    ups, there = facts.settings.ups, facts.need(NutFacts).drop_ins
    price = "a driver that never comes back in an outage shuts nothing down"
    if there == "other":
        return warning(
            f"NUT {version}: the drop-in of nut-driver@{ups} tests another port file",
            f"write {facts.settings.port_file} in it, as nutbridge-nut(7) says",
        )
    if not hasty:
        if there in ("all", "some"):
            return warning(
                f"NUT {version} does not need the drop-ins for NUT 2.8.1: {price}",
                "remove them, as nutbridge-nut(7) says",
            )
        return ok(f"NUT {version} has no known trap")
    if there == "all":
        return ok(f"NUT {version}, with the drop-ins that its upsmon needs: {price}")
    remedy = (
        f"two drop-ins, which nutbridge setup {ups} offers; on other machines with "
        "this NUT none helps: restart neither in an outage"
    )
    if there is None:  # no units to drop anything in
        remedy = "update NUT to 2.8.3 or later; until then restart neither in an outage"
    return warning(
        f"NUT {version}: its upsmon shuts machines down at once when upsd or the "
        "driver is gone for a moment in an outage",
        remedy,
    )


@check("deadtime")
def deadtime(facts: DoctorFacts) -> CheckVerdict:
    """A driver that was restarted is back before upsmon takes the UPS for dead."""
    nut = facts.need(NutFacts)
    if nut.deadtime_s is None:
        finding = f"DEADTIME: no upsmon.conf to be read in {nut.folder}"
        return (not_allowed if nut.denied else skipped)(finding)
    if nut.restart_s is None:
        return skipped(
            "RestartSec of nut-driver@: no such unit, or no systemd runs here"
        )
    least = nut.restart_s + _DRIVER_START_S
    times = f"DEADTIME {nut.deadtime_s:g} s, nut-driver@ starts after "
    times += f"{nut.restart_s:g} s"
    poll_s = nut.pollfreqalert_s
    # The last look that may fail is one before the first that finds it back.
    last = poll_s * (math.ceil((poll_s + nut.restart_s + _STARTED_S) / poll_s) - 1)
    if last > least:
        least = float(last)
        times += f", upsmon looks every {poll_s} s (POLLFREQALERT)"
    if nut.deadtime_s <= least:
        return failed(
            f"{times}: upsmon may give up a driver that restarts in an outage",
            f"DEADTIME {least + 5:.0f} in {nut.folder}/upsmon.conf (more than "
            f"{least:g}), or a smaller RestartSec: "
            f"{facts.services.to('edit', 'nut-driver@')}",
        )
    return ok(f"{times}: upsmon waits long enough")


def section_of(facts: DoctorFacts) -> Section | None:
    """Return the section of this UPS, or None."""
    conf = facts.need(NutFacts).ups_conf
    return conf.section(facts.settings.ups) if conf else None


def _our_section(facts: DoctorFacts) -> Section:
    section = section_of(facts)
    if section is None:
        raise Concluded(skipped("ups.conf: there is no section to look at"))
    return section


def _setup(facts: DoctorFacts) -> str:
    return f"nutbridge setup {facts.settings.ups} adds it"
