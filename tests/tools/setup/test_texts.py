"""The text of a config: safe quoting, and changes in place."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.config.text import parse
from nutbridge.errors import Refused
from nutbridge.tools.setup.texts import (
    changed_config,
    new_config,
    quoted,
)

_PRINTABLE = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40
)


@given(st.dictionaries(st.sampled_from(["USERNAME", "PASSWORD", "UPS"]), _PRINTABLE))
def test_any_value_survives(values: dict[str, str]) -> None:
    data = new_config("home", values).encode()
    assert {k: e.value for k, e in parse(data, "c").items()} == values
    assert not any(entry.has_expansion for entry in parse(data, "c").values())


@pytest.mark.parametrize("value", ["it's", "'", "$(id) `id` \\", '"', "a b #c", "é~"])
def test_bash_reads_the_same(value: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f'X={quoted(value)}; printf %s "$X"'],
        capture_output=True,
        timeout=20,
        check=True,
    )
    assert done.stdout.decode() == value


OLD = b"# mine\nexport USERNAME=a # me\n\nSERIAL=1\nPOLLFREQ=30\nPASSWORD='x'"


@given(st.dictionaries(st.sampled_from(["PASSWORD", "SERIAL", "UPS"]), _PRINTABLE))
def test_change_keeps_the_rest(values: dict[str, str]) -> None:
    data = changed_config(OLD, "c", values)
    found = {key: entry.value for key, entry in parse(data, "c").items()}
    old = {key: entry.value for key, entry in parse(OLD, "c").items()}
    assert found == old | values
    assert data.startswith(b"# mine\nexport USERNAME=a # me\n\n")
    assert changed_config(data, "c", values) == data


def test_nothing_to_change_keeps_every_byte() -> None:
    old = b"\xef\xbb\xbfSERIAL=1\r\nUPS=x"
    assert changed_config(old, "c", {"SERIAL": "1", "UPS": "x"}) == old


@pytest.mark.parametrize("old", [b"A=1; SERIAL=2\n", b"SERIAL='2\n3'\n"])
def test_shared_or_long_line_is_left_to_the_user(old: bytes) -> None:
    with pytest.raises(Refused, match="change it by hand"):
        changed_config(old, "c", {"SERIAL": "7"})
