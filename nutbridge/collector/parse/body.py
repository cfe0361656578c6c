"""From the bytes of a request to a report, and the answer to it."""

import html
import zlib

from nutbridge.collector.parse.envelope import (
    MAX_INFLATED,
    NotAReport,
    inflated_size,
    open_body,
    unwrap,
)
from nutbridge.collector.parse.model import ParseResult, Report
from nutbridge.collector.parse.report_xml import (
    NotWellFormed,
    read_report,
)

__all__ = ["MAX_INFLATED", "inflated_size", "parse", "response_xml"]

_LONGEST_PROBLEM = 200


def parse(body: bytes, max_inflated: int = MAX_INFLATED) -> ParseResult:
    """Make a report out of a request body; whatever is wrong is in the result.

    Raises:
        TooLarge: it inflates to more than ``max_inflated`` bytes.
    """
    try:
        opened = open_body(body, max_inflated)
        report, notes = _read(opened.data)
    except NotAReport as exc:
        return ParseResult(None, str(exc)[:_LONGEST_PROBLEM])
    return ParseResult(report, None, (*opened.notes, *notes))


def _read(inflated: bytes) -> tuple[Report, tuple[str, ...]]:
    """Read the XML; a ``+`` is a space only where it cannot be a plus.

    Source: the collector of 2012 leaves ``+`` alone, that of 2013-2021 makes it a
    space; both worked with their firmware.
    """
    wrapped = unwrap(inflated)
    try:
        return read_report(wrapped.literal), wrapped.notes
    except NotWellFormed:
        if not wrapped.has_plus:
            raise
    return read_report(wrapped.with_spaces()), (*wrapped.notes, "+ read as a space")


def response_xml(event_ids: tuple[str, ...]) -> bytes:
    """Return the zlib body that acknowledges a report, as Enphase does.

    Args:
        event_ids: ids as on the wire.
    """
    events = "".join(
        f'    <event id="{html.escape(event_id)}"/>\n' for event_id in event_ids
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<perf_report_response status="success">\n  <events_processed>\n'
        f"{events}  </events_processed>\n</perf_report_response>\n"
    )
    return zlib.compress(text.encode())
