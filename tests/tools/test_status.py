"""nutbridge status: what a person reads, what a script gets, what the code says."""

import json
import subprocess

import pytest

from nutbridge.simulator.tokens import make_token
from nutbridge.system import services
from tests.e2e.site import UPS, Site
from tests.nut.harness import wait_until
from tests.tools.tool import (
    HEEDS_INT,
    SOON_S,
    TOOL,
    WIDTH,
    Terminal,
    plain,
    tool,
    tree,
)

ONLINE = """\
e2e: OL since HH:MM (N s ago)
  protected: a monitor keeps the file true

  grid      closed, asked N s ago
  battery   92 %, read N s ago; low below 20 %
            battery 122000001001: 92 %, 24 degC, well
            battery 122000001002: 92 %, 24 degC, well
  runtime   11 h 10 min at the present power
  load      734 W (9.6 % of 7680 W), read N s ago
  power     battery 0 W, grid gives 734 W, sun 0 W
  gateway   122000000001 at HOST, D8.3.5169
  token     owner, 365 days left
  monitor   pid N, online, noted this N s ago
  port file DIR/state/home.dev (visible, written N s ago)
"""


def status_json(site: Site, *options: str) -> dict[str, object]:
    found = json.loads(tool(site, "status", "--json", *options).out)
    assert isinstance(found, dict)
    return found


def part(found: dict[str, object], name: str) -> dict[str, object]:
    inner = found[name]
    assert isinstance(inner, dict)
    return inner


def online(site: Site) -> None:
    """Start the monitor, and wait for its first note of everything."""
    site.cache_token()
    site.start().says("the gateway answers: on line")
    state = site.run_folder / f"enphase-{UPS}.state"
    wait_until(lambda: '"load_w": 7' in state.read_text(), SOON_S, "a note")


def test_status_on_line_reads_well_and_says_protected(site: Site) -> None:
    online(site)
    done = tool(site, "status", UPS)
    assert (done.code, done.err) == (0, "")
    assert plain(done.out, site) == ONLINE
    assert all(len(line) <= WIDTH for line in plain(done.out, site).splitlines())
    assert "\x1b" not in done.out, "no colour without a terminal"


def test_status_of_an_outage_with_a_silent_gateway(site: Site) -> None:
    online(site)
    site.gateway.house.lose_grid()
    site.wait_status("OB")
    site.gateway.server.refuse()
    wait_until(
        lambda: "silent since" in (site.text or ""), SOON_S, "the silence in the file"
    )
    found = status_json(site)
    assert (found["status"], found["exit_code"]) == ("OB", 0)
    # Read less than a minute ago.
    assert part(found, "battery")["source"] == "read"
    silent = part(found, "grid")["silent_since"]
    assert isinstance(silent, dict)
    assert silent["age_s"] is not None


def test_status_without_a_monitor_is_not_protected(site: Site) -> None:
    """A file claims a state, and nobody holds its lock: not 0."""
    site.cache_token()
    assert site.run("-s").code == 0
    before = tree(site.folder)
    done = tool(site, "status")
    assert done.code == 1
    assert "NOT PROTECTED" in done.out
    start = services.here().to("restart", "enphase-monitor@e2e")
    assert f"none runs; {start}" in done.out
    found = status_json(site)
    assert found["verdict"] == "no monitor"
    assert part(found, "monitor") == {
        "running": False,
        "pid": None,
        "state": None,
        "noted": part(found, "monitor")["noted"],
        "note_due_s": 900.0,
    }
    assert tree(site.folder) == before, "nothing may be changed"


def test_status_hidden_has_a_code_of_its_own(site: Site) -> None:
    done = tool(site, "status")
    assert done.code == 69
    assert "hidden: clients see no communication" in done.out
    found = status_json(site)
    assert found["status"] is None
    assert part(found, "battery")["charge_pct"] is None


def test_status_names_an_inverter_that_is_not_well(site: Site) -> None:
    for said, told in (("fault", True), ("ok", False)):
        site.twin.write_text(f"experimental.sma.health: {said}\n")
        assert ("inverter: reports a fault" in tool(site, "status").out) is told


def test_status_without_a_port_file_says_so_in_one_line(site: Site) -> None:
    site.twin.unlink()
    done = tool(site, "status")
    assert done.code == 73
    assert len(done.err.splitlines()) == 1
    assert "does not exist" in done.err


def test_status_of_a_file_without_a_status_under_a_monitor(site: Site) -> None:
    """The lock alone is no protection."""
    site.show("battery.charge: 50\n")
    holder = subprocess.Popen(
        [TOOL.replace("nutbridge", "python"), "-c", HOLD, str(site.port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == "held\n"
    assert tool(site, "status").code == 1
    assert status_json(site)["verdict"] == "no status"
    holder.communicate("\n", timeout=SOON_S)


HOLD = """
import pathlib, sys
from nutbridge.system.lock import PortLock
lock = PortLock(pathlib.Path(sys.argv[1])); lock.acquire()
print("held", flush=True); sys.stdin.readline()
"""


def test_status_live_asks_and_posts_nothing(site: Site) -> None:
    site.cache_token()
    site.gateway.house.stream_until = 0.0
    site.write_config()
    before = tree(site.folder)
    done = tool(site, "status", "--live")
    assert done.code == 69, "the exit code is that of the file"
    assert "now, from the gateway:\n  grid      closed\n  battery   92 %" in done.out
    asked = site.gateway.server.counts.recent
    assert {one.method for one in asked} == {"GET"}
    after = tree(site.folder)
    assert after == before, "no fingerprint, no token, no state is written"


def test_status_live_where_a_token_needs_a_session(site: Site) -> None:
    """Some firmware wants the cookie of check_jwt beside the Bearer."""
    site.cache_token()
    site.gateway.house.needs_session = True
    live = part(status_json(site, "--live"), "live")
    assert (live["grid"], live["problem"]) == ("closed", None)


def test_status_live_of_a_silent_gateway_says_why(site: Site) -> None:
    site.cache_token()
    site.gateway.server.refuse()
    live = part(status_json(site, "--live"), "live")
    assert live["grid"] is None
    assert "connection refused" in str(live["problem"])


def test_status_live_without_a_token_says_where_to_look(site: Site) -> None:
    live = part(status_json(site, "--live"), "live")
    assert "nutbridge token show" in str(live["problem"])


def test_status_live_sends_no_token_to_another_gateway(site: Site) -> None:
    token = make_token("122000000777", site.gateway.house.clock() + 8e7)
    site.cache_token(token)
    site.keys["SERIAL"] = "122000000777"
    live = part(status_json(site, "--live"), "live")
    assert "this is gateway 122000000001" in str(live["problem"])
    asked = site.gateway.server.counts.recent
    assert all(one.bearer is None for one in asked)


def test_status_json_has_the_same_keys_whatever_is_known(site: Site) -> None:
    unknown = status_json(site)
    online(site)
    known = status_json(site)
    assert list(unknown) == list(known)
    for name in ("battery", "power", "grid", "gateway", "token", "monitor"):
        assert list(part(unknown, name)) == list(part(known, name))
    assert part(known, "power")["grid_w"] == pytest.approx(734)
    assert part(unknown, "power")["grid_w"] is None


def test_status_shows_nothing_of_a_hostile_file_raw(site: Site) -> None:
    site.show('ups.firmware: "\x1b[2Jgone"\nups.status: OL\x1b]0;x\x07\n')
    done = tool(site, "status")
    assert "\x1b" not in done.out
    assert done.code == 1


def test_status_watch_without_a_terminal_prints_block_after_block(site: Site) -> None:
    site.write_config()
    watch = subprocess.Popen(
        [*HEEDS_INT, TOOL, "status", "--watch", "--json", UPS],
        env=site.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watch.stdout is not None
    rounds = [json.loads(watch.stdout.readline()) for _ in range(2)]
    watch.send_signal(2)
    _, said = watch.communicate(timeout=SOON_S)
    assert (watch.returncode, said) == (130, "")
    assert rounds[1]["time"] > rounds[0]["time"]


def test_status_watch_redraws_in_place_on_a_terminal(site: Site) -> None:
    terminal = Terminal(site, "status", "--watch")
    terminal.shows("e2e: ", times=2)
    assert terminal.interrupt() == 130
    lines = terminal.out.partition("\x1b[J")[0].count("\n")
    assert f"\x1b[{lines}A\re2e: " in terminal.out, "back to the first of its lines"
    assert "\x1b[1;31mhidden\x1b[0m" in terminal.out
    assert "Traceback" not in terminal.out


def test_status_on_a_terminal_respects_no_color(site: Site) -> None:
    site.environ["NO_COLOR"] = "1"
    terminal = Terminal(site, "status")
    terminal.shows("port file")
    terminal.process.wait(SOON_S)
    assert "\x1b" not in terminal.out
