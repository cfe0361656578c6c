"""doctor leaves no session on an inverter behind, and is done in time."""

import signal
import subprocess
from collections.abc import Callable

import pytest

from nutbridge.simulator.sma.inverter import HANG
from nutbridge.system.clock import SystemClock
from tests.e2e.site import UPS
from tests.fakes.inverter import RunningInverter, run_inverter
from tests.nut.harness import wait_until
from tests.tools.doctor.inverter import failing, house, keys_of
from tests.tools.doctor.lab import NUTBRIDGE, PROBES_S, Lab
from tests.tools.tool import HEEDS_INT

__all__ = ["house", "run_inverter"]

RunInverter = Callable[..., RunningInverter]


@pytest.mark.slow(4)
def test_session_is_ended_where_the_values_do_not_come(
    house: Lab, run_inverter: RunInverter
) -> None:
    running = run_inverter()
    running.inverter.replies["/dyn/getValues.json"] = HANG
    found = house.look(keys_of(running), probes_s=3.0)
    assert failing(found) == {"inverter-connects"}
    assert "within" in found["inverter-connects"].finding
    assert (running.logins, running.sessions) == (1, 0)


@pytest.mark.slow(5)
def test_silent_inverter_is_given_up_in_time(
    house: Lab, run_inverter: RunInverter
) -> None:
    running, clock = run_inverter(), SystemClock()
    running.inverter.replies[""] = HANG
    begun = clock.boottime()
    found = house.look(keys_of(running), probes_s=4.0)
    # Its own limit, and what this machine needs under load.
    assert clock.boottime() - begun < PROBES_S
    assert failing(found) == {"inverter-connects"}
    assert "did not answer in time" not in str(found)
    assert running.logins == 1


@pytest.mark.slow(5)
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_session_is_ended_when_a_signal_comes(
    house: Lab, run_inverter: RunInverter, number: signal.Signals, code: int
) -> None:
    """Quietly, with the inverter in the middle of an answer."""
    running = run_inverter()
    running.inverter.replies["/dyn/getValues.json"] = HANG
    house.site.keys |= keys_of(running)
    house.site.write_config()
    process = subprocess.Popen(
        [*HEEDS_INT, str(NUTBRIDGE), "doctor", "--upsd", "127.0.0.1:1", UPS],
        env=house.site.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: running.polls > 0, 20, "the question for values")
        assert running.sessions == 1
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out, err) == (code, "", "")
    assert running.sessions == 0
