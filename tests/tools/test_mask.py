"""What is private is replaced: the same by the same, and nothing of it is left."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutbridge.system.redact import SecretKind
from nutbridge.tools.mask import Mask

SERIAL = "482312345678"


def masked(text: str, **known: str) -> str:
    mask = Mask()
    for kind, value in known.items():
        mask.know(SecretKind[kind], value)
    mask.study(text)
    found = mask.apply(text)
    assert not mask.is_left_in(found)
    return found


@pytest.mark.parametrize(
    "text",
    [
        f'{{"serial_num": "{SERIAL}"}}',
        f'{{"sn": {SERIAL}}}',
        f'["{SERIAL}"]',
        f"<sn>{SERIAL}</sn>",
        f'{{"note": "device{SERIAL}x"}}',
        f'{{"serial_nums": ["{SERIAL}", "{SERIAL[::-1]}"]}}',
    ],
)
def test_mask_serial_becomes_another_of_the_same_length(text: str) -> None:
    found = masked(text)
    assert SERIAL not in found
    assert len(found) == len(text)
    assert "122000000001" in found


@pytest.mark.parametrize(
    ("private", "text"),
    [
        ("me@example.org", '"by me@example.org"'),
        ("192.168.1.20", '{"ip":"192.168.1.20"}'),
        ("fe80::1:2", '{"ip6":"fe80::1:2"}'),
        ("00:1d:c0:7f:aa:01", '"mac 00:1d:c0:7f:aa:01"'),
        ("001dc07faa01", '"mac 001dc07faa01"'),
        (
            "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln",
            '"eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln"',
        ),
        ("Our House", '{"site_name": "Our House", "x": "at Our House!"}'),
        ("America/Denver", '{"timezone":"America/Denver"}'),
        ("52.5200", '{"latitude": 52.5200}'),
        ("MyNet", '{"ssid":"MyNet"}'),
        ("Our House", '{"site_name": "Our House'),
        ("Our House", '{"site_name": "Our House\\'),
        ("A1234", '{"serial_nums": ["A1234", "B12'),
        ("A1234", '<device sn="A1234" on="1"/>'),
        ("Our House", "<site site_name = 'Our House'/>"),
        ("Our House", '<site site_name="Our House'),
        ("s3cr3t", "user=1&password=s3cr3t"),
        ("Our House", r'{"body": "{\"site_name\": \"Our House\"}"}'),
    ],
)
def test_mask_every_kind_is_replaced(private: str, text: str) -> None:
    assert private not in masked(text)


def test_mask_same_by_same_in_all_answers() -> None:
    mask = Mask()
    one, other = f'{{"sn":"{SERIAL}"}}', f'[{{"serial_num":"{SERIAL}"}}, "{SERIAL}"]'
    mask.study(one)
    mask.study(other)
    new = json.loads(mask.apply(one))["sn"]
    assert json.loads(mask.apply(other)) == [{"serial_num": new}, new]
    assert mask.instead_of(SERIAL) == new


def test_mask_new_text_is_never_an_old_one() -> None:
    """The stand-in's own serials look like the replacements."""
    text = '["122000000001", "122000000002"]'
    found = masked(text)
    assert not {"122000000001", "122000000002"} & set(json.loads(found))


@pytest.mark.parametrize(
    "text",
    [
        '{"mains_oper_state":"closed","Enchg_grid_mode":"multimode-ongrid"}',
        '{"fw":"2.6.5973_rel/22.11","time":"12:34:56","w":1234567.891}',
        '{"serial_num":"0","state":"on","percentFull":92}',
        "<envoy_info><web-tokens>true</web-tokens></envoy_info>",
        '{"netmask":"255.255.255.0","any":"0.0.0.0"}',
    ],
)
def test_mask_keeps_what_is_nobodys(text: str) -> None:
    assert masked(text) == text


def test_mask_known_word_is_replaced_as_a_word_only() -> None:
    found = masked("<envoy_info>at envoy.</envoy_info>", HOST="envoy")
    assert found == "<envoy_info>at host-1.</envoy_info>"


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=30),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["sn", "serial_num", "email", "x", "city"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_mask_leaves_json_json_and_nothing_behind(value: object) -> None:
    text = json.dumps(value)
    found = masked(text)
    assert type(json.loads(found)) is type(value)


def test_mask_is_quick_with_hostile_answers() -> None:
    """Bounded by the length of an answer, not by its square."""
    for text in ("a" * 200_000, '"sn":' * 20_000, "1" * 200_000, "{" * 100_000):
        masked(text)
