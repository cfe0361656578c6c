"""Battery voltage from its charge: the gateway does not tell the voltage."""

from nutbridge.ups.units import clamp

#: LiFePO4 cell voltage at 0, 10, ... 110 % charge, V (above 100 %: charging).
#: The values of the bash script, which took them from published LFP charts.
LFP_V = (2.50, 2.90, 3.10, 3.20, 3.25, 3.30, 3.35, 3.40, 3.45, 3.50, 3.60, 3.65)
_FULL = 10
_STEP_PCT = 10.0


def voltage_v(soc_pct: float | None, voltage_high_v: float) -> float | None:
    """Return the voltage at a charge, V, or None.

    Linear between the points of LFP_V, scaled so that 100 % is
    battery.voltage.high.
    """
    if soc_pct is None:
        return None
    steps = clamp(soc_pct, 0.0, 110.0) / _STEP_PCT
    below = min(int(steps), _FULL)
    cell_v = LFP_V[below] + (LFP_V[below + 1] - LFP_V[below]) * (steps - below)
    return cell_v * voltage_high_v / LFP_V[_FULL]
