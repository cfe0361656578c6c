"""Tokens, from good to binary."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.errors import TokenError
from nutbridge.simulator.tokens import make_token as make_real_token
from nutbridge.sources.enphase.claims import (
    LONGEST,
    Claims,
    cached_claims,
    check_for,
    installer_warning,
    parse_token,
    pasted_token,
    renew_at,
)
from tests.sources.enphase.tokens import (
    DAY,
    NOW,
    SERIAL,
    make_token,
    owner_token,
    part,
)


def test_parse_owner_token() -> None:
    assert parse_token(owner_token()) == Claims(
        audience=(SERIAL,),
        user="owner",
        expires_epoch=NOW + 365 * DAY,
        issued_epoch=NOW,
    )


def test_account_name_is_not_kept() -> None:
    assert "somebody" not in repr(parse_token(owner_token()))


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "a.b", "a.b.c.d", "a.b.c", "x" * (LONGEST + 1)),
        *("\x00\x01\x02", "é.é.é", "<html>", owner_token() + "\n"),
        owner_token() + "x" * LONGEST,
        f"{part({'alg': 'ES256'})}.{part(['a', 'list'])}.{part('')}",
        f"{part([])}.{part({'exp': 1})}.{part('')}",
        f"{part({'alg': 'ES256'})}.{'AAAA'}.{part('')}",
    ],
)
def test_parse_garbage(text: str) -> None:
    with pytest.raises(TokenError, match="not a token"):
        parse_token(text)


def test_parse_deep() -> None:
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    assert parse_token(owner_token(deep=deep)).serial == SERIAL
    bottomless = "eyJhIjo" + "W1tb" * 4000  # {"a":[[[[...
    with pytest.raises(TokenError, match="not a token"):
        parse_token(f"{part({'alg': 'ES256'})}.{bottomless}.{part('')}")


@pytest.mark.parametrize(
    "end",
    [None, "1792000000", True, [], -1, 0, 1e12, 1e400, float("nan"), 10**4000],
)
def test_parse_no_usable_end(end: object) -> None:
    with pytest.raises(TokenError, match="no usable end"):
        parse_token(make_token(aud=SERIAL, exp=end))


def test_parse_end_missing() -> None:
    with pytest.raises(TokenError, match="no usable end"):
        parse_token(make_token(aud=SERIAL))


@given(
    st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin1"))
)
def test_parse_any_text(text: str) -> None:
    with pytest.raises(TokenError) as caught:
        parse_token(text)
    assert "\n" not in str(caught.value)
    with pytest.raises(TokenError, match=re.escape(str(caught.value))):
        cached_claims(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries({"exp": JSON, "aud": JSON, "iat": JSON, "enphaseUser": JSON})
)
def test_parse_any_claims(claims: dict[str, Any]) -> None:
    text = make_token(**claims)
    try:
        found = parse_token(text)
    except TokenError:
        with pytest.raises(TokenError):
            cached_claims(text)
        return
    assert cached_claims(text) == found
    assert found.expires_epoch > 0
    assert all(isinstance(one, str) for one in found.audience)
    assert renew_at(found) < found.expires_epoch


@pytest.mark.parametrize(
    ("aud", "problem"),
    [
        (SERIAL, None),
        (["122000000009", SERIAL], None),
        ("122000000009", "is for gateway 122000000009, the config says 122000000001"),
        ("un-commissioned", "not commissioned"),
        ("a\nb", r"is for gateway a\nb"),
        ([], "does not say for which gateway"),
        (None, "does not say for which gateway"),
        (122000000001, "does not say for which gateway"),
    ],
)
def test_check_for(aud: object, problem: str | None) -> None:
    claims = parse_token(make_token(aud=aud, exp=NOW))
    if problem is None:
        check_for(claims, SERIAL)
        return
    with pytest.raises(TokenError) as caught:
        check_for(claims, SERIAL)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("life_days", "before_end_days"),
    [(365, 30), (60, 30), (59, 29.5), (0.5, 0.25)],
)
def test_renew_at(life_days: float, before_end_days: float) -> None:
    claims = parse_token(owner_token(days=life_days))
    assert renew_at(claims) == claims.expires_epoch - before_end_days * DAY


@pytest.mark.parametrize("issued", [None, NOW + DAY, NOW + 2 * DAY, "x"])
def test_renew_at_without_a_begin(issued: object) -> None:
    claims = parse_token(make_token(aud=SERIAL, exp=NOW + DAY, iat=issued))
    assert renew_at(claims) == NOW + DAY - 30 * DAY


def test_installer_warning() -> None:
    warning = installer_warning(parse_token(owner_token(days=0.5)))
    assert warning is not None
    assert "12 h" in warning
    assert installer_warning(parse_token(owner_token(days=3))) is None
    assert installer_warning(parse_token(make_token(exp=NOW))) is None


REAL = make_real_token(SERIAL, NOW + 300 * DAY)
LINES = [REAL[at : at + 64] for at in range(0, len(REAL), 64)]


@pytest.mark.parametrize(
    "pasted",
    [
        *(REAL, f"{REAL}\n", f"  {REAL}\r\n\r\n", f'"{REAL}"', f"'{REAL}',"),
        *(f"Bearer {REAL}", f"Authorization: Bearer {REAL}", f"token={REAL}"),
        *(f"\u201c{REAL}\u201d", f"<{REAL}>", f"Here is my token: {REAL}."),
        f"The token\n\n{REAL}\n\nThanks, bye\n",
        "\n".join(LINES),
        "\r\n  ".join(LINES) + "\r\nThanks\n",
        " \\\n".join(LINES),
        " ".join(LINES),
        "\u00ad\n".join(LINES),
        f"\u200e{REAL}\u202c",
        f'{{"generation_time":1,"token":"{REAL}","expires_at":2}}',
        f'{{"token": "{chr(92)}n"'.replace(f'"{chr(92)}n"', f'"{REAL}{chr(92)}n"')
        + "}",
        f"<!DOCTYPE html><html><body><textarea>{REAL}</textarea></body></html>",
        f"curl -H 'Authorization: Bearer {REAL}' https://x/home",
        "# eyJust a comment\n" + REAL,
        f"{make_real_token(SERIAL, NOW)}\n{REAL}\n{make_real_token(SERIAL, NOW + DAY)}",
    ],
)
def test_pasted_token_is_found(pasted: str) -> None:
    assert pasted_token(pasted.encode()) == REAL


@pytest.mark.parametrize("code", ["utf-8-sig", "utf-16"])
def test_pasted_token_of_an_editor_with_a_mark(code: str) -> None:
    assert pasted_token(f"{REAL}\r\n".encode(code)) == REAL


@given(st.binary(max_size=200))
def test_pasted_garbage_is_for_parse_token_to_refuse(data: bytes) -> None:
    with pytest.raises(TokenError):
        parse_token(pasted_token(data))
