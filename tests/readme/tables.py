"""The tables of README.rst, written from the code's own tables."""

from collections.abc import Callable, Iterable, Sequence

from nutbridge.config_keys import KEYS, Key, Kind
from nutbridge.config_values import allowed
from nutbridge.nut.variables import SETTINGS
from nutbridge.status.table import FOUND, TABLE, State


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
    if key.kind is Kind.NUMBER:
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
    """Return a list-table of reStructuredText."""
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        f"   :widths: {' '.join(str(width) for width in widths)}",
        "",
    ]
    for row in (head, *rows):
        for place, cell in enumerate(row):
            mark = "   * - " if place == 0 else "     - "
            lines.append(f"{mark}{cell}".rstrip())
    return lines


#: Name of a block in README.rst and what stands in it.
BLOCKS: dict[str, Callable[[], list[str]]] = {
    "config keys": config_keys,
    "port file settings": port_file_settings,
    "states": states,
}
