"""An inverter beside a gateway adds numbers, and never touches the status."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nutbridge.simulator.messages import Reply
from nutbridge.simulator.sma.inverter import (
    HANG,
    err,
    html_page,
    json_reply,
)
from nutbridge.sources.sma.webconnect import keys
from tests.fakes.fixtures import RunningGateway
from tests.fakes.inside import Ahead, Inside
from tests.fakes.inverter import PASSWORD, RunningInverter
from tests.nut.harness import SOON_S, wait_until

SIDE = {
    "experimental.sma.pv.power",
    "experimental.sma.power",
    "experimental.sma.health",
}


class Beside(Inside):
    """A monitor of a gateway with an inverter beside it."""

    def __init__(
        self, folder: Path, gateway: RunningGateway, inverter: RunningInverter
    ) -> None:
        self.gateway = gateway
        self.inverter = inverter
        self.clock = Ahead()
        super().__init__(
            folder,
            gateway.host,
            gateway.token,
            gateway.house.serial,
            keys=f"SMA_HOST={inverter.host}\nSMA_PASSWORD={PASSWORD}\nPOLLFREQ=5\n"
            "SMA_TIMEOUT=60",
            clock=self.clock,
        )

    def check(self, later_s: float = 0.0) -> None:
        self.clock.ahead_s += later_s
        self.monitor.tick()

    def restart(self) -> None:
        self.monitor.stop()
        self.parts = self._build(self.clock)

    def wait_for_side(self) -> None:
        """Check until the inverter's values are in the file."""

        def there() -> bool:
            self.check(6.0)
            return len(self.side) == len(SIDE)

        wait_until(there, SOON_S, "values of the inverter")

    @property
    def status(self) -> str | None:
        return self.values["ups.status"] if self.visible else None

    @property
    def side(self) -> dict[str, str]:
        return {name: value for name, value in self.values.items() if name in SIDE}


@pytest.fixture
def beside(
    tmp_path: Path,
    standin_gateway: RunningGateway,
    run_inverter: Callable[..., RunningInverter],
) -> Iterator[Beside]:
    found = Beside(tmp_path, standin_gateway, run_inverter("pv-only"))
    yield found
    found.monitor.stop()


def test_gateway_decides_and_inverter_adds(beside: Beside) -> None:
    beside.check()
    wait_until(lambda: beside.inverter.polls > 0, SOON_S, "the inverter asked")
    beside.wait_for_side()
    assert beside.side == {
        "experimental.sma.pv.power": "2460",
        "experimental.sma.power": "2460",
        "experimental.sma.health": "ok",
    }
    assert beside.status == "OL"
    assert beside.values["device.mfr"] == "Enphase Energy"
    assert beside.values["device.serial"] == beside.gateway.house.serial
    assert float(beside.values["battery.charge"]) > 0
    assert set(beside.inverter.inverter.asked_keys) == set(keys.SIDE_KEYS)


def test_island_tags_of_the_inverter_mean_nothing_here(beside: Beside) -> None:
    for key, tag in ((keys.MAINS, 1781), (keys.BACKUP, 1441)):
        beside.inverter.inverter.say(key, tag)
    beside.check()
    wait_until(lambda: beside.inverter.polls > 0, SOON_S, "the inverter asked")
    for _ in range(3):
        beside.check(10.0)
    assert beside.status == "OL"


BAD: dict[str, Reply | None] = {
    "off": None,
    "hangs": HANG,
    "html": html_page(),
    "err 503": err(503),
    "nonsense": json_reply({"result": {"a": {keys.PV_POWER.key: {"1": "x"}}}}),
}


@pytest.mark.parametrize("reply", BAD.values(), ids=BAD)
def test_bad_inverter_delays_no_check_of_the_relay(
    beside: Beside, reply: Reply | None
) -> None:
    if reply is None:
        beside.inverter.server.refuse()
    else:
        beside.inverter.inverter.replies[""] = reply
    beside.check()
    assert beside.status == "OL"
    beside.gateway.house.lose_grid()
    beside.check(10.0)
    beside.check(1.0)
    assert beside.status == "OB"
    if reply is HANG:
        # It still hangs: nobody has waited for its end.
        assert beside.inverter.server.open_connections
    assert not beside.side
    names = {line.partition(":")[0] for line in beside.text.splitlines()}
    assert names >= SIDE


def test_old_values_are_taken_away(beside: Beside) -> None:
    beside.check()
    beside.wait_for_side()
    beside.inverter.server.refuse()
    beside.check(400.0)
    beside.check(10.0)
    assert beside.status == "OL"
    assert not beside.side


def test_pause_survives_a_restart(
    beside: Beside, log: pytest.LogCaptureFixture
) -> None:
    """All sessions are taken; a monitor that starts again and again must not ask."""
    for _ in range(4):
        beside.inverter.inverter.sessions.open("usr", 0.0)
    told = "the inverter does not answer"
    for _ in range(3):
        log.clear()
        beside.check()
        wait_until(lambda: told in log.text, SOON_S, "a failed login, or a pause")
        beside.restart()
    assert beside.inverter.logins == 1


def test_stop_ends_the_session(beside: Beside) -> None:
    beside.check()
    wait_until(lambda: beside.inverter.sessions == 1, SOON_S, "a session")
    beside.monitor.stop()
    wait_until(lambda: beside.inverter.sessions == 0, SOON_S, "the logout")
