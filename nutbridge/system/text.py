"""Text that may be shown: what a device or a file sent moves no cursor."""


def printable(text: str) -> str:
    """Return one line in which control and odd characters are escaped.

    A device or a forged file must not move the cursor or begin a new line.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
