"""The commands of the manual between two marks, and what it shows of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from docutils import nodes
from docutils.core import publish_doctree

from tests.readme.tables import MANUAL

_PROMPT = "$ "


@dataclass(frozen=True, slots=True)
class Step:
    """One command.

    Attributes:
        command: as it stands in the manual, ``sudo`` included.
        shows: what the manual shows of its output; None: nothing.
    """

    command: str
    shows: str | None = None

    @property
    def as_root(self) -> str:
        """The command for somebody who is root already."""
        text = self.command.removeprefix("sudo ")
        return re.sub(r"^-u (\w+) ", r"setpriv --reuid=\1 --init-groups ", text)


def alike(text: str) -> str:
    """Return text without what differs from house to house and run to run."""
    text = re.sub(r"(\d+\.){3}\d+(:\d+)?", "ADDRESS", text)
    text = re.sub(r"\d+([.:-]\d+)*", "#", text)
    text = re.sub(r"(# (d|h|min|s)\b ?)+", "SPAN", text)
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())


def fits(said: str, shows: str) -> bool:
    """Whether output is what the manual shows; a line ``...`` is any lines."""
    parts = re.split(r"^\.\.\.$", alike(shows), flags=re.MULTILINE)
    if len(parts) == 1:
        return alike(said) == alike(shows)
    wanted = ".*".join(re.escape(part) for part in parts)
    return re.fullmatch(wanted, alike(said), re.DOTALL) is not None


def part(name: str) -> str:
    """Return what stands between ``.. <name> begin`` and ``.. <name> end``."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in MANUAL)
    begin, end = f".. {name} begin\n", f".. {name} end\n"
    assert text.count(begin) == text.count(end) == 1, name
    return text.partition(begin)[2].partition(end)[0]


def steps(text: str) -> list[Step]:
    """Return the commands of all literal blocks, in order.

    A block that begins with ``$ `` shows commands and their output, any other
    one is a command in each line.
    """
    tree = publish_doctree(text, settings_overrides={"report_level": 5})
    found: list[Step] = []
    for block in tree.findall(nodes.literal_block):
        lines = block.astext().replace("\\\n", " ").splitlines()
        if lines[0].startswith(_PROMPT):
            found += _transcript(lines)
        else:
            found += [Step(" ".join(line.split())) for line in lines if line.strip()]
    return found


def _transcript(lines: list[str]) -> Iterator[Step]:
    command, shows = "", list[str]()
    for line in lines:
        if line.startswith(_PROMPT):
            if command:
                yield Step(command, "\n".join(shows))
            command, shows = line.removeprefix(_PROMPT), []
        else:
            shows.append(line)
    yield Step(command, "\n".join(shows))
