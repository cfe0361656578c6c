"""What there is to ask for: a filter that fits nothing is told what would fit."""

from nutbridge.collector.store.reading import Reader
from nutbridge.errors import NutbridgeError

_MOST_NAMED = 10
_PANELS = (
    "SELECT DISTINCT p.device_eqid FROM panel p JOIN envoy e"
    " ON e.envoy_id = p.envoy_id WHERE (CAST(? AS TEXT) IS NULL OR e.serial_num = ?)"
    " AND (CAST(? AS TEXT) IS NULL OR p.eqid = ? OR p.device_eqid = ?)"
    " ORDER BY p.device_eqid"
)


def refuse_unknown(
    reading: Reader, serial: str | None = None, panel: str | None = None
) -> None:
    """See that an Envoy and a panel are there; None: any.

    Raises:
        NutbridgeError: not so; names those that are.
    """
    if serial is not None and not reading.envoys(serial):
        there = [envoy.serial_num for envoy in reading.envoys()]
        raise NutbridgeError(f"no Envoy {serial}; {_named('Envoy', there)}")
    if panel is None or _panels(reading, serial, panel):
        return
    whose = "" if serial is None else f" of Envoy {serial}"
    there = _panels(reading, serial, None)
    raise NutbridgeError(f"no panel {panel}{whose}; {_named('panel', there)}")


def _panels(reading: Reader, serial: str | None, panel: str | None) -> list[str]:
    values = (serial, serial, panel, panel, panel)
    return [row[0] for row in reading.rows(_PANELS, values)]


def _named(what: str, there: list[str]) -> str:
    if not there:
        return f"there is no {what} in the database"
    shown = ", ".join(there[:_MOST_NAMED])
    more = len(there) - _MOST_NAMED
    return f"there is {shown}" + (f" and {more} more" if more > 0 else "")
