"""What must not be seen in a log or in a recorded answer: one table.

Used for the bodies at ``-dd`` and for everything that leaves the machine. It
errs on the side of hiding: a number of twelve digits is taken for a serial.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

#: Longest line made of one body, characters.
LIMIT = 4096
# Enough to fill LIMIT many times over, little enough that 8 MiB cost nothing.
_LOOK_AT = 16 * LIMIT


class SecretKind(StrEnum):
    """What a private text is."""

    SERIAL = "serial"
    TOKEN = "token"  # noqa: S105 - a kind of text, not one
    ID = "id"
    MAIL = "address"
    MAC = "mac"
    IP = "ip"
    HOST = "host"
    ACCOUNT = "account"
    NAME = "name"
    PLACE = "place"


#: Keys whose values are secret or name a person or a device, by kind.
_SECRET: tuple[tuple[SecretKind, tuple[str, ...]], ...] = (
    (SecretKind.SERIAL, (r"sn", r"aud", r"(?:\w+_)?serial(?:_?num(?:ber)?)?s?")),
    (
        SecretKind.TOKEN,
        (
            r"\w*tokens?(?:_\w+)?",
            r"session_?id",
            r"sid",
            r"_enlighten_\d+_session",
            r"login_otp_nonce",
            r"set-cookie|cookie",
        ),
    ),
    (
        SecretKind.ACCOUNT,
        (
            r"(?:user(?:\[|%5B))?(?:e-?mail|password|passwd)(?:\]|%5D)?",
            r"user_?name",
            r"pass",
        ),
    ),
    (SecretKind.NAME, (r"ssid",)),
)
SECRET_KEYS = tuple(key for _, keys in _SECRET for key in keys)
_KEY = rf"(?:{'|'.join(SECRET_KEYS)})"

#: Keys whose values tell whose house it is and where, of use in a log but not
#: in what leaves the machine.
_PRIVATE: tuple[tuple[SecretKind, tuple[str, ...]], ...] = (
    (
        SecretKind.ID,
        (r"(?:site|system|user|owner|company)_?id", r"uuid", r"imei|iccid"),
    ),
    (
        SecretKind.NAME,
        (
            r"(?:first|last|full|owner|site|system|company|host|net|contact)_?name",
            r"phone(?:_?number)?",
        ),
    ),
    (
        SecretKind.PLACE,
        (
            r"lat(?:itude)?|lon(?:g(?:itude)?)?|lng",
            r"address|street|city|zip(?:_?code)?|postal_?code|country|location",
            r"time_?zone|tz",
        ),
    ),
)


def _rule(shape: str, instead: str) -> tuple[re.Pattern[str], str]:
    return re.compile(shape, re.IGNORECASE), instead


#: Shapes that give a private text away anywhere; order matters.
SHAPES: tuple[tuple[SecretKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(shape, re.IGNORECASE))
    for kind, shape in (
        # A web token: three base64url parts, the first begins with {"
        (SecretKind.TOKEN, r"\beyJ[\w-]{6,}(?:\.[\w-]*)*"),
        # Not from within a word: a long one would take its square in time.
        (SecretKind.MAIL, r"(?<![\w.+-])[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+"),
        (SecretKind.MAC, r"\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b"),
        # Session ids of the cloud have 32 hex digits, fingerprints 64.
        (SecretKind.ID, r"\b[0-9a-f]{32,}\b"),
        (SecretKind.SERIAL, r"(?<![\d.])\d{12}(?!\d)"),
        (SecretKind.MAC, r"\b(?=[0-9a-f]*[a-f])[0-9a-f]{12}\b"),
        (SecretKind.IP, r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"),
        (SecretKind.IP, r"(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])"),
    )
)


def _hidden(kind: SecretKind) -> bool:
    """Whether a log must not show it; addresses of the house help there."""
    return kind is not SecretKind.IP


#: (what is looked for, what stands there instead); order matters: a value
#: under a known key first, then shapes that give a secret away anywhere. A
#: value may be cut off before its closing quote.
TABLE: tuple[tuple[re.Pattern[str], str], ...] = (
    # "token": "abc"
    _rule(rf'("{_KEY}"\s*:\s*)"(?:[^"\\]|\\.)*(?:"|\\?$)', r'\1"(hidden)"'),
    # "sn": 123
    _rule(rf'("{_KEY}"\s*:\s*)[\d.e+-]+', r'\1"(hidden)"'),
    # "serial_nums": ["1", "2"], {"1": {...
    _rule(rf'("{_KEY}"\s*:\s*)[\[{{][^\]}}]*(?:[\]}}]|$)', r'\1"(hidden)"'),
    # <sn>123</sn>
    _rule(rf"(<{_KEY}(?:\s[^>]*)?>)[^<]*", r"\1(hidden)"),
    # sessionId=abc; user%5Bpassword%5D=abc&
    _rule(rf"((?<!\w){_KEY}=)[^;&\s,\"'<]+", r"\1(hidden)"),
    _rule(r"\b(Bearer|Basic)\s+[^\s\"'<,;]+", r"\1 (hidden)"),
    *((pattern, f"(hidden {kind.value})") for kind, pattern in SHAPES if _hidden(kind)),
)


def _keyed() -> Iterator[tuple[re.Pattern[str], SecretKind]]:
    for kind, keys in (*_SECRET, *_PRIVATE):
        key = rf"(?:{'|'.join(keys)})"
        value = r'(?P<value>"(?:[^"\\]|\\.)*"|-?[\d.]+|[\[{][^\]}]*[\]}])'
        yield re.compile(rf'"{key}"\s*:\s*{value}', re.IGNORECASE), kind
        element = rf"<{key}(?:\s[^>]*)?>(?P<value>[^<]*)"
        yield re.compile(element, re.IGNORECASE), kind


#: (a key with its ``value``, kind): what mask.py replaces.
KEYED: tuple[tuple[re.Pattern[str], SecretKind], ...] = tuple(_keyed())


def redact_text(data: bytes | str, *, secrets: Iterable[str | None] = ()) -> str:
    """Return ``data`` as one printable line without secrets.

    Args:
        data: a body or a piece of one; need not be UTF-8.
        secrets: texts that are hidden wherever they stand, however short the
            table would let them through.
    """
    size = len(data)
    line = data[:_LOOK_AT]
    seen = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
    for secret in secrets:
        if secret:
            seen = seen.replace(secret, "(hidden)")
    for pattern, instead in TABLE:
        seen = pattern.sub(instead, seen)
    seen = " ".join(seen.split())
    seen = "".join(c if " " <= c <= "~" else "?" for c in seen)
    if len(seen) <= LIMIT and size <= _LOOK_AT:
        return seen
    return f"{seen[:LIMIT]}... ({size} in all)"
