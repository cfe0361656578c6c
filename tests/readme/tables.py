"""The tables of README.rst, written from the code's own tables."""

import re
from collections.abc import Callable, Iterable, Sequence

from nutbridge.config.keys import KEYS, Key, KeyKind
from nutbridge.config.values import allowed
from nutbridge.nut.variables import SETTINGS, VARIABLES
from nutbridge.ups.status.table import FOUND, TABLE, State


def config_keys() -> list[str]:
    """Return the table of config keys."""
    shown = [key for key in KEYS.values() if not key.test_only]
    answers = [key.name for key in KEYS.values() if key.test_only]
    rows = [(f"``{key.name}``", _default(key), _about(key)) for key in shown]
    rows.append(
        (
            " ".join(f"``{name}``" for name in answers),
            "",
            "TEST mode: bodies of answers; an empty one is a failed query",
        )
    )
    return grid(("key", "default", "meaning"), (22, 20, 58), rows)


def _default(key: Key) -> str:
    if key.required:
        return "needed"
    text = f"``{key.default}``" if key.default else ""
    if key.test_default is None:
        return text
    return f"{text} (TEST: ``{key.test_default}``)"


def _about(key: Key) -> str:
    text = key.help
    if key.kind is KeyKind.NUMBER:
        text += f" ({allowed(key)})"
    if key.choices:
        text += f" ({' or '.join(key.choices)})"
    return text if key.script else f"{text} [new]"


def port_file_settings() -> list[str]:
    """Return the table of the user's lines in the port file."""
    rows = [
        (f"``{each.name}``", f"``{each.default}``", f"{each.help}{_unit(each.unit)}")
        for each in SETTINGS
    ]
    return grid(("line", "default", "meaning"), (32, 22, 46), rows)


def _unit(unit: str) -> str:
    return f", {unit}" if unit else ""


def states() -> list[str]:
    """Return the table of the status machine."""
    order = list(State)
    rows = [
        (state.value, event.value, row.state.value, row.show.value, row.next.value)
        for (state, event), row in sorted(
            TABLE.items(), key=lambda item: order.index(item[0][0])
        )
        if event not in FOUND or state is State.STARTING
    ]
    return grid(
        ("state", "what was found", "next state", "port file", "next check"),
        (14, 36, 14, 16, 20),
        rows,
    )


def grid(
    head: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[str]]
) -> list[str]:
    """Return a csv-table of reStructuredText: one line for each row."""
    lines = [
        ".. csv-table::",
        "   :header-rows: 1",
        f"   :widths: {' '.join(str(width) for width in widths)}",
        "",
    ]
    for row in (head, *rows):
        cells = [cell.replace('"', '""') for cell in row]
        lines.append("   " + ",".join(f'"{cell}"' for cell in cells))
    return lines


#: Where a value comes from, for people; a name of a meter without its phase.
_READ = {
    "ups.status": "relay of the gateway (or the Meter Collar), and the charge",
    "battery.charge": "secctrl, livedata while fresh; reckoned in a silence",
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
    "ups.load": "house load by ``LOADKWH`` and capacity",
    "ups.realpower": "livedata while fresh, else meters and batteries",
    "ups.realpower.nominal": "``LOADKWH`` by capacity",
    "device.mfr": "your line",
    "device.model": "your line",
    "device.serial": "/info",
    "device.type": "always ups",
    "ups.mfr": "your line",
    "ups.model": "your line",
    "ups.serial": "/info",
    "ups.firmware": "/info",
    "experimental.nutbridge.ups.source": "the monitor, while it reckons in a silence",
    "experimental.sma": "the SMA inverter, where there is one",
    "input.phases": "meters",
    "output.phases": "meters",
    "input": "meter at the grid, only while ``OL``",
    "output": "meter of the house",
}
_OF_A_PHASE = re.compile(r"\.L(\d)(-N)?\.")


def variables() -> list[str]:
    """Return the table of NUT's variables; phases in the row of their total."""
    rows = []
    for each in VARIABLES:
        if each.phase:
            continue
        name = f"``{each.name}``"
        per_phase = [
            other.name
            for other in VARIABLES
            if other.phase == 1 and _OF_A_PHASE.sub(".", other.name) == each.name
        ]
        if per_phase:
            name += f" ``{per_phase[0]}`` ..."
        rows.append((name, f"{each.help}{_unit(each.unit)}", _read(each.name)))
    return grid(("variable", "meaning", "read from"), (34, 33, 33), rows)


def _read(name: str) -> str:
    """Return where a value comes from: of the name, else of what it begins with."""
    while name not in _READ:
        name, dot, _ = name.rpartition(".")
        assert dot, "say in _READ where it comes from"
    return _READ[name]


#: Name of a block in README.rst and what stands in it.
BLOCKS: dict[str, Callable[[], list[str]]] = {
    "config keys": config_keys,
    "port file settings": port_file_settings,
    "variables": variables,
    "states": states,
}
