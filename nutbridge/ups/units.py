"""Units of the wire, and the units used everywhere else.

Inside nutbridge a quantity carries its unit in its name: ``load_w``,
``capacity_wh``, ``soc_pct``, ``age_s``. Conversions happen where an answer is
parsed, nowhere else.
"""

#: Milliwatts (Enphase livedata, ensemble/power) in one watt.
MILLI = 1000.0

SECONDS_PER_MINUTE = 60.0
SECONDS_PER_HOUR = 3600.0
SECONDS_PER_DAY = 86400.0
WH_PER_KWH = 1000.0

#: Lines that are not connected pick up 1 to 12 V.
NO_VOLTAGE_V = 50.0


def clamp(value: float, low: float, high: float) -> float:
    """Return ``value``, or the nearer of the two bounds."""
    return max(low, min(high, value))


#: What is measured one after another may differ by so much.
_UNEVEN = 0.9


def apparent_va(power_va: float | None, realpower_w: float | None) -> float | None:
    """Return the apparent power; one below the active power is no measurement."""
    if power_va is None or realpower_w is None:
        return power_va
    return power_va if power_va >= _UNEVEN * abs(realpower_w) else None


def spoken_s(seconds: float) -> str:
    """Return a duration as people say it: ``45 s``, ``3 min 5 s``, ``2 h 10 min``."""
    whole = round(seconds)
    if whole < SECONDS_PER_MINUTE:
        return f"{whole} s"
    if whole < SECONDS_PER_HOUR:
        return f"{whole // 60} min {whole % 60} s"
    if whole < SECONDS_PER_DAY:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def spoken_days(seconds: float) -> str:
    """Return how long a token lives: ``365 days``, ``36 h``; ``spoken_s`` below."""
    if seconds >= 2 * SECONDS_PER_DAY:
        return f"{round(seconds / SECONDS_PER_DAY)} days"
    if seconds >= SECONDS_PER_HOUR:
        return f"{round(seconds / SECONDS_PER_HOUR)} h"
    return spoken_s(seconds)
