"""Whether an inverter feeds an island: the tags that say so, as one table.

Only numbers of tags decide; the grid relay, the power at the meter and the
voltage do not: relays open every night, a good regulator holds 0 W, and in an
island the inverter itself makes the voltage.

Source: SMA's parameter list, Modbus register 33003. No capture of a device in
island mode is known: the island tags are those of the maker's documents.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from nutbridge.sources.sma.webconnect import keys
from nutbridge.ups.model import Grid, GridAnswer

#: (key, tag) and what it says. Any island tag decides, whatever the others say;
#: without one, any mains tag does.
TABLE: Mapping[tuple[str, int], Grid] = {
    (keys.RUN_STATE, 1463): Grid.OPEN,  # backup
    (keys.RUN_STATE_INSTALLER, 1463): Grid.OPEN,
    (keys.MAINS, 1781): Grid.OPEN,  # island mains
    (keys.BACKUP, 1441): Grid.OPEN,  # off-grid
    (keys.GENERAL, 1855): Grid.OPEN,  # stand-alone
    (keys.RUN_STATE, 235): Grid.CLOSED,  # parallel grid operation
    (keys.RUN_STATE_INSTALLER, 235): Grid.CLOSED,
    (keys.MAINS, 1780): Grid.CLOSED,  # public mains
    (keys.BACKUP, 1440): Grid.CLOSED,  # grid mode
    (keys.SUPPLY, 1461): Grid.CLOSED,  # mains connected
}

#: How the log calls a key; the names are those of the maker.
_NAMES = {
    keys.GENERAL: "OpStt",
    keys.RUN_STATE: "RunStt",
    keys.RUN_STATE_INSTALLER: "RunStt",
    keys.MAINS: "PvGriConn",
    keys.BACKUP: "BckStt",
    keys.SUPPLY: "CsmpGriConnStt",
}

#: Tags of a condition, for people. "Information not available" is none.
_CONDITIONS = {35: "fault", 303: "off", 307: "ok", 455: "warning"}
_GENERAL_FAULT = 1392

Tags = Mapping[str, AbstractSet[int]]

#: Why a device cannot be a UPS.
UNFIT = "no battery in the answers of this inverter: it cannot be a UPS"


def derive_grid(tags: Tags, *, battery: bool) -> GridAnswer:
    """Return whether the house is connected to the grid.

    Neither an island nor a mains tag is UNKNOWN, which is a failed poll: a key
    that is missing or empty, "information not available" (16777213), "separated"
    (1779) and "waiting for the grid" (1394, there the house is dark) alone.

    Args:
        tags: the tags under each key; a key may be missing.
        battery: the device has the keys of a battery.
    """
    said = {
        TABLE[key, tag]
        for key, found in tags.items()
        for tag in found
        if (key, tag) in TABLE
    }
    grid = Grid.UNKNOWN
    if Grid.OPEN in said:
        grid = Grid.OPEN
    elif said:
        grid = Grid.CLOSED
    return GridAnswer(
        grid=grid,
        word=_word(tags),
        speaker="inverter",
        unfit="" if battery else UNFIT,
    )


def _word(tags: Tags) -> str:
    words = [
        f"{_NAMES[key]} {'+'.join(str(tag) for tag in sorted(tags[key])) or '-'}"
        for key in keys.STATUS_KEYS
        if key in tags
    ]
    return " ".join(words) or "no status"


def derive_condition(tags: Tags) -> str | None:
    """Return the condition of the inverter: ok, warning, fault, off, or None."""
    if _GENERAL_FAULT in tags.get(keys.GENERAL, ()):
        return "fault"
    found = tags.get(keys.CONDITION, frozenset())
    # The worst one, where several devices answer.
    for tag in (35, 455, 307, 303):
        if tag in found:
            return _CONDITIONS[tag]
    return None
