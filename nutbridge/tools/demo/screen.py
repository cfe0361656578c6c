"""Rows on any stream; on a terminal also a last line that is redrawn."""

import os
from collections.abc import Mapping
from typing import TextIO

from nutbridge.tools.demo.table import WIDTH, grey

_ERASE = "\r\x1b[2K"


class DemoScreen:
    """Where the demo writes.

    Without a terminal, and with NO_COLOR or TERM=dumb, it gets plain lines only.

    Args:
        stream: standard output.
        environ: NO_COLOR and TERM.
    """

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        self._stream = stream
        plain = environ.get("NO_COLOR") or environ.get("TERM", "dumb") == "dumb"
        self.terminal = stream.isatty() and not plain
        self._live = ""

    def say(self, *lines: str) -> None:
        """Write lines that stay."""
        live, self._live = self._live, ""
        erase = _ERASE if live else ""
        self._stream.write(erase + "".join(f"{line}\n" for line in lines))
        self._draw(live)

    def live(self, text: str) -> None:
        """Redraw the last line; "" takes it away."""
        if self.terminal and text != self._live:
            self._draw(text)

    def _draw(self, text: str) -> None:
        if self._live or text:
            # A line that wraps could not be erased.
            self._stream.write(_ERASE + grey(text[: self._columns() - 1]))
        self._live = text
        self._stream.flush()

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or WIDTH
        except OSError:
            return WIDTH
