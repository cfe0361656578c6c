"""What -h shows of every command fits a terminal of 80 columns, whole."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from nutbridge.cli import command_line, tools
from nutbridge.system.terminal import WIDTH


def commands(command: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the help of a command and of all below it."""
    context = command.make_context(name, [], resilient_parsing=True)
    yield name, context.get_help()
    for each, below in getattr(command, "commands", {}).items():
        yield from commands(below, f"{name} {each}")


PAGES = dict(
    [
        *commands(typer.main.get_command(tools.app), "nutbridge"),
        *commands(typer.main.get_command(command_line.app), "enphase-monitor"),
    ]
)


@pytest.mark.parametrize("name", PAGES)
def test_help_is_whole_at_80_columns(name: str) -> None:
    """No line is longer, no first sentence is cut in a list of commands."""
    lines = PAGES[name].splitlines()
    assert max(map(len, lines)) <= WIDTH
    listed = PAGES[name].partition("\nCommands:\n")[2].splitlines()
    assert not [line for line in listed if line.endswith("...")]
    assert ("Usage: " in lines[0], len(PAGES) > 35) == (True, True)
