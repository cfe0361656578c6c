"""How services are run on this machine: what a person types, as parts of sentences."""

from pathlib import Path
from typing import Literal, NamedTuple

#: Of systemctl(1).
Verb = Literal[
    "daemon-reload",
    "disable --now",
    "edit",
    "enable",
    "enable --now",
    "reload-or-restart",
    "restart",
    "start",
    "status",
    "stop",
    "try-restart",
]


class _ByHand(NamedTuple):
    """What starts, stops and restarts one service where no systemd runs."""

    start: str
    stop: str
    restart: str


#: By unit. Source: upsd(8), upsmon(8), upsdrvctl(8) of NUT 2.8, whose ``stop`` ends
#: when the program has ended: what follows it finds socket and port free. It fails
#: where nothing runs, which is to be started all the same.
_BY_HAND = {
    "enphase-monitor": _ByHand(
        "let your supervisor run enphase-monitor {ups}",
        "let your supervisor stop enphase-monitor {ups}",
        "let your supervisor start enphase-monitor {ups} anew",
    ),
    "nut-driver": _ByHand(
        "run `upsdrvctl start {ups}`",
        "run `upsdrvctl stop {ups}`",
        "run `upsdrvctl stop {ups}; upsdrvctl start {ups}`",
    ),
    "nut-monitor": _ByHand(
        "run `upsmon`", "run `upsmon -c stop`", "run `upsmon -c stop; upsmon`"
    ),
    "nut-server": _ByHand(
        "run `upsd`", "run `upsd -c stop`", "run `upsd -c stop; upsd`"
    ),
}
_OTHER = _ByHand("start {unit}", "stop {unit}", "restart {unit}")


class Services(NamedTuple):
    """The services of one machine.

    Attributes:
        systemd: runs there; else NUT's own commands are typed.
    """

    systemd: bool

    def to(self, verb: Verb, *units: str) -> str:
        """Return what does something to units."""
        if self.systemd:
            return " ".join(("systemctl", verb, *units))
        if verb == "status":
            return f"see {self.log(*units)}"
        return ", then ".join(_by_hand(verb, unit) for unit in units)

    def log(self, *units: str) -> str:
        """Return where units say what they do."""
        if not self.systemd:
            return "the log"
        return " ".join(("journalctl", *(f"-u {unit}" for unit in units)))

    def environment(self, unit: str, setting: str) -> str:
        """Return how a unit gets a variable, ``NAME=VALUE``."""
        if self.systemd:
            return f"{self.to('edit', unit)}: Environment={setting}"
        return f"{setting} in the environment of {unit.replace('@', ' ')}"


SYSTEMD = Services(systemd=True)
BY_HAND = Services(systemd=False)


def _by_hand(verb: Verb, unit: str) -> str:
    name, _, ups = unit.removesuffix(".service").partition("@")
    texts = _BY_HAND.get(name, _OTHER)
    match verb:
        case "edit":  # of a unit that lies about, and is systemd's elsewhere
            return f"in {unit}"
        case "stop" | "disable --now":
            text = texts.stop
        case "restart" | "try-restart" | "reload-or-restart":
            text = texts.restart
        case _:
            text = texts.start
    return text.format(ups=ups, unit=unit)


def here() -> Services:
    """Return how they are run on this machine; sd_booted(3)."""
    return Services(Path("/run/systemd/system").is_dir())
