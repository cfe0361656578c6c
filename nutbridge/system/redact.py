"""What must not be seen in a log or in a recorded answer: one table.

Used for the bodies at ``-dd`` and for everything that leaves the machine. It
errs on the side of hiding: a number of twelve digits is taken for a serial.
"""

import re
from collections.abc import Iterable
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


#: (kind, whether a log hides it too, keys whose values are of that kind). What
#: tells whose house it is and where is of use in a log, but must not leave the
#: machine.
_KEYS: tuple[tuple[SecretKind, bool, str], ...] = (
    (SecretKind.SERIAL, True, r"sn|aud|(?:\w+_)?serial(?:_?num(?:ber)?)?s?"),
    (
        SecretKind.TOKEN,
        True,
        (
            # Looked ahead for, then taken whole: \w*token_\w+ would try each place of
            # a long word with each other one.
            r"(?=\w*?tokens?(?:_|\b))\w++|session_?id|sid|_enlighten_\d+_session"
            r"|login_otp_nonce|set-cookie|cookie"
        ),
    ),
    (
        SecretKind.ACCOUNT,
        True,
        r"(?:user(?:\[|%5B))?(?:e-?mail|password|passwd)(?:\]|%5D)?|user_?name|pass",
    ),
    (SecretKind.NAME, True, r"ssid"),
    (
        SecretKind.ID,
        False,
        r"(?:site|system|user|owner|company)_?id|uuid|imei|iccid",
    ),
    (
        SecretKind.NAME,
        False,
        (
            r"(?:first|last|full|owner|site|system|company|host|net|contact)_?name"
            r"|phone(?:_?number)?"
        ),
    ),
    (
        SecretKind.PLACE,
        False,
        (
            r"lat(?:itude)?|lon(?:g(?:itude)?)?|lng|address|street|city|zip(?:_?code)?"
            r"|postal_?code|country|location|time_?zone|tz"
        ),
    ),
)
_KEY = rf"(?:{'|'.join(keys for _, in_log, keys in _KEYS if in_log)})"
#: A key in quotes, which JSON inside a JSON text escapes; what stands before the first
#: stays as it is.
_QUOTED = rf'"{_KEY}\\*"'

#: A MAC address with its separators.
MAC = re.compile(r"\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b", re.IGNORECASE)


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
        (SecretKind.MAC, MAC.pattern),
        # Session ids of the cloud have 32 hex digits, fingerprints 64.
        (SecretKind.ID, r"\b[0-9a-f]{32,}\b"),
        (SecretKind.SERIAL, r"(?<![\d.])\d{12}(?!\d)"),
        (SecretKind.MAC, r"\b(?=[0-9a-f]*[a-f])[0-9a-f]{12}\b"),
        (SecretKind.IP, r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"),
        (SecretKind.IP, r"(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])"),
    )
)


#: (what is looked for, what stands there instead); order matters: a value
#: under a known key first, then shapes that give a secret away anywhere. A
#: value may be cut off before its closing quote.
TABLE: tuple[tuple[re.Pattern[str], str], ...] = (
    # "token": "abc"
    _rule(rf'({_QUOTED}\s*:\s*)\\*"(?:[^"\\]|\\.)*(?:"|\\?$)', r'\1"(hidden)"'),
    # "sn": 123
    _rule(rf"({_QUOTED}\s*:\s*)[\d.e+-]+", r'\1"(hidden)"'),
    # "serial_nums": ["1", "2"], {"1": {...
    _rule(rf"({_QUOTED}\s*:\s*)[\[{{][^\]}}]*(?:[\]}}]|$)", r'\1"(hidden)"'),
    # <sn>123</sn>
    _rule(rf"(<{_KEY}(?:\s[^<>]*)?>)[^<]*", r"\1(hidden)"),
    # <device sn="123" token='abc'>
    _rule(rf"((?<![\w-]){_KEY}\s*=\s*)\"[^\"]*(?:\"|$)", r'\1"(hidden)"'),
    _rule(rf"((?<![\w-]){_KEY}\s*=\s*)'[^']*(?:'|$)", r"\1'(hidden)'"),
    # sessionId=abc; user%5Bpassword%5D=abc&
    _rule(rf"((?<!\w){_KEY}=)[^;&\s,\"'<]+", r"\1(hidden)"),
    _rule(r"\b(Bearer|Basic)\s+[^\s\"'<,;]+", r"\1 (hidden)"),
    # Addresses of the house help in a log.
    *(
        (pattern, f"(hidden {kind.value})")
        for kind, pattern in SHAPES
        if kind is not SecretKind.IP
    ),
)


#: A value of JSON, which may be cut off before its end.
_VALUE = r'(?P<value>\\*"(?:[^"\\]|\\.)*(?:"|\\?$)|-?[\d.]+|[\[{][^\]}]*(?:[\]}]|$))'

#: (a key with its ``value``, kind): what mask.py replaces.
KEYED: tuple[tuple[re.Pattern[str], SecretKind], ...] = tuple(
    (re.compile(shape, re.IGNORECASE), kind)
    for kind, _, keys in _KEYS
    for shape in (
        rf'"(?:{keys})\\*"\s*:\s*{_VALUE}',
        rf"<(?:{keys})(?:\s[^<>]*)?>(?P<value>[^<]*)",
        rf"(?<![\w-])(?:{keys})\s*=\s*\"(?P<value>[^\"]*)",
        rf"(?<![\w-])(?:{keys})\s*=\s*'(?P<value>[^']*)",
        rf"(?<![\w-])(?:{keys})=(?P<value>[^;&\s,\"'<>]+)",
    )
)


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
