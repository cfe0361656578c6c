"""Whether an inverter feeds an island: the tags that say so, as one table.

The table is keyed by SMA's own object names. How an object is addressed is the
business of each interface: ``webconnect.keys.ADDRESSES`` and
``ennexos.channels.ADDRESSES`` are its columns, and another interface brings one of
its own. Only numbers of tags decide; the grid relay, the power at the meter and the
voltage do not: relays open every night, a good regulator holds 0 W, and in an
island the inverter itself makes the voltage.

Source: SMA's parameter lists and Modbus registers 30235 (BckStt), 30881
(PvGriConn), 33003 (RunStt), 30877 (CsmpGriConnStt); captures on mains. No capture
of a device in island mode is known: the island tags are those of the documents.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from nutbridge.ups.model import Grid, GridAnswer

RUN_STATE = "Operation.RunStt"
GENERAL = "Operation.OpStt"
MAINS = "Operation.PvGriConn"
BACKUP = "Operation.BckStt"
SUPPLY = "Operation.CsmpGriConnStt"
CONDITION = "Operation.Health"
BATTERY_STATE = "Bat.OpStt"
#: A setting: whether an island is made at all.
BACKUP_MODE = "Operation.BckOpMod"

#: (object, tag) and what it says. Any island tag decides, whatever the others say;
#: without one, any mains tag does.
TABLE: Mapping[tuple[str, int], Grid] = {
    (RUN_STATE, 1463): Grid.OPEN,  # backup
    (RUN_STATE, 1855): Grid.OPEN,  # stand-alone: Sunny Boy Storage 3.7 to 6.0
    (MAINS, 1781): Grid.OPEN,  # island mains
    (BACKUP, 1441): Grid.OPEN,  # off-grid
    (GENERAL, 1855): Grid.OPEN,  # stand-alone
    (SUPPLY, 1463): Grid.OPEN,  # backup: Sunny Island
    (RUN_STATE, 235): Grid.CLOSED,  # parallel grid operation
    (MAINS, 1780): Grid.CLOSED,  # public mains
    (BACKUP, 1440): Grid.CLOSED,  # grid mode
    (SUPPLY, 1461): Grid.CLOSED,  # mains connected
    # By their texts alone, which say "mains operation" in two languages: without
    # feed-in, and saving energy in the network (on, start, end). No capture.
    (SUPPLY, 2183): Grid.CLOSED,
    (SUPPLY, 2184): Grid.CLOSED,
    (SUPPLY, 2185): Grid.CLOSED,
    (SUPPLY, 2186): Grid.CLOSED,
}

#: "Information not available", and signs that stand for "no value".
NO_VALUE_TAGS = frozenset({16777213, 16777212, 302, 973})
NOT_AVAILABLE = 16777213

#: Tags that are known and say nothing about the grid, in any of the objects: MPP,
#: off, stop, constant voltage, activated, standby, fault, waiting, start, shut
#: down, locked, derating; separated; backup not available; initialisation;
#: generator; emergency charge.
NEUTRAL = NO_VALUE_TAGS | frozenset(
    {
        *(295, 303, 381, 443, 569, 1295, 1392, 1393, 1394, 1466, 1467, 1469, 1480),
        *(1795, 2119, 1779, 1462, 1787, 2677, 3664),
    }
)

#: What decides between OL and OB, in the order of the log.
DECIDING = (GENERAL, RUN_STATE, MAINS, BACKUP, SUPPLY)

#: Tags of a condition, for people. "Information not available" is none; 55 is
#: "communication impaired".
_CONDITIONS = {35: "fault", 455: "warning", 55: "warning", 307: "ok", 303: "off"}
#: Those that somebody has to look at.
ILL = frozenset({"fault", "warning"})
_GENERAL_FAULT = 1392

_BACKUP = {303: False, 1438: True}

#: Tags by object name; an object may be missing.
Tags = Mapping[str, AbstractSet[int]]

#: Why a device cannot be a UPS.
UNFIT = "no battery in the answers of this inverter: it cannot be a UPS"


def derive_grid(tags: Tags, *, battery: bool, unfit: str = UNFIT) -> GridAnswer:
    """Return whether the house is connected to the grid.

    Neither an island nor a mains tag is UNKNOWN, which is a failed poll: an object
    that is missing or empty, "information not available" (16777213), "separated"
    (1779) and "waiting for the grid" (1394, there the house is dark) alone.

    Args:
        tags: the tags of each object.
        battery: the device knows batteries.
        unfit: what is said of one that does not.
    """
    said = {
        TABLE[name, tag]
        for name, found in tags.items()
        for tag in found
        if (name, tag) in TABLE
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
        unfit="" if battery else unfit,
    )


def _word(tags: Tags) -> str:
    words = [
        f"{name.partition('.')[2]} {'+'.join(map(str, sorted(tags[name]))) or '-'}"
        for name in DECIDING
        if name in tags
    ]
    return " ".join(words) or "no status"


def unlisted(tags: Tags) -> Iterator[tuple[str, int]]:
    """Yield tags that no table has, of objects that decide about the grid; for the log.

    Newer devices have more texts for an island (1854, 4174, 5288, 5304), and no one
    has seen under which object they come.
    """
    for name in DECIDING:
        for tag in sorted(tags.get(name, ())):
            if (name, tag) not in TABLE and tag not in NEUTRAL:
                yield name, tag


def derive_condition(tags: Tags) -> str | None:
    """Return the condition of the inverter: ok, warning, fault, off, or None."""
    if _GENERAL_FAULT in tags.get(GENERAL, ()):
        return "fault"
    found = tags.get(CONDITION, frozenset())
    # The worst one, where several devices answer.
    return next((word for tag, word in _CONDITIONS.items() if tag in found), None)


def derive_backup(tags: Tags) -> bool | None:
    """Return whether an island is made in an outage; None: it does not tell."""
    return _BACKUP.get(min(tags.get(BACKUP_MODE, ()), default=0))
