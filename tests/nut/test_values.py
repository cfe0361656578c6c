"""Cleaning, quoting, splitting: what reaches the driver is what was meant."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.nut.words import (
    assignment,
    conf_lines,
    number,
    nut_conf_values,
    plain_text,
    quote,
    split_words,
    upsmon_number,
)
from tests.nut.port_file.driver_model import GARBAGE, read


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (230.10000000000002, 1, "230.1"),
        (230.0, 1, "230"),
        (100.0, 0, "100"),
        (0.05, 1, "0.1"),
        (-0.04, 1, "0"),
        (-12.5, 1, "-12.5"),
        (1e16, 1, "10000000000000000"),
        (1e-9, 2, "0"),
        (float("nan"), 1, None),
        (float("inf"), 1, None),
        (float("-inf"), 0, None),
        (None, 1, None),
    ],
)
def test_number_has_a_point_and_no_noise(
    value: float | None, decimals: int, text: str | None
) -> None:
    assert number(value, decimals) == text


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 3))
def test_number_is_never_an_exponent(value: float, decimals: int) -> None:
    text = number(value, decimals)
    assert text is not None
    assert re.fullmatch(r"-?\d+(\.\d*[1-9])?", text)
    assert text != "-0"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('say "hi"', "say 'hi'"),
        ("C:\\dir", "C:/dir"),
        ("a # b", "a - b"),
        ("two\nlines\tand\x00 more\x7f", "two lines and more"),
        ("Größe °C", "Grosse C"),
        ("Küche, Żółw, Ærø", "Kuche, Zolw, AEro"),
        ("½ kW, 3 µs", "1/2 kW, 3 us"),
        ("\u201eHaus\u201c \u2013 \u6e29", "'Haus' - "),
        ("x" * 128, "x" * 127),
    ],
)
def test_plain_text_is_printable_and_harmless(text: str, plain: str) -> None:
    assert plain_text(text) == plain


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", '""'),
        (" ", '" "'),
        ("OB LB", "OB LB"),
        ("two  blanks", '"two  blanks"'),
        (" led", '" led"'),
        ("it's", '"it\'s"'),
        ("a=b", '"a=b"'),
        ("12.5%", "12.5%"),
        (" ".join("x" * 31), " ".join("x" * 31)),
        (" ".join("x" * 32), '"' + " ".join("x" * 32) + '"'),
    ],
)
def test_quote_only_when_needed(text: str, written: str) -> None:
    assert quote(text) == written


@given(st.text(max_size=200))
def test_assignment_gives_the_driver_exactly_the_plain_text(text: str) -> None:
    plain = plain_text(text)
    assert plain_text(plain) == plain
    assert len(plain) <= 127
    line = assignment("my.value", text)
    found = read(f"{line}\nups.status: OL\n".encode("ascii"))
    assert found.pop("ups.status") == "OL"
    assert found == ({"my.value": plain} if plain else {})


@given(st.text(st.characters(codec="latin-1", exclude_characters="\n")))
def test_split_words_agrees_with_the_driver_where_the_line_is_whole(line: str) -> None:
    split = split_words(line)
    if split.whole and not split.comment:
        # A name in front makes every word part of one value.
        words = [re.sub(r"[^ -~]", "", word) for word in split.words]
        shown = read(b"x: " + line.encode("latin-1"))
        assert shown.get("x", "") == (" ".join(words[:31])[:127] if words else GARBAGE)


def test_split_words_marks_open_ends() -> None:
    assert split_words('a: "b').whole is False
    assert split_words("a: b\\").whole is False
    assert split_words('a: "b\\').whole is False
    assert split_words('a: "b\\"" # c \\').whole is True


def test_hash_in_quotes_ends_a_line_of_a_file_but_not_of_a_port_file() -> None:
    line = 'a "b # c" d'
    assert split_words(line).words == ("a", "b # c", "d")
    # NUT drops what stands before it and goes on behind it.
    assert conf_lines(line)[0].words == ('c"', "d")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("DEADTIME 25", 25),
        ('\tDEADTIME "25" # s', 25),
        ("DEADTIME 25s\nDEADTIME 30\nDEADTIME x", 30),
        ("DEADTIME \\\n25", 25),
        ("# DEADTIME 25", None),
        ('NOTIFYMSG ONLINE "\nDEADTIME 25\n"', None),
        ("deadtime 25\nDEADTIME\nDEADTIME -3", None),
    ],
)
def test_last_number_of_upsmon_conf(text: str, found: int | None) -> None:
    assert upsmon_number(text, "DEADTIME") == found


def test_nut_conf_is_of_the_shell() -> None:
    text = "#MODE=a\nMODE = b\n export MODE='none' # c\nMODES=d\nMODE=\n"
    assert nut_conf_values(text, "MODE") == ["b", "none", ""]
