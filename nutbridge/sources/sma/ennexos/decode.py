"""From an ennexOS answer to rows: every component, channel and element.

Any JSON is taken. A channel or tag that no table names is shown as it came; what
has no value in any of the five forms (readings.py) is None.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from nutbridge.errors import DecodeError
from nutbridge.net.jsonfields import children
from nutbridge.sources.sma.ennexos.readings import as_number
from nutbridge.sources.sma.ennexos.texts import NAMES, TAGS, UNITS
from nutbridge.sources.sma.rows import DecodedRow, Value

#: Shown instead of a password.
HIDDEN = "(hidden)"
NOTHING = "n/a"

_SECRET = re.compile(
    r"pass|pwd|psk|secret|token|pin(?![a-z])|usr|user|login|ftppush|cert|privatekey"
    r"|acs\.",
    re.IGNORECASE,
)
_PHASE = re.compile(r"phs[A-Z0-9]*|neut|\[\d*\]")
_LONGEST = 127
#: Groups whose whole numbers are tags.
_TAG_GROUPS = ("Operation.", "Bat.OpStt")


def is_ennexos(answer: Any) -> bool:
    """Tell whether it is a list of live values or of parameters."""
    return isinstance(answer, list) and any(
        isinstance(one, dict) and "componentId" in one and "values" in one
        for one in answer
    )


def decode(answer: Any) -> list[DecodedRow]:
    """Decode an answer of measurements/live or parameters/search.

    Returns:
        One row per element, at least one; by component and channel.

    Raises:
        DecodeError: neither of them, or nothing in it.
    """
    if not is_ennexos(answer):
        raise DecodeError("no answer of ennexOS: no list of components with values")
    rows = [row for one in answer if isinstance(one, dict) for row in _entry(one)]
    if not rows:
        raise DecodeError("the answer holds no values")
    return sorted(rows, key=DecodedRow.place)


def _entry(entry: Mapping[str, Any]) -> Iterator[DecodedRow]:
    component = entry.get("componentId")
    device = component if isinstance(component, str) else "?"
    values = children(entry, "values")
    channel = entry.get("channelId")
    if isinstance(channel, str):
        yield from _channel(device, channel, values[-1] if values else {})
        return
    for each in values:
        if isinstance(name := each.get("channelId"), str):
            yield from _channel(device, name, each)


def _channel(
    device: str, channel: str, value: Mapping[str, Any]
) -> Iterator[DecodedRow]:
    members = value.get("values")
    if not isinstance(members, list):
        members = [value["value"]] if "value" in value else []
    if not members:
        yield _row(device, channel, None, None)
    for index, raw in enumerate(members):
        yield _row(device, channel, index, raw)


def _row(device: str, channel: str, index: int | None, raw: Any) -> DecodedRow:
    kind, _, rest = channel.partition(".")
    group, _, name = rest.rpartition(".")
    if group.count("."):
        group, _, more = group.partition(".")
        name = f"{more}.{name}"
    secret = _SECRET.search(channel) is not None or raw == "****"
    unit = None if secret else _unit(rest)
    tags: tuple[int, ...] = ()
    value: Value
    if secret:
        value, shown = None, HIDDEN
    elif (number := as_number(raw)) is None:
        said = raw[:_LONGEST] if isinstance(raw, str) and not _is_nan(raw) else None
        value, shown = said, said or NOTHING
    elif rest.startswith(_TAG_GROUPS) and float(number).is_integer():
        tags = (int(number),)
        text = TAGS.get(tags[0], str(tags[0]))
        value, shown = (text,), text
    else:
        value = int(number) if float(number).is_integer() else number
        shown = f"{value} {unit}" if unit else str(value)
    return DecodedRow(
        device=device,
        key=channel,
        klass=None,
        index=index,
        name=NAMES.get(rest, name or rest or channel),
        category=tuple(part for part in (kind, group) if part and rest),
        value=value,
        unit=unit if not tags else None,
        raw=None if secret else raw,
        tags=tags,
        text=shown,
    )


def _is_nan(raw: str) -> bool:
    return raw.strip().lower() in ("nan", "16777213", "16777213.0")


def _unit(channel: str) -> str | None:
    parts = [part for part in channel.split(".") if not _PHASE.fullmatch(part)]
    return UNITS.get(re.sub(r"\[\d*\]$", "", parts[-1])) if parts else None
