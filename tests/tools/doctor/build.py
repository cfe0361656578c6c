"""Facts of a machine on which all is well, to be changed by a test."""

from dataclasses import replace
from typing import Any

from nutbridge.config.settings import ConfigSite, Settings, interpret
from nutbridge.config.text import parse
from nutbridge.nut.guards import parse_upsd_users, parse_upsmon_conf
from nutbridge.tools.doctor.access import DiskEntry, User
from nutbridge.tools.doctor.check import DoctorFacts, Gathered
from nutbridge.tools.doctor.files import FileFacts
from nutbridge.tools.doctor.guard import GUARD, SERVER, GuardFacts

NUT = User("nut", 105)
PORT = "/var/lib/nut/home.dev"
UNIT = "enphase-monitor@home.service"
#: Keys of a config whose UPS is an inverter.
ALONE = "SMA_HOST=192.0.2.1\nSMA_PASSWORD=x\nPORT_FILE=/var/lib/nut/home.dev\n"
#: Keys of one beside a gateway.
BESIDE = "SMA_HOST=192.0.2.1\nSMA_PASSWORD=x\n"
GOOD_UNIT = {
    "LoadState": "loaded",
    "UnitFileState": "enabled",
    "ActiveState": "active",
    "SubState": "running",
    "Type": "notify",
    "WatchdogUSec": "1min",
    "User": "nutbridge",
}


def settings(port: str = PORT, more: str = "", text: str = "") -> Settings:
    """Return those of a gateway, with more keys, or those of a whole text."""
    usual = f"USERNAME=a\nPASSWORD=b\nSERIAL=122000000001\nPORT_FILE='{port}'\n"
    text = text or usual + more
    place = ConfigSite(
        path="/etc/nut/enphase-home.conf",
        ups="home",
        state_dir="/var/lib/nut",
        cwd="/",
        credentials_dir=None,
        exists=lambda _path: True,
    )
    return interpret(parse(text.encode(), "x"), place)[0]


def facts(*parts: Gathered, ours: Settings | None = None) -> DoctorFacts:
    """Return what was gathered, for the usual settings or other ones."""
    return DoctorFacts(ours or settings(), parts={type(each): each for each in parts})


GOOD_FILES = FileFacts(
    denied=None,
    monitor=NUT,
    driver=NUT,
    config=DiskEntry("/etc/nut/enphase-home.conf", 0o640, "root:nut", usable=True),
    folders=(DiskEntry("/var/lib/nut", 0o770, "root:nut", plain=False, usable=True),),
    port=DiskEntry(PORT, 0o644, "nut:nut", usable=True),
    kinds={"/var/lib/nut": "ext4"},
    status="OL",
    charge_low=20.0,
    held=True,
    pid=7,
)

#: An upsmon that guards this machine, and its unit.
GUARDED = """\
MONITOR home@localhost 1 guard secret primary
MINSUPPLIES 1
SHUTDOWNCMD "/sbin/shutdown -h +0"
"""
USERS = "[guard]\n  password = secret\n  upsmon primary\n"
GOOD_NUT_UNIT = {
    "LoadState": "loaded",
    "UnitFileState": "enabled",
    "ActiveState": "active",
    "SubState": "running",
    "Restart": "on-failure",
}


def guard(text: str = GUARDED, users: str = USERS, **changes: Any) -> GuardFacts:
    """Return what doctor knows of upsmon, by its two files."""
    units = dict.fromkeys((GUARD, SERVER), GOOD_NUT_UNIT)
    good = GuardFacts(
        "/etc/nut",
        conf=parse_upsmon_conf(text),
        users=parse_upsd_users(users),
        here=frozenset(("localhost", "127.0.0.1", "::1")),
        units=units,
    )
    return replace(good, **changes)
