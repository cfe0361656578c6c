"""What must not be seen in a log or in a recorded answer: one table.

Used for the bodies at ``-dd`` and for everything that leaves the machine. It
errs on the side of hiding: a number of twelve digits is taken for a serial.
"""

import re
from collections.abc import Iterable

#: Longest line made of one body, characters.
LIMIT = 4096
# Enough to fill LIMIT many times over, little enough that 8 MiB cost nothing.
_LOOK_AT = 16 * LIMIT

#: Keys whose values are secret or name a person or a device.
SECRET_KEYS = (
    r"sn",
    r"aud",
    r"(?:\w+_)?serial(?:_?num(?:ber)?)?s?",
    r"\w*tokens?(?:_\w+)?",
    r"session_?id",
    r"_enlighten_\d+_session",
    r"login_otp_nonce",
    r"set-cookie|cookie",
    r"(?:user(?:\[|%5B))?(?:e-?mail|password|passwd)(?:\]|%5D)?",
    r"user_?name",
    r"ssid",
)
_KEY = rf"(?:{'|'.join(SECRET_KEYS)})"


def _rule(shape: str, instead: str) -> tuple[re.Pattern[str], str]:
    return re.compile(shape, re.IGNORECASE), instead


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
    # A web token: three base64url parts, the first begins with {"
    _rule(r"\beyJ[\w-]{6,}(?:\.[\w-]*)*", "(hidden token)"),
    _rule(r"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", "(hidden address)"),
    _rule(r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", "(hidden mac)"),
    # Session ids of the cloud have 32 hex digits, fingerprints 64.
    _rule(r"\b[0-9a-f]{32,}\b", "(hidden id)"),
    _rule(r"(?<![\d.])\d{12}(?!\d)", "(hidden serial)"),
)


def redact_text(
    data: bytes | str, *, secrets: Iterable[str | None] = (), limit: int = LIMIT
) -> str:
    """Return ``data`` as one printable line without secrets.

    Args:
        data: a body or a piece of one; need not be UTF-8.
        secrets: texts that are hidden wherever they stand, however short the
            table would let them through.
        limit: longest result, characters; the rest is counted, not shown.
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
    if len(seen) <= limit and size <= _LOOK_AT:
        return seen
    return f"{seen[:limit]}... ({size} in all)"
