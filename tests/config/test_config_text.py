"""The config file is read like bash would read it, and never run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.config.text import MAX_BYTES, parse
from nutbridge.errors import ConfigError


def values(text: str) -> dict[str, str]:
    return {key: entry.value for key, entry in parse(text.encode(), "x.conf").items()}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=x", "x"),
        ("A=", ""),
        ("  A=x  ", "x"),
        ("export A=x", "x"),
        ("A='a b'", "a b"),
        ('A="a b"', "a b"),
        ("A='two\nlines'", "two\nlines"),
        ('A="two\nlines"', "two\nlines"),
        ("A=a'b'\"c\"d", "abcd"),
        ("A=a\\ b", "a b"),
        ("A=a\\\nb", "ab"),
        ('A="a\\\nb"', "ab"),
        ("A='a\\\nb'", "a\\\nb"),
        ('A="\\$ \\` \\" \\\\ \\x"', '$ ` " \\ \\x'),
        ("A='it'\\''s'", "it's"),
        ("A=x#y", "x#y"),
        ("A=x # comment", "x"),
        ("A=x;", "x"),
        ("A=x; # comment", "x"),
        ("A=x \\\n  # comment", "x"),
        ("A=*?[a]{b,c}!^%", "*?[a]{b,c}!^%"),
        ("A=k=v", "k=v"),
        ("A='#'", "#"),
        ("A=x\\", "x\\"),
        ("\ufeffA=x", "x"),
        ("A=x\r\n", "x"),
        ("A='x\r\ny'\r\n", "x\ny"),
        ("# first\n\n \t\nA=x\n#last", "x"),
        ("A=y\nA=x", "x"),
        ("A=\u00fc\u20ac\u00a0z", "\u00fc\u20ac\u00a0z"),
    ],
)
def test_parse_values(text: str, value: str) -> None:
    assert values(text) == {"A": value}


@pytest.mark.parametrize("text", ["A=1;B=2", "A=1 B=2", "A=1\nB=2", "export A=1 B=2"])
def test_parse_two_assignments(text: str) -> None:
    assert values(text) == {"A": "1", "B": "2"}


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n", " ;\n; ", "\\\n"])
def test_parse_nothing(text: str) -> None:
    assert values(text) == {}


@pytest.mark.parametrize(
    ("text", "expands"),
    [
        ("A=$HOME", True),
        ("A=x${HOME}", True),
        ('A="$(id)"', True),
        ("A=`id`", True),
        ('A="`id`"', True),
        ("A=$'x'", True),
        ("A=~/x", True),
        ("A=x:~", True),
        ('A="$\\\nHOME"', True),
        ("A='$HOME `id` ~'", False),
        ("A=\\$HOME", False),
        ('A="\\$HOME \\`"', False),
        ('A="cost: 5$"', False),
        ("A=5$", False),
        ("A=x~", False),
    ],
)
def test_parse_tells_what_bash_would_replace(text: str, expands: bool) -> None:
    assert parse(text.encode(), "x.conf")["A"].has_expansion is expands


def test_parse_keeps_dollar_and_backtick() -> None:
    assert values("A=$HOME\nB=\"`id` $(id)\"\nC='$x'") == {
        "A": "$HOME",
        "B": "`id` $(id)",
        "C": "$x",
    }


def test_parse_counts_lines() -> None:
    text = "# c\nA=1\n\nB='x\ny'\nC=\\\n3; D=4\n"
    lines = {key: entry.line for key, entry in parse(text.encode(), "f").items()}
    assert lines == {"A": 2, "B": 4, "C": 6, "D": 7}


@pytest.mark.parametrize(
    ("text", "where", "key", "says"),
    [
        ("A=1\nrm -rf /", "f:2", None, "no assignment"),
        ("A=a b", "f:1", "A", "quotes"),
        ("\nPASSWORD='it's'", "f:2", "PASSWORD", "never closed"),
        ('A=1\nB="x\ny\n', "f:2", "B", "never closed"),
        ("A=(1 2)", "f:1", "A", "lists"),
        ("A[0]=1", "f:1", "A", "lists"),
        ("A+=1", "f:1", "A", "lists"),
        ("A = 1", "f:1", "A", "before ="),
        ("A= 1", "f:1", "A", "quotes"),
        ("A=1&", "f:1", "A", "& is not allowed"),
        ("A=1 | cat", "f:1", "A", "quotes"),
        ("A=$(id)", "f:1", "A", "( is not allowed"),
        ("A=<x", "f:1", "A", "< is not allowed"),
        ("export A", "f:1", None, "no assignment"),
        ("export", "f:1", None, "no assignment"),
        ("source other", "f:1", None, "no assignment"),
        ("if true; then", "f:1", None, "no assignment"),
        ("1A=x", "f:1", None, "no assignment"),
        ("A=1\nB=\x00", "f:2", None, "control character 0"),
        ("A=\x1b[1m", "f:1", None, "control character 27"),
        ("A=x\ry", "f:1", None, "control character 13"),
        ("\ufeffA=\u00fc\n\x7f", "f:2", None, "control character 127"),
    ],
)
def test_parse_refuses(text: str, where: str, key: str | None, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text.encode(), "f")
    assert (caught.value.where, caught.value.key) == (where, key)
    assert says in caught.value.problem


def test_parse_refuses_bytes_that_are_no_text() -> None:
    with pytest.raises(ConfigError, match="f:2: not a text file"):
        parse(b"A=1\nB=\xff\xfe\n", "f")
    with pytest.raises(ConfigError, match="not a text file"):
        parse("A=1".encode("utf-16"), "f")


def test_parse_refuses_a_huge_file() -> None:
    assert parse(b"#" * MAX_BYTES, "f") == {}
    with pytest.raises(ConfigError, match="larger than"):
        parse(b"#" * (MAX_BYTES + 1), "f")


@pytest.mark.parametrize(
    "text", ["hunter2", "A=hunter2 hunter2", "A='hunter2", "A=hunter2(", "A=1 hunter2"]
)
def test_parse_never_shows_a_value(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text.encode(), "f")
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(parse(b"A=hunter2", "f"))


@given(st.binary(max_size=200))
def test_parse_raises_nothing_else_on_bytes(data: bytes) -> None:
    try:
        parse(data, "f")
    except ConfigError:
        return


@given(st.text(alphabet="AB=+[]()'\"\\$`~#;&| \t\nx:{!\r\ufeff", max_size=60))
def test_parse_raises_nothing_else_on_text(text: str) -> None:
    try:
        found = parse(text.encode(), "f")
    except ConfigError:
        return
    assert all(1 <= entry.line <= text.count("\n") + 1 for entry in found.values())
