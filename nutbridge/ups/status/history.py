"""What the house drew in the last hours, and the most it may draw in a silence.

Means of five minutes are kept, without their times: a silence or a night off
leaves a gap, and what the house drew before it is still the best guess. One last
sample is none: an air conditioner at its pause costs the house.
"""

from itertools import accumulate, groupby
from typing import NamedTuple

from nutbridge.ups.units import SECONDS_PER_HOUR

#: One mean, s; and how many are kept: four hours, which hold two cycles of the
#: slowest heat pump (chosen).
SLOT_S = 300.0
SLOTS = 48
#: A slot that is not over counts from this many samples on: a kettle is no load.
SAMPLES_LEAST = 3
#: Loads that differ by no more than this part of their mean are one load.
STEADY_PART = 0.5
#: A cycle has ended when its last part is longer than any before by this factor.
CYCLE_OVER = 1.5


class LoadHistory(NamedTuple):
    """The loads of the last hours.

    Attributes:
        past_w: means of SLOT_S each, the newest last; SLOTS at most.
        open_at: when the slot began that is not over, s of CLOCK_BOOTTIME.
        open_w: the mean of its samples.
        open_samples: how many they are.
    """

    past_w: tuple[float, ...] = ()
    open_at: float = 0.0
    open_w: float = 0.0
    open_samples: int = 0

    def note(self, at: float, load_w: float) -> "LoadHistory":
        """Return the history with one more sample."""
        if self.open_samples and 0 <= at - self.open_at < SLOT_S:
            samples = self.open_samples + 1
            mean_w = self.open_w + (load_w - self.open_w) / samples
            return self._replace(open_w=mean_w, open_samples=samples)
        past_w = self.past_w
        if self.open_samples >= min(SAMPLES_LEAST, 1 + len(past_w)):
            past_w = (*past_w, round(self.open_w, 1))[-SLOTS:]
        return LoadHistory(past_w, at, load_w, 1)

    def closed(self) -> "LoadHistory":
        """Return the history with nothing open: times of another boot say nothing."""
        return LoadHistory(self.slots_w[-SLOTS:])

    @property
    def slots_w(self) -> tuple[float, ...]:
        """All means, the open one too once it has SAMPLES_LEAST."""
        told = self.open_samples and not self.past_w
        if told or self.open_samples >= SAMPLES_LEAST:
            return (*self.past_w, self.open_w)
        return self.past_w

    @property
    def peak_w(self) -> float | None:
        """The highest mean, or None when nothing was told."""
        return max(self.slots_w, default=None)


def expected(slots_w: tuple[float, ...]) -> tuple[float, ...]:
    """Return the past loads from which the coming load is estimated.

    What came and went at least twice comes again: all slots count. A load that
    came once and went (a car) is left out, one that came and stays is all that
    counts; so is the last part of a cycle that has ended.
    """
    if not slots_w:
        return slots_w
    low_w, high_w, mean_w = min(slots_w), max(slots_w), sum(slots_w) / len(slots_w)
    if high_w - low_w <= STEADY_PART * mean_w:
        return slots_w
    middle_w = (low_w + high_w) / 2
    runs = [
        (high, tuple(group))
        for high, group in groupby(slots_w, key=lambda w: w > middle_w)
    ]
    last_high, last = runs[-1]
    whole = [len(run) for high, run in runs[1:-1] if high == last_high]
    # How long the first part lasted before it was seen nobody knows.
    seen_before = whole or (len(runs) > 2 and runs[0][0] == last_high)  # noqa: PLR2004
    if not seen_before or (whole and len(last) > CYCLE_OVER * max(whole)):
        return last
    if sum(high for high, _ in runs) > 1:
        return slots_w
    # Down, up, down.
    return expected(tuple(w for high, run in runs if not high for w in run))


def most_wh(slots_w: tuple[float, ...], seconds: float) -> float:
    """Return the most that was drawn in any stretch of this length, Wh.

    Longer than all slots together: the mean from there on.
    """
    sums = (0.0, *accumulate(slots_w))
    whole, part = divmod(seconds / SLOT_S, 1.0)

    def most(count: int) -> float:
        last = len(slots_w)
        if count >= last:
            return sums[-1] * count / last
        return max(sums[i + count] - sums[i] for i in range(last - count + 1))

    here = most(int(whole))
    return (here + part * (most(int(whole) + 1) - here)) * SLOT_S / SECONDS_PER_HOUR
