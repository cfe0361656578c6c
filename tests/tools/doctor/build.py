"""Facts of a machine on which all is well, to be changed by a test."""

from nutbridge.config.settings import ConfigSite, Settings, interpret
from nutbridge.config.text import parse
from nutbridge.tools.doctor.access import DiskEntry, User
from nutbridge.tools.doctor.check import DoctorFacts, Gathered
from nutbridge.tools.doctor.files import FileFacts

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
