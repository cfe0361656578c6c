"""Each command and option of nutbridge that the manual names exists."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from nutbridge.cli import tools
from tests.readme.tables import MANUAL, ROOT

TEXTS = [
    *MANUAL,
    *(
        path
        for folder in ("conf", "systemd")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.is_file()
    ),
]


def check(words: list[str]) -> str | None:
    """Say what is wrong with the arguments of nutbridge, or None."""
    command: Any = typer.main.get_command(tools.app)
    while getattr(command, "commands", None) is not None:
        if not words or words[0].startswith("-"):
            break
        if words[0] not in command.commands:
            return f"no command {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    known = {name for each in command.params for name in each.opts}
    known |= {name for each in command.params for name in each.secondary_opts}
    known |= {"-h", "--help"}
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    return f"no option {options - known}" if options - known else None


def named(text: str) -> list[str]:
    """Return the commands that a text names; prose that only looks so is left."""
    joined = re.sub(r"\\\n\s+", "", text)
    found = re.findall(r"``(?:sudo )?nutbridge ([a-z][^`]*)``", joined)
    for line in joined.splitlines():
        match = re.match(r"\s+(?:\$ )?sudo nutbridge (.*)", line)
        found += [match[1]] if match else []
    return found


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_commands_named_exist(path: Path) -> None:
    wrong = {
        command: check(command.split())
        for command in named(path.read_text(encoding="utf-8"))
    }
    assert {command: what for command, what in wrong.items() if what} == {}


def test_the_manual_names_commands() -> None:
    assert sum(len(named(path.read_text(encoding="utf-8"))) for path in MANUAL) > 10
    assert check(["nosuch"]) == "no command nosuch"
    assert check(["setup", "home", "--nosuch"]) is not None
