"""The parts of the manual pages that are written from tables of the code.

A part stands between ``.. <name> begin`` and ``.. <name> end`` of its page.
`make golden` writes them anew; the tests compare.
"""

import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from nutbridge.config.keys import GROUPS, KEYS, Key, allowed
from nutbridge.man.pages import SOURCES
from nutbridge.nut.variables import SETTINGS, VARIABLES
from nutbridge.ups.status.table import (
    FOUND,
    ON_BATTERY_STATES,
    TABLE,
    Show,
    State,
    Transition,
)
from tests.readme import commands

ROOT = Path(__file__).parents[2]
README = ROOT / "README.rst"
#: Longest line of the pages where it can be broken.
WIDTH = 88
#: README.rst and the pages: where a user looks.
MANUAL = [README, *sorted(SOURCES.glob("*.rst"))]


def definitions(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Return a definition list of reStructuredText."""
    return [line for term, text in rows for line in (term, f"    {text}", "")][:-1]


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def config_keys() -> list[str]:
    """Return every key of the config that a user sets, by groups."""
    lines: list[str] = []
    for title, keys in GROUPS.items():
        rows = [(f"``{key.name}``", _about(key)) for key in keys if not key.test_only]
        lines += [title, "-" * len(title), "", *definitions(rows), ""]
    return lines[:-1]


def _about(key: Key) -> str:
    words = [commands.plain(_explained(key))]
    if key.required:
        words.append("Needed.")
    if key.default:
        words.append(f"Default: ``{key.default}``{_in_test_mode(key)}.")
    return " ".join(words if key.script else ["*New.*", *words])


def _explained(key: Key) -> str:
    """Return what a key is for and what it takes, in sentences."""
    words = [_sentence(key.help), key.more]
    if key.most:
        words.append(f"Allowed: {allowed(key)}.")
    if key.choices:
        words.append(f"Allowed: {' or '.join(key.choices)}.")
    return " ".join(word for word in words if word)


def example_config() -> list[str]:
    """Return the keys as conf/enphase-ups.conf has them, with their defaults."""
    lines: list[str] = []
    for title, keys in GROUPS.items():
        lines += [f"# --- {title.lower()} ".ljust(78, "-"), ""]
        for key in keys:
            if not key.test_only:
                text = textwrap.fill(_explained(key), 76, break_on_hyphens=False)
                lines += [f"# {line}" for line in text.splitlines()]
            hidden, quoted = ("", "''") if key.required else ("#", key.default)
            quoted = f"'{quoted}'" if "<" in quoted else quoted
            lines += [f"{hidden}{key.name}={quoted}"]
            lines += [] if key.test_only else [""]
    return lines


def _in_test_mode(key: Key) -> str:
    return "" if key.test_default is None else f"; in TEST mode ``{key.test_default}``"


def test_answers() -> list[str]:
    """Return the keys that mean something in TEST mode alone."""
    return definitions(
        (f"``{key.name}``", f"Body of the answer {key.help}.")
        for key in KEYS.values()
        if key.test_only
    )


def port_file_settings() -> list[str]:
    """Return the user's lines in the port file."""
    return definitions(
        (
            f"``{each.name}``",
            f"{_sentence(each.help)} Default: ``{each.default}`` {each.unit}".strip()
            + ".",
        )
        for each in SETTINGS
    )


def states() -> list[str]:
    """Return the rows of the status machine, a list for each state."""
    lines: list[str] = []
    for state in State:
        lines += [f"**{state.value}**"]
        for (before, event), row in TABLE.items():
            if before is not state or (event in FOUND and state is not State.STARTING):
                continue
            does = [_does(row)]
            if row.state is not state:
                does.append(f"then *{row.state.value}*")
            does.append(f"check again {_when(row.next.value)}")
            lines += [f"    * {event.value}: {', '.join(does)}"]
        lines += [""]
    return lines[:-1]


def _does(row: Transition) -> str:
    if row.show is not Show.WRITE:
        return row.show.value
    return "write OB" if row.state in ON_BATTERY_STATES else "write OL"


def _when(wait: str) -> str:
    """Return a wait of the table as the end of a sentence."""
    return wait if wait == "now" or wait.startswith("after ") else f"after ``{wait}``"


#: Where a value comes from, for people; a name of a meter without its phase.
_READ = {
    "ups.status": "relay of the gateway (or the Meter Collar), and the charge",
    "battery.charge": "secctrl, livedata while fresh; estimated in a silence",
    "battery.charge.low": "your line; raised to 5 above the floor",
    "battery.charge.restart": "secctrl, ``soc_recovery_exit``",
    "battery.runtime": "charge above the floor, capacity and smoothed power",
    "battery.runtime.low": "your line",
    "battery.capacity": "secctrl, by your nominal voltage",
    "battery.voltage": "charge, by the curve of LFP cells",
    "battery.voltage.high": "your line",
    "battery.voltage.nominal": "your line",
    "battery.voltage.low": "your line",
    "battery.current": "battery power by voltage",
    "battery.temperature": "inventory",
    "battery.type": "always LFP",
    "ups.load": "house load by the nominal power",
    "ups.realpower": "livedata while fresh, else meters and batteries",
    "ups.realpower.nominal": "the batteries, else ``LOADKWH`` by capacity",
    "device.mfr": "your line",
    "device.model": "your line",
    "device.serial": "/info",
    "device.type": "always ups",
    "ups.mfr": "your line",
    "ups.model": "your line",
    "ups.serial": "/info",
    "ups.firmware": "/info",
    "experimental.nutbridge.source": "the monitor, while it estimates in a silence",
    "experimental.sma": "the SMA inverter, where there is one",
    "input.phases": "meters",
    "output.phases": "meters",
    "input": "meter at the grid, only while ``OL``",
    "output": "meter of the house",
}
_OF_A_PHASE = re.compile(r"\.L(\d)(-N)?\.")


def variables() -> list[str]:
    """Return NUT's variables; phases in the row of their total."""
    rows = []
    for each in VARIABLES:
        if each.phase:
            continue
        name = f"``{each.name}``"
        per_phase = [
            other.name
            for other in VARIABLES
            if other.phase == 1
            and not other.optional
            and _OF_A_PHASE.sub(".", other.name) == each.name
        ]
        if per_phase:
            name += f", ``{per_phase[0]}``, ..."
        unit = f", {each.unit}" if each.unit else ""
        rows.append((name, f"{_sentence(each.help + unit)} From: {_read(each.name)}."))
    return definitions(rows)


def _read(name: str) -> str:
    """Return where a value comes from: of the name, else of what it begins with."""
    while name not in _READ:
        name, dot, _ = name.rpartition(".")
        assert dot, "say in _READ where it comes from"
    return _READ[name]


def part(block: tuple[str, str]) -> str:
    """Return what stands between the marks of a part, in lines of at most WIDTH."""
    return "\n".join(each for line in BLOCKS[block]() for each in _narrow(line))


def _narrow(line: str) -> list[str]:
    """Break a line; a term must stay one, as its text is told by the indent."""
    begin = re.match(r" +(?:\* )?|(?=Also: )", line)
    if begin is None or len(line) <= WIDTH:
        return [line]
    return textwrap.wrap(
        line[begin.end() :],
        WIDTH,
        initial_indent=begin[0],
        subsequent_indent=" " * begin.end(),
        break_long_words=False,
        break_on_hyphens=False,
    )


#: Page, name of the part in it, and what stands there.
BLOCKS: dict[tuple[str, str], Callable[[], Sequence[str]]] = {
    ("enphase-monitor.8.rst", "options"): commands.monitor_options,
    ("enphase-monitor.8.rst", "states"): states,
    ("nutbridge.1.rst", "common options"): commands.common_options,
    ("nutbridge.1.rst", "commands"): commands.commands,
    ("nutbridge.conf.5.rst", "config keys"): config_keys,
    ("nutbridge.conf.5.rst", "test answers"): test_answers,
    ("nutbridge.conf.5.rst", "port file settings"): port_file_settings,
    ("nutbridge.conf.5.rst", "variables"): variables,
}
