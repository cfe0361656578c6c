"""From bytes to XML: what is around a report, and what may be wrong with it."""

import gzip
import re
import zlib
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.collector.errors import TooLarge
from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.envelope import (
    NotAReport,
    inflated_size,
    open_body,
    unescape,
)
from tests.collector.parse.samples import (
    SERIAL,
    body,
    event,
    form,
    interval,
    xml,
)


def raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(data) + engine.flush()


def test_usual_body_has_no_notes() -> None:
    result = parse(body(interval()))
    assert (result.serial, result.notes, result.problem) == (SERIAL, (), None)


@pytest.mark.parametrize(
    ("packed", "note"),
    [
        (raw_deflate(form(xml())), "raw deflate instead of zlib"),
        (gzip.compress(form(xml())), "gzip instead of zlib"),
        (form(xml()), "not compressed"),
        (xml().encode(), "not compressed"),
        (zlib.compress(xml().encode()), "XML without a form"),
        (zlib.compress(b"\xef\xbb\xbf" + xml().encode()), "XML without a form"),
        (zlib.compress(b" \r\n" + xml().encode()), "XML without a form"),
        (zlib.compress(xml().encode() + b"\r\n\0"), "XML without a form"),
        (form(f"\n{xml()}\n"), "not compressed"),
    ],
)
def test_other_envelopes_are_tolerated_and_noted(packed: bytes, note: str) -> None:
    result = parse(packed)
    assert result.serial == SERIAL
    assert note in result.notes


def test_field_may_stand_anywhere_in_the_form() -> None:
    packed = zlib.compress(form(xml(), before="a=1&b=x=y&", after="&c=%20&d"))
    assert parse(packed).serial == SERIAL


def test_field_is_split_at_its_first_equals_sign() -> None:
    text = quote(xml(), safe="=")
    assert parse(zlib.compress(f"x=1&body={text}".encode())).serial == SERIAL


def test_last_field_counts_where_there_are_two() -> None:
    assert parse(zlib.compress(b"body=nothing&" + form(xml()))).serial == SERIAL


def test_plus_stays_where_the_literal_reading_is_well_formed() -> None:
    text = xml(envoy={"sw_version": "R3+4"})
    result = parse(zlib.compress(form(text).replace(b"%2B", b"+")))
    assert result.report is not None
    assert result.report.envoy.sw_version == "R3+4"


def test_plus_is_a_space_where_it_must_be() -> None:
    result = parse(zlib.compress(f"body={quote_plus(xml())}".encode()))
    assert result.report is not None
    assert result.report.envoy.sw_version == "R3.12.34 (2e8bfe)"
    assert "+ read as a space" in result.notes


@pytest.mark.parametrize(
    ("packed", "problem"),
    [
        (b"", "empty"),
        (b"x", "empty"),
        (body()[:-5], "ends too early"),
        (body() + b"more", "other bytes follow"),
        (b"\x78\x9c" + b"garbage" * 9, "cannot be inflated"),
        (bytes(range(250, 200, -1)), "cannot be inflated"),
        (zlib.compress(b"a=1&b=2"), "field body"),
        (zlib.compress(b""), "field body"),
        (zlib.compress(b"body="), "not well-formed"),
        (zlib.compress(b"body=%3Cperf_report%zz%3"), "not well-formed"),
        (zlib.compress(b"body=%3Cperf_report%"), "not well-formed"),
    ],
)
def test_broken_body_is_no_report(packed: bytes, problem: str) -> None:
    result = parse(packed)
    assert not result.parsed
    assert problem in (result.problem or "")


def test_size_is_known_without_holding_it() -> None:
    data = form(xml(event()))
    for packed in (zlib.compress(data), gzip.compress(data), raw_deflate(data)):
        assert inflated_size(packed) == len(data)
    assert inflated_size(body()[:-5]) is None


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress, raw_deflate, bytes])
def test_body_above_the_cap_is_too_large(pack: object) -> None:
    data = form(xml(*[interval(id=n) for n in range(20)]))
    packed: bytes = pack(data)  # type: ignore[operator]
    assert inflated_size(packed, len(data)) == len(data)
    assert parse(packed, len(data)).parsed
    with pytest.raises(TooLarge):
        inflated_size(packed, len(data) - 1)
    with pytest.raises(TooLarge):
        parse(packed, len(data) - 1)


@given(st.binary(max_size=300))
def test_escapes_are_undone(data: bytes) -> None:
    assert unescape(quote(data, safe="").encode()) == data


@given(st.lists(st.sampled_from([*"%=AfD3x_. \t\r\n", "%41", "%3d", "%0A"])))
def test_what_is_no_escape_stays(pieces: list[str]) -> None:
    text = "".join(pieces)
    plain = re.sub("%([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), text)
    assert unescape(text.encode()) == plain.encode("latin-1")


@given(st.integers(0, 9))
def test_escapes_are_whole_at_every_cut(shift: int) -> None:
    """Long texts are decoded in slices; no escape is cut in two."""
    text = b"x" * shift + b"%41%zz%" * 30_000
    assert unescape(text) == b"x" * shift + b"A%zz%" * 30_000


@given(st.binary(max_size=400))
def test_any_bytes_have_a_result(data: bytes) -> None:
    for packed in (data, zlib.compress(data), zlib.compress(b"body=" + data)):
        assert not parse(packed).parsed


def test_gzip_of_several_members() -> None:
    """As ``cat a.gz b.gz`` and parallel programs make them; zeros may follow."""
    text = xml(interval()).encode()
    cut = len(text) // 2
    data = gzip.compress(text[:cut]) + gzip.compress(text[cut:])
    for whole in (data, data + bytes(512)):
        assert open_body(whole).data == text
        assert inflated_size(whole) == len(text)
    with pytest.raises(NotAReport, match="other bytes"):
        open_body(data + b"x")
    with pytest.raises(NotAReport, match="too early"):
        open_body(data[:-3])
    with pytest.raises(TooLarge):
        open_body(data, len(text) - 1)
    with pytest.raises(TooLarge):
        inflated_size(data, len(text) - 1)
