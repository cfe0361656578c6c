"""The kinds of outages that are played: a house, and the habits of its gateway.

Physics: 10 kWh in two batteries, floor 10 %, low 20 %. TOLD are those in which
some answer of the gateway tells in time what has to be known, or the hours before
the outage do. In UNTOLD nobody tells: there is a rate of wrong and late, and a
reason for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from nutbridge.ups.status.policy import Policy
from tests.sim import loads
from tests.sim.habits import (
    AWAY,
    GOOD,
    HALF,
    ZEROS,
    Habit,
    Habits,
    RelaySays,
)
from tests.sim.loads import HOUR_S, MINUTE_S, Load, no_sun


@dataclass(frozen=True)
class Scene:
    """One outage.

    Attributes:
        load: what the house draws; see loads.py for the times.
        habits: how the gateway behaves at each second of the outage.
        soc_pct: charge when the grid goes.
        lasts_s: length of the outage.
        sun, generator: what they give, W.
        lost_s: when one of the batteries breaks, or None.
        restarts_s: the monitor is killed and started again so often, or None.
        runtime_low_s: battery.runtime.low.
    """

    load: Load
    habits: Habits = lambda _t: GOOD
    soc_pct: float = 60.0
    lasts_s: float = 40 * HOUR_S
    sun: Load = no_sun
    generator: Load = no_sun
    lost_s: float | None = None
    restarts_s: float | None = None
    runtime_low_s: float = 300.0

    @property
    def policy(self) -> Policy:
        """What the monitor is told."""
        return Policy(relay_s=20.0, runtime_low_s=self.runtime_low_s)


Maker = Callable[[Random], Scene]


def _charge(dice: Random) -> float:
    return dice.uniform(30, 100)


def _from(at_s: float, habit: Habit, before: Habit = GOOD) -> Habits:
    return lambda t: before if t < at_s else habit


def _between(begin_s: float, end_s: float, habit: Habit) -> Habits:
    return lambda t: habit if begin_s <= t < end_s else GOOD


def _restarting(dice: Random, *, whole: bool) -> Habits:
    """Every ten minutes: away, zeros, half of the batteries, perhaps all."""
    away_s, zeros_s = dice.uniform(60, 200), dice.uniform(20, 90)
    half_s = dice.uniform(60, 200) if whole else 600.0
    shift = dice.uniform(0, 600)

    def habit(t: float) -> Habit:
        since = (t + shift) % 600.0
        if t < 0 or since >= away_s + zeros_s + half_s:
            return GOOD
        if since < away_s:
            return AWAY
        return ZEROS if since < away_s + zeros_s else HALF

    return habit


def _silences(dice: Random) -> Habits:
    """25 to 150 s of silence, three times an hour."""
    begins = [n * 1200 + dice.uniform(0, 900) for n in range(130)]
    ends = [begin + dice.uniform(25, 150) for begin in begins]

    def habit(t: float) -> Habit:
        n = int(t // 1200) % 130
        return AWAY if t >= 0 and begins[n] <= t < ends[n] else GOOD

    return habit


def _reboot(dice: Random) -> Habits:
    """20 to 30 minutes away, zeros, half of the batteries; half an hour in."""
    back_s = 1800 + dice.uniform(20, 30) * MINUTE_S
    half_s = back_s + dice.uniform(30, 120)
    whole_s = half_s + dice.uniform(60, 300)

    def habit(t: float) -> Habit:
        if t < 1800 or t >= whole_s:
            return GOOD
        if t < back_s:
            return AWAY
        return ZEROS if t < half_s else HALF

    return habit


def _silent(load: Callable[[Random], Load]) -> Maker:
    """Nothing more after 3 to 40 minutes of the outage."""

    def scene(dice: Random) -> Scene:
        habits = _from(dice.uniform(180, 2400), AWAY)
        return Scene(load(dice), habits, _charge(dice))

    return scene


def _away_and_back(load: Callable[[Random], Load]) -> Maker:
    """Silent for half an hour to two hours of each three."""

    def scene(dice: Random) -> Scene:
        begin_s = dice.uniform(300, 3600)
        away_s = dice.uniform(0.5, 2) * HOUR_S

        def habit(t: float) -> Habit:
            gone = t >= begin_s and (t - begin_s) % (3 * HOUR_S) < away_s
            return AWAY if gone else GOOD

        return Scene(load(dice), habit, _charge(dice))

    return scene


def _with(habits: Callable[[Random], Habits]) -> Maker:
    """Any house, beside a gateway with these habits."""
    return lambda dice: Scene(loads.anything(dice), habits(dice), _charge(dice))


def _one_reports(dice: Random) -> Scene:
    """One of two batteries stops reporting at 400 s, 7 kW from 450 s."""
    base_w = dice.uniform(300, 1500)
    half = HALF._replace(own_socs=dice.random() < 0.8, by_meter=dice.random() < 0.5)
    habits = _from(400, half)
    load: Load = lambda t: base_w if t < 450 else 7000.0  # noqa: E731  a curve
    return Scene(load, habits, _charge(dice))


def _lost(dice: Random) -> Scene:
    """One of two batteries breaks; the other one carries on."""
    at_s = dice.uniform(300, 3600)
    load_w = dice.uniform(300, 2000)
    return Scene(lambda _t: load_w, _from(at_s, HALF), _charge(dice), lost_s=at_s)


def _relay_fails(relay: RelaySays) -> Maker:
    """The relay fails from 10 minutes on; 300 W become up to 4 kW."""

    def scene(dice: Random) -> Scene:
        habits = _from(600, GOOD._replace(relay=relay))
        return Scene(loads.rising(dice), habits, _charge(dice))

    return scene


def _frozen(dice: Random) -> Scene:
    """The charge stands still, for an hour or for good."""
    soc_pct, at_s = _charge(dice), dice.uniform(0, 1800)
    end_s = at_s + dice.choice([HOUR_S, 1e9])
    habits = _between(at_s, end_s, GOOD._replace(frozen_pct=round(soc_pct)))
    return Scene(loads.anything(dice), habits, round(soc_pct))


def _never_sized(dice: Random) -> Scene:
    """Secctrl tells no capacity, the inventory does; silent later."""
    unsized = GOOD._replace(sized=False)
    at_s = dice.uniform(180, 3600)
    habits: Habits = lambda t: unsized if t < at_s else AWAY  # noqa: E731
    return Scene(loads.regular(dice), habits, _charge(dice))


def _no_size_at_all(dice: Random) -> Scene:
    """Nobody ever told a capacity; silent later."""
    unsized = GOOD._replace(sized=False, listed=False)
    at_s = dice.uniform(180, 3600)
    habits: Habits = lambda t: unsized if t < at_s else AWAY  # noqa: E731
    return Scene(loads.anything(dice), habits, _charge(dice))


def _generator(dice: Random) -> Scene:
    """A generator for hours, silences of up to 150 s, then the battery alone."""
    begin_s = dice.uniform(0.1, 1) * HOUR_S
    end_s = begin_s + dice.uniform(2, 5) * HOUR_S
    load_w = dice.uniform(500, 2000)
    return Scene(
        lambda _t: load_w,
        _silences(dice),
        dice.uniform(20, 60),
        generator=lambda t: 4000.0 if begin_s <= t < end_s else 0.0,
    )


def _spike(dice: Random) -> Scene:
    """Motors start as the grid goes: 12 kW for 45 s, then a quiet house."""
    load_w = dice.uniform(300, 800)
    load: Load = lambda t: 12_000.0 if 0 <= t < 45 else load_w  # noqa: E731
    soc_pct = dice.uniform(40, 60)
    habits = dice.choice([_from(60, AWAY), _from(1e9, AWAY), _from(30, AWAY)])
    return Scene(load, habits, soc_pct, runtime_low_s=dice.choice([300.0, 900.0]))


def _closed_once(dice: Random) -> Scene:
    """One false ``closed``, then nothing, in an outage that goes on."""
    at_s = dice.uniform(300, 3600)
    closed = GOOD._replace(relay=RelaySays.CLOSED)

    def habit(t: float) -> Habit:
        if t < at_s:
            return GOOD
        return closed if t < at_s + 4 else AWAY

    load_w = dice.uniform(300, 2500)
    return Scene(lambda _t: load_w, habit, dice.uniform(25, 100))


def _restarted(dice: Random) -> Scene:
    """The gateway is silent, the monitor started again every 50 s."""
    habits = _from(dice.uniform(180, 900), AWAY)
    load_w = dice.uniform(1000, 3000)
    return Scene(lambda _t: load_w, habits, dice.uniform(25, 50), restarts_s=50.0)


def _back_unseen(dice: Random) -> Scene:
    """The grid comes back while the gateway stays silent."""
    begin_s = dice.uniform(180, 1800)
    lasts_s = begin_s + dice.uniform(0.2, 2) * HOUR_S
    load_w = dice.uniform(300, 2500)
    return Scene(lambda _t: load_w, _from(begin_s, AWAY), _charge(dice), lasts_s)


def _sun(least_h: float, most_h: float) -> Maker:
    """Silent after 3 to 30 minutes, the sun at noon between these hours."""

    def scene(dice: Random) -> Scene:
        noon_s = dice.uniform(least_h, most_h) * HOUR_S
        sun = loads.sun(noon_s, dice.uniform(2000, 5000))
        load_w = dice.uniform(400, 1500)
        habits = _from(dice.uniform(180, 1800), AWAY)
        return Scene(lambda _t: load_w, habits, _charge(dice), sun=sun)

    return scene


@dataclass(frozen=True)
class Kind:
    """A kind of outage; ``why`` nobody can tell, empty where somebody does."""

    name: str
    make: Maker
    why: str = ""
    told: bool = field(init=False)

    def __post_init__(self) -> None:
        """Tell the two sorts apart."""
        object.__setattr__(self, "told", not self.why)


def _always(habit: Habit, after_s: float = 0.0) -> Callable[[Random], Habits]:
    return lambda _dice: _from(after_s, habit)


def _for_a_while(habit: Habit) -> Callable[[Random], Habits]:
    def habits(dice: Random) -> Habits:
        begin_s = dice.uniform(60, 3600)
        return _between(begin_s, begin_s + dice.uniform(120, 7200), habit)

    return habits


_NO_CHARGE = GOOD._replace(soc=False, own_socs=False)

KINDS: tuple[Kind, ...] = (
    Kind("answers all the time", _with(_always(GOOD))),
    Kind("silent 25-150 s, often", _with(_silences)),
    Kind("reboots once, 20-30 min", _with(_reboot)),
    Kind("restarts every 10 min", _with(lambda d: _restarting(d, whole=True))),
    Kind(
        "restarts every 10 min, load rises",
        lambda d: Scene(loads.rising(d), _restarting(d, whole=True), _charge(d)),
    ),
    Kind("one of two stops reporting", _one_reports),
    Kind("one of two breaks for good", _lost),
    Kind("half the batteries a while", _with(_for_a_while(HALF))),
    Kind("relay hangs, load rises", _relay_fails(RelaySays.HANGS)),
    Kind("relay 401, load rises", _relay_fails(RelaySays.REFUSED)),
    Kind("charge 0 beside capacity", _with(_for_a_while(GOOD._replace(zero_soc=True)))),
    Kind("no charge, powers told", _with(_for_a_while(_NO_CHARGE))),
    Kind("charge in power alone", _with(_always(GOOD._replace(soc=False)))),
    Kind("charge told, no powers", _with(_always(GOOD._replace(flows=False)))),
    Kind("charge frozen", _frozen),
    Kind("capacity in the inventory alone", _never_sized),
    Kind("generator and silences", _generator),
    Kind("spike at the switch-over", _spike),
    Kind("monitor started every 50 s", _restarted),
    Kind("silent, steady", _silent(loads.steady)),
    Kind("silent, fridge", _silent(loads.fridge)),
    Kind("silent, air conditioning", _silent(loads.air_conditioner)),
    Kind("silent, heat pump", _silent(loads.heat_pump)),
    Kind("silent, slow heat pump", _silent(loads.slow_heat_pump)),
    Kind("silent, car before", _silent(loads.car_before)),
    Kind("silent, car goes on", _silent(loads.car_on)),
    Kind("away and back, steady", _away_and_back(loads.steady)),
    Kind("away and back, air cond.", _away_and_back(loads.air_conditioner)),
    Kind("away and back, heat pump", _away_and_back(loads.heat_pump)),
    Kind(
        "closed once, then silent",
        _closed_once,
        "the last word is that the grid is back",
    ),
    Kind("no capacity anywhere, silent", _no_size_at_all, "nobody tells the size"),
    Kind(
        "restarts, never whole",
        _with(lambda d: _restarting(d, whole=False)),
        "half of the batteries tell of half the power",
    ),
    Kind(
        "restarts, never whole, load rises",
        lambda d: Scene(loads.rising(d), _restarting(d, whole=False), _charge(d)),
        "half of the batteries tell of half the power",
    ),
    Kind("silent, cooking", _silent(loads.cooking), "nobody tells who cooks"),
    Kind("silent, restless", _silent(loads.restless), "the load is chance"),
    Kind("silent, evening", _silent(loads.evening), "nobody tells who sleeps"),
    Kind("silent, car comes", _silent(loads.car_later), "nobody tells of the car"),
    Kind("silent, sun to noon", _sun(0, 4), "nobody tells of the sun"),
    Kind("silent, dusk", _sun(-6, -3), "nobody tells of the sun"),
    Kind("silent, grid comes back", _back_unseen, "nobody tells of the grid"),
)
