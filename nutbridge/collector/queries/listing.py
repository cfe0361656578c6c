"""What was received: one object per distinct body, oldest first."""

from collections.abc import Iterator
from typing import Any

from nutbridge.collector.store.reading import PAGE, Reader

Object = dict[str, Any]

_KEYS = (
    *("sha256", "serial_num", "report_timestamp", "webcomm_version", "received"),
    *("times_received", "intervals", "readings", "events", "devices"),
    *("odd_count", "unknown_count", "parse_state", "problem", "forward_state"),
    *("forward_problem", "timezone"),
)
_LIST = (
    "SELECT r.raw_id, r.sha256, e.serial_num, r.report_timestamp, r.webcomm_version,"
    " r.received, r.times_received, r.intervals, r.readings, r.events, r.devices,"
    " r.odd_count, r.unknown_count, r.parse_state, r.problem, r.forward_state,"
    " r.forward_problem, e.timezone FROM raw r"
    " LEFT JOIN envoy e ON e.envoy_id = r.envoy_id"
    " WHERE r.raw_id > ? ORDER BY r.raw_id LIMIT ?"
)


def reports(
    reading: Reader, serial: str | None = None, last: int | None = None
) -> Iterator[Object]:
    """Yield the bodies.

    Args:
        reading: the database.
        serial: only those of this Envoy.
        last: only the newest so many of these.
    """
    after = _before(reading, serial, last)
    while True:
        page = reading.rows(_LIST, (after, PAGE))
        for row in page:
            found = dict(zip(_KEYS, row[1:], strict=True))
            if serial in (None, found["serial_num"]):
                yield found
        if len(page) < PAGE:
            return
        after = page[-1][0]


def _before(reading: Reader, serial: str | None, last: int | None) -> int:
    if last is None:
        return 0
    found = reading.rows(
        "SELECT raw_id FROM raw WHERE CAST(? AS TEXT) IS NULL OR envoy_id ="
        " (SELECT envoy_id FROM envoy WHERE serial_num = ?)"
        " ORDER BY raw_id DESC LIMIT 1 OFFSET ?",
        (serial, serial, last),
    )
    return int(found[0][0]) if found else 0
