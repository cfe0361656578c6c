"""Turn the sources of the man pages into man pages.

Used where the wheel is built (build_hook.py) and by the tests, never by an
installed nutbridge. A source is reStructuredText; a line ``@name@`` in it stands
for a part that is written from a table of the code (PARTS).
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from nutbridge import __version__
from nutbridge.config.keys import KEYS, Key, KeyKind
from nutbridge.config.values import allowed
from nutbridge.nut.variables import SETTINGS, Variable

#: Where the sources lie; each is ``<name>.<section>.rst``.
SOURCES = Path(__file__).parent

#: No hyphenation, and no blanks to fill lines up: names like TOKEN_FILE can then
#: be searched for. HY and AD are what groff's macros go back to after an example.
_UNBROKEN = ".nr HY 0\n.ds AD l\n.nh\n.ad l\n"

_PART = re.compile(r"^@([a-z_]+)@$", re.MULTILINE)


def config_keys() -> str:
    """Return every key of the config that a user sets, as a definition list."""
    return _definitions(
        (f"**{key.name}**", _about(key)) for key in KEYS.values() if not key.test_only
    )


def test_answers() -> str:
    """Return the keys that mean something in TEST mode alone."""
    return _definitions(
        (f"**{key.name}**", f"Body of the answer {key.help}.")
        for key in KEYS.values()
        if key.test_only
    )


def port_file_settings() -> str:
    """Return the user's lines in the port file."""
    return _definitions(
        (f"**{each.name}**", f"{_sentence(each.help)} Default: {_setting(each)}.")
        for each in SETTINGS
    )


#: What a line ``@name@`` stands for.
PARTS: dict[str, Callable[[], str]] = {
    "config_keys": config_keys,
    "test_answers": test_answers,
    "port_file_settings": port_file_settings,
    "version": lambda: f":Version: nutbridge {__version__}",
}


def sources() -> list[Path]:
    """Return the sources of all pages."""
    return sorted(SOURCES.glob("*.rst"))


def install_path(source: Path) -> str:
    """Return where a page belongs, below a prefix: ``share/man/man8/x.8``."""
    name = source.name.removesuffix(".rst")
    return f"share/man/man{name.rpartition('.')[2]}/{name}"


def fill_in(text: str) -> str:
    """Put the parts that are written from tables in their places.

    Raises:
        KeyError: a part that nobody writes.
    """
    return _PART.sub(lambda found: PARTS[found[1]](), text)


def render(source: Path) -> str:
    """Return a page as man(1) reads it.

    Raises:
        docutils.utils.SystemMessage: the source is no clean reStructuredText.
    """
    from docutils.core import publish_string

    page = publish_string(
        fill_in(source.read_text(encoding="utf-8")),
        source_path=str(source),
        writer="manpage",
        settings_overrides={
            "report_level": 2,
            "halt_level": 2,
            "output_encoding": "unicode",
            # The page must be the same wherever and whenever it is built.
            "datestamp": None,
            "generator": False,
            "source_link": False,
            "_disable_config": True,
        },
    )
    # The writer has a title of its own for the first section, unlike ours.
    return str(page).replace("\n.SH Name\n", f"\n{_UNBROKEN}.SH NAME\n", 1)


def plain(text: str) -> str:
    """Return text that reStructuredText shows as it is."""
    return re.sub(r"([\\`*_|<>])", r"\\\1", text)


def literal(text: str) -> str:
    """Return text in a fixed font, which a terminal shows in bold."""
    return f"**{plain(text)}**"


def _setting(variable: Variable) -> str:
    value = literal(variable.default or "")
    return f"{value} {plain(variable.unit)}" if variable.unit else value


def _about(key: Key) -> str:
    words = [_sentence(key.help)]
    if key.required:
        words.append("Needed.")
    if key.kind is KeyKind.NUMBER:
        words.append(f"Allowed: {plain(allowed(key))}.")
    if key.choices:
        words.append(f"Allowed: {' or '.join(literal(word) for word in key.choices)}.")
    if key.default:
        words.append(f"Default: {literal(key.default)}{_in_test_mode(key)}.")
    return " ".join(words)


def _in_test_mode(key: Key) -> str:
    if key.test_default is None:
        return ""
    return f"; in TEST mode {literal(key.test_default)}"


def _sentence(text: str) -> str:
    return f"{plain(text[0].upper() + text[1:])}."


def _definitions(rows: Iterable[tuple[str, str]]) -> str:
    return "\n\n".join(f"{term}\n    {text}" for term, text in rows)
