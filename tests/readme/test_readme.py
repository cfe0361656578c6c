"""The manual tells what the code does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from nutbridge.config.keys import KEYS
from tests.readme.tables import BLOCKS

ROOT = Path(__file__).parents[2]
README = ROOT / "README.rst"


def _block(name: str) -> re.Pattern[str]:
    begin, end = f".. {name} begin\n", f".. {name} end\n"
    return re.compile(f"(?<={re.escape(begin)}).*?(?={re.escape(end)})", re.DOTALL)


@pytest.mark.parametrize("name", BLOCKS)
def test_table_is_that_of_the_code(name: str, update_golden: bool) -> None:
    """`make golden` writes the tables anew."""
    text = README.read_text(encoding="utf-8")
    wanted = "\n" + "\n".join(BLOCKS[name]()) + "\n\n"
    if update_golden:
        text = _block(name).sub(lambda _: wanted, text)
        README.write_text(text, encoding="utf-8")
    found = _block(name).search(text)
    assert found is not None
    assert found[0] == wanted


def test_help_is_that_of_the_command() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "nutbridge.cli.enphase_monitor", "-h"],
        capture_output=True,
        text=True,
        check=True,
    )
    shown = "\n".join(f"    {line}".rstrip() for line in run.stdout.splitlines())
    assert shown.strip() in README.read_text(encoding="utf-8")


def test_no_line_is_a_placeholder() -> None:
    text = README.read_text(encoding="utf-8")
    assert not re.search(r"^@[A-Z]+@$", text, re.MULTILINE)


def test_every_test_named_exists() -> None:
    """Each promise is shown by a test of that name."""
    text = README.read_text(encoding="utf-8")
    tests = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")
    )
    named = set(re.findall(r"``(test_\w+)``", text))
    assert named
    assert not [name for name in named if f"def {name}(" not in tests]


def test_files_named_exist() -> None:
    text = README.read_text(encoding="utf-8")
    pattern = r"(?<![\w/])((?:conf|systemd|tests|test-data)/[\w@./-]*\w)"
    named = set(re.findall(pattern, text))
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]


def test_messages_explained_are_messages_of_the_code() -> None:
    """Troubleshooting begins with words that the programs really say."""
    text = README.read_text(encoding="utf-8").split("\nLog messages\n---")[1]
    code = "\n".join(
        re.sub(r'"\s*\n\s*f?"', "", path.read_text(encoding="utf-8"))
        for path in (ROOT / "nutbridge").rglob("*.py")
    )
    text = text.split("\nSecurity\n---")[0]
    quoted = re.findall(r"^``(.+)``$", text, re.MULTILINE)
    quoted.remove("Error: Driver not connected")  # upsc says it
    pieces = [piece for line in quoted for piece in line.split("...") if piece.strip()]
    assert not [piece for piece in pieces if piece.strip() not in code]


def test_every_key_of_the_config_is_known_to_the_manual() -> None:
    text = README.read_text(encoding="utf-8")
    assert not [name for name in KEYS if f"``{name}``" not in text]


def test_it_is_valid_restructuredtext() -> None:
    from docutils.core import publish_doctree

    # Stops, with a SystemMessage, at the first warning.
    publish_doctree(
        README.read_text(encoding="utf-8"),
        settings_overrides={"report_level": 2, "halt_level": 2},
    )
