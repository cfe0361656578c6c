"""The pair that lets NUT's driver wait for its port file: a drop-in and a path unit.

Source: systemd.path(5), ExecCondition= of systemd.service(5); systemd/nut of the
source has both, nutbridge-nut(7) tells why.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from nutbridge.tools.doctor.check import (
    CheckVerdict,
    DoctorFacts,
    Gathered,
    check,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.context import DoctorContext

#: Asks for properties of a unit, as DoctorContext.look does.
Look = Callable[[str, Sequence[str]], Mapping[str, str] | None]

_TESTS = re.compile(r"/test -e (\S+)")
#: What systemctl shows of PathExists=.
_SHOWN = re.compile(r"(.+) \(PathExists\)")


def driver_unit(ups: str) -> str:
    """Return the unit of the driver of a UPS."""
    return f"nut-driver@{ups}.service"


def path_unit(ups: str) -> str:
    """Return the unit that starts the driver when the port file appears."""
    return f"nutbridge-port@{ups}.path"


def required_file(ups: str, look: Look) -> str | None:
    """Return the file without which the driver is not started; None: there is none."""
    values = look(driver_unit(ups), ("ExecCondition",)) or {}
    found = _TESTS.search(values.get("ExecCondition", ""))
    return found[1].replace("%i", ups) if found else None


def watched_file(ups: str, look: Look) -> str | None:
    """Return the file that the path unit waits for; None without that unit."""
    values = look(path_unit(ups), ("LoadState", "Paths")) or {}
    shown = _SHOWN.fullmatch(values.get("Paths", ""))
    named = shown[1] if shown else values.get("PathExists", "")
    return named.replace("%i", ups) or None


@dataclass(frozen=True, slots=True)
class PortWaitFacts(Gathered):
    """What of the pair is there.

    Attributes:
        tested: the file that the drop-in names; None without it.
        watched: the file that the path unit names; None without it.
        wanted: the path unit is started together with the driver.
        active: systemd's word for it; None where no systemd runs.
    """

    WHAT: ClassVar[str] = "systemd"

    tested: str | None
    watched: str | None
    wanted: bool = False
    active: str | None = None

    @classmethod
    def gather(cls, place: DoctorContext) -> "PortWaitFacts":
        """Look at both."""
        if not place.has_units:
            return cls(None, None)
        ups, unit = place.settings.ups, path_unit(place.settings.ups)
        values = place.look(unit, ("ActiveState",)) or {}
        driver = place.look(driver_unit(ups), ("Wants",)) or {}
        return cls(
            required_file(ups, place.look),
            watched_file(ups, place.look),
            unit in driver.get("Wants", "").replace("%i", ups).split(),
            values.get("ActiveState"),
        )


@check("port-wait")
def port_wait(facts: DoctorFacts) -> CheckVerdict:
    """The driver waits for its port file: wholly, or not at all."""
    pair, ups = facts.need(PortWaitFacts), facts.settings.ups
    driver, unit, port = driver_unit(ups), path_unit(ups), facts.settings.port_file
    if pair.tested is None or pair.watched is None:
        return _half(pair, facts)
    remedy = f"write {port} in both, as nutbridge-nut(7) says"
    if pair.tested != pair.watched:
        return warning(
            f"{unit} waits for {pair.watched}, the drop-in of {driver} for "
            f"{pair.tested}: systemd starts the driver over and over, then gives up",
            remedy,
        )
    if pair.tested != port:
        return warning(
            f"{driver} and {unit} wait for {pair.tested}, not for {port}", remedy
        )
    if not pair.wanted:
        return warning(
            f"{driver} does not want {unit}, which may be missing when it has to "
            "start a driver whose port file was hidden",
            f"nutbridge setup {ups} offers a drop-in with Wants=",
        )
    if pair.active in (None, "active"):
        return ok(f"{driver} waits for its port file; {unit} starts it then")
    return warning(
        f"{unit} is {pair.active}: a driver whose port file was hidden stays away",
        f"{facts.services.to('daemon-reload')}; {facts.services.to('start', unit)}",
    )


def _half(pair: PortWaitFacts, facts: DoctorFacts) -> CheckVerdict:
    ups = facts.settings.ups
    driver, unit = driver_unit(ups), path_unit(ups)
    if pair.tested is not None:
        return warning(
            f"a drop-in lets {driver} start only with its port file, but no {unit} "
            "waits for that file: hidden once, clients never see the UPS again",
            f"nutbridge setup {ups} offers it; or remove nutbridge-port.conf",
        )
    # The template alone may be there for another UPS.
    if pair.wanted or pair.active == "active":
        return warning(
            f"{unit} is there without the drop-in of {driver}: systemd starts a "
            "driver that cannot run while the port file is hidden",
            f"nutbridge setup {ups} offers it; or: "
            f"{facts.services.to('disable --now', unit)}",
        )
    return skipped(f"{driver} does not wait for the port file; nutbridge-nut(7)")
