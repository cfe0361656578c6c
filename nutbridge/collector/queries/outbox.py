"""What waits for the upstream, stands aside, or was refused for good."""

from collections.abc import Iterator
from typing import Any

from nutbridge.collector.store.reading import Reader
from nutbridge.errors import NutbridgeError

Object = dict[str, Any]

_KEYS = (
    *("sha256", "serial_num", "received", "forward_state", "forward_problem"),
    *("tries", "refused_since", "next_try", "timezone"),
)
_OUTBOX = (
    "SELECT r.raw_id, r.sha256, e.serial_num, r.received, r.forward_state,"
    " r.forward_problem, o.tries, o.refused_since, o.next_try, e.timezone FROM raw r"
    " LEFT JOIN envoy e ON e.envoy_id = r.envoy_id"
    " LEFT JOIN outbox o ON o.raw_id = r.raw_id"
    " WHERE r.raw_id IN (SELECT raw_id FROM outbox UNION ALL"
    " SELECT raw_id FROM raw WHERE forward_state = 'dead_letter') ORDER BY r.raw_id"
)


def outbox(reading: Reader, serial: str | None = None) -> Iterator[Object]:
    """Yield the bodies, oldest first.

    Args:
        reading: the database.
        serial: only those of this Envoy.
    """
    for row in reading.rows(_OUTBOX):
        found = dict(zip(_KEYS, row[1:], strict=True))
        if serial in (None, found["serial_num"]):
            yield found


def numbers(
    reading: Reader, digests: list[str], serial: str | None = None
) -> list[int]:
    """Return the numbers of what is in the outbox or dead.

    Args:
        reading: the database.
        digests: begins of SHA-256; "all" for all.
        serial: only those of this Envoy.

    Raises:
        NutbridgeError: one of the digests fits nothing, or more than one.
    """
    rows = [row for row in reading.rows(_OUTBOX) if serial in (None, row[2])]
    found: dict[int, None] = {}
    for one in digests:
        start = "" if one.lower() == "all" else one.lower() or "none"
        fitting = [row[0] for row in rows if row[1].startswith(start)]
        if not fitting:
            raise NutbridgeError(f"{one}: nothing in the outbox fits")
        if start and len(fitting) > 1:
            raise NutbridgeError(f"{one}: several reports fit; give more of it")
        found |= dict.fromkeys(fitting)
    return list(found)
