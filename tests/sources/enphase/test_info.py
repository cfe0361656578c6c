"""The XML of /info: who answers, and its clock."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.net.jsonfields import BodyError
from nutbridge.sources.enphase.info import Info

BODY = b"""<?xml version='1.0' encoding='UTF-8'?>
<envoy_info>
  <time>1790471500</time>
  <device>
    <sn>122000000001</sn>
    <pn>800-00654-r08</pn>
    <software>D8.3.5169</software>
    <imeter>true</imeter>
  </device>
  <web-tokens>true</web-tokens>
  <package name='rootfs'><sn>999</sn><software>not this</software></package>
</envoy_info>
"""


def test_info_reads_identity_and_clock() -> None:
    assert Info.from_xml(BODY) == Info("122000000001", "D8.3.5169", 1790471500.0, True)


def test_info_takes_the_first_of_two() -> None:
    twice = BODY.replace(b"</sn>", b"</sn><sn>5</sn>", 1)
    assert Info.from_xml(twice) == Info.from_xml(BODY)


def test_info_on_one_line() -> None:
    line = BODY.replace(b"\n", b"").replace(b"  ", b"")
    assert Info.from_xml(line) == Info.from_xml(BODY)


def test_info_before_firmware_7() -> None:
    old = BODY.replace(b"<web-tokens>true</web-tokens>", b"")
    assert Info.from_xml(old).web_tokens is None
    assert Info.from_xml(BODY.replace(b">true</web", b">false</web")) == Info(
        "122000000001", "D8.3.5169", 1790471500.0, False
    )


@pytest.mark.parametrize(
    ("software", "web_tokens", "takes"),
    [
        ("D8.3.5169", None, True),
        ("D10.0.1", True, True),
        # The number decides: a sentence about firmware 8 that lacks 7 helps nobody.
        ("D8.3.5169", False, True),
        ("M4.2.33", None, False),
        ("5.0.62", True, False),
        ("D6.1.2", True, False),
        ("odd", True, True),
        ("odd", None, None),
        (None, False, False),
    ],
)
def test_firmware_tells_whether_it_knows_tokens(
    software: str | None, web_tokens: bool | None, takes: bool | None
) -> None:
    assert Info(software=software, web_tokens=web_tokens).takes_tokens is takes


def test_info_with_control_characters() -> None:
    """Control characters in the software version cost nothing else."""
    odd = BODY.replace(b"D8.3.5169", b"D8.3\x00\x07\x1b[31m.5169\xc2\x9b")
    info = Info.from_xml(odd)
    assert info.software == "D8.3[31m.5169?"
    assert info.serial == "122000000001"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"\x00\x01", "empty"),
        (b"<!DOCTYPE html><html></html>", "HTML"),
        (b"<html><body>401</body></html>", "HTML"),
        (b"{}", "damaged XML"),
        (BODY[:100], "cut or damaged XML"),
        (b"<a><b/></a>", "another kind"),
        (
            b'<?xml version="1.0"?><!DOCTYPE envoy_info [<!ENTITY a "">]><envoy_info/>',
            "document type, which is refused",
        ),
        (BODY.replace(b"UTF-8", b"x-none"), "XML"),
        (b"<envoy_info><device><sn>&#7;</sn></device></envoy_info>", "damaged XML"),
    ],
)
def test_info_refuses(body: bytes, says: str) -> None:
    with pytest.raises(BodyError, match=says):
        Info.from_xml(body)


@pytest.mark.parametrize(
    "time", [b"", b"never", b"-5", b"0", b"1e9", b"99999999999999999999999", b"NaN"]
)
def test_info_with_an_odd_clock(time: bytes) -> None:
    assert Info.from_xml(BODY.replace(b"1790471500", time)).epoch_s is None


def test_info_nested_deeply() -> None:
    deep = b"<envoy_info>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</envoy_info>"
    assert Info.from_xml(deep) == Info()


@given(st.binary())
def test_info_raises_only_its_own_error(body: bytes) -> None:
    for text in (body, b"<envoy_info>" + body + b"</envoy_info>"):
        with contextlib.suppress(BodyError):
            Info.from_xml(text)
