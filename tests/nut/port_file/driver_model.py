"""What dummy-ups makes of a port file, from the measured rules of NUT's parser.

It differs from nutbridge on purpose: open quotes and final backslashes run on
into the next line, as in the driver.
"""

#: Value of a name without one: the driver then shows what stood before.
GARBAGE = "<the value of the line before>"


class _Scanner:
    """parseconf's way through a file, one byte after another."""

    def __init__(self) -> None:
        self.lines: list[list[str]] = []
        self._words: list[str] = []
        self._word: list[str] | None = None
        self._quoted = self._escaped = self._comment = False

    def take(self, char: str) -> None:
        if self._comment and char != "\n":
            return
        if self._escaped:
            self._escaped = False
            self._add(char)
        elif char == "\\":
            self._escaped = True
            self._begin_word()
        elif self._quoted:
            self._take_quoted(char)
        else:
            self._take_plain(char)

    def _take_quoted(self, char: str) -> None:
        if char == '"':
            self._quoted = False
            self.end_word()
        else:
            self._add(char)

    def _take_plain(self, char: str) -> None:
        if char == '"' and self._word is None:
            self._quoted = True
            self._begin_word()
        elif char not in " \t\r\v\f\n#=":
            self._begin_word()
            self._add(char)
        else:
            self.end_word()
            self._comment = char == "#"
            if char == "=":
                self._words.append("=")
            if char == "\n":
                self.end_line()

    def _begin_word(self) -> None:
        self._word = [] if self._word is None else self._word

    def _add(self, char: str) -> None:
        if " " <= char <= "~" and self._word is not None:
            self._word.append(char)

    def end_word(self) -> None:
        if self._word is not None:
            self._words.append("".join(self._word))
        self._word = None

    def end_line(self) -> None:
        if self._words:
            self.lines.append(self._words)
        self._words = []


def _logical_lines(data: bytes) -> list[list[str]]:
    scanner = _Scanner()
    for byte in data:
        scanner.take(chr(byte))
    scanner.end_word()
    scanner.end_line()
    return scanner.lines


def read(data: bytes) -> dict[str, str]:
    """Return the variables that the driver shows after reading this file."""
    found: dict[str, str] = {}
    for words in _logical_lines(data):
        name = words[0].partition(":")[0].lower()
        value = " ".join(words[1:32])[:127] if len(words) > 1 else GARBAGE
        if name.startswith("driver."):
            continue
        found["ups.status" if name.startswith("ups.status") else name] = value
    return {name: value for name, value in found.items() if value}
