"""When upsmon does what: the times of the system's upsmon.conf (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass

from nutbridge.nut.words import upsmon_number
from nutbridge.ups.units import clamp

#: What upsmon.conf says where nothing is said, s (upsmon.conf(5)).
DEFAULTS: Mapping[str, int] = {
    "POLLFREQ": 5,
    "POLLFREQALERT": 5,
    "HOSTSYNC": 15,
    "DEADTIME": 15,
    "FINALDELAY": 5,
}
#: A drill with longer ones would take too long, s.
LONGEST_S = 60


@dataclass(frozen=True, slots=True)
class UpsmonTimes:
    """Times of upsmon by their names in upsmon.conf, s.

    Attributes:
        values: every name of DEFAULTS.
        origin: where they come from, for people.
    """

    values: Mapping[str, int]
    origin: str

    @property
    def until_shutdown_s(self) -> float:
        """Seconds in which an OB LB must have led to SHUTDOWNCMD, at most."""
        named = ("POLLFREQ", "POLLFREQALERT", "HOSTSYNC", "FINALDELAY")
        return float(sum(self.values[name] for name in named))

    def lines(self) -> list[str]:
        """Return them as lines of an upsmon.conf."""
        return [f"{name} {value}" for name, value in self.values.items()]


def parse_times(text: str, origin: str) -> UpsmonTimes:
    """Read the times of an upsmon.conf; everything else in it is left alone."""
    found = dict(DEFAULTS)
    for name in DEFAULTS:
        number = upsmon_number(text, name)
        if number is not None:
            least = 0 if name in ("FINALDELAY", "HOSTSYNC") else 1
            found[name] = int(clamp(number, least, LONGEST_S))
    return UpsmonTimes(found, origin)
