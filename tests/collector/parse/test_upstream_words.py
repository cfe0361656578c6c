"""What counts as the upstream's word that it has a report."""

import gzip
import zlib
from collections.abc import Callable

import pytest

from nutbridge.collector.parse.answer import read_answer
from nutbridge.collector.parse.body import response_xml


def answered(inner: str = "", status: str = ' status="success"') -> bytes:
    return f"<perf_report_response{status}>{inner}</perf_report_response>".encode()


def events(*ids: str) -> str:
    named = "".join(f'<event id="{one}"/>' for one in ids)
    return f"<events_processed>{named}</events_processed>"


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(
    ("xml", "ids", "refusal"),
    [
        (answered(), (), None),
        (answered(events()), (), None),
        (answered(events("1", "2", "3")), ("3", "1"), None),
        # Further elements are allowed; leading zeros are none of the number.
        (answered(events("7") + "<rescan/>"), ("07",), None),
        (answered(events("1")), ("1", "2"), "leaves out event 2"),
        (answered(), ("5", "6", "7"), "leaves out event 5 and 2 more"),
        # An id elsewhere names no event that was processed.
        (answered('<event id="1"/>'), ("1",), "leaves out event 1"),
        (answered(status=' status="error"'), (), 'says status="error"'),
        (answered(status=""), (), "names no status"),
        (b'<error status="success"/>', (), "it is a <error>"),
        (b"<html><body>Parked</body></html>", (), "it is a <html>"),
        (b"<!DOCTYPE html><html></html>", (), "no XML"),
        (b"<perf_report_response status='success'>", (), "no XML"),
        (b'{"status": "success"}', (), "cannot be read|no XML"),
        (b"OK", (), "cannot be read"),
    ],
)
def test_refusal(
    xml: bytes, ids: tuple[str, ...], refusal: str | None, packed: bool
) -> None:
    found = read_answer(zlib.compress(xml) if packed else xml).refusal(ids)
    if refusal is None:
        assert found is None
    else:
        assert found is not None
        assert any(one in found for one in refusal.split("|")) or packed, found


def test_nothing_is_no_answer() -> None:
    assert read_answer(b"").refusal(()) == "it is empty"
    assert read_answer(zlib.compress(b"")).refusal(()) is not None
    assert read_answer(zlib.compress(answered())[:-3]).refusal(()) is not None


@pytest.mark.parametrize(
    "around",
    [
        lambda xml: b"\r\n " + xml,
        lambda xml: xml + b"\r\n\0",
        lambda xml: b"\xef\xbb\xbf" + xml,
        lambda xml: xml.decode().encode("utf-16"),
        lambda xml: zlib.compress(b"\n" + xml),
        gzip.compress,
        # A gateway compressed what was compressed.
        lambda xml: gzip.compress(zlib.compress(xml)),
    ],
)
def test_success_may_be_wrapped(around: Callable[[bytes], bytes]) -> None:
    xml = b'<?xml version="1.0"?>' + answered(events("1"))
    if around(b"<").startswith(b"\xff\xfe"):
        xml = answered(events("1"))
    assert read_answer(around(xml)).refusal(("1",)) is None
    assert read_answer(around(xml.replace(b"success", b"Success"))).refusal(("1",))
    assert read_answer(around(xml)).refusal(("1", "2"))
    assert read_answer(around(xml[:-9])).refusal(("1",))


def test_our_own_acknowledgement_is_one() -> None:
    ids = ("221", "222", "a&b")
    assert read_answer(response_xml(ids)).refusal(ids) is None


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        (events("1"), ()),
        ("<rescan/><rescan/>", ("rescan",)),
        ("<b/><c/><d/><e/><f/><g/>", ("b", "c", "d", "e", "f")),
    ],
)
def test_strange_elements(inner: str, found: tuple[str, ...]) -> None:
    assert read_answer(answered(inner)).strange == found


def test_bomb_is_no_answer() -> None:
    assert read_answer(zlib.compress(bytes(50 << 20))).refusal(()) is not None
