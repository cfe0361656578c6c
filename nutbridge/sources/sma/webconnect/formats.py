"""DataFrmt: how the number of an object becomes a value that people read.

``value`` is raw x Scale, once, and never rounded; DataFrmt only decides how many
decimals the text has. Formats that no table names are shown as they came.

Source: SMA's parameter lists; captures of firmware 2 to 4.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from nutbridge.sources.sma import status
from nutbridge.sources.sma.rows import Value
from nutbridge.sources.sma.webconnect import readings
from nutbridge.sources.sma.webconnect.language import Language
from nutbridge.sources.sma.webconnect.objects import ObjectInfo, as_tag
from nutbridge.sources.sma.webconnect.units import SECONDS_IN
from nutbridge.ups.units import SECONDS_PER_DAY

NOTHING = "n/a"
EMPTY = '""'

TAG_LIST, FUNCTION, FUNCTION_SECURE, HIDDEN = 18, 25, 30, 23
STATUS_TYPE = 1
_DATE_TIME, _DURATION = 6, 7

#: Tags that say "no value", with what Modbus says instead.
NO_VALUE_TAGS = status.NO_VALUE_TAGS | {0xFFFFFFFF, 0xFFFFFFFE, 0x80000000}
#: Modbus and Speedwire say "no value" so; never seen in JSON, never a reading. The
#: tag for "information not available" comes as a number too.
NO_VALUES = frozenset({0xFFFFFFFF, 0x80000000, -0x80000000, status.NOT_AVAILABLE})

#: Values have 64 bits at most; a larger number is junk.
_LARGEST = 2**64

#: Decimals of the text; TEMP is 12, PERCENT 14, FIX4 26; 10, 15 and 31 are whole.
_DECIMALS = {0: 0, 1: 1, 2: 2, 3: 3, 26: 4, 12: 1, 14: 2, 10: 0, 15: 0, 31: 0}

# Enough for 64 bits times any scale; nothing is rounded on the way.
_EXACT = Context(prec=60)
_WORD = 2**32
_LAST_EPOCH = 253402300799  # 9999-12-31


@dataclass(frozen=True, slots=True)
class FormattedValue:
    """What one element says.

    Attributes:
        value: for programs; None: no value, or none that can be used.
        text: for people, with its unit.
        unit: of ``value``; None for texts, tags and times.
        tags: the numbers of a tag list, those without a value too.
    """

    value: Value = None
    text: str = NOTHING
    unit: str | None = None
    tags: tuple[int, ...] = ()


def show(raw: Any, info: ObjectInfo, language: Language) -> FormattedValue:
    """Decode one value; never fails."""
    if isinstance(raw, list):
        return _tags(raw, language)
    if isinstance(raw, str):
        return FormattedValue(raw, raw or EMPTY)
    unit = _unit(info, language)
    number = _number(raw)
    if number is None:
        return FormattedValue(unit=unit)
    if _holds_tags(info):
        return _tags([{"tag": raw}], language)
    special = _SPECIAL.get(_code(info))
    if special is not None:
        text = special(number)
        return (
            FormattedValue()
            if text is None
            else FormattedValue(text, _read(text, info))
        )
    return _scaled(number, info, unit)


def _scaled(number: Decimal, info: ObjectInfo, unit: str | None) -> FormattedValue:
    if info.scale is None:
        return FormattedValue(unit=unit)
    scaled = _EXACT.multiply(number, info.scale)
    seconds_in = SECONDS_IN.get(info.unit) if info.unit is not None else None
    if info.format == _DURATION and seconds_in is not None:
        text = spoken(scaled * seconds_in)
        if text is not None:
            return FormattedValue(_plain(scaled), text, unit)
    text = _fixed(scaled, _DECIMALS.get(_code(info)))
    return FormattedValue(_plain(scaled), f"{text} {unit}" if unit else text, unit)


def _code(info: ObjectInfo) -> int:
    return -1 if info.format is None else info.format


def _unit(info: ObjectInfo, language: Language) -> str | None:
    textual = _holds_tags(info) or _code(info) in _SPECIAL
    return None if info.unit is None or textual else language.unit(info.unit)


def _holds_tags(info: ObjectInfo) -> bool:
    if info.format == HIDDEN:
        return info.typ == STATUS_TYPE
    return info.format in (TAG_LIST, FUNCTION, FUNCTION_SECURE)


def _number(raw: Any) -> Decimal | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    # Also false for what is no number at all.
    if not abs(raw) < _LARGEST or raw in NO_VALUES:
        return None
    return Decimal(str(raw))


def _tags(raw: list[Any], language: Language) -> FormattedValue:
    entries = (entry.get("tag") for entry in raw if isinstance(entry, dict))
    tags = tuple(tag for tag in map(as_tag, entries) if tag is not None)
    texts = tuple(language.text(tag) for tag in tags if tag not in NO_VALUE_TAGS)
    return FormattedValue(texts or None, ", ".join(texts) or NOTHING, tags=tags)


def _plain(number: Decimal) -> int | float:
    whole = number == number.to_integral_value()
    return int(number) if whole else float(number)


def _read(text: str, info: ObjectInfo) -> str:
    if info.format != _DATE_TIME:
        return text
    return text.replace("T", " ").replace("Z", " UTC")


def _fixed(number: Decimal, decimals: int | None) -> str:
    if decimals is None:
        return f"{number.normalize(_EXACT):f}" if number else "0"
    step = Decimal(1).scaleb(-decimals)
    rounded = number.quantize(step, ROUND_HALF_UP, _EXACT)
    return f"{rounded or abs(rounded):f}"


_STEPS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
# 829 d needs no hours: three digits say enough.
_ENOUGH = 100


def spoken(seconds: Decimal) -> str | None:
    """Return a duration as people say it: ``829 d``, ``9 d 16 h``, ``10 min``.

    None for less than a second: that is said in its own unit.
    """
    left = int(seconds)
    if left < 1:
        return None
    parts: list[tuple[int, str]] = []
    for size, name in _STEPS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append((count, name))
    two = len(parts) > 1 and parts[1][0] > 0 and parts[0][0] < _ENOUGH
    return " ".join(f"{count} {name}" for count, name in parts[: 1 + two])


def _time_of_day(number: Decimal) -> str | None:
    """5, 32: seconds after midnight; 24:00:00 ends a range."""
    if not 0 <= number <= int(SECONDS_PER_DAY):
        return None
    minutes, seconds = divmod(int(number), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def _date_time(number: Decimal) -> str | None:
    """6: seconds since 1970, 0 is unset."""
    if not 0 < number <= _LAST_EPOCH:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(number))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _firmware(number: Decimal) -> str | None:
    """9: major, minor (decimal nibbles), build, release; 0 is unset."""
    return readings.firmware_text(_whole(number))


def _revision(number: Decimal) -> str | None:
    """24: four numbers, 16909570 is 1.2.5.2."""
    octets = _octets(number)
    return None if octets is None else ".".join(map(str, octets))


def _hex(number: Decimal) -> str | None:
    """13: a network number."""
    whole = _whole(number)
    return None if whole is None else f"0x{whole:X}"


def _octets(number: Decimal) -> bytes | None:
    whole = _whole(number)
    return None if whole is None or whole >= _WORD else whole.to_bytes(4, "big")


def _whole(number: Decimal) -> int | None:
    return int(number) if number >= 0 and number == int(number) else None


_SPECIAL: dict[int, Callable[[Decimal], str | None]] = {
    5: _time_of_day,
    32: _time_of_day,
    6: _date_time,
    9: _firmware,
    13: _hex,
    24: _revision,
}
