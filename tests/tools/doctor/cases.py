"""What a test machine cannot bring about, as facts for the checks.

Each case is a title, the facts, and the checks to be made of them, by the words
their names begin with. findings.txt has what doctor says then.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    TokenRejected,
)
from nutbridge.net.jsonfields import WEB_PAGE
from nutbridge.nut.guards import parse_upssched_conf
from nutbridge.nut.ups_conf import UpsConf, parse_ups_conf
from nutbridge.sources.enphase.info import Info
from nutbridge.sources.enphase.readings import (
    Controller,
    Inventory,
    Relay,
    SecCtrl,
)
from nutbridge.sources.enphase.remedies import diagnose
from nutbridge.sources.sma.reading import UpsReading
from nutbridge.sources.sma.status import CONDITION
from nutbridge.system.services import BY_HAND
from nutbridge.tools.doctor.access import DiskEntry
from nutbridge.tools.doctor.check import DoctorFacts
from nutbridge.tools.doctor.gateway import GatewayFacts
from nutbridge.tools.doctor.guard import GUARD as GUARD_UNIT
from nutbridge.tools.doctor.guard import SERVER, GuardFacts
from nutbridge.tools.doctor.inverter import InverterFacts
from nutbridge.tools.doctor.nut import NutFacts, UpsdFacts
from nutbridge.tools.doctor.port_wait import PortWaitFacts
from nutbridge.tools.doctor.token import TokenFacts
from nutbridge.tools.doctor.unit import UnitFacts
from nutbridge.ups.model import DeviceHealth, Grid, GridAnswer
from tests.tools.doctor.build import (
    ALONE,
    BESIDE,
    GOOD_FILES,
    GOOD_NUT_UNIT,
    GOOD_UNIT,
    GUARDED,
    PORT,
    UNIT,
    USERS,
    facts,
    guard,
    settings,
)


class Case(NamedTuple):
    """One case."""

    title: str
    facts: DoctorFacts
    checks: tuple[str, ...]


FILES = ("config-permissions", "folders", "port-file", "file-system", "selinux")
ANY = ("",)
CLOSED = DiskEntry("/var/lib/nut/x", 0o600, "root:root", usable=False)
HIDDEN = DiskEntry(f"{PORT}-nocomms", 0o644, "nut:nut", usable=True)
NO_PORT = DiskEntry(PORT)
CONFIG, (FOLDER,), SHOWN = GOOD_FILES.config, GOOD_FILES.folders, GOOD_FILES.port


def _disk_cases() -> Iterator[Case]:
    mine = DiskEntry("/etc/nut/upsd.users", 0o600, "root:root", usable=False)
    sick, full = (
        {"/var/lib/nut": each} for each in ("is mounted read-only", "is full")
    )
    for title, check, changes in (
        ("file system that failed", "file-system", {"troubles": sick}),
        ("file system that is full", "file-system", {"troubles": full}),
        ("upsd.users left by root", "nut-files", {"nut": (FOLDER, mine)}),
        ("upsd.users is missing", "nut-files", {"nut": (NO_PORT,)}),
    ):
        files = replace(GOOD_FILES, **changes)
        yield Case(title, facts(files), (check,))


def _file_cases() -> Iterator[Case]:
    def case(title: str, *checks: str, **changes: object) -> Case:
        files = replace(GOOD_FILES, **changes)  # type: ignore[arg-type]
        return Case(title, facts(files), checks)

    yield case("files that are right", *FILES, "port-path", "monitor")
    for title, entry in (
        ("closed to the monitor", replace(CONFIG, usable=False, mode=0o600)),
        ("that all of a group may change", replace(CONFIG, mode=0o660)),
        ("that cannot be looked at", replace(CONFIG, mode=None)),
    ):
        yield case(f"config {title}", "config-permissions", config=entry)
    yield case("password file left by root", "config-perm", passwords=(CLOSED,))
    yield case("state file left by root", "folders", kept=(CLOSED,))
    yield case("state not made yet", "folders", kept=(replace(CLOSED, mode=None),))
    for title, change in (
        ("missing", {"mode": None}),
        ("open to everybody", {"mode": 0o777}),
        ("closed to the monitor", {"usable": False}),
    ):
        yield case(f"folder {title}", "folders", folders=(replace(FOLDER, **change),))
    for title, change in (
        ("that is a folder", {"plain": False}),
        ("closed to the driver", {"usable": False}),
        ("open to everybody", {"mode": 0o666}),
        ("missing", {"mode": None}),
    ):
        yield case(
            f"port file {title}",
            "port-file",
            port=replace(SHOWN, **change),
            twin=DiskEntry(f"{PORT}-nocomms"),
        )
    yield case(
        "not root: folders that may not be looked at",
        *("folders", "port-file", "file-system", "monitor"),
        denied="/var/lib/nut",
        port=NO_PORT,
        folders=(),
        kinds={},
        held=None,
    )
    yield case("the lock cannot be asked", "monitor", held=None)
    yield case("no file systems are told", "file-system", kinds={})
    for kind in ("nfs4", "cifs", "fuse.sshfs"):
        yield case(f"{kind}", "file-system", kinds={"/var/lib/nut": kind})
    for label in (
        *("system_u:object_r:nut_conf_t:s0", "system_u:object_r:var_run_t:s0"),
        *("system_u:object_r:var_lib_t:s0", "unconfined_u:object_r:user_home_t:s0"),
        *("system_u:object_r:unlabeled_t:s0", ""),
    ):
        yield case(f"SELinux {label or 'without a label'}", "selinux", label=label)
    for title, changes in (
        ("claims OL", {}),
        # A driver that ends after OB shuts the house down: it is not to be stopped.
        ("claims OB LB", {"status": "OB LB"}),
        ("has no status", {"status": None}),
        ("hidden", {"port": NO_PORT, "twin": HIDDEN}),
        ("missing", {"port": NO_PORT}),
    ):
        yield case(f"no monitor, file {title}", "monitor", **{"held": False, **changes})
    yield case("a monitor, file hidden", "monitor", port=NO_PORT, twin=HIDDEN, pid=None)
    for odd in (" ", "@", "#", '"', "\u00e4"):
        path = settings(f"/var/lib/nut/my{odd}home.dev")
        yield Case(f"path with {odd}", facts(ours=path), ("port-path",))
    token = TokenFacts(None, denied=False, claims=None, now=0.0)
    none = replace(token, problem="x: holds no token")
    theirs = replace(GOOD_FILES, token=replace(CONFIG, owner="x:nut"))
    for title, files, found in (
        ("token left by root", replace(GOOD_FILES, token=CLOSED), token),
        ("token of a stranger", theirs, none),
        ("token not for us", GOOD_FILES, TokenFacts("x: denied", True, None, 0.0)),
    ):
        yield Case(title, facts(files, found), ("token",))
    yield Case("everything late", facts(), ("ports", *FILES, "upsd", "unit-run"))
    playing = settings(more="TEST=1\nTEST_RELAY='{}'\n")
    yield Case("TEST mode", facts(ours=playing), ("token", "gateway-grid", "charge"))


CONFS = {
    "a name that ends in .dev": "port=x.dev\n",
    "a sequence": "port=x.seq\n",
    "another mode": "port=x\nmode=dummy-loop\n",
    "pollinterval -1": "port=x.dev\npollinterval=-1\n",
    "pollinterval of 40 digits": f"port=x.dev\npollinterval={'9' * 40}\n",
    "its own pollinterval": "port=x.dev\npollinterval=2\n",
}


def _nut_cases() -> Iterator[Case]:
    for title, lines in CONFS.items():
        conf = parse_ups_conf(f"pollinterval=30\n[home]\ndriver=dummy-ups\n{lines}")
        nut = NutFacts("/etc/nut", conf)
        yield Case(title, facts(nut), ("ups-conf-mode", "ups-conf-poll"))
    none = NutFacts("/etc/nut", parse_ups_conf(""))
    yield Case("no section", facts(none), ("ups-conf", "nut-version"))
    closed = NutFacts("/etc/nut", None, denied=True)
    yield Case("not root: ups.conf", facts(closed), ("ups-conf", "deadtime"))
    ours = parse_ups_conf("[home]\ndriver=dummy-ups\nport=x.dev\nmode=dummy-once\n")
    for found, version in (
        *((ours, "2.7.4"), (parse_ups_conf(""), "2.7.4"), (ours, "unknown")),
    ):
        nut = NutFacts("/etc/nut", found, driver_version=version)
        yield Case(f"NUT {version}", facts(nut), ("nut-version",))
    for deadtime, restart in (
        *((20.0, 15.0), (21.0, 15.0), (15.0, 2.0), (None, 15.0), (15.0, None)),
    ):
        nut = NutFacts("/etc/nut", None, deadtime_s=deadtime, restart_s=restart)
        yield Case(f"DEADTIME {deadtime}, {restart}", facts(nut), ("deadtime",))
    for kind in ("UpsdUnreachable", "UnknownUps", "DriverNotConnected", "DataStale"):
        silent = UpsdFacts("127.0.0.1:3493", None, "no", kind)
        yield Case(kind, facts(silent), ("upsd",))
    off = NutFacts("/etc/nut", None, mode="netclient")
    away = NutFacts("/etc/nut", None, sockets=("/run/nut",), statepath="/run/other")
    for title, kind, nut in (
        ("NUT without a server", "UpsdUnreachable", off),
        ("upsd looks for drivers elsewhere", "DriverNotConnected", away),
        ("upsd looks where they are", "DriverNotConnected", replace(off, mode="")),
    ):
        silent = UpsdFacts("127.0.0.1:3493", None, "no", kind)
        yield Case(title, facts(nut, silent), ("upsd",))
    gateway = GatewayFacts("x")
    for title, values in (
        ("it starts", {"ups.status": "WAIT"}),
        ("a shutdown was ordered", {"ups.status": "FSD OL"}),
        ("an odd charge", {"ups.status": "OL", "battery.charge": "nan"}),
    ):
        upsd = UpsdFacts("127.0.0.1:3493", values)
        yield Case(f"upsd: {title}", facts(upsd, gateway), ("upsd",))
    conf = parse_ups_conf(f"[home]\ndriver=dummy-ups\nport={PORT}\n")
    nut = NutFacts("/etc/nut", conf, real_port=PORT)
    for title, port, address, now in (
        ("of before", "/run/old.dev", "127.0.0.1:3493", nut),
        ("of another machine", "/run/old.dev", "192.0.2.1:3493", nut),
        ("of now", PORT, "127.0.0.1:3493", nut),
        # What is wrong with the section comes first.
        ("of no section", PORT, "[::1]:3493", replace(nut, real_port="/run/odd.dev")),
    ):
        values = {"ups.status": "OL", "driver.parameter.port": port}
        upsd = UpsdFacts(address, values, here="192" not in address)
        yield Case(f"driver with port {title}", facts(now, upsd, gateway), ("upsd",))
    for changes in (
        *({}, {"LoadState": "not-found"}, {"UnitFileState": "disabled"}),
        *({"ActiveState": "failed"}, {"WatchdogUSec": "0"}, {"Type": "simple"}),
        {"ActiveState": "activating", "SubState": "auto-restart"},
        {"WatchdogUSec": "infinity"},
        *({"User": "nut"}, {"User": ""}),
    ):
        unit = UnitFacts(UNIT, {**GOOD_UNIT, **changes})
        yield Case(f"unit {changes}", facts(unit), ("unit",))
    yield from _port_wait_cases()
    for where in ("/opt/nutbridge", "/root/.local/bin/enphase-monitor"):
        unit = UnitFacts(UNIT, GOOD_UNIT, closed=where)
        yield Case(f"unit that cannot start {where}", facts(unit), ("unit-running",))
    yield Case("no systemd", facts(UnitFacts(UNIT, None)), ("unit",))
    hung = UnitFacts(UNIT, {}, "no answer within 5 s")
    yield Case("systemd that hangs", facts(hung), ("unit",))


def _port_wait_cases() -> Iterator[Case]:
    whole = PortWaitFacts(PORT, PORT, wanted=True, active="active")
    other = "/run/nutbridge/home.dev"
    for title, pair in (
        ("whole", whole),
        ("whole, no systemd runs", replace(whole, active=None)),
        ("nothing", PortWaitFacts(None, None)),
        ("the template of another UPS", PortWaitFacts(None, other, active="inactive")),
        ("no path unit", PortWaitFacts(PORT, None)),
        ("no drop-in", replace(whole, tested=None)),
        ("two files", replace(whole, watched=other)),
        ("another port file", replace(whole, tested=other, watched=other)),
        ("not wanted", replace(whole, wanted=False)),
        ("wanted, and failed", replace(whole, active="failed")),
    ):
        yield Case(f"port file awaited: {title}", facts(pair), ("port-wait",))


TIMER = "AT ONBATT * START-TIMER late 1800\n"
BACK = "AT ONLINE home@localhost CANCEL-TIMER late\n"
FLAGS = "NOTIFYCMD /sbin/upssched\nNOTIFYFLAG ONBATT SYSLOG+EXEC\n"
FLAGS += "NOTIFYFLAG ONLINE EXEC\n"
#: upsmon.conf by what it shows; the rest of it is right.
MONITOR_LINES = {
    "right": GUARDED,
    "another UPS": "MONITOR rack@localhost 1 guard secret primary\n",
    "another machine": "MONITOR home@192.0.2.9 1 guard secret secondary\n",
    "power value 0": "MONITOR home@localhost 0 guard secret primary\n",
    "power value 0, and a rack UPS": "MONITOR home 0 guard secret primary\n"
    "MONITOR rack@localhost 1 guard secret primary\n",
    "no such user": "MONITOR home@localhost 1 other secret primary\n",
    "another password": "MONITOR HOME@127.0.0.1:3493 1 guard wrong master\n",
    "a secondary": "MONITOR home@[::1]:3493 1 guard secret slave\n",
    "too few supplies": f"{GUARDED}MINSUPPLIES 2\n",
    "no supplies": f"{GUARDED}MINSUPPLIES 0\n",
    "a second supply": f"{GUARDED}MONITOR rack@localhost 1 guard secret primary\n",
    "an empty SHUTDOWNCMD": f'{GUARDED}SHUTDOWNCMD ""\n',
    "POLLFREQ 60": f"{GUARDED}POLLFREQ 60\n",
    "FINALDELAY 600": f"{GUARDED}FINALDELAY 600\n",
    "OBLBDURATION 300": f"{GUARDED}OBLBDURATION 300\n",
}
#: upssched.conf by what it shows.
TIMERS = {
    "right": TIMER + BACK,
    "for another UPS": TIMER.replace("*", "rack@localhost"),
    "never ended": TIMER,
    "never told": "AT ONBATT * EXECUTE x\nAT LOWBATT * EXECUTE x\n",
}


def _guard_cases() -> Iterator[Case]:
    def case(title: str, found: GuardFacts, *checks: str) -> Case:
        upsd = UpsdFacts("127.0.0.1:3493", {}, clients=("::1",))
        return Case(f"upsmon: {title}", facts(found, upsd), checks or ("upsmon",))

    rest = GUARDED.partition("\n")[2]
    for title, text in MONITOR_LINES.items():
        yield case(title, guard(text if text.startswith(GUARDED) else text + rest))
    bare = guard("MONITOR home@localhost 1 guard secret primary\n")
    yield case("no SHUTDOWNCMD", bare, "upsmon-command")
    nobody, mon = UpsdFacts("127.0.0.1:3493", {}, clients=()), ("upsmon-m", "upsmon-l")
    yield Case("upsmon: not logged in", facts(guard(), nobody), mon)
    odd = guard(GUARDED.replace("localhost", "localhost:3494"))
    yield Case("upsmon: asks another port", facts(odd, nobody), mon)
    moved = replace(nobody, address="127.0.0.1:3494")
    yield Case("upsmon: asks that port", facts(odd, moved), mon)
    others = replace(nobody, clients=("192.0.2.7",))
    lan = guard(
        GUARDED.replace("localhost", "192.0.2.7"), here=frozenset(["192.0.2.7"])
    )
    yield Case("upsmon: by its own address", facts(lan, others), mon)
    yield Case("upsmon: others are", facts(guard("#"), others), mon)
    yield case("no file", guard(conf=None))
    yield case("not for us", guard(conf=None, denied=True))
    yield case("users not for us", guard(users_denied=True), "upsmon-user")
    yield case("users missing", guard(users=""), "upsmon-user")
    for users in ("[guard]\npassword=secret\n", USERS.replace("primary", "slave")):
        yield case("no role for it", guard(users=users), "upsmon-user")
    lost = guard(lost=("/sbin/shutdown",))
    yield case("SHUTDOWNCMD that is not there", lost, "upsmon-command")
    flagless = guard(poweroff_wait="80s")
    yield case("POWEROFF_WAIT alone", flagless, "upsmon-command")
    sched = guard(GUARDED + FLAGS)
    for title, text in TIMERS.items():
        found = replace(sched, timers=parse_upssched_conf(text)[1])
        yield case(f"upssched {title}", found, "upssched")
    silence = parse_upssched_conf("AT ONBATT * EXECUTE x\nAT NOCOMM * EXECUTE x\n")[1]
    ends = guard(GUARDED + FLAGS + "NOTIFYFLAG NOCOMM EXEC\n", timers=silence)
    yield case("upssched in silence", replace(ends, script="upsmon -c fsd"), "upssched")
    gone = replace(sched, timers=(), lost=("/usr/local/bin/upssched-cmd",))
    yield case("upssched, its script is gone", gone, "upssched")
    for changes in (
        *(
            {"UnitFileState": "disabled"},
            {"ActiveState": "failed", "SubState": "failed"},
        ),
        *({"LoadState": "not-found"}, {"Restart": "no"}),
    ):
        units = {GUARD_UNIT: {**GOOD_NUT_UNIT, **changes}}
        whose = ("upsmon-enabled", "upsmon-running", "nut-restart")
        yield case(f"unit {changes}", guard(units=units), *whose)
    failing = {GUARD_UNIT: {**GOOD_NUT_UNIT, "ActiveState": "failed"}}
    yield case("failed without a line", guard("#", units=failing), "upsmon-running")
    server = {SERVER: {**GOOD_NUT_UNIT, "Restart": "no"}, GUARD_UNIT: GOOD_NUT_UNIT}
    yield case("nut-server of Debian 12", guard(units=server), "nut-restart")
    none = case("no systemd", guard(units={}), "upsmon-", "nut-restart")
    yield none._replace(facts=replace(none.facts, services=BY_HAND))
    yield case("systemctl is silent", guard(units={}), "upsmon-en", "upsmon-ru")


SECTIONS = {
    "nothing between": "",
    "ignorelb": "ignorelb\n",
    "a status of its own": "override.ups.status = OL\n",
    "a limit of its own": "override.battery.charge.low = 60\n",
}


def _version_cases() -> Iterator[Case]:
    for title, line in SECTIONS.items():
        conf = parse_ups_conf(f"[home]\ndriver=dummy-ups\nport=x.dev\n{line}")
        nut = NutFacts("/etc/nut", conf)
        yield Case(f"ups.conf: {title}", facts(nut), ("ups-conf-over",))
    nut = NutFacts("/etc/nut", conf)
    flag = UpsdFacts("127.0.0.1:3493", {"driver.flag.ignorelb": "enabled"})
    yield Case("ignorelb of before", facts(replace(nut, ups_conf=ours()), flag), OVER)
    for driver, server, there in (
        *(("2.8.0", "2.8.0", "none"), ("2.8.1", "2.8.1", "none")),
        *(("2.8.1", "2.8.1", "all"), ("2.8.1", "2.8.1", "some")),
        *(("2.8.1", "2.8.1", "other"), ("2.8.3", "2.8.3", "all")),
        *(("2.8.1", "2.8.4", None), (None, "2.8.2", None), (None, None, None)),
    ):
        values = {"driver.version": driver} if driver else {}
        upsd = UpsdFacts("127.0.0.1:3493", values, version=server)
        # What is found first need not be what runs.
        found = replace(nut, driver_version="2.8.5", drop_ins=there)
        title = f"NUT runs: driver {driver}, upsd {server}, drop-ins {there}"
        yield Case(title, facts(found, upsd), ("nut-version",))
    for maxage in (15, 5):
        found = replace(nut, maxage_s=maxage)
        yield Case(f"MAXAGE {maxage}", facts(found), ("maxage",))
    for alert in (10, 30):
        found = replace(nut, deadtime_s=25.0, restart_s=15.0, pollfreqalert_s=alert)
        yield Case(f"POLLFREQALERT {alert}", facts(found), ("deadtime",))


OVER = ("ups-conf-over",)


def ours() -> UpsConf:
    """Return a ups.conf in which nothing is odd."""
    return parse_ups_conf("[home]\ndriver=dummy-ups\nport=x.dev\nmode=dummy-once\n")


HOST = "envoy.local"
RELAY, SECCTRL = f"{HOST}/ivp/ensemble/relay", f"{HOST}/ivp/ensemble/secctrl"
INVENTORY = f"{HOST}/ivp/ensemble/inventory"
WELL = DeviceHealth("battery 122000001001", soc_pct=96.0)
FITTED = Inventory(
    devices=2, enpowers=(Controller("closed"),), batteries=1, health=(WELL,)
)
#: Why one endpoint gave nothing, and whether the gateway takes the token at all.
FAILURES = {
    "busy": DeviceAnswerError(SECCTRL, "answered 503", 503),
    "missing": DeviceAnswerError(SECCTRL, "answered 404", 404),
    "moved": DeviceAnswerError(SECCTRL, "answered 301, a redirect", 301),
    "a page": DeviceAnswerError(SECCTRL, WEB_PAGE),
    "cut": DeviceAnswerError(SECCTRL, "cut or damaged JSON at 5"),
    "refused to this account": TokenRejected(SECCTRL, "refused (401)", good=True),
    "refused, unjudged": TokenRejected(SECCTRL, "refused (401)"),
    "lost": DeviceUnreachable(SECCTRL, "no answer within 5 s"),
}


def _gateway_cases() -> Iterator[Case]:
    lost = DeviceUnreachable(HOST, "refused")
    silent = GatewayFacts("x", unreachable=lost)
    yield Case("gateway that is silent", facts(silent), ("gateway", "charge"))
    # Only an answer tells that the gateway took the token.
    seen = GatewayFacts("x", shown="ab" * 32)
    closed = DeviceUnreachable(RELAY, "closed")
    vain = replace(seen, problems={"relay": explained(closed)})
    yield Case("token sent in vain", facts(vain), ("gateway-token",))
    told = replace(vain, inventory=Inventory())
    yield Case("token sent, one answer", facts(told), ("gateway-token",))
    for title, failure in FAILURES.items():
        found = replace(seen, problems={"secctrl": explained(failure)})
        whose = ("gateway-token", "gateway-battery")
        yield Case(f"battery not told: {title}", facts(found), whose)
    refusal = explained(TokenRejected(RELAY, "refuses the token (401)", good=True))
    found = replace(seen, inventory=FITTED, problems={"relay": refusal})
    yield Case("relay refused alone", facts(found), ("gateway-token", "gateway-grid"))
    for year, epoch_s in (("1970", 4000.0), ("2026", 1.79e9)):
        bad = replace(seen, refused=True, epoch_s=epoch_s, skew_s=epoch_s - 1.79e9)
        whose = ("gateway-token", "gateway-clock")
        yield Case(f"token refused, clock of {year}", facts(bad), whose)
    for software in ("D8.3.5169", "D6.3.100", "M4.2.33", "R3.9.36", "5.0.62", "odd"):
        old = replace(seen, info=Info("122", software))
        yield Case(f"firmware {software}", facts(old), ("gateway-firmware",))
    yield from _house_cases(seen)


def _house_cases(seen: GatewayFacts) -> Iterator[Case]:
    # A monitor that has seen a backup mode holds OB through such answers.
    for mode in ("multimode-ongrid", "unknown"):
        relay = Relay("closed", "closed", (mode, mode))
        found = replace(seen, relay=relay, inventory=FITTED)
        yield Case(f"closed, {mode}", facts(found), ("gateway-grid", "gateway-health"))
        unlisted = explained(TokenRejected(INVENTORY, "refused (401)", good=True))
        found = replace(found, inventory=None, problems={"inventory": unlisted})
        yield Case(f"closed, {mode}, unlisted", facts(found), ("gateway-grid",))
    relay, empty = Relay("closed", "closed", ("grid-tied",)), SecCtrl(0.0, 0.0)
    lone = FITTED._replace(devices=1, batteries=0, health=())
    anyway = settings(more="ALLOW_NO_CONTROLLER=1\n")
    for title, ours, fitted in (
        ("nothing fitted", settings(), Inventory()),
        ("nothing fitted, allowed", anyway, Inventory()),
        ("controller without a battery", settings(), lone),
    ):
        found = replace(seen, relay=relay, inventory=fitted, secctrl=empty)
        whose = ("gateway-grid", "gateway-battery", "gateway-health")
        yield Case(title, facts(found, ours=ours), whose)
    ill = (
        WELL,
        DeviceHealth("battery 2", ("does not communicate", "its DC switch is off")),
        DeviceHealth("Meter Collar 3", ("asleep",)),
    )
    found = replace(seen, relay=relay, inventory=FITTED._replace(health=ill))
    yield Case("devices that are not well", facts(found), ("gateway-health",))


def explained(error: DeviceError) -> DeviceError:
    """Return it as the gateway's session raises it."""
    error.remedy, error.lasting, _ = diagnose(error)
    return error


def _inverter(reading: UpsReading, grid: Grid, unfit: str) -> InverterFacts:
    answer = GridAnswer(grid=grid, word="RunStt 235", speaker="inverter", unfit=unfit)
    return InverterFacts("192.0.2.1", reading=reading, grid=answer)


FULL = UpsReading({}, battery_keys=True, fitted=True, soc_pct=61.0)
SILENT = InverterFacts("192.0.2.1", problem="no answer", kind="DeviceUnreachable")
#: Ways to an inverter that do not lead in.
WAYS = {
    "silent": SILENT,
    "not Webconnect": replace(SILENT, kind="NotWebconnect"),
    "wrong password": replace(SILENT, kind="PasswordRefused"),
    "no free session": replace(SILENT, kind="NoFreeSession"),
    "another certificate": replace(
        SILENT, kind="CertificateChanged", known="0" * 64, shown="1" * 64
    ),
    "no address": InverterFacts("192.0.2.1", unresolved="no address is known"),
    "no password": InverterFacts("192.0.2.1", kind="NoPassword"),
    "files not to be read": InverterFacts("192.0.2.1", denied="/var/lib/nut/sma.s"),
    "late": None,
}


def _inverter_cases() -> Iterator[Case]:
    ours, upsd = settings(text=ALONE), UpsdFacts("127.0.0.1:3493", {"ups.status": "OL"})
    upsd = replace(upsd, values={"ups.status": "OL", "battery.charge": "60"})
    checks = ("upsd", "inverter-ups", "inverter-grid", "inverter-b", "charge-low")
    for title, reading, grid, unfit in (
        ("full", FULL, Grid.CLOSED, ""),
        ("in an outage", FULL, Grid.OPEN, ""),
        ("with an odd word", FULL, Grid.UNKNOWN, ""),
        ("emptier than upsd shows", replace(FULL, soc_pct=10.0), Grid.CLOSED, ""),
        # Its 0 % is no charge.
        (
            "without a battery",
            replace(FULL, fitted=False, soc_pct=0.0),
            Grid.CLOSED,
            "",
        ),
        # Its mains connection is that of a unit that goes dark with the house.
        ("that is no UPS", UpsReading({}), Grid.CLOSED, "no UPS"),
        ("not ready", replace(FULL, soc_pct=None), Grid.CLOSED, ""),
        ("of 10 kWh", replace(FULL, rated_wh=10200.0), Grid.CLOSED, ""),
        ("with a high floor", replace(FULL, floor_pct=18.0), Grid.CLOSED, ""),
    ):
        device = _inverter(reading, grid, unfit)
        yield Case(
            f"inverter {title}", facts(device, upsd, GOOD_FILES, ours=ours), checks
        )
    for tag in (307, 35, 455):
        ill = replace(FULL, tags={CONDITION: frozenset({tag})})
        told = facts(_inverter(ill, Grid.CLOSED, ""), ours=ours)
        yield Case(f"inverter with tag {tag}", told, ("inverter-health",))
    for title, way in WAYS.items():
        parts = (GOOD_FILES, way) if way is not None else (GOOD_FILES,)
        yield Case(f"inverter: {title}", facts(*parts, ours=ours), ("inverter-",))
        # Beside a gateway whatever fails is a warning at most.
        beside = facts(*parts[1:], ours=settings(more=BESIDE))
        yield Case(f"inverter beside: {title}", beside, ("inverter",))


CASES = (
    *(
        *_file_cases(),
        *_disk_cases(),
        *_nut_cases(),
        *_version_cases(),
        *_guard_cases(),
    ),
    *(*_gateway_cases(), *_inverter_cases()),
)
