"""nutbridge set: one line is edited, the status is never touched."""

import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.errors import UsageError
from nutbridge.nut.edit import NAMES, parse_change, with_settings
from nutbridge.nut.port_file import PortFile
from nutbridge.nut.port_text import parse
from nutbridge.nut.variables import SMA
from nutbridge.system.clock import SystemClock
from tests.e2e.site import UPS, Site
from tests.nut.harness import wait_until
from tests.tools.tool import SOON_S, WIDTH, plain, tool, tree

LOW = "battery.charge.low"

FILE = (
    b"battery.charge: 50\n# mine\nbattery.charge.low: 20 # for the NAS\n"
    b"my.line:  odd   blanks\nups.status: OB\n"
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (FILE, FILE.replace(b"low: 20", b"low: 30")),
        (b"", b"battery.charge.low: 30\n"),
        (b"ups.status: OL\n", b"battery.charge.low: 30\nups.status: OL\n"),
        (b"ups.status: OL", b"battery.charge.low: 30\nups.status: OL\n"),
        (
            b"battery.charge.low: 15 # yours: 12; in use: 15 # note\n",
            b"battery.charge.low: 30 # note\n",
        ),
        (
            b"Battery.Charge.Low 10\nbattery.charge.low: 12\n",
            b"Battery.Charge.Low 10\nbattery.charge.low: 30\n",
        ),
    ],
)
def test_edit_changes_one_line(before: bytes, after: bytes) -> None:
    assert with_settings(before, {LOW: "30"}) == after


LINES = st.lists(
    st.text(alphabet=st.characters(blacklist_characters="\n"), max_size=20)
    | st.sampled_from(["battery.charge.low: 20", "x: 1", "ups.status: OB LB", '"'])
)


@given(LINES, st.sampled_from(["1", "30", "95"]))
def test_edit_keeps_every_other_byte_and_the_status(
    lines: list[str], value: str
) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()
    new = with_settings(data, {LOW: value})
    assert parse(new).setting(LOW) == value
    assert parse(new).status == parse(data).status
    before, after = data.split(b"\n"), new.split(b"\n")
    assert len(set(after) - set(before)) <= 1
    assert with_settings(new, {LOW: value}) == new


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("battery.charge.lo=30", "is battery.charge.low meant?"),
        ("battery.charge=30", "is written by the monitor"),
        ("ups.status=OL", "is written by the monitor"),
        ("nonsense=1", "the settings are"),
        ("battery.charge.low=96", "is not a number from 1 to 95"),
        ("battery.charge.low=1e1", "is not a number"),
        ("battery.charge.low=nan", "is not a number"),
        ('device.mfr=a"b', "printable ASCII"),
        ("device.mfr=Größe", "'Größe' must be up to 127 printable ASCII"),
        ("device.mfr=" + "x" * 128, "up to 127"),
        ("device.mfr=a\nups.status: OB", "printable ASCII"),
        ("=3", "write it as NAME=VALUE"),
    ],
)
def test_change_that_cannot_be_is_refused(word: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_change(word)
    assert hint in str(caught.value)
    assert str(caught.value).isprintable()


def test_change_without_a_value_is_the_default() -> None:
    assert parse_change("Battery.Charge.Low=") == (LOW, "20")
    assert parse_change("device.mfr = Foo Bar") == ("device.mfr", "Foo Bar")


def test_voltages_must_rise_together() -> None:
    with pytest.raises(UsageError, match="do not rise"):
        with_settings(b"", {"battery.voltage.low": "90"})
    changes = {"battery.voltage.low": "40", "battery.voltage.nominal": "48"}
    assert with_settings(b"", changes | {"battery.voltage.high": "56"})


def test_settings_of_an_inverter_have_its_own_defaults() -> None:
    """Its batteries have 48 to 500 V: no voltage is compared with Enphase's."""
    changes = dict([parse_change("battery.voltage.nominal=400", SMA)])
    assert with_settings(b"", changes, SMA) == b"battery.voltage.nominal: 400\n"
    assert parse_change("ups.mfr=", SMA) == ("ups.mfr", "SMA")
    with pytest.raises(UsageError, match="is not a number"):
        parse_change("battery.voltage.nominal=", SMA)


def test_edit_gives_way_to_a_faster_writer(tmp_path: Path) -> None:
    """A status that the monitor wrote meanwhile is not lost."""
    path = tmp_path / "home.dev"
    path.write_bytes(b"ups.status: OL\n")
    port = PortFile(path, SystemClock())
    seen = port.signature()
    assert seen is not None
    PortFile(path, SystemClock()).write(b"ups.status: OB\n")
    assert not port.edit(b"x: 1\nups.status: OL\n", seen)
    assert path.read_bytes() == b"ups.status: OB\n"
    assert [one.name for one in tmp_path.glob(".*tmp")] == []


def test_set_without_a_change_shows_what_there_is(site: Site) -> None:
    done = tool(site, "set", UPS)
    assert done.code == 0
    assert all(name in done.out for name in NAMES)
    assert "(1 to 95 %; default 20)" in done.out
    assert all(len(line) <= WIDTH for line in plain(done.out, site).splitlines())


def test_set_of_a_hidden_file_is_kept_for_the_next_start(site: Site) -> None:
    done = tool(site, "set", UPS, f"{LOW}=30")
    assert (done.code, done.err) == (0, "")
    assert plain(done.out, site) == (
        "battery.charge.low: 20 -> 30\n"
        "Changed: DIR/state/home.dev-nocomms\n"
        "No monitor runs; it is used from the next start on.\n"
    )
    site.cache_token()
    assert site.run("-s").code == 0
    assert site.value(LOW) == "30"
    assert "Nothing to change" in tool(site, "set", UPS, f"{LOW}=30").out


def test_set_beside_a_monitor_touches_no_status(site: Site) -> None:
    site.cache_token()
    daemon = site.start()
    daemon.says("the gateway answers: on line")
    site.wait_for_one_name()
    done = tool(site, "set", UPS, f"{LOW}=12", "device.mfr=Foo Bar")
    assert (done.code, done.err) == (0, "")
    assert "takes it at its next check" in done.out
    assert "the battery stops at 10 %, so 15 is used" in done.out
    assert (site.text or "").splitlines()[-1] == "ups.status: OL"
    wait_until(
        lambda: "15 # yours: 12; in use: 15" in (site.text or ""), SOON_S, "taken"
    )
    assert site.value("device.mfr") == "Foo Bar"
    site.gateway.house.lose_grid()
    site.wait_status("OB")
    assert tool(site, "set", UPS, f"{LOW}=40").code == 0
    assert (site.text or "").splitlines()[-1] == "ups.status: OB"
    assert daemon.stop() == 0
    assert daemon.err.count("too near") == 1


def test_set_and_a_writer_lose_nothing_of_each_other(site: Site) -> None:
    """The file is replaced all the time; no moment without it, no change lost."""
    site.show("battery.charge.low: 20\nups.status: OL\n")
    writer = PortFile(site.port, SystemClock())
    ending, gaps = threading.Event(), []

    def write() -> None:
        charge = 0
        while not ending.is_set():
            charge += 1
            values = parse(writer.read())
            low = values.setting(LOW)
            text = f"{LOW}: {low}\nbattery.charge: {charge % 100}\nups.status: OB\n"
            seen = writer.signature()
            assert seen is not None
            # As the monitor: read, write; here only if nobody came between.
            writer.edit(text.encode(), seen)
            if not site.port.exists():
                gaps.append(charge)
            time.sleep(0.001)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        wait_until(lambda: site.status == "OB", SOON_S, "the writer")
        for low in ("30", "31"):
            assert tool(site, "set", UPS, f"{LOW}={low}").code == 0
            assert (site.text or "").endswith("ups.status: OB\n")
    finally:
        ending.set()
        thread.join()
    assert gaps == []


def test_set_changes_the_template_of_the_next_boot(site: Site) -> None:
    template = site.folder / "home.dev-template"
    template.write_text("# mine\n", encoding="ascii")
    template.chmod(0o640)
    assert tool(site, "set", UPS, f"{LOW}=30").code == 0
    assert template.read_text() == "# mine\nbattery.charge.low: 30\n"
    assert template.stat().st_mode & 0o777 == 0o640


def test_set_refuses_all_or_does_all(site: Site) -> None:
    site.write_config()
    before = tree(site.folder)
    done = tool(site, "set", UPS, f"{LOW}=30", "battery.runtime.low=-1")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert tree(site.folder) == before
