"""A stream that may be a terminal: colour, width, marks, lines that are redrawn.

Without a terminal, and with TERM=dumb, nothing is redrawn and nothing coloured;
NO_COLOR takes the colours away.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

#: Of all that is not a table of somebody else's words.
WIDTH = 80
RED, BOLD_RED, GREEN, YELLOW, GREY = "31", "1;31", "32", "33", "2"

_ERASE = "\r\x1b[2K"


def painted(text: str, code: str) -> str:
    """Put a text between the escape sequences of a colour."""
    return f"\x1b[{code}m{text}\x1b[0m" if text else text


def shows(marks: str, stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether a stream and its locale have these characters."""
    # In the C locale Python writes UTF-8, where a terminal may not know it, and
    # puts this LC_CTYPE into the environment (PEP 538).
    known = {name: environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")}
    if known["LC_CTYPE"] == "C.UTF-8":
        del known["LC_CTYPE"]
    locale = next(filter(None, known.values()), "C")
    if "utf" not in locale.lower():
        return False
    try:
        marks.encode(stream.encoding)
    except UnicodeEncodeError:
        return False
    return True


class Terminal:
    """Where a command writes: lines that stay, and what is drawn over.

    Args:
        stream: standard output or error.
        environ: NO_COLOR and TERM.

    Attributes:
        redraws: something can be drawn over.
        colour: colours can be shown and are wanted.
    """

    def __init__(self, stream: TextIO, environ: Mapping[str, str] = os.environ) -> None:
        self._stream = stream
        self.redraws = stream.isatty() and environ.get("TERM", "dumb") != "dumb"
        self.colour = self.redraws and not environ.get("NO_COLOR")
        self._live = ""
        self._rows: int | None = None

    @property
    def width(self) -> int:
        """Columns for text: ``WIDTH``, or those of a narrower terminal."""
        return min(WIDTH, self._size().columns) if self._stream.isatty() else WIDTH

    def paint(self, text: str, code: str) -> str:
        """Return the text, in colour where that can be shown."""
        return painted(text, code) if self.colour else text

    def say(self, *lines: str) -> None:
        """Write lines that stay; a live line goes on below them."""
        live, self._live = self._live, ""
        erase = _ERASE if live else ""
        self._stream.write(erase + "".join(f"{line}\n" for line in lines))
        self._draw(live)

    def live(self, text: str) -> None:
        """Redraw the last line, grey; "" removes it. Nothing without a terminal."""
        if self.redraws and text != self._live:
            self._draw(text)

    def _draw(self, text: str) -> None:
        if self._live or text:
            # A line that wraps could not be erased.
            shown = self.paint(text[: self._size().columns - 1], GREY)
            self._stream.write(_ERASE + shown)
        self._live = text
        self._stream.flush()

    def redraw(
        self, lines: Sequence[str], paint: Callable[[str], str] = lambda line: line
    ) -> None:
        """Write a block over the one before; without a terminal below it, after a gap.

        Args:
            lines: as far as the terminal is large.
            paint: puts colour into a line that has been cut.
        """
        if not self.redraws:
            gap = () if self._rows is None else ("",)
            self._rows = 0
            self.say(*gap, *map(paint, lines))
            return
        size = self._size()
        # A line that wraps could not be drawn over.
        fitting = [line[: size.columns - 1] for line in lines[: size.lines - 1]]
        up = f"\x1b[{self._rows}A" if self._rows else ""
        body = "".join(f"\r{paint(line)}\x1b[K\n" for line in fitting)
        self._stream.write(f"{up}{body}\x1b[J")
        self._stream.flush()
        self._rows = len(fitting)

    def _size(self) -> os.terminal_size:
        try:
            found = os.get_terminal_size(self._stream.fileno())
        except OSError:
            found = os.terminal_size((0, 0))
        return found if found.columns else shutil.get_terminal_size((WIDTH, 24))
