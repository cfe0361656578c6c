"""The shapes in which inverters send values, made into one.

An answer is ``{"result": {device: {key: payload}}}``. A payload is one of:

    {"1": [{"val": 2460}], "9": [...]}   by device class
    {"9": []}                            the object has no instance
    {"val": 46}                          old firmware, no class
    [{"str": 1, "val": 57}, ...]         the same for strings of PV modules
    {"1": [{"low": 0, "high": null, "val": 1}]}      a parameter

Nothing here fails on a payload: what has another shape is an element without a
usable value, and its neighbours are unharmed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nutbridge.errors import DecodeError

#: Key of the value in an element.
_VALUE = "val"
#: What other devices answer, by keys that no Webconnect answer has at its top.
_ENNEXOS = frozenset(
    {"_links", "deviceId", "productTagId", "channelId", "componentId", "access_token"}
)
#: A key is 6100_40263F00.
_KEY_PARTS = 2
_CLASS_DIGITS = 9
#: A value as sent may be shown again; deeper ones are no value.
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Element:
    """One value as it was sent.

    Attributes:
        klass: device class, or None where the firmware names none.
        index: place in the array, from 0; None: the array is empty.
        raw: what stands under ``val``; None when nothing does.
    """

    klass: int | None
    index: int | None
    raw: Any = None


def devices_of(answer: Any) -> dict[str, Mapping[str, Any]]:
    """Return the payloads of each device in an answer, by key.

    The answer may have lost its ``{"result": ...}``.

    Raises:
        DecodeError: an error of the inverter, of another device, or no values.
    """
    if isinstance(answer, dict) and "err" in answer:
        raise DecodeError("the inverter answered an error instead of values")
    result = answer
    if isinstance(answer, dict) and "result" in answer:
        result = answer["result"]
    elif _is_ennexos(answer):
        raise DecodeError("this is an answer of ennexOS (/api/v1), not of Webconnect")
    elif not _looks_bare(answer):
        raise DecodeError("no answer of Webconnect: it has no result")
    found = result if isinstance(result, dict) else {}
    devices: dict[str, Mapping[str, Any]] = {
        device: payloads
        for device, payloads in found.items()
        if isinstance(payloads, dict) and payloads
    }
    if not devices:
        raise DecodeError("the answer holds no values")
    return devices


def _is_ennexos(answer: Any) -> bool:
    first = answer[0] if isinstance(answer, list) and answer else answer
    return isinstance(first, dict) and not _ENNEXOS.isdisjoint(first)


def _looks_bare(answer: Any) -> bool:
    """Tell whether an answer is the inside of a result: some key is an object's."""
    return isinstance(answer, dict) and any(
        isinstance(payloads, dict)
        and any(len(key.split("_")) == _KEY_PARTS for key in payloads)
        for payloads in answer.values()
    )


def elements_of(payload: Any) -> Iterator[Element]:
    """Yield every element of a payload, of every class, in the order sent."""
    if isinstance(payload, dict) and payload and _VALUE not in payload:
        for name, members in payload.items():
            yield from _members(_class_of(name), members)
    else:
        yield from _members(None, payload)


def _class_of(name: str) -> int | None:
    digits = name.isascii() and name.isdigit() and len(name) <= _CLASS_DIGITS
    return int(name) if digits else None


def _members(klass: int | None, members: Any) -> Iterator[Element]:
    if not isinstance(members, list):
        yield Element(klass, 0, _raw(members))
    elif not members:
        yield Element(klass, None)
    else:
        for index, member in enumerate(members):
            yield Element(klass, index, _raw(member))


def _raw(member: Any) -> Any:
    found = member.get(_VALUE) if isinstance(member, dict) else member
    return found if _is_shallow(found, _DEEPEST) else None


def _is_shallow(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return True
    return levels > 0 and all(_is_shallow(one, levels - 1) for one in value)
