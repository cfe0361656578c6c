"""What must not leave the house."""

import pytest

from nutbridge.collector.parse.redaction import HIDDEN, Pseudonyms, hide
from tests.collector.parse.samples import device, event, xml

SECRETS = ("12.3456", "65.4321", "192.0.2.77", "02:00:00:aa:bb:cc", "990000000001")


def test_capture_has_nothing_private() -> None:
    names = Pseudonyms()
    text = names.text(xml(event(), device()))
    assert not [one for one in SECRETS if one in text]
    assert 'part_num="800-00069-r05"' in text
    assert 'stats="' not in text


@pytest.mark.parametrize(
    "text",
    [
        "latitude='12.3456'",
        'LONGITUDE = "65.4321"',
        '{"lat": 12.3456}',
        "{\"gps\":'12.3456'}",
        "lat=12.3456&lon=65.4321",
        "mac 02-00-00-AA-BB-CC",
        "peer 192.0.2.77:1234",
        "{&quot;latitude&quot;:&quot;12.3456 N&quot;}",
        "<latitude> 12.3456 N</latitude>",
        "<lon unit='deg'><![CDATA[65.4321]]></lon>",
        "site_latitude='12.3456'",
        "latitude+=+'12.3456'",
        "<envoy longitude='x' latitude='12.3456",
        '{"gps": {"y": 12.3456, "x": [65.4321, {"z": "12.3456"}]}, "ok": 1}',
        '{"gps": [12.3456, 65.4321], "ok": 1}',
        '{"location": {"note": "a } b", "x": "12.3456"}}',
        '{"location": {"x": "12.3456',
        r'{"body": "{\"gps\": \"12.3456\", \"lat\": 12.3456}"}',
        r'{"body": "{\"gps\": [\"12.3456\", \"65.4321\"]}"}',
        "gps=12.3456,65.4321&x=1",
        '"gps":12.3456, 65.4321',
        "<gps><y>12.3456</y><x>65.4321</x></gps>",
        "<gps>12.3456<x>65.4321</x></gps>",
    ],
)
def test_private_things_are_found_in_any_shape(text: str) -> None:
    said = Pseudonyms().text(text)
    assert not [one for one in (*SECRETS, "AA-BB") if one in said]
    assert HIDDEN in said


def test_what_stands_behind_a_hidden_object_stays() -> None:
    text = '{"gps": {"y": "]", "x": [1]}, "id": 7, "location": [], "on": true}'
    assert hide("note", text) == (
        f'{{"gps": "{HIDDEN}", "id": 7, "location": "{HIDDEN}", "on": true}}'
    )


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('ip="2001:db8::1:2"', "2001"),
        ("from [fe80::1%eth0]:443", "fe80"),
        ("peer 2001:0db8:0000:0000:0000:ff00:0042:8329,", "8329"),
        ("::ffff:192.0.2.7 said", "192.0"),
        ('owner="john.doe+solar@example.org"', "john"),
        ("mail=john%40example.org&x=1", "john"),
        ('site_id="4711"', "4711"),
        ("system_id=4711&webcomm_version=4.6.0", "4711"),
        ('{"siteId": 4711}', "4711"),
        ("/systems/4711/summary", "4711"),
        ("<site_id>4711</site_id>", "4711"),
        ('<envoy serial_num="4711"/>', "4711"),
        ("<serial_num>4711</serial_num>", "4711"),
        ('eqid="ABC-12345678901234.2"', "12345678901234"),
        ("serial=12345678901234567", "1234567"),
        # Of any length, in any shape, however it is named and escaped.
        ("121212121212345", "1212"),
        ("12345678901", "1234"),
        ('serial-num="1234567"', "1234567"),
        ("S/N 1234567", "1234567"),
        ("envoySn 1234567", "1234567"),
        ('dev_sn="99887766"', "9988"),
        ('envoy_id="1234567"', "1234567"),
        ('eqid="ABC.DEF/1"', "DEF"),
        ('eqid="12 34"', "34"),
        ("serial_num=&#x27;1234567&#x27;", "1234567"),
        ("serial_num%3D%221234567%22", "1234567"),
        (r"{\"serial\":\"1234567\"}", "1234567"),
        ('<a:serial_num type="s">1234567</a:serial_num>', "1234567"),
        ("<serial_num><![CDATA[1234567]]></serial_num>", "1234567"),
        ('serial_nums="1234567,7654321"', "7654321"),
        ('"serials": ["1234567", 7654321]', "7654321"),
        # Of the owner.
        ("john&#64;example.org", "john"),
        ("john%2540example.org", "john"),
        (r'{"to": "john\u0040example.org"}', "john"),
        ("john@localhost", "john"),
        ("a_b%2Bx@example.co.uk", "a_b"),
        ("user_email=john", "john"),
        ('<site id="4711"/>', "4711"),
        ('<system version="2" id="4711">', "4711"),
        ("Site-Id: 4711", "4711"),
        ('customer_id="4711"', "4711"),
        ("/systems%2F4711", "4711"),
        ('first_name="John"', "John"),
        ('wifi_ssid="my home"', "home"),
        ('api_key="abcd"', "abcd"),
        # Addresses.
        ("ip=2001%3Adb8%3A%3A1", "db8"),
        ("addr_2001:db8::1", "db8"),
        ("x:2001:db8::1", "db8"),
        ("peer fd00::1: gone", "fd00"),
        ("2001:db8:0:0:0:0:0:1/64", "db8"),
        ("from 192.0.2.1.", "192"),
        ("02%3A00%3A00%3Aaa%3Abb%3Acc", "bb"),
        ("0:1d:c0:6:12:34", "c0"),
        ("0200.00aa.bbcc", "bbcc"),
        ("020000aabbcc", "aabb"),
        # The place.
        ("geo:52.1,13.4", "13.4"),
        ('"coordinates":[52.1,13.4]', "13.4"),
        ("at 52.12345, -13.41234", "13.4"),
        ("<geo:lat>52.1</geo:lat>", "52.1"),
        ('<lat value="52.1"/>', "52.1"),
        ("&lt;latitude&gt;52.1&lt;/latitude&gt;", "52.1"),
        ("latitude=&#x22;52.1&#x22;", "52.1"),
        ('lat_lng="52.1"', "52.1"),
        ('city="Berlin"', "Berlin"),
        ('postcode="12345"', "12345"),
    ],
)
def test_addresses_and_numbers_of_a_site(text: str, secret: str) -> None:
    assert secret not in Pseudonyms().text(text)


def test_times_and_versions_are_no_addresses() -> None:
    text = "12:34:56 GMT, Ruby 1.8, a::before, part_num='800-00069-r05' id='12'"
    names = Pseudonyms()
    assert names.text(text) == text


def test_serial_of_any_length_is_found_where_nothing_names_it() -> None:
    names = Pseudonyms()
    names.learn('<envoy serial_num="12345678"/><device eqid="42"/>')
    assert "12345678" not in names.text("task for 12345678, 42 s")
    # A short one may be anything.
    assert "42 s" in names.text("42 s")


def test_serials_become_others_that_still_belong_together() -> None:
    names = Pseudonyms()
    first, second = names.text("120000000001.1"), names.text("120000000002.1")
    assert first.endswith(".1")
    assert len({first, second, "120000000001.1"}) == 3
    assert names.text("x 120000000001 y") == f"x {first[:-2]} y"


def test_what_a_bug_report_needs_stays() -> None:
    text = """Date: Mon, 13 Feb 2012 11:56:48 GMT
X-Powered-By: Phusion Passenger (mod_rails/mod_rack) 3.0.9
ETag: "95bc2eaddfac613540f469946f28af4b"
Content-Type: application/x-deflate; charset=utf-8
<perf_report_response status="success"><events_processed><event id="221"/>
</events_processed><rescan device_type="1" name="scan" mode="full" count="12"
at="1329134208"/></perf_report_response>
{"value":"true","task":"update","part":"800-00069-r05","capacity":"12",
"version":"R3.12.34 (2e8bfe)","time":"2012-02-13T11:56:48Z","x":"a%20b&amp;c"}"""
    assert Pseudonyms().text(text) == text


def test_channels_stay_with_their_serial() -> None:
    text = xml(event(), device())
    said = Pseudonyms().text(text)
    assert said.count('.1"') == text.count('.1"')


def test_numbers_are_left_alone() -> None:
    text = 'stats="250102,59979,27782,7462,49,0,0,67535" end_date="1700000100"'
    assert Pseudonyms().text(text) == text


def test_export_hides_the_place_and_mac_addresses() -> None:
    for name in (
        *("latitude", "longitude", "mac_addr", "device_mac", "Latitude"),
        *("macaddr", "site_longitude"),
    ):
        assert hide(name, "12.3456") == HIDDEN
    assert hide("note", "at 02:00:00:aa:bb:cc.") == f"at {HIDDEN}."
    assert hide("eqid", "990000000101") == "990000000101"
    assert hide("message_params", '{"lat":"12.3","value":"true"}') == (
        f'{{"lat":"{HIDDEN}","value":"true"}}'
    )
    assert hide("latitude", None) is None
    assert hide("id", 7) == 7


@pytest.mark.parametrize(
    "word",
    [
        *("latitude", "lat='", "mac_", "<lat ", "lat &quot;"),
        *('"gps":[', '"gps":{"', "<gps><x>", '"gps":[],'),
        *("<lat a=", "<serial ", "serial=[", "a@", "1:", "1.1.", "%25", "eqid='a"),
    ],
)
def test_words_without_end_take_no_time(word: str) -> None:
    """Each would take minutes if it were looked at again and again."""
    text = word * (2**20 // len(word))
    assert len(Pseudonyms().text(text)) > 0


def test_secret_headers_are_hidden() -> None:
    names = Pseudonyms()
    assert names.header("Cookie", "a=b") == HIDDEN
    assert names.header("Host", "reports.example:443") == "reports.example:443"
