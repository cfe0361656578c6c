"""The commands and options of the programs, as the man pages describe them.

Written from the command line's own help, so that a page cannot say less, or
something else, than ``--help``.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import typer

from nutbridge.cli import command_line, tools

_INDENT = "    "
#: What click takes for "leave these lines as they are".
_AS_IS = "\b"
#: A line of two columns below a title.
_ROW = re.compile(r" +(\S+(?: \S+)*) {2,}(\S.*)")
#: An option that so many commands have, in the same words, is described once.
_COMMON = 3


def plain(text: str) -> str:
    """Return text that reStructuredText shows as it is."""
    return re.sub(r"([\\`*_|<>])", r"\\\1", text)


def commands() -> list[str]:
    """Return every command of nutbridge with the options that it has alone."""
    common, lines = _common(), list[str]()
    for name, command in _commands():
        title = " ".join([name, *_usage(command)])
        lines += [plain(title), "-" * len(plain(title)), "", *_text(command.help)]
        own = _parameters(command)
        for row in own:
            if row not in common:
                lines += [row[0], f"{_INDENT}{row[1]}", ""]
        shared = ", ".join(row[0] for row in own if row in common)
        lines += [f"Also: {shared}", ""] if shared else []
        lines += _text(command.epilog)
    return lines[:-1]


def common_options() -> list[str]:
    """Return the arguments and options that several commands have."""
    return [line for row in _common() for line in (row[0], f"{_INDENT}{row[1]}", "")][
        :-1
    ]


def monitor_options() -> list[str]:
    """Return the options of enphase-monitor."""
    rows = _parameters(typer.main.get_command(command_line.app))
    return [line for row in rows for line in (row[0], f"{_INDENT}{row[1]}", "")][:-1]


def _common() -> list[tuple[str, str]]:
    count = Counter(row for _, each in _commands() for row in _parameters(each))
    return [row for row, times in count.items() if times >= _COMMON]


def _commands() -> Iterator[tuple[str, Any]]:
    return _walk("nutbridge", typer.main.get_command(tools.app))


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield the commands of a group, and of the groups in it."""
    inner = getattr(command, "commands", None)
    if inner is None:
        if not command.hidden:
            yield name, command
        return
    for each in inner.values():
        yield from _walk(f"{name} {each.name}", each)


def _usage(command: Any) -> list[str]:
    has_options = any(_is_option(each) for each in command.params)
    words = ["[OPTIONS]"] if has_options else []
    return words + [_argument(each) for each in command.params if not _is_option(each)]


def _parameters(command: Any) -> list[tuple[str, str]]:
    """Return each argument and option, and what it is for."""
    rows = []
    for each in command.params:
        if getattr(each, "hidden", False) or "--help" in each.opts:
            continue
        about = _about(each)
        term = _option(each) if _is_option(each) else f"*{plain(_argument(each))}*"
        if about:
            rows.append((term, plain(about)))
    return rows


def _about(parameter: Any) -> str:
    words = (getattr(parameter, "help", "") or "").split()
    if parameter.envvar:
        words += ["Environment:", f"{parameter.envvar}."]
    return " ".join(words)


def _is_option(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "option")


def _argument(parameter: Any) -> str:
    name = str(parameter.metavar or parameter.name.upper())
    return name if parameter.required or name.startswith("[") else f"[{name}]"


def _option(parameter: Any) -> str:
    value = ""
    if not parameter.is_flag and not parameter.count:
        value = f" *{plain(parameter.metavar or parameter.type.name.upper())}*"
    names = [*parameter.opts, *parameter.secondary_opts]
    return ", ".join(f"**{name}**{value}" for name in names)


def _as_is(block: list[str]) -> list[str]:
    return ["::", "", *(f"{_INDENT}{line}".rstrip() for line in block), ""]


def _columns(block: list[str]) -> list[str]:
    """Return a title and two columns as a definition list; else nothing."""
    rows: list[tuple[str, str]] = []
    for line in block[1:]:
        found = _ROW.fullmatch(line)
        if found:
            rows.append((found[1], found[2]))
        elif rows and line.startswith("    "):
            rows[-1] = (rows[-1][0], f"{rows[-1][1]} {line.strip()}")
        else:
            return []
    if not rows or not block[0].endswith(":"):
        return []
    lines = [plain(block[0]), ""]
    for name, about in rows:
        lines += [f"**{plain(name)}**", f"{_INDENT}{plain(about)}", ""]
    return lines


def _text(text: str | None) -> list[str]:
    r"""Return help text; a paragraph after a \b as it is."""
    lines: list[str] = []
    as_is = False
    for part in (text or "").replace("\f", "").strip("\n").split("\n\n"):
        block = part.strip("\n").splitlines()
        if block and block[0].strip() == _AS_IS:
            as_is, block = True, block[1:]
        if not block:
            continue
        if as_is:
            lines += _columns(block) or _as_is(block)
        else:
            lines += [*(plain(line.strip()) for line in block), ""]
        as_is = False
    return lines
