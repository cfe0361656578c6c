"""nutbridge release: OL is seen, then the file is hidden; nothing shuts down."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nutbridge.system.clock import SystemClock
from nutbridge.system.release_request import ReleaseRequest
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.table import State
from tests.e2e.site import UPS, Site
from tests.nut.fixtures import StartNut, start_nut
from tests.nut.harness import wait_until
from tests.sim.gateway import Mood
from tests.sim.world import World
from tests.tools.tool import SOON_S, TOOL, Terminal, tool

__all__ = ["start_nut"]

SEEN_S = 30.0


class Said(ReleaseRequest):
    """A word that is always there."""

    def __init__(self) -> None:
        super().__init__(Path("/nonexistent/port"), SystemClock())

    def holds(self, *, needed: bool) -> bool:
        return needed


class Times:
    """How long the port file has said what, as seen from outside."""

    def __init__(self, site: Site) -> None:
        self.seconds: dict[str | None, float] = {}
        self._site = site
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._ending.wait(0.1):
            now = time.monotonic()
            status = self._site.status
            self.seconds[status] = self.seconds.get(status, 0.0) + now - before
            before = now

    def stop(self) -> dict[str | None, float]:
        self._ending.set()
        self._thread.join()
        return self.seconds


@pytest.fixture
def outage(site: Site, start_nut: StartNut) -> Iterator[Site]:
    """A file that says OB, vouched for; the gateway dead, the driver listening."""
    site.cache_token()
    site.begin_outage()
    site.start_driver()
    site.gateway.server.refuse()
    yield site
    site.stop_driver()


@pytest.mark.nut
@pytest.mark.slow(70)
@pytest.mark.parametrize("running", [True, False])
def test_release_shuts_no_machine_down(
    outage: Site, start_nut: StartNut, running: bool
) -> None:
    """OL stays 30 s, upsmon sees it, the UPS goes away, SHUTDOWNCMD never runs."""
    site = outage
    nut = start_nut(site.port)
    nut.wait_status("OB")
    nut.start_upsmon()
    daemon = site.start() if running else None
    if daemon is not None:
        daemon.says("port file says OB: holding it")
    times = Times(site)
    done = tool(site, "release", UPS, "--yes")
    seconds = times.stop()
    assert done.code == 0, done.err
    assert "Released: hidden until the gateway answers." in done.out
    assert site.status is None
    assert site.twin.exists()
    assert seconds["OL"] >= SEEN_S - 1
    wait_until(lambda: "ONLINE" in nut.events(), SOON_S, "upsmon's ONLINE")
    wait_until(lambda: "NOCOMM" in nut.events(), SOON_S, "upsmon's NOCOMM")
    assert not nut.shutdown_mark()
    if daemon is not None:
        assert daemon.stop() == 0
    # A new start must not bring the OB back that was held.
    again = site.start()
    again.says("no usable answer: port file hidden")
    assert site.status is None
    assert again.stop() == 0


def test_release_is_refused_while_the_gateway_answers(site: Site) -> None:
    site.cache_token()
    site.begin_outage()
    before = site.text
    done = tool(site, "release", "--yes")
    assert done.code == 1
    assert "says open" in done.err
    site.gateway.house.regain_grid()
    done = tool(site, "release", "--yes")
    assert done.code == 1
    assert "writes OL by itself" in done.err
    assert site.text == before


def test_release_is_refused_without_an_outage(site: Site) -> None:
    assert "the port file is hidden" in tool(site, "release", "--yes").err
    site.show("ups.status: OL\n")
    done = tool(site, "release", "--yes")
    assert done.code == 1
    assert "the port file says OL" in done.err


@pytest.mark.slow(40)
def test_release_goes_on_when_nobody_watches_it(outage: Site) -> None:
    """The end of the ssh session, kill, a closed pipe: an OL must not be left."""
    site = outage
    site.write_config()
    read, write = os.pipe()
    release = subprocess.Popen(
        [TOOL, "release", "--yes", "-c", str(site.config)],
        env=site.environ,
        stdout=write,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    site.wait_status("OL", SOON_S)
    os.close(read)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        release.send_signal(number)
    site.wait_status(None, 2 * SEEN_S)
    release.wait(SOON_S)


def test_release_from_a_gateway_that_has_lost_its_mode(site: Site) -> None:
    """``closed`` in no backup mode is no answer to the monitor, nor to release."""
    site.cache_token()
    site.begin_outage()
    site.gateway.house.regain_grid()
    site.gateway.house.mode = "unknown"
    done = tool(site, "release", stdin="n\n")
    assert "it says closed, in no backup mode, which tells nothing" in " ".join(
        done.out.split()
    )
    assert done.code == 1
    assert done.err == ""


def test_release_interrupted_at_its_question_does_nothing(outage: Site) -> None:
    before = outage.text
    release = Terminal(outage, "release")
    release.shows("Is the grid back? (y/n)")
    assert release.interrupt() == 130
    assert outage.text == before
    assert "Aborted" not in release.out


@pytest.mark.parametrize("answer", ["", "n\n", "\n"])
def test_release_does_nothing_without_a_yes(outage: Site, answer: str) -> None:
    before = outage.text
    done = tool(outage, "release", stdin=answer)
    assert done.code == 1
    assert "Is the grid back? (y/n)" in done.out
    assert outage.text == before
    assert all(len(line) <= 80 for line in done.out.splitlines())


def held(policy: Policy | None = None) -> World:
    """A world whose monitor holds OB because the gateway is silent."""
    world = World(policy)
    world.run_for(300)
    world.set_grid(there=False)
    world.run_until(lambda: world.monitor.memory.state is State.ON_BATTERY, 4000)
    world.set_mood(Mood.SILENT)
    world.run_until(lambda: world.monitor.memory.state is State.HOLDING, 400)
    return world


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(nocomms_delay_s=3600.0),
        Policy(nocomms_delay_s=0.0),
        Policy(relay_s=0.0, pollfreq_s=3600.0, alert_s=300.0),
    ],
)
def test_release_in_simulated_time_shows_ol_then_hides(policy: Policy) -> None:
    """30 s and the poll under way, whatever the config waits for otherwise."""
    world = held(policy)
    world.set_grid(there=True)
    world.monitor.wish = Said()
    at: dict[str | None, float] = {}
    watch = world.port.on_change

    def note(old: str | None, new: str | None) -> None:
        at[new] = world.clock.true_s
        watch(old, new)

    world.port.on_change = note
    world.run_until(lambda: world.port.status is None, 900)
    assert SEEN_S <= at[None] - at["OL"] <= 2 * SEEN_S
    world.run_for(3600)
    assert world.port.status is None
    assert not world.nut.shutdowns


def test_release_of_an_outage_that_silence_confirmed() -> None:
    """``open`` once, then nothing: that word must not come back after the OL."""
    world = World()
    world.run_for(300)
    world.set_grid(there=False)
    world.run_until(lambda: world.monitor.memory.relay.unconfirmed is not None, 60)
    world.set_mood(Mood.REFUSING)
    world.run_until(lambda: world.monitor.memory.state is State.HOLDING, 60)
    world.monitor.wish = Said()
    world.run_until(lambda: world.port.status == "OL", 60)
    seen: list[str | None] = []
    world.port.on_change = lambda old, new: seen.append(new)
    world.run_for(900)
    assert seen == [None]
    assert not world.nut.shutdowns


def test_release_when_the_gateway_has_lost_its_mode(tmp_path: Path) -> None:
    """A person's word is not taken away by an answer that tells nothing."""
    world = held()
    world.set_grid(there=True)
    world.set_mood(Mood.LOST_MODE)
    world.run_for(60)
    assert world.monitor.memory.state is State.HOLDING
    wish = ReleaseRequest(tmp_path / "home.dev", world.clock)
    world.monitor.wish = wish
    wish.make()
    world.run_until(lambda: world.port.status == "OL", 60)
    world.run_until(lambda: world.port.status is None, 60)
    assert not world.nut.shutdowns


def test_release_ends_when_the_gateway_says_open_again() -> None:
    """A wrong word: the monitor goes on asking, and OB comes back."""
    world = held()
    world.monitor.wish = Said()
    world.run_until(lambda: world.port.status == "OL", 60)
    world.set_mood(Mood.OK)
    world.run_until(lambda: (world.port.status or "").startswith("OB"), 60)
    assert not world.nut.shutdowns


def test_release_ends_though_the_monitor_restarts_in_its_middle() -> None:
    """NOCOMMS_DELAY counts from an answer; nobody has confirmed this OL."""
    world = held(Policy(nocomms_delay_s=3600.0))
    world.monitor.wish = Said()
    world.run_until(lambda: world.port.status == "OL", 60)
    world.restart(2.0)
    assert world.port.status == "OL"
    world.run_until(lambda: world.port.status is None, 60)
    assert not world.nut.shutdowns


def test_release_that_cannot_be_written_holds_on() -> None:
    """Disk full: OB stands, the reckoning goes on, LB still comes."""
    world = held()
    world.port.full = True
    world.monitor.wish = Said()
    world.run_for(60)
    assert world.monitor.memory.state is State.HOLDING
    assert world.port.status == "OB"


def test_release_is_no_word_while_the_gateway_answers() -> None:
    world = World()
    world.run_for(300)
    world.monitor.wish = Said()
    world.set_grid(there=False)
    world.run_until(lambda: world.port.status == "OB", 60)
    world.run_for(120)
    assert world.port.status == "OB"
