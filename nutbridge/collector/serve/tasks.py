"""Find in an answer of the upstream what is more than an acknowledgement.

Enphase can hand a task to an Envoy in its answer; no public sample exists. Pure.
"""

import zlib
from xml.parsers import expat

_CAP = 1 << 20
_MOST = 5
_KNOWN = frozenset({"perf_report_response", "events_processed", "event"})


class _Enough(Exception):
    """A document type, or more names than anybody wants to read."""


def strange_elements(body: bytes) -> list[str]:
    """Return the names of unknown elements, at most five; [] if unreadable."""
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(body, _CAP)
    except zlib.error:
        text = body[:_CAP]
    found: list[str] = []

    def started(name: str, _attributes: object) -> None:
        if name not in _KNOWN and name not in found:
            found.append(name[:80])
        if len(found) >= _MOST:
            raise _Enough

    def refuse(*_: object) -> None:
        raise _Enough

    parser = expat.ParserCreate()
    parser.StartElementHandler = started
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text, True)  # noqa: FBT003 - expat takes no keyword
    except (expat.ExpatError, _Enough, ValueError, LookupError):
        return found
    return found
