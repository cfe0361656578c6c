"""Facts of a machine on which all is well, to be changed by a test."""

from dataclasses import replace

from nutbridge.config.settings import ConfigSite, Settings, interpret
from nutbridge.config.text import parse
from nutbridge.tools.doctor.facts import DiskEntry, DoctorFacts, FileFacts, User
from nutbridge.tools.doctor.finding import CheckOutcome, CheckVerdict

NUT = User("nut", 105)
PORT = "/var/lib/nut/home.dev"
UNIT = "enphase-monitor@home.service"
GOOD_UNIT = {
    "LoadState": "loaded",
    "UnitFileState": "enabled",
    "ActiveState": "active",
    "SubState": "running",
    "Type": "notify",
    "WatchdogUSec": "1min",
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


def with_files(**changes: object) -> DoctorFacts:
    return DoctorFacts(settings(), files=replace(GOOD_FILES, **changes))  # type: ignore[arg-type]


def told(verdict: CheckVerdict, result: CheckOutcome, *words: str) -> None:
    """Check a verdict: its result, what it says, and that it says what to do."""
    assert verdict.result is result, verdict
    said = f"{verdict.finding} {verdict.remedy}"
    assert [word for word in words if word not in said] == []
    assert verdict.remedy or result in (CheckOutcome.OK, CheckOutcome.SKIPPED)
