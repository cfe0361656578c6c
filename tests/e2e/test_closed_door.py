"""Once the loop runs, nothing more is loaded: an outage depends on no import.

A package may be half replaced by an upgrade, its disk gone with the grid, or the
process without a handle left.
"""

import pytest

from tests.e2e.closed_door import PROGRAM, let_it_run
from tests.e2e.site import Site
from tests.fakes import failures

QUICK = (failures.status(503), failures.garbage, failures.reset, failures.html)


def silences(site: Site) -> None:
    """Let a gateway fail in every way that is over soon, for some checks each."""
    for fault in QUICK:
        site.gateway.faults.always(fault)
        let_it_run(site)
    site.gateway.faults.clear()
    site.gateway.server.refuse()
    let_it_run(site)
    site.gateway.server.listen()
    let_it_run(site)


@pytest.mark.slow(15)
def test_nothing_is_loaded_in_the_loop(known: Site) -> None:
    """An outage, silence of every kind, a bug, a refused token, the grid back."""
    known.start_driver()
    daemon = known.start_program(PROGRAM)
    known.wait_status("OL")
    silences(known)
    known.gateway.house.lose_grid()
    known.wait_status("OB")
    silences(known)
    known.has_bug = True
    for name in ("deaf", "dizzy"):
        bug = known.folder / name
        bug.touch()
        let_it_run(known)
        bug.unlink()
        assert known.status == "OB"
    known.gateway.house.tokens = []
    daemon.says("new token; ")
    let_it_run(known)
    known.gateway.house.regain_grid()
    known.gateway.house.tokens = None
    known.wait_status("OL")
    assert daemon.stop() == 0
    assert "so deaf" in daemon.err
    assert "so dizzy" in daemon.err
    assert "wanted:" not in daemon.err, daemon.err


def test_config_mended_in_the_middle_of_an_upgrade(known: Site) -> None:
    """What the mended config needs cannot be loaded: OB is held on."""
    known.begin_outage()
    good = known.keys["POLLFREQ"]
    known.keys["POLLFREQ"] = "often"
    daemon = known.start_program(PROGRAM)
    daemon.says("nobody can be asked")
    let_it_run(known)
    known.keys["POLLFREQ"] = good
    known.write_config()
    daemon.says("nutbridge: not whole")
    let_it_run(known)
    assert known.status == "OB"
    known.start_driver()
    assert daemon.stop() == 0
