"""The numbers behind every decision, each with its reason.

``Policy`` holds what a user can set, the constants what was measured.
"""

from typing import NamedTuple

from nutbridge.ups.units import SECONDS_PER_DAY, SECONDS_PER_MINUTE, WH_PER_KWH

#: A first ``open`` is asked again after this long, once.
OPEN_AGAIN_S = 1.0

#: The second answer is waited for no longer: a gateway that answered a second
#: ago and now hangs has confirmed it.
OPEN_CONFIRM_S = 5.0

#: An OL must be visible this long after an OB before it may be hidden. With
#: 5 s between them a driver with pollinterval 5 never reads the OL and upsmon
#: shuts down (measured with NUT 2.8.0, 2.8.1 and 2.8.5).
OL_VISIBLE_S = 30.0

#: No LB this early in an outage: the first power readings are those of the
#: switch-over, motors starting included.
NO_LB_FIRST_S = 30.0

#: After a start or a suspend the gateway gets this long to answer before a
#: reckoned charge may say LB.
NO_ESTIMATED_LB_S = 60.0

#: The same for one that answers at last in an outage, and knows no charge yet (chosen:
#: one that has started shows zeros for two minutes at most).
HEARD_AGAIN_S = 180.0

#: A check that comes later than planned by more than this: the machine slept.
RESUMED_GAP_S = 60.0

#: One step of a check (the grid, the details) never takes longer awake: two
#: tries of 2 x API_TIMEOUT (60 s at most), or RELAYFREQ (300 s at most) and one
#: more request.
BUSY_S = 600.0

#: A charge read longer ago than this is reckoned while on battery.
SOC_FRESH_S = 60.0

#: A value read longer ago than this is not shown while on line: the longest time
#: between two full polls (FULL_MAX_S) and one more minute.
SOC_SHOWN_S = 360.0

#: The charge is read, and the grid asked for, at least this often, whatever
#: POLLFREQ and RELAYFREQ say.
FULL_MAX_S = 300.0

#: Reckoning assumes the battery drains this much faster than it last did.
ESTIMATE_FACTOR = 1.2

#: The last discharge counts for so long without a sample: the sun may have set.
ESTIMATE_RECENT_S = 30 * SECONDS_PER_MINUTE

#: And this much more than the most that the house drew in its last hours. Chosen
#: with tests/sim: less is late where loads change, more is wrong at a full
#: battery, 15 points being all that it may be early.
ESTIMATE_PAST_FACTOR = 1.1

#: Two polls, and the time that they take themselves.
POLL_SLACK_S = 10.0

#: Motors start as the grid goes; what they draw says nothing of the hours after.
SWITCH_OVER_S = 60.0

#: Reckoned power is never below this part of the nominal power, unless the loads
#: of so many slots (memory.py) are known, an hour: a quiet house of 200 W would
#: be shut down at 40 %.
ESTIMATE_LEAST = 0.05
LONG_PAST_SLOTS = 12

#: Reckoned power where neither discharge nor load was ever known.
ESTIMATE_BLIND = 0.5

#: A battery whose charge was never known: LB after this long on it.
NEVER_KNOWN_LB_S = 30 * SECONDS_PER_MINUTE

#: Discharge is averaged over this long, from the start of the outage.
SMOOTH_S = 300.0

#: Batteries rejoin one by one after a gateway reboot: a capacity below this
#: part of the known one counts only after REJOIN_S.
REJOIN_PART = 0.9
REJOIN_S = 15 * SECONDS_PER_MINUTE

#: A controller that a gateway neither lists nor tells the mode of for so long is no
#: longer there (chosen). One that starts does so within minutes, half an hour at most.
GIVEN_UP_S = SECONDS_PER_DAY

#: A fall of the charge faster than possible counts after this many readings
#: and this long.
FALL_READINGS = 3
FALL_S = 60.0
FALL_SLACK_PCT = 2.0
#: A capacity that differs by less than this part is unchanged: the gateway's
#: figure wanders by a few Wh.
SAME_SIZE_PART = 0.01

#: A charge that stands although more of the capacity than this has left the
#: battery is an old one.
FROZEN_PART = 0.05

#: While the capacity is short every battery's own charge counts after as many
#: readings and as long as a fall, and this long after a reading of 0.
ZERO_AGO_S = 15 * SECONDS_PER_MINUTE

#: A generator that carried the house is believed in a silence for so long.
GENERATOR_S = 10 * SECONDS_PER_MINUTE

#: One ``closed``, then silence: LB is held back for so long.
CLOSED_ONCE_S = 30 * SECONDS_PER_MINUTE

#: A runtime counts after this long of samples of the outage or of reckoning,
#: unless the charge is within so many points of the limit.
RUNTIME_AFTER_S = 60.0
RUNTIME_NEAR_PCT = 5.0

#: Powers that differ by less than this part are the same.
SAME_POWER_PART = 0.1

#: Less power than this is neither charging nor discharging.
DEAD_BAND_W = 50.0
#: Direction of flow, generator or flags, is judged over this long.
DIRECTION_S = 60.0

#: LB ends when the charge is this far above the limit.
LB_CLEAR_PCT = 2.0

#: A runtime below the limit counts after this many full polls.
SHORT_POLLS = 2

#: The limit is at least this far above the floor, so that there is energy left
#: for shutting down.
ABOVE_FLOOR_PCT = 5.0

#: Discharging stops here where nobody says where: the gateway names no floor, or
#: a user of the inverter may not read it.
DEFAULT_FLOOR_PCT = 10.0

#: W per kWh of capacity where LOADKWH is 0: IQ Battery 5P, 3.84 kVA per 5 kWh.
DEFAULT_LOADKWH_W = 768.0

#: Longest runtime shown, s: two days, as the bash script.
RUNTIME_MAX_S = 172800.0

#: battery.charge.low where the user's is missing or is no number in 1..95.
DEFAULT_CHARGE_LOW_PCT = 20.0


class Policy(NamedTuple):
    """What the config and the user's lines in the port file decide.

    Attributes:
        pollfreq_s: seconds between full polls on line (POLLFREQ).
        alert_s: the same on battery or without an answer (POLLFREQALERT).
        relay_s: seconds between checks of the relay alone, 0 = none.
        nocomms_delay_s: how long an OL stands without an answer.
        loadkwh_w: W of nominal power per kWh of capacity, 0 = unknown.
        rated: the source's own nominal power goes before ``loadkwh_w``.
        rated_w_per_kwh: that power, where it is told and goes before.
        charge_low_pct: battery.charge.low of the port file.
        runtime_low_s: battery.runtime.low of the port file.
        status_flags: show CHRG and DISCHRG.
        allow_no_controller: trust ``closed`` without a System Controller.
        check_falls: doubt a charge that falls too fast (off in TEST mode).
        closed_again_s: an answer ``closed`` in an outage is asked again after.
        device: how the log calls who is asked.
    """

    pollfreq_s: float = 60.0
    alert_s: float = 20.0
    relay_s: float = 10.0
    nocomms_delay_s: float = 300.0
    loadkwh_w: float = DEFAULT_LOADKWH_W
    rated: bool = True
    rated_w_per_kwh: float | None = None
    charge_low_pct: float = DEFAULT_CHARGE_LOW_PCT
    runtime_low_s: float = 300.0
    status_flags: bool = False
    allow_no_controller: bool = False
    check_falls: bool = True
    closed_again_s: float = 5.0
    device: str = "gateway"

    @property
    def nominal_w_per_wh(self) -> float:
        """Nominal power, W per Wh of capacity."""
        loadkwh_w = self.rated_w_per_kwh or self.loadkwh_w or DEFAULT_LOADKWH_W
        return loadkwh_w / WH_PER_KWH

    @property
    def fall_pct_per_s(self) -> float:
        """How fast the charge can fall at nominal power (1.28 %/min for 768).

        Batteries give more than their rated power for a while.
        """
        loadkwh_w = (self.loadkwh_w or DEFAULT_LOADKWH_W) / WH_PER_KWH
        return max(loadkwh_w, self.nominal_w_per_wh) * 100 / 3600


def effective_low_pct(charge_low_pct: float, floor_pct: float | None) -> float:
    """Return the charge below which the battery is low.

    The user's limit, or a little above the floor when that is higher: below
    the floor the inverter stops and nothing can be shut down any more.
    """
    floor = DEFAULT_FLOOR_PCT if floor_pct is None else floor_pct
    return max(charge_low_pct, floor + ABOVE_FLOOR_PCT)
