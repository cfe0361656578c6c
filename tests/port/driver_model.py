"""What dummy-ups makes of a port file, from the measured rules of NUT's parser.

It differs from nutbridge on purpose: open quotes and final backslashes run on
into the next line, as in the driver.
"""

#: Value of a name without one: the driver then shows what stood before.
GARBAGE = "<the value of the line before>"


def _logical_lines(  # noqa: C901, PLR0912 - one branch for one rule of the parser
    data: bytes,
) -> list[list[str]]:
    lines: list[list[str]] = []
    words: list[str] = []
    word: list[str] | None = None
    quoted = escaped = comment = False

    def end_word() -> None:
        nonlocal word
        if word is not None:
            words.append("".join(word))
        word = None

    for byte in data:
        char = chr(byte)
        printable = 0x20 <= byte <= 0x7E
        if comment and char != "\n":
            continue
        if escaped:
            escaped = False
            if printable and word is not None:
                word.append(char)
        elif char == "\\":
            escaped = True
            word = [] if word is None else word
        elif quoted:
            if char == '"':
                quoted = False
                end_word()
            elif printable and word is not None:
                word.append(char)
        elif char == "\n":
            end_word()
            lines.append(words)
            words, comment = [], False
        elif char == "#":
            end_word()
            comment = True
        elif char in " \t\r\v\f":
            end_word()
        elif char == "=":
            end_word()
            words.append("=")
        elif char == '"' and word is None:
            quoted, word = True, []
        else:
            word = [] if word is None else word
            if printable:
                word.append(char)
    end_word()
    return [each for each in [*lines, words] if each]


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
