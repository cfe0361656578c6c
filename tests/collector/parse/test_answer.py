"""The acknowledgement, and what people are told about codes."""

import zlib
from xml.etree import ElementTree as ET

import pytest

from nutbridge.collector.parse.body import response_xml
from nutbridge.collector.parse.codes import (
    CHANNEL_BITS,
    DEVICE_BITS,
    as_hex,
    bits,
    event_name,
)


@pytest.mark.parametrize("ids", [(), ("221",), ("221", "222", "0223"), ('"<&',)])
def test_answer_names_the_events(ids: tuple[str, ...]) -> None:
    """As Enphase answers: zlib around XML, no form, status success."""
    root = ET.fromstring(zlib.decompress(response_xml(ids)))
    assert (root.tag, root.attrib) == ("perf_report_response", {"status": "success"})
    (processed,) = root
    assert processed.tag == "events_processed"
    assert [(one.tag, one.get("id")) for one in processed] == [
        ("event", one) for one in ids
    ]


def test_bits_are_named_where_something_is_known() -> None:
    assert bits(2359296, DEVICE_BITS) == [
        ("0x40000", DEVICE_BITS[0x40000]),
        ("0x200000", DEVICE_BITS[0x200000]),
    ]
    assert bits(17, CHANNEL_BITS) == [("0x1", "unknown"), ("0x10", CHANNEL_BITS[16])]
    assert bits(None, DEVICE_BITS) == bits(0, DEVICE_BITS) == []
    assert (as_hex(2359296), as_hex(0), as_hex(None)) == ("0x240000", "0x0", None)


def test_events_have_names() -> None:
    assert event_name(512) == "DC power too low"
    assert event_name(4711) == "event 4711"
    assert event_name(None) == "event"
