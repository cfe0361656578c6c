"""Restarts, kills, and what others do to the port file meanwhile."""

import threading
from typing import Self

import pytest

from tests.e2e.site import Site
from tests.nut.harness import SOON_S, wait_until


@pytest.fixture
def known(site: Site) -> Site:
    site.cache_token()
    site.start_driver()
    return site


class Watch:
    """Looks at the port file all the time."""

    def __init__(self, site: Site) -> None:
        self.seen: set[str | None] = set()
        self._site = site
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(0.001):
            self.seen.add(self._site.status)


@pytest.mark.parametrize("alive", [True, False], ids=["gateway-up", "gateway-dead"])
@pytest.mark.parametrize("how", ["kill", "stop"])
def test_restart_in_an_outage_keeps_ob(known: Site, how: str, *, alive: bool) -> None:
    """Hidden for 2 s is enough for upsmon to shut every machine down."""
    known.gateway.house.lose_grid()
    first = known.start("-v")
    first.says("relay open: on battery, charge 92 %")
    with Watch(known) as watch:
        if how == "kill":
            first.kill()
        else:
            first.stop()
        if not alive:
            known.gateway.server.refuse()
        second = known.start("-v")
        second.says("relay open" if alive else "no usable answer: holding")
    assert watch.seen == {"OB"}
    assert known.value("battery.charge") == "92"


def test_restart_on_line_keeps_ol(known: Site) -> None:
    """A vouched OL stands at once, before the gateway is asked."""
    first = known.start("-v")
    first.says("relay closed: online")
    with Watch(known) as watch:
        first.kill()
        known.gateway.server.refuse()
        second = known.start("-v")
        second.says("no usable answer: online")
    assert watch.seen == {"OL"}


@pytest.mark.parametrize("text", ["ups.status: OL\n", "ups.status: OB LB\n", "", "x"])
def test_file_of_nobody_without_a_driver_is_hidden(known: Site, text: str) -> None:
    known.stop_driver()
    known.show(text)
    known.gateway.server.refuse()
    known.start()
    known.wait_status(None)


def test_ob_of_nobody_with_a_driver_loses_lb_and_stays(known: Site) -> None:
    """The driver has shown it already: hiding would shut machines down."""
    known.show("ups.status: OB LB\n")
    known.gateway.server.refuse()
    with Watch(known) as watch:
        daemon = known.start("-v")
        daemon.says("no usable answer: holding")
    assert watch.seen == {"OB LB", "OB"}
    assert known.status == "OB"


def test_broken_state_file_vouches_for_nothing(known: Site) -> None:
    known.stop_driver()
    assert known.run("-s").code == 0
    (known.run_folder / "enphase-e2e.state").write_text('{"version": 1')
    known.gateway.server.refuse()
    daemon = known.start()
    known.wait_status(None)
    assert "WARNING: state file" in daemon.err


def test_raised_charge_low_is_taken_over(known: Site) -> None:
    """The user edits the port file while the monitor runs."""
    daemon = known.start("-v")
    daemon.says("relay closed: online")
    text = known.text or ""
    known.port.write_text(
        text.replace("battery.charge.low: 20", "battery.charge.low: 60"),
        encoding="utf-8",
    )
    daemon.says("changed by somebody else")
    known.gateway.house.soc_pct = 91
    wait_until(lambda: known.value("battery.charge") == "91", SOON_S, "charge 91")
    assert known.value("battery.charge.low") == "60"
    assert known.status == "OL"


def test_charge_low_below_the_floor_is_raised_with_a_warning(known: Site) -> None:
    known.show("battery.charge.low: 3\n")
    daemon = known.start("-v")
    daemon.says("relay closed: online")
    assert known.value("battery.charge.low") == "15"
    assert "# yours: 3" in (known.text or "")
    assert (
        daemon.err.count("WARNING: port file: battery.charge.low: 3 is too near") == 1
    )


def test_removed_port_file_is_written_again(known: Site) -> None:
    daemon = known.start("-v")
    daemon.says("relay closed: online")
    known.port.unlink()
    known.wait_status("OL")
    assert known.value("battery.charge") == "92"
    daemon.says("port file is gone")
    assert daemon.err.count("port file is gone") == 1


def test_status_written_by_somebody_else_is_written_over(known: Site) -> None:
    daemon = known.start("-v")
    daemon.says("relay closed: online")
    known.port.write_text("ups.status: OB LB\nmy.line: 1\n")
    known.wait_status("OL")
    assert known.value("my.line") == "1"


def test_both_names_the_port_file_wins(known: Site) -> None:
    known.show("my.line: visible\n")
    known.twin.write_text("my.line: hidden\n")
    daemon = known.start("-v")
    daemon.says("relay closed: online")
    assert known.value("my.line") == "visible"
    assert not known.twin.exists()


def test_comms_lost_and_back(known: Site) -> None:
    """The file goes after NOCOMMS_DELAY, and comes back with new content."""
    known.keys["NOCOMMS_DELAY"] = "1"
    daemon = known.start("-v")
    daemon.says("relay closed: online")
    known.gateway.server.refuse()
    known.wait_status(None)
    assert known.twin.exists()
    known.gateway.house.soc_pct = 91
    known.gateway.server.listen()
    known.wait_status("OL")
    wait_until(lambda: known.value("battery.charge") == "91", SOON_S, "charge 91")
    known.wait_for_one_name()
    assert "silent for" in daemon.err


def test_gateway_that_never_answered_is_told_once(known: Site) -> None:
    """A wrong ENVOY_HOST must not be silent."""
    known.gateway.server.refuse()
    daemon = known.start("-v")
    wait_until(lambda: daemon.err.count("answer: nocomms") >= 2, SOON_S, "two polls")
    told = [line for line in daemon.err.splitlines() if "WARNING" in line]
    assert len(told) == 1
    assert f"({known.gateway.host}/info: connection refused)" in told[0]
