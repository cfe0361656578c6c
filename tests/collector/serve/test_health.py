"""What the log says of a partner that comes and goes."""

import logging

import pytest

from nutbridge.collector.serve.health import Health


class Watch:
    """A clock that stands."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_each_change_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = Watch()
    health = Health("the upstream", clock)
    assert not health.good()
    health.bad("refused")
    health.bad("refused")
    clock.now += 60
    health.bad("no answer")
    assert health.good()
    assert caplog.messages == [
        "the upstream: refused",
        "the upstream: no answer",
        "the upstream works again after 1 min 0 s",
    ]


def test_one_that_comes_and_goes_does_not_fill_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """How it is in the end is told in any case."""
    caplog.set_level(logging.INFO)
    clock = Watch()
    health = Health("the upstream", clock)
    for _ in range(1000):
        health.bad("refused")
        health.good()
    health.bad("refused")
    assert len(caplog.messages) == 10
    assert (health.works, health.problem) == (False, "refused")
    # What is told is how it is, as soon as there is room.
    clock.now += 60
    health.bad("refused")
    assert caplog.messages[-1] == "the upstream: refused"
    health.good()
    clock.now += 60
    health.good()
    assert caplog.messages[-1] == "the upstream works again after 1 min 0 s"
    assert len(caplog.messages) == 12
