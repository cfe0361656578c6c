"""The port files of a drill, made of the real one's (pure)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nutbridge.nut.port_text import RANGES, is_number, parse, render
from nutbridge.nut.variables import (
    BY_NAME,
    CHARGE_LOW,
    ENPHASE,
    RUNTIME_LOW,
    SETTINGS,
    SOURCE,
    STATUS,
    Maker,
)

CHARGE, RUNTIME = "battery.charge", "battery.runtime"

#: Where the real port file has no value yet.
_PRETENDED = {CHARGE: 90.0, RUNTIME: 14400.0}


@dataclass(frozen=True, slots=True)
class DrillStep:
    """One state of the drill.

    Attributes:
        status: ups.status.
        data: the port file.
    """

    status: str
    data: bytes


def steps(
    data: bytes, texts: Mapping[str, str], maker: Maker = ENPHASE
) -> tuple[DrillStep, DrillStep, DrillStep]:
    """Return OL, OB and OB LB as the monitor would write them.

    Args:
        data: the real port file.
        texts: its values by name.
        maker: whose defaults stand.
    """
    text = parse(data)
    settings = {each.name: _setting(texts, each.name, maker) for each in SETTINGS}
    measured = {
        name: value
        for name, value in texts.items()
        if name in BY_NAME and name not in settings and name not in (STATUS, SOURCE)
    }
    charge, runtime = (_number(measured, name) for name in (CHARGE, RUNTIME))
    low = max(0.0, float(settings[CHARGE_LOW]) - 1)
    runtime_low = float(settings[RUNTIME_LOW])
    full = {CHARGE: max(charge, low + 1), RUNTIME: max(runtime, runtime_low)}
    empty = {CHARGE: low, RUNTIME: runtime * low / charge if charge else 0.0}
    played = (("OL", full), ("OB", full), ("OB LB", empty))
    return tuple(  # type: ignore[return-value]  # there are three
        DrillStep(
            status,
            render(
                text,
                {
                    **measured,
                    **settings,
                    **{name: f"{value:.0f}" for name, value in numbers.items()},
                    STATUS: status,
                },
                None,
                maker,
            ),
        )
        for status, numbers in played
    )


def _setting(texts: Mapping[str, str], name: str, maker: Maker) -> str:
    """Return a setting; the default where the monitor could not use it either."""
    own = texts.get(name)
    if own is None or (name in RANGES and not is_number(own, *RANGES[name])):
        return maker.default(name) or ""
    return own


def _number(texts: Mapping[str, str], name: str) -> float:
    try:
        value = float(texts.get(name, ""))
    except ValueError:
        return _PRETENDED[name]
    return value if math.isfinite(value) else _PRETENDED[name]
