"""What bash assigns is what the parser reads, on random quoting."""

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from nutbridge.config.text import parse
from nutbridge.errors import ConfigError

# Every character that means something to a shell, and a few that do not.
_PLAIN = "ab0 =#~:*?{},!%^@/.-_[]$`\u00fc"
_BARE = st.text(alphabet="ab0=#~:*?{},!%^@/.-_[]\u00fc", max_size=4)
_INSIDE = st.text(alphabet=_PLAIN + "\t\n;&|<>()\\\"'", max_size=6)

_PIECES = st.one_of(
    _BARE,
    _INSIDE.map(lambda text: "'" + text.replace("'", "") + "'"),
    _INSIDE.map(lambda text: '"' + text.replace('"', '\\"').rstrip("\\") + '"'),
    st.sampled_from(_PLAIN + "\t;&|<>()\\\"'\n").map(lambda char: "\\" + char),
    st.just("$"),
)
_VALUES = st.lists(_PIECES, max_size=5).map("".join)
_TAILS = st.sampled_from(["", " ", " # note", ";", " ;", "\t#'", " \\\n "])
_LINES = st.lists(st.tuples(_VALUES, _TAILS), min_size=1, max_size=40)


def assigned_by_bash(text: str, keys: list[str]) -> list[str] | None:
    """Source the text and print each variable; None when bash refuses it."""
    words = " ".join(f'"${{{key}-}}"' for key in keys)
    show = f'printf "%s\\0" {words}'
    done = subprocess.run(
        ["bash", "--norc", "-c", f"{text}\n{show}"],
        capture_output=True,
        check=False,
        timeout=20,
        env={"LC_ALL": "C.UTF-8", "HOME": "/h"},
    )
    if done.returncode or done.stderr:
        return None
    return done.stdout.decode().split("\0")[:-1]


@settings(max_examples=100)
@given(_LINES)
def test_parse_agrees_with_bash(lines: list[tuple[str, str]]) -> None:
    """Each line alone is read first: what we refuse or mark is left out."""
    kept = [("K=x\n", parse(b"K=x", "f")["K"])]
    for number, (value, tail) in enumerate(lines):
        line = f"K{number}={value}{tail}\n"
        try:
            (entry,) = parse(line.encode(), "f").values()
        except (ConfigError, ValueError):
            continue
        if not entry.has_expansion:
            kept.append((line, entry))
    text = "".join(line for line, _ in kept)
    keys = [entry.key for _, entry in kept]
    found = assigned_by_bash(text, keys)
    assert found == [entry.value for _, entry in kept]
    assert found == [parse(text.encode(), "f")[key].value for key in keys]


@settings(max_examples=30)
@given(st.lists(_INSIDE, min_size=1, max_size=40))
def test_parse_reads_every_single_quoted_text(texts: list[str]) -> None:
    """A password in single quotes is never changed, whatever is in it."""
    lines = [
        f"K{number}='{text.replace(chr(39), chr(39) + chr(92) + chr(39) * 2)}'\n"
        for number, text in enumerate(texts)
    ]
    keys = [f"K{number}" for number in range(len(texts))]
    entries = parse("".join(lines).encode(), "f")
    assert [entries[key].value for key in keys] == texts
    assert not any(entries[key].has_expansion for key in keys)
    assert assigned_by_bash("".join(lines), keys) == texts
