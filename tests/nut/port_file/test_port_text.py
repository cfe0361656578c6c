"""Merging our values with the user's lines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutbridge.nut.port_text import PortText, parse, render
from nutbridge.nut.variables import fitting
from tests.nut.port_file.driver_model import GARBAGE, read
from tests.nut.port_file.hostile import HOSTILE, hostile_file

OL = {"ups.status": "OL"}

ODD_BYTES = st.lists(
    st.one_of(
        st.sampled_from([line.encode() for line, _ in HOSTILE]),
        st.sampled_from(
            [b"ups.status: OB", b"battery.charge.low: 25", b"# c\\", b"", b"my.v: 1"]
        ),
        st.sampled_from([b'"', b"\\", b"#", b"ups.status", b":", b" ", b"=", b"\r"]),
        st.binary(max_size=20),
    ),
    max_size=12,
).map(b"\n".join) | st.lists(
    st.sampled_from(
        [b'"', b"\\", b"#", b"ups.status", b": ", b"OB", b"\n", b"=", b"\t"]
    )
).map(b"".join)


def lines_of(data: bytes) -> list[str]:
    return data.decode().splitlines()


def test_render_puts_the_status_last_and_every_name_in() -> None:
    lines = lines_of(render(PortText(), {**OL, "battery.charge": "92"}, 2))
    assert lines[-1] == "ups.status: OL"
    assert "battery.charge: 92" in lines
    assert 'battery.runtime: ""' in lines
    assert 'input.L2-N.voltage: ""' in lines
    assert "battery.charge.low: 20" in lines
    assert "ups.mfr: Enphase Energy" in lines
    assert "battery.type: LFP" in lines
    assert sorted(line.split(":")[0] for line in lines) == sorted(
        each.name for each in fitting(2)
    )


def test_render_keeps_comments_order_and_spelling_of_the_user() -> None:
    own = [
        "# Küche, Keller",
        "battery.charge.low:   25   # a quarter",
        "",
        "   my.place:\tunder the stairs # dark",
        'my.note: "two  blanks"',
        "battery.mfr: Somebody",
        "driver.parameter.x: 1",
    ]
    data = "\n".join(["battery.charge: 50", *own, "ups.status: OL"]).encode()
    text = parse(data)
    lines = lines_of(render(text, OL, 1))
    start = lines.index(own[0])
    assert lines[start : start + len(own)] == own
    assert 'battery.charge: ""' in lines[:start]
    assert text.notices == ()


def test_render_names_seen_before_stay_though_they_no_longer_fit() -> None:
    """dummy-ups keeps the old value of a name that is missing."""
    before = render(PortText(), {**OL, "output.L3.current": "4"}, 3)
    after = read(render(parse(before), OL, None))
    assert "output.L3.current" not in after
    later = render(parse(render(parse(before), OL, None)), OL, 1)
    assert b'output.L3.current: ""' in later


def test_render_none_takes_a_constant_away() -> None:
    assert b'battery.type: ""\n' in render(PortText(), {**OL, "battery.type": None}, 1)


@pytest.mark.parametrize(
    "status",
    ["OL", "OB", "OB LB", "OL CHRG", "OB DISCHRG", "OB LB DISCHRG", "OB LB CHRG"],
)
def test_render_accepts_what_the_machine_may_say(status: str) -> None:
    assert render(PortText(), {"ups.status": status}, 1).endswith(
        f"\nups.status: {status}\n".encode()
    )


@pytest.mark.parametrize(
    "status",
    [
        *(None, "", " ", "ob", "LB", "OL LB", "LB OB", "OL OB", "OL OL", "OB  LB"),
        *("ALARM", "OL ALARM", "OL BYPASS", "OL CAL", "OFF", "FSD OB LB", "WAIT"),
        *("CHRG", "CHRG OL", "OB DISCHRG LB", "OL\nups.status: OB", "OL #"),
    ],
)
def test_render_refuses_every_other_status(status: str | None) -> None:
    with pytest.raises(ValueError, match="not a status"):
        render(PortText(), {"ups.status": status}, 1)


def test_render_refuses_names_outside_the_table() -> None:
    with pytest.raises(KeyError):
        render(PortText(), {**OL, "battery.chrage": "1"}, 1)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", None),
        (b"battery.charge: 1\n", None),
        (b"ups.status: OB LB\n", "OB LB"),
        (b"ups.status: ob  lb", "OB LB"),
        (b'ups.status: "OB LB" # x\r\n', "OB LB"),
        (b"\xef\xbb\xbfups.status: OB\n", "OB"),
        (b"ups.status: OL\nups.status: OB\n", "OB"),
        (b"ups.status: OL\nups.status.note: OB\n", "OB"),
        (b"ups.status: OL\nUPS.STATUS: OB\n", "OB"),
        (b"ups.status: OB\n# ups.status: OL\n", "OB"),
        (b"ups.status: OB\nups.status:\n", None),
    ],
)
def test_parse_reads_the_status_as_the_driver_would(
    data: bytes, status: str | None
) -> None:
    assert parse(data).status == status


def test_parse_our_own_names_are_not_the_users() -> None:
    data = render(PortText(), {**OL, "battery.charge": "9"}, 3)
    text = parse(data)
    assert {line.setting for line in text.lines} >= {"battery.charge.low", "ups.model"}
    assert all(line.setting for line in text.lines)
    assert text.notices == ()


@pytest.mark.parametrize("line", [line for line, _ in HOSTILE], ids=lambda x: x[:20])
def test_hostile_line_alone_cannot_be_the_status(line: str) -> None:
    """First, last, with and without a final newline."""
    for data in (f"{line}\nups.status: OL\n", f"ups.status: OL\n{line}", line):
        once = render(parse(data.encode()), {"ups.status": "OB"}, None)
        assert read(once)["ups.status"] == "OB"
        assert parse(once).notices == ()


def test_parse_byte_order_mark_and_line_ends_of_windows_are_no_text() -> None:
    text = parse(b"\xef\xbb\xbf# mine\r\n\r\nmy.v: 1\r\n")
    assert [line.text for line in text.lines] == ["# mine", "", "my.v: 1"]
    assert text.notices == ()


def test_hostile_lines_together_are_all_kept_and_told_once() -> None:
    text = parse(hostile_file())
    once = render(text, {**OL, "battery.charge": "77"}, 2)
    shown = read(once)
    for _, wanted in HOSTILE:
        assert {name: shown.get(name) for name in wanted} == wanted
    assert (shown["ups.status"], shown["battery.charge"]) == ("OL", "77")
    for line, _ in HOSTILE:
        assert line.rstrip("\r").replace("glued:5", "glued: 5") in once.decode()
    assert any("ups.status.note" in notice for notice in text.notices)
    assert parse(once).notices == ()


def test_notices_are_one_printable_line_each() -> None:
    (notice,) = parse(b'x\x1b[31m: "\xff\x00' + b"y" * 9000 + b"\n").notices
    assert notice.isascii()
    assert notice.isprintable()
    assert notice.startswith("line 1 (")
    assert len(notice) < 250


@settings(max_examples=400)
@given(ODD_BYTES)
def test_any_bytes_leave_one_status_and_lose_nothing(data: bytes) -> None:
    """The driver shows our status; a second round changes no byte."""
    once = render(parse(data), {"ups.status": "OB LB", "battery.charge": "5"}, 1)
    shown = read(once)
    assert shown["ups.status"] == "OB LB"
    assert shown["battery.charge"] == "5"
    assert GARBAGE not in shown.values()
    again = parse(once)
    assert again.notices == ()
    assert render(again, {"ups.status": "OB LB", "battery.charge": "5"}, 1) == once
