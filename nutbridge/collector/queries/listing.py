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
    " WHERE r.raw_id > ?{whose} ORDER BY r.raw_id LIMIT ?"
)
_BEFORE = (
    "SELECT r.raw_id FROM raw r WHERE r.raw_id > ?{whose}"
    " ORDER BY r.raw_id DESC LIMIT 1 OFFSET ?"
)
#: By the index of an Envoy's bodies: of a fleet's, its own are few.
_WHOSE = " AND r.envoy_id = (SELECT envoy_id FROM envoy WHERE serial_num = ?)"


def reports(
    reading: Reader, serial: str | None = None, last: int | None = None
) -> Iterator[Object]:
    """Yield the bodies.

    Args:
        reading: the database.
        serial: only those of this Envoy.
        last: only the newest so many of these.
    """
    whose, values = ("", ()) if serial is None else (_WHOSE, (serial,))
    after = 0
    if last is not None:
        found = reading.rows(_BEFORE.format(whose=whose), (0, *values, last))
        after = found[0][0] if found else 0
    while True:
        page = reading.rows(_LIST.format(whose=whose), (after, *values, PAGE))
        for row in page:
            yield dict(zip(_KEYS, row[1:], strict=True))
        if len(page) < PAGE:
            return
        after = page[-1][0]
