"""Single bodies: found by their digest, shown, and captured for a bug report."""

import json
import zlib
from typing import Any

from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.envelope import (
    NotAReport,
    is_xml,
    open_body,
    unescape,
    unwrap,
)
from nutbridge.collector.parse.model import ParseResult
from nutbridge.collector.parse.redaction import Pseudonyms
from nutbridge.collector.queries.export import (
    full,
    odd_object,
    row_object,
)
from nutbridge.collector.store.reading import Reader
from nutbridge.collector.store.zones import named_zone
from nutbridge.errors import NutbridgeError

Object = dict[str, Any]

_BODY = (
    "SELECT r.sha256, r.received, r.times_received, r.path, r.query, r.headers,"
    " r.parse_state, r.forward_state, b.body, a.status, a.headers, a.body, e.timezone"
    " FROM raw r JOIN raw_body b ON b.raw_id = r.raw_id"
    " LEFT JOIN answer a ON a.raw_id = r.raw_id"
    " LEFT JOIN envoy e ON e.envoy_id = r.envoy_id"
)
_NEWEST = f"{_BODY} WHERE r.raw_id = (SELECT max(raw_id) FROM raw)"  # noqa: S608
#: Inflated for a person: beyond the cap of any collector.
_CAP = 64 * 1024 * 1024
_MOST_FOUND = 2
_HEAD = 64
#: How often escapes of escapes are read.
_ESCAPED = 3
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def find(reading: Reader, digest: str | None) -> tuple[Any, ...]:
    """Return the body whose SHA-256 begins so; the newest without one.

    Raises:
        NutbridgeError: none, or several.
    """
    if digest is None:
        found = reading.rows(_NEWEST)
        if not found:
            raise NutbridgeError("there are no reports in the database")
        return found[0]
    start = digest.lower()
    if not start or set(start) - set("0123456789abcdef"):
        raise NutbridgeError(f"{digest}: a SHA-256 or its begin is needed; see list")
    found = reading.rows(
        f"{_BODY} WHERE r.sha256 >= ? AND r.sha256 < ? LIMIT ?",
        (start, f"{start}g", _MOST_FOUND),
    )
    if not found:
        raise NutbridgeError(f"no report whose SHA-256 begins with {digest}; see list")
    if len(found) > 1:
        raise NutbridgeError(f"several reports begin with {digest}; give more of it")
    return found[0]


def show(reading: Reader, digest: str | None, *, private: bool = False) -> Object:
    """Return all that one body says.

    It is read again from the bytes, so rows that another body brought first are
    here too.
    """
    row = find(reading, digest)
    result = parse(row[8], _CAP)
    shown: Object = {
        "sha256": row[0],
        "received": row[1],
        "times_received": row[2],
        "path": row[3],
        "query": row[4],
        "size": len(row[8]),
        "parse_state": row[6],
        "problem": result.problem,
        "forward_state": row[7],
        "answer_status": row[9],
        "notes": list(result.notes),
        "timezone": _zone(result) or row[12],
    }
    return shown | _content(result, private=private)


def _zone(result: ParseResult) -> str | None:
    return named_zone(result.report.envoy.timezone) if result.report else None


def _content(result: ParseResult, *, private: bool) -> Object:
    report = result.report
    if report is None:
        return {"report_timestamp": None, "webcomm_version": None, "envoy": None}

    def rows(kind: str, found: Any) -> list[Object]:
        return [full(row_object(kind, row._asdict()), private=private) for row in found]

    def attributes(found: Object) -> Object:
        return full(found, private=private)

    envoy = report.envoy._asdict()
    return {
        "report_timestamp": report.report_timestamp,
        "webcomm_version": report.webcomm_version,
        "envoy": full(row_object("envoy", envoy), private=private),
        "intervals": rows("interval", report.intervals),
        "readings": rows("reading", report.readings),
        "events": rows("event", report.events),
        "devices": rows("device", report.devices),
        "channels": rows("channel", report.channels),
        "odd_rows": [
            attributes(odd_object(row.kind, json.loads(row.attributes)))
            for row in report.odd_rows
        ],
        "extra": attributes(json.loads(report.extra or "{}")),
        "unknown": [
            one | {"attributes": attributes(one["attributes"])}
            for one in map(json.loads, report.unknown)
        ],
        "unknown_count": report.unknown_count,
        "odd_count": report.odd_count,
    }


def capture(reading: Reader, digest: str | None, *, private: bool = False) -> Object:
    """Return one request and its answer as texts, for a bug report.

    Place, addresses and serial numbers are replaced unless ``private``. Bytes that
    cannot be inflated are not shown: nobody can say what is in them.
    """
    row = find(reading, digest)
    names = Pseudonyms()

    def text(value: str) -> str:
        return value if private else names.text(value)

    def pairs(headers: str | None) -> list[list[str]]:
        return [
            [name, value if private else names.header(name, value)]
            for name, value in json.loads(headers or "[]")
        ]

    body, around = _texts(row[8])
    answer, _ = _texts(row[11]) if row[11] else (None, "")
    for learned in (body, answer):
        names.learn(learned or "")
    return {
        "sha256": row[0],
        "received": row[1],
        "path": text(row[3]),
        "query": text(row[4]),
        "headers": pairs(row[5]),
        "size": len(row[8]),
        "parse_state": row[6],
        "problem": parse(row[8], _CAP).problem,
        "envelope": text(around),
        "body": None if body is None else text(body),
        "answer": None
        if row[9] is None
        else {
            "status": row[9],
            "headers": pairs(row[10]),
            "body": None if answer is None else text(answer),
        },
    }


def _texts(body: bytes) -> tuple[str | None, str]:
    """Return the inner text of a body, and what is around it."""
    if not body:
        return "", "empty"
    try:
        opened = open_body(body, _CAP)
    except NotAReport as exc:
        return None, f"{exc}; begins with {body[:2].hex()}"
    except zlib.error as exc:
        return None, str(exc)
    around = ", ".join(opened.notes) or "zlib"
    try:
        wrapped = unwrap(opened.data)
    except NotAReport:
        return _readable(opened.data), around
    fields = b", ".join(
        pair.partition(b"=")[0][:_HEAD] for pair in opened.data.split(b"&", 20)
    )
    if not wrapped.notes:
        around += f", form with {fields.decode('ascii', 'replace')}"
    return _readable(wrapped.literal), around


def _readable(data: bytes) -> str:
    """Return a text in which private things can be found, however they came."""
    for _ in range(_ESCAPED):
        if not is_xml(data):
            data = unescape(data)
    encoding = "utf-16" if data.startswith(_UTF16) else "utf-8"
    # UTF-16 without its mark has a zero byte in every letter.
    return data.decode(encoding, "replace").replace("\0", "")
