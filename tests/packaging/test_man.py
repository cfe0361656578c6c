"""The man pages: complete, and without fault for man(1)."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from nutbridge.config.keys import KEYS
from nutbridge.man import pages
from nutbridge.nut.variables import SETTINGS
from tests.readme.commands import plain

SOURCES = {source.name: source for source in pages.sources()}
WANTED = {
    "enphase-monitor.8.rst": "share/man/man8/enphase-monitor.8",
    "nutbridge-collector.8.rst": "share/man/man8/nutbridge-collector.8",
    "nutbridge-nut.7.rst": "share/man/man7/nutbridge-nut.7",
    "nutbridge-sma.7.rst": "share/man/man7/nutbridge-sma.7",
    "nutbridge-web.8.rst": "share/man/man8/nutbridge-web.8",
    "nutbridge.1.rst": "share/man/man1/nutbridge.1",
    "nutbridge.conf.5.rst": "share/man/man5/nutbridge.conf.5",
}


@pytest.fixture(scope="module")
def man() -> str:
    """The command man, with groff; the tests may not do without."""
    found = shutil.which("man")
    assert found, "man is missing: apt-get install man-db"
    return found


def shown(man: str, page: Path, width: int = 80) -> subprocess.CompletedProcess[str]:
    """Show a page as a terminal would, with the warnings of groff."""
    return subprocess.run(
        [man, "--warnings", "--local-file", str(page)],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "MANWIDTH": str(width)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def read(man: str, source: Path, folder: Path) -> str:
    """Return a page as it is read, in one line."""
    page = folder / source.stem
    page.write_text(pages.render(source), encoding="utf-8")
    text = shown(man, page, width=2000).stdout
    return " ".join(text.split())  # runs of blanks are the layout


def test_all_pages_are_there() -> None:
    found = {name: pages.install_path(source) for name, source in SOURCES.items()}
    assert found == WANTED


@pytest.mark.parametrize("name", WANTED)
def test_man_has_no_warning(man: str, name: str, tmp_path: Path) -> None:
    page = tmp_path / name.removesuffix(".rst")
    page.write_text(pages.render(SOURCES[name]), encoding="utf-8")
    done = shown(man, page)
    assert done.stderr == ""
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    # What programs show is 80 wide, and is indented in the page.
    text = SOURCES[name].read_text("utf-8").replace("°", "<degree>")
    shows = {line.strip() for line in text.splitlines()}
    assert not [line for line in lines if len(line) > 80 and line.strip() not in shows]
    title, section = name.removesuffix(".rst").rsplit(".", 1)
    assert lines[0].lower().startswith(f"{title}({section})")
    # Names like TOKEN_FILE can be searched for: no word is broken.
    assert not [line for line in lines if re.search(r"\w-$", line)]
    # What apropos(1) finds.
    assert re.search(rf"^NAME\n\s+{re.escape(title)} - \S", done.stdout, re.MULTILINE)


def test_man_warns_of_a_fault(man: str, tmp_path: Path) -> None:
    """The check above can fail."""
    page = tmp_path / "x.8"
    page.write_text('.TH "x" "8"\n.SH NAME\nx \\- y\n.nosuchmacro\n')
    assert "nosuchmacro" in shown(man, page).stderr


def test_every_key_is_described(man: str, tmp_path: Path) -> None:
    text = read(man, SOURCES["nutbridge.conf.5.rst"], tmp_path)
    missing = [key.name for key in KEYS.values() if f"{key.name} " not in text]
    missing += [each.name for each in SETTINGS if f"{each.name} " not in text]
    assert missing == []
    helps = [" ".join(key.help.split()) for key in KEYS.values() if not key.test_only]
    assert [each for each in helps if each[1:] not in text] == []


@pytest.mark.parametrize("text", ["a*b_c|d", "`x`", "<ups>", r"back\slash", "**"])
def test_plain_text_stays(text: str, man: str, tmp_path: Path) -> None:
    """Nothing in a help text is taken for markup."""
    source = tmp_path / "x.8.rst"
    title = "x\n=\n\ny\n-\n\n:Manual section: 8\n\nNAME\n====\n\n"
    source.write_text(title + f"here {plain(text)} there\n")
    assert f"here {text} there" in read(man, source, tmp_path)
