"""Thirty days of one token: how often Enlighten is troubled."""

from dataclasses import dataclass, field
from random import Random

import pytest

from nutbridge.errors import CloudError, LoginRefused
from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.enphase.claims import Claims
from nutbridge.sources.enphase.renewal import Renewal
from tests.fakes.clock import FakeClock
from tests.sources.enphase.bench import FAR, File
from tests.sources.enphase.tokens import DAY, NOW, owner_token

STEP_S = 60.0
DAYS = 30


def true_time(clock: FakeClock) -> float:
    """Return the time that everybody else has."""
    return NOW + clock.now


@dataclass
class Cloud:
    """Enlighten with outages; a token lives a year from when it was made.

    With a clock that is wrong by half a year its certificate is not valid.
    """

    clock: FakeClock
    logins: int = 0
    attempts: list[float] = field(default_factory=list)
    down_until: float = 0.0

    def new_token(self, old: Claims | None, until: float) -> str:
        self.attempts.append(self.clock.now)
        now = true_time(self.clock)
        if self.clock.now < self.down_until or abs(self.clock.wall_s - now) > DAY * 180:
            raise CloudError("Enlighten is away")
        self.logins += 1
        return owner_token(now)

    def close(self) -> None:
        """Nothing to close."""


def _renewal(clock: FakeClock, cloud: Cloud, file: File) -> Renewal:
    return Renewal(
        make_cloud=lambda: cloud, store=file, clock=clock, waiter=ThreadWaiter()
    )


@pytest.mark.parametrize("seed", range(5))
def test_thirty_days_need_fewer_than_three_logins(seed: int) -> None:
    """Cloud outages, clock steps, restarts, a firmware update, 401s in between."""
    chance = Random(seed)
    clock, file = FakeClock(wall_s=NOW), File(None)
    cloud = Cloud(clock)
    renewal = _renewal(clock, cloud, file)
    for minute in range(int(DAYS * DAY / STEP_S)):
        clock.advance(STEP_S)
        if chance.random() < 1 / 2000:
            cloud.down_until = clock.now + chance.uniform(60, 2 * DAY)
        if chance.random() < 1 / 3000:
            clock.wall_s += chance.choice([-40 * 365, -1, 1 / 24, 40 * 365]) * DAY
        if chance.random() < 1 / 600:
            clock.wall_s = true_time(clock)
        if chance.random() < 1 / 3000:
            renewal.close()
            renewal = _renewal(clock, cloud, file)
        if chance.random() < 1 / 500:
            renewal.accepted()  # a 401 that check_jwt does not confirm
        if minute == 12 * 1440:
            renewal.refused()  # a firmware update forgot the token
        renewal.poke(grid_gone=chance.random() < 0.1)
        renewal.wait(FAR)
    assert renewal.token is not None
    assert cloud.logins < 3


def test_thirty_days_of_a_wrong_password_are_few_attempts() -> None:
    """Each attempt brings the account nearer to a lock-out."""
    clock = FakeClock(wall_s=NOW)

    class Refusing(Cloud):
        def new_token(self, old: Claims | None, until: float) -> str:
            self.attempts.append(self.clock.now)
            raise LoginRefused("wrong password")

    cloud = Refusing(clock)
    renewal = _renewal(clock, cloud, File(None))
    for _ in range(int(DAYS * DAY / STEP_S)):
        clock.advance(STEP_S)
        renewal.poke(grid_gone=False)
        renewal.wait(FAR)
    assert cloud.attempts[1] - cloud.attempts[0] >= 900
    assert len(cloud.attempts) < 45
