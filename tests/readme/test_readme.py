"""The manual (README.rst and the pages) tells what the code does."""

import re
from pathlib import Path

import pytest

from nutbridge import net
from nutbridge.config.keys import KEYS
from nutbridge.man.pages import SOURCES
from tests.readme.tables import BLOCKS, MANUAL, README, ROOT, part

PAGE = SOURCES / "enphase-monitor.8.rst"
_NAME = re.compile(r"\b(enphase-monitor|nutbridge[\w.-]*)\((\d)\)")


def manual() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in MANUAL)


@pytest.mark.parametrize("block", BLOCKS, ids=" ".join)
def test_part_is_that_of_the_code(block: tuple[str, str], update_golden: bool) -> None:
    """`make golden` writes the parts anew."""
    source = SOURCES / block[0]
    begin, end = f".. {block[1]} begin\n", f".. {block[1]} end\n"
    before, _, rest = source.read_text(encoding="utf-8").partition(begin)
    found, mark, after = rest.partition(end)
    assert mark, f"{source} has no part {block[1]}"
    wanted = f"\n{part(block)}\n\n"
    if update_golden:
        source.write_text(before + begin + wanted + end + after, encoding="utf-8")
        found = wanted
    assert found == wanted


def test_readme_is_a_door() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 300


def test_pages_named_exist() -> None:
    """Whoever reads "nutbridge.conf(5)" finds it; the README links to every page."""
    pages = {path.name.removesuffix(".rst") for path in SOURCES.glob("*.rst")}
    units = "".join(
        path.read_text("utf-8") for path in (ROOT / "systemd").glob("*.service")
    )
    text = manual() + units
    assert "=man:enphase-monitor(8)" in units
    assert "=man:nutbridge-collector(8)" in units
    named = {f"{name}.{section}" for name, section in _NAME.findall(text)}
    assert named == pages
    linked = set(re.findall(r"nutbridge/man/([\w.-]+)\.rst", text))
    assert linked == pages


def test_every_test_named_exists() -> None:
    """Each promise, of the manual and of net/, is shown by a test of that name."""
    assert net.__doc__
    text = manual() + net.__doc__
    tests = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")
    )
    named = set(re.findall(r"``(test_\w+)``", text))
    assert len(set(re.findall(r"``(test_\w+)``", net.__doc__))) > 15
    assert not [name for name in named if f"def {name}(" not in tests]


def test_files_named_exist() -> None:
    text = manual()
    pattern = r"(?<![\w/])((?:conf|systemd|tests|test-data)/[\w@./-]*\w)"
    named = set(re.findall(pattern, text))
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]


def test_messages_explained_are_messages_of_the_code() -> None:
    """LOG MESSAGES names words that the programs really say."""
    text = PAGE.read_text(encoding="utf-8").partition("\nLOG MESSAGES\n")[2]
    code = "\n".join(
        re.sub(r'"\s*\n\s*f?"', "", path.read_text(encoding="utf-8"))
        for path in (ROOT / "nutbridge").rglob("*.py")
    )
    text = text.partition("\nTHE SERVICE\n")[0]
    quoted = re.findall(r"^``(.+)``$", text, re.MULTILINE)
    quoted.remove("Error: Driver not connected")  # upsc says it
    pieces = [piece for line in quoted for piece in line.split("...") if piece.strip()]
    assert not [piece for piece in pieces if piece.strip() not in code]


def test_every_key_of_the_config_is_known_to_the_manual() -> None:
    text = manual()
    assert not [name for name in KEYS if f"``{name}``" not in text]


@pytest.mark.parametrize("path", MANUAL, ids=lambda path: path.name)
def test_it_is_valid_restructuredtext(path: Path) -> None:
    from docutils.core import publish_doctree

    # Stops, with a SystemMessage, at the first warning.
    publish_doctree(
        path.read_text(encoding="utf-8"),
        settings_overrides={"report_level": 2, "halt_level": 2},
    )
