"""Records (frozen dataclasses, named tuples) as plain JSON data and back (pure).

For the state file, `nutbridge status --json` and the history. The record is
the schema: its fields are the keys. Reading is strict about what is there (a
value of another type, a number that is not finite) and lenient about what is
not: a missing field has its default, and a key that nobody knows is left out.
So files of an older and of a newer version can be read.
"""

import functools
import json
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from typing import Any, TypeVar, Union, get_args, get_origin

from nutbridge.errors import NutbridgeError

T = TypeVar("T")

#: Most values; whether one is a record takes longer to find out.
_PLAIN = frozenset({float, int, bool, str, types.NoneType})

#: More items in one list are not ours.
LONGEST = 2000


class SnapshotError(NutbridgeError):
    """Not what was written: the whole of it is worthless."""


def pack(version: int, value: Any) -> bytes:
    """Return the bytes of a file that holds a record: one line of JSON."""
    return (json.dumps({"version": version, **encode(value)}) + "\n").encode("ascii")


def unpack(data: bytes) -> dict[str, Any]:
    """Return what ``pack`` wrote, not decoded yet; ``version`` is among it.

    Raises:
        SnapshotError: cut, damaged, or no object.
    """
    try:
        raw = json.loads(data.decode("ascii"))
    except (ValueError, RecursionError) as exc:
        raise SnapshotError("not the JSON that was written") from exc
    if not isinstance(raw, dict):
        raise SnapshotError("not the JSON that was written")
    return raw


def encode(value: Any) -> Any:
    """Return a record, or what may stand in one, as JSON data.

    Every field is there, unknown ones as None.
    """
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if _is_record(value):
        return {name: encode(getattr(value, name)) for name in _schema(kind)}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    return value


def decode(kind: type[T], data: Any) -> T:
    """Return the record that ``encode`` made ``data`` of.

    Args:
        kind: a record of numbers, texts, flags, StrEnums, tuples, other such
            records, and None.
        data: what a JSON parser returned.

    Raises:
        SnapshotError: a field without a default is missing, or a value does not fit.
    """
    schema: Any = kind
    value: T = _reader(schema)("it", data)
    return value


#: Takes the name of a field, for the error, and its data.
_Read = Callable[[str, Any], Any]


@functools.cache
def _reader(kind: Any) -> _Read:
    """Return what reads this type; made once."""
    if _is_record(kind):
        return _record_reader(kind)
    if get_origin(kind) in (Union, types.UnionType):
        first, *more = (each for each in get_args(kind) if each is not type(None))
        assert not more, kind  # noqa: S101  a dataclass of ours that cannot be read
        read = _reader(first)
        return lambda name, data: None if data is None else read(name, data)
    if get_origin(kind) is tuple:
        return _tuple_reader(get_args(kind))
    if issubclass(kind, StrEnum):
        return functools.partial(_word, kind)
    return {float: _number, int: _whole, bool: _flag, str: _text}[kind]


def _is_record(value: Any) -> bool:
    return is_dataclass(value) or hasattr(value, "_field_defaults")


@functools.cache
def _schema(kind: Any) -> dict[str, Any]:
    """Return the type of each field, by its name."""
    if is_dataclass(kind):
        return {field.name: field.type for field in fields(kind)}
    return {name: kind.__annotations__[name] for name in kind._fields}


def _needed(kind: Any) -> set[str]:
    """Return the names of the fields without a default."""
    if not is_dataclass(kind):
        return {name for name in kind._fields if name not in kind._field_defaults}
    return {
        field.name
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    }


def _record_reader(kind: Any) -> _Read:
    readers = {name: _reader(each) for name, each in _schema(kind).items()}
    needed = _needed(kind)

    def read(name: str, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise SnapshotError(f"odd {name}")
        if not needed <= data.keys():
            raise SnapshotError(f"{', '.join(sorted(needed - data.keys()))} missing")
        known = {key: readers[key](key, data[key]) for key in readers if key in data}
        return kind(**known)

    return read


def _tuple_reader(kinds: tuple[Any, ...]) -> _Read:
    endless = kinds[-1] is Ellipsis
    readers = [_reader(kind) for kind in kinds if kind is not Ellipsis]

    def read(name: str, data: Any) -> Any:
        if not isinstance(data, list) or len(data) > LONGEST:
            raise SnapshotError(f"odd {name}")
        line = readers * len(data) if endless else readers
        if len(line) != len(data):
            raise SnapshotError(f"odd {name}")
        return tuple(each(name, item) for each, item in zip(line, data, strict=True))

    return read


def _word(kind: type[StrEnum], name: str, data: Any) -> StrEnum:
    try:
        return kind(data)
    except ValueError:
        raise SnapshotError(f"odd {name}") from None


def _number(name: str, data: Any) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise SnapshotError(f"odd {name}")
    try:
        number = float(data)
    except OverflowError:  # a JSON integer of hundreds of digits
        number = math.inf
    if not math.isfinite(number):
        raise SnapshotError(f"odd {name}")
    return number


def _whole(name: str, data: Any) -> int:
    number = _number(name, data)
    if not number.is_integer():
        raise SnapshotError(f"odd {name}")
    return int(number)


def _flag(name: str, data: Any) -> bool:
    if not isinstance(data, bool):
        raise SnapshotError(f"odd {name}")
    return data


def _text(name: str, data: Any) -> str:
    if not isinstance(data, str):
        raise SnapshotError(f"odd {name}")
    return data
