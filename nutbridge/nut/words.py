r"""The words of NUT's files: cleaned, quoted, and split again (pure).

Rules of NUT's parseconf.c (2.8.0 to 2.8.5), for ups.conf, upsmon.conf and port
files alike:

1. Words stand between blanks. ``=`` outside quotes is a word of its own.
2. ``"`` at the start of a word quotes up to the next ``"``, over line ends too;
   within a word it is an ordinary character. ``\`` takes the next character as
   it is.
3. ``#`` begins a comment, in the middle of a word too. Within quotes an
   unescaped ``#`` makes NUT drop the line and go on behind it.

nut.conf is none of these: the shell and systemd read it.

A value that holds ``"``, ``\`` or ``#`` survives the file but not the way from
driver to upsd: NUT 2.8.0 and 2.8.1 then lose the status that follows in the
same burst. So these three never leave ``plain_text``.
"""

import functools
import math
import re
from collections.abc import Iterator
from typing import NamedTuple

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


# Made when a file of that kind is read: a check may need none.
@functools.cache
def _tokens(stop: str) -> re.Pattern[str]:
    """Return the tokens; ``stop`` ends quotes beside ``"``."""
    # Blanks are those of isspace(3) in the C locale.
    return re.compile(
        r"(?P<newline>\n)"
        r"|(?P<comment>\#[^\n]*)"
        rf'|"(?P<quoted>(?:[^"\\{stop}]|\\.)*+)(?P<end>["{stop}]?)'
        r"|(?P<equals>=)"
        r"|(?P<bare>(?:[^ \t\r\v\f\n\#=\\]|\\.)++)"
        r"|[ \t\r\v\f]+"
        r"|(?P<stray>\\)",
        re.DOTALL,
    )


_IN_FILE = r"\#"
# A line of a port file stands alone, and a # in its quotes is the user's text: both
# are put right when the line is written, instead of losing it as NUT would.
_IN_LINE = ""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Words(NamedTuple):
    """One line as parseconf splits it.

    Attributes:
        words: without their quotes and backslashes, otherwise untouched.
        comment: from ``#`` to the end, or empty.
        whole: False when a quote is left open or a backslash ends the text;
            parseconf would then swallow what follows.
        number: of the physical line with the first word; the first line is 1.
    """

    words: tuple[str, ...] = ()
    comment: str = ""
    whole: bool = True
    number: int = 1


@functools.lru_cache(512)  # of one port file nearly all lines are the same each time
def split_words(line: str) -> Words:
    """Split one physical line; open ends are closed at the end of the line."""
    return next(_split(line, _IN_LINE))


def conf_lines(text: str) -> list[Words]:
    """Split a whole file into lines, as NUT does: at least one, some empty.

    Characters that are not printable ASCII are left out: parseconf drops them, an
    escaped line end too. Only the last line can be not whole.
    """
    return [
        line._replace(words=tuple(map(plain_name, line.words)))
        for line in _split(text, _IN_FILE)
    ]


def _split(text: str, stop: str) -> Iterator[Words]:
    words: list[str] = []
    comment = ""
    whole = True
    number = start = 1
    for token in _tokens(stop).finditer(text):
        match token.lastgroup:
            case "newline":
                yield Words(tuple(words), comment, whole, start)
                words, comment, whole = [], "", True
            case "comment":
                comment = token[0]
            case "end" if token["end"] == "#":
                words = []
            case "end":
                words.append(_ESCAPED.sub(r"\1", token["quoted"]))
                whole = token["end"] == '"'
            case "equals" | "bare":
                words.append(_ESCAPED.sub(r"\1", token[0]))
                at_end = token.end() == len(text)
                whole = not (at_end and token[0].endswith("\\\n"))
            case "stray":
                whole = False
        number += token[0].count("\n")
        if not words:
            start = number
    yield Words(tuple(words), comment, whole, start)


def leading_number(text: str) -> int | None:
    """Return the digits at the front, as atoi(3) takes them; None without any."""
    found = re.match(r"\s*([0-9]{1,9})", text)
    return int(found[1]) if found else None


def upsmon_number(text: str, name: str) -> int | None:
    """Return the number behind a directive of upsmon.conf, the last one; or None."""
    found = None
    for line in conf_lines(text):
        if line.words[:1] == (name,) and line.words[1:]:
            number = leading_number(line.words[1])
            found = found if number is None else number
    return found


#: Values of MODE in nut.conf with which NUT starts no upsd.
NO_SERVER = ("none", "netclient")


def nut_conf_values(text: str, name: str) -> list[str]:
    """Return every value that a nut.conf gives a name, without quotes, in order.

    Source: nut.conf(5): assignments of the shell, read by scripts and systemd; a
    value with blanks is none that matters here.
    """
    if name not in text:
        return []
    assigned = rf"^\s*(?:export\s+)?{re.escape(name)}[ \t]*=[ \t]*[\"']?([^\"'\s#]*)"
    return re.findall(assigned, text, re.MULTILINE)
