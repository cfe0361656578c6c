r"""Text as dummy-ups and upsd can carry it: cleaning and quoting.

This module knows no variable and no file; words.py splits what is written here.

A value that holds ``"``, ``\`` or ``#`` survives the file but not the way from
driver to upsd: NUT 2.8.0 and 2.8.1 then lose the status that follows in the
same burst. So these three never leave this module.
"""

import functools
import math
import re

#: dummy-ups cuts longer values.
MAX_CHARS = 127

#: parseconf drops the 32nd and later words of a line; the name is one of them.
MAX_WORDS = 31

_LOOKALIKES = str.maketrans(
    {'"': "'", "\\": "/", "#": "-", **dict.fromkeys("\t\n\r\v\f", " ")}
)
#: Letters and signs that are more than one with an accent.
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"}
    | {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "þ": "th", "\u0131": "i"}
    # Signs: \u00bd is 1, this one, and 2; without it 12.
    | {"\u2044": "/", "\u00b5": "u", "\u03bc": "u"}
    | dict.fromkeys("\u2018\u2019\u201a\u201c\u201d\u201e", "'")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
)
_NOT_PRINTABLE = re.compile(r"[^ -~]+")
_BARE = re.compile(r"[A-Za-z0-9%+,./:;@_-]+(?: [A-Za-z0-9%+,./:;@_-]+)*")


def plain_text(text: str) -> str:
    r"""Make any text safe as a value: printable ASCII, at most 127 characters.

    Blanks of every kind become spaces, ``"`` ``\`` ``#`` become ``'`` ``/``
    ``-``, letters lose their accents, and what else is not printable ASCII goes:
    the driver drops every byte above 0x7f, and complains of each in its log at
    each reading (measured: no client of NUT 2.8.0 gets one). Doing it twice
    changes nothing.
    """
    if not text.isascii():
        # Rare, and its tables are large.
        from unicodedata import normalize

        text = normalize("NFKD", text.translate(_LETTERS)).translate(_LETTERS)
    return _NOT_PRINTABLE.sub("", text.translate(_LOOKALIKES))[:MAX_CHARS]


def plain_name(text: str) -> str:
    """Return a name as the driver would see it: not printable ASCII goes."""
    return _NOT_PRINTABLE.sub("", text)


def quote(text: str) -> str:
    """Write a plain text so that the driver reads exactly it.

    Args:
        text: what ``plain_text`` returned.

    Returns:
        Words with single blanks as they are, anything else in double quotes;
        ``""`` for the empty text (this removes the variable from the driver).
    """
    if _BARE.fullmatch(text) and text.count(" ") < MAX_WORDS:
        return text
    return f'"{text}"'


@functools.lru_cache(512)  # nearly all values of a file are those of the one before
def assignment(name: str, value: str | None) -> str:
    """Return the line that gives ``name`` a value, or takes it away (None)."""
    return f"{name}: {quote(plain_text(value or ''))}"


def number(value: float | None, decimals: int) -> str | None:
    """Write a number as NUT wants it: a point, no exponent, no spare zeros.

    Returns:
        None for None, NaN and the infinities.
    """
    if value is None or not math.isfinite(value):
        return None
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
