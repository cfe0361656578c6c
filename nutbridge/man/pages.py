"""Turn the sources of the man pages into man pages.

Used where the wheel is built (build_hook.py) and by the tests, never by an
installed nutbridge. A source is plain reStructuredText, which any forge shows too.
"""

import re
from pathlib import Path

from nutbridge import __version__

#: Where the sources lie; each is ``<name>.<section>.rst``.
SOURCES = Path(__file__).parent

#: No hyphenation, and no blanks to fill lines up: names like TOKEN_FILE can then
#: be searched for. HY and AD are what groff's macros go back to after an example.
_UNBROKEN = ".nr HY 0\n.ds AD l\n.nh\n.ad l\n"

#: A picture, which a forge shows and a terminal does not.
_PICTURE = re.compile(r"^\.\. image::.*\n(?:   :.*\n)*\n?", re.MULTILINE)

_FIRST = re.compile(r"\n\.SH name\n", re.IGNORECASE)

#: The last field of every source; the version follows it in the page.
_LAST_FIELD = ":Manual group: nutbridge\n"


def sources() -> list[Path]:
    """Return the sources of all pages."""
    return sorted(SOURCES.glob("*.rst"))


def install_path(source: Path) -> str:
    """Return where a page belongs, below a prefix: ``share/man/man8/x.8``."""
    name = source.name.removesuffix(".rst")
    return f"share/man/man{name.rpartition('.')[2]}/{name}"


def render(source: Path) -> str:
    """Return a page as man(1) reads it.

    Raises:
        docutils.utils.SystemMessage: the source is no clean reStructuredText.
    """
    from docutils.core import publish_string
    from docutils.writers.manpage import Writer

    text = source.read_text(encoding="utf-8")
    version = f":Version: nutbridge {__version__}\n"
    page = publish_string(
        _PICTURE.sub("", text).replace(_LAST_FIELD, _LAST_FIELD + version, 1),
        source_path=str(source),
        # By its name in docutils 0.22 and newer alone; Debian 13 has 0.21.
        writer=Writer(),
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
    # The writer has a title of its own for the first section: NAME in docutils 0.21,
    # later Name, unlike ours.
    return _FIRST.sub(lambda _: f"\n{_UNBROKEN}.SH NAME\n", str(page), count=1)
