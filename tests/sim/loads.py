"""What houses draw over a day, and what the sun and a generator give.

A ``Load`` is W as a function of time, s; an outage begins at 0, and what came
before has negative times. All are made from a dice, so that no two houses of one
kind are alike.
"""

import math
from collections.abc import Callable
from random import Random

Load = Callable[[float], float]

MINUTE_S = 60.0
HOUR_S = 3600.0


def steady(dice: Random) -> Load:
    """The same at all times."""
    watt = dice.uniform(200, 2500)
    return lambda _t: watt


def cycle(
    base_w: float, more_w: float, on_s: float, off_s: float, shift: float
) -> Load:
    """``base_w``, and ``more_w`` on top for ``on_s`` of each ``on_s + off_s``."""
    period_s = on_s + off_s

    def load(t: float) -> float:
        on = (t + shift * period_s) % period_s < on_s
        return base_w + (more_w if on else 0.0)

    return load


def fridge(dice: Random) -> Load:
    """A quiet house: a compressor of 120 W for 20 minutes of each 50."""
    on_s, off_s = 20 * MINUTE_S, 30 * MINUTE_S
    return cycle(dice.uniform(150, 400), 120, on_s, off_s, dice.random())


def air_conditioner(dice: Random) -> Load:
    """15 minutes on, 15 off, 300 W and 3.1 kW."""
    return cycle(300, 2800, 15 * MINUTE_S, 15 * MINUTE_S, dice.random())


def heat_pump(dice: Random) -> Load:
    """10 to 25 minutes on, 10 to 35 off."""
    on_s = dice.uniform(10, 25) * MINUTE_S
    off_s = dice.uniform(10, 35) * MINUTE_S
    more_w = dice.uniform(1500, 3000)
    return cycle(dice.uniform(250, 600), more_w, on_s, off_s, dice.random())


def slow_heat_pump(dice: Random) -> Load:
    """Floor heating: 40 to 60 minutes on, 20 to 40 off."""
    on_s = dice.uniform(40, 60) * MINUTE_S
    off_s = dice.uniform(20, 40) * MINUTE_S
    more_w = dice.uniform(1200, 2000)
    return cycle(dice.uniform(250, 500), more_w, on_s, off_s, dice.random())


def cooking(dice: Random) -> Load:
    """A quiet house, and 2 kW for half an hour at three times within 8 hours."""
    base_w = dice.uniform(200, 500)
    begins = [dice.uniform(-4, 4) * HOUR_S for _ in range(3)]

    def load(t: float) -> float:
        cooks = any(begin <= t < begin + 0.5 * HOUR_S for begin in begins)
        return base_w + (2000 if cooks else 0)

    return load


def restless(dice: Random) -> Load:
    """Another load every ten minutes, mostly low, now and then high."""
    base_w, spread = dice.uniform(300, 700), dice.uniform(0.3, 0.8)
    steps = [base_w * math.exp(dice.gauss(0, spread)) for _ in range(300)]
    return lambda t: min(5000.0, steps[int(t // (10 * MINUTE_S)) % 300])


def car(begin_s: float, end_s: float, dice: Random) -> Load:
    """A quiet house, and a car that is charged for a while."""
    base_w, more_w = dice.uniform(250, 600), dice.uniform(2300, 5000)
    return lambda t: base_w + (more_w if begin_s <= t < end_s else 0.0)


def car_before(dice: Random) -> Load:
    """Charged until 10 to 90 minutes before the outage."""
    end_s = -dice.uniform(10, 90) * MINUTE_S
    return car(end_s - dice.uniform(1, 3) * HOUR_S, end_s, dice)


def car_on(dice: Random) -> Load:
    """Charged since before the outage, and on until the battery is empty."""
    return car(-dice.uniform(0.1, 2) * HOUR_S, math.inf, dice)


def car_later(dice: Random) -> Load:
    """Charged from half an hour to two hours after the outage began."""
    return car(dice.uniform(0.5, 2) * HOUR_S, math.inf, dice)


def evening(dice: Random) -> Load:
    """1 to 2 kW, and a quarter of that after people went to bed."""
    watt, bed_s = dice.uniform(1000, 2000), dice.uniform(-1, 3) * HOUR_S
    return lambda t: watt if t < bed_s else watt / 4


def rising(dice: Random) -> Load:
    """300 W, and up to 4 kW from half an hour on."""
    watt, at_s = dice.uniform(2000, 4000), dice.uniform(0.5, 1.5) * HOUR_S
    return lambda t: 300.0 if t < at_s else watt


def anything(dice: Random) -> Load:
    """One of the houses above."""
    kinds = (steady, fridge, air_conditioner, heat_pump, cooking, restless, evening)
    return dice.choice(kinds)(dice)


def regular(dice: Random) -> Load:
    """A house that goes on as before."""
    kinds = (steady, fridge, air_conditioner, heat_pump)
    return dice.choice(kinds)(dice)


def no_sun(_t: float) -> float:
    """Night."""
    return 0.0


def sun(noon_s: float, peak_w: float) -> Load:
    """A clear day of 12 hours."""

    def power(t: float) -> float:
        return max(0.0, peak_w * math.cos(math.pi * (t - noon_s) / (12 * HOUR_S)))

    return lambda t: power(t) if abs(t - noon_s) < 6 * HOUR_S else 0.0
