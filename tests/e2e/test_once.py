"""-s: one check within 10 s; exit 0 when the file then tells the truth."""

from pathlib import Path

import pytest

from tests.e2e.site import Site
from tests.fakes import failures

#: systemd waits 10 s; the rest is for a machine that runs many tests at once.
LIMIT_S = 14.0

RELAY = "/ivp/ensemble/relay"


def test_on_line(known: Site) -> None:
    done = known.run("-s", seconds=LIMIT_S)
    assert (done.code, known.status) == (0, "OL")
    assert not known.twin.exists()


def test_cached_token_needs_no_library(known: Site) -> None:
    """Nothing to judge tokens, to try again, or to explain a command line."""
    daemon = known.start_program(
        "import sys\n"
        "for name in 'jwt tenacity typer trio anyio h2 cryptography'.split():\n"
        "    sys.modules[name] = None\n"
        "sys.argv.insert(1, '-s')\n"
        "from nutbridge.cli.enphase_monitor import main\n"
        "main()\n"
    )
    assert daemon.ended(LIMIT_S) == 0
    assert known.status == "OL"


#: What a check loads of ours: the figures reached, with room for a few mended lines.
MOST_MODULES, MOST_LINES = 78, 15_900

WEIGHED = """
import os, sys

def leave(code):
    ours = [m for name, m in sys.modules.items() if name.startswith("nutbridge")]
    with open("loaded", "w") as loaded:
        loaded.writelines(f"{module.__file__}\\n" for module in ours)
    end(code)

end, os._exit = os._exit, leave
sys.argv.insert(1, "-s")
from nutbridge.cli.enphase_monitor import main
main()
"""


def test_check_is_light(known: Site) -> None:
    """Each module costs 1 ms on a small board; what a check may lack comes later."""
    assert known.run("-s").code == 0  # the first of a boot remembers the house
    daemon = known.start_program(WEIGHED)
    assert daemon.ended() == 0
    loaded = (known.folder / "loaded").read_text(encoding="utf-8").splitlines()
    lines = sum(len(Path(name).read_bytes().splitlines()) for name in loaded)
    assert len(loaded) > 50
    assert len(loaded) <= MOST_MODULES, loaded
    assert lines <= MOST_LINES


def test_first_login_fits_in(site: Site) -> None:
    done = site.run("-s", seconds=LIMIT_S)
    assert (done.code, site.status) == (0, "OL")


def test_first_login_is_waited_for_with_default_times(site: Site) -> None:
    site.keys |= {"POLLFREQ": "60", "POLLFREQALERT": "20", "RELAYFREQ": "10"}
    done = site.run("-s", seconds=LIMIT_S)
    assert (done.code, site.status) == (0, "OL")


def test_outage_is_confirmed(known: Site) -> None:
    """A first ``open`` is asked again after 1 s."""
    known.begin_outage()
    assert known.gateway.server.counts.requests[RELAY] == 2


def test_end_of_an_outage_is_confirmed(known: Site) -> None:
    """Back to OL after two equal answers, within this one check."""
    known.begin_outage()
    known.gateway.house.regain_grid()
    done = known.run("-s", seconds=LIMIT_S)
    assert (done.code, known.status) == (0, "OL")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["refused", "hanging", "stalled", "dripping"])
def test_stale_file_is_hidden_and_that_is_true(known: Site, how: str) -> None:
    """A file that nobody vouches for must not be read by a driver at boot."""
    known.show("ups.status: OB LB\n")
    _break(known, how)
    done = known.run("-s", seconds=LIMIT_S)
    assert (done.code, known.status) == (0, None)
    assert known.twin.exists()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["refused", "hanging", "stalled", "dripping"])
def test_silence_in_an_outage_is_not_decided(known: Site, how: str) -> None:
    known.begin_outage()
    _break(known, how)
    done = known.run("-s", seconds=LIMIT_S)
    assert (done.code, known.status) == (75, "OB")
    assert "no usable answer; the port file still says OB" in done.err


def test_silence_after_ol_is_not_decided(known: Site) -> None:
    """An OL of this boot stands for NOCOMMS_DELAY; nobody can say more in 10 s."""
    assert known.run("-s").code == 0
    known.gateway.server.refuse()
    done = known.run("-s", seconds=LIMIT_S)
    assert (done.code, known.status) == (75, "OL")
    assert "no usable answer; the port file still says OL" in done.err


def _break(site: Site, how: str) -> None:
    if how == "refused":
        site.gateway.server.refuse()
    elif how == "stalled":
        site.gateway.server.stalled = True
    elif how == "hanging":
        site.gateway.faults.always(failures.hang)
    else:
        site.gateway.faults.always(failures.drip_body(0.5))


@pytest.mark.slow
def test_hanging_cloud_does_not_hold_it_up(site: Site) -> None:
    site.cloud.faults.always(failures.hang)
    site.keys["LOGIN_TIMEOUT"] = "120"
    done = site.run("-s", seconds=LIMIT_S)
    assert (done.code, site.status) == (0, None)


def test_under_a_held_lock_it_only_reports(known: Site) -> None:
    known.keys |= {"POLLFREQ": "300", "RELAYFREQ": "300"}
    daemon = known.start("-v")
    daemon.says("relay closed: online")
    before = known.port.stat()
    done = known.run("-s", seconds=LIMIT_S)
    assert done.code == 0
    assert done.out == (
        f"e2e: port file OL, kept by pid {daemon.pid}; nothing was changed\n"
    )
    assert known.port.stat().st_ino == before.st_ino
    assert daemon.process.poll() is None


def test_odd_word_is_named_once(known: Site) -> None:
    # Nor do the controller and the batteries know.
    known.gateway.house.relay = known.gateway.house.mode = "unknown"
    done = known.run("-s", seconds=LIMIT_S)
    assert done.err.count("neither open nor closed") == 1
    assert (done.code, known.status) == (0, None)


def test_controller_in_the_inventory_is_enough(known: Site) -> None:
    """A mode of ``grid-tied`` beside a System Controller: 8.2.127, three CTs."""
    known.gateway.house.mode = "grid-tied"
    done = known.run("-s", seconds=LIMIT_S)
    assert (done.code, known.status) == (0, "OL")
    assert "No System Controller" not in done.err
