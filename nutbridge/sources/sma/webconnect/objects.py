"""The object model of an inverter: how each of its values is to be read.

Source: GET /data/ObjectMetadata_Istl.json, served to anyone; about 2,900 objects.
Shape: {"6100_40263F00": {"TagId": 416, "Unit": 18, "DataFrmt": 0, "Scale": 1,
"Typ": 0, "TagHier": [835, 230], ...}, ...}; any field may be missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, Final, Self

from nutbridge.net.jsonfields import (
    BodyError,
    as_object,
    parse_json,
    whole,
)

#: DataFrmt of a password.
PASSWORD: Final = 20

#: Last eight digits of the keys that hold a password (DataFrmt 20) in the full
#: model. They stay hidden where the model is missing or says something else.
PASSWORD_KEYS: Final = frozenset(
    {
        *("10841F00", "10841E00", "108A2400", "108A5A00", "108A4F00", "10AB4800"),
        *("108B2200", "10AB6300", "108B3C00", "108E1F00", "10AE1F00", "108E4E00"),
        "10982E00",
    }
)
#: Objects without a device class stand under "0"; those seen are passwords.
PASSWORD_CLASS: Final = 0

# More is no tag: they have at most 32 bits.
_TAG_MAX = 2**32 - 1
_CODE_MAX = 10**6
# One copy of the model has scales in single precision, 0.009999999776, which has
# seven digits that mean something.
_SINGLE = Context(prec=7)
_SCALE_RANGE = (Decimal("1e-9"), Decimal("1e9"))
_DEEPEST_CATEGORY = 16


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """How one object is to be read; None: the model does not say.

    Attributes:
        name: number of its name's text.
        unit: number of its unit's text.
        format: DataFrmt.
        typ: 0 number, 1 tags, 2 text.
        scale: what the number is multiplied by, once; None: the model has
            something that is no number, so the value cannot be known.
        category: numbers of the texts above it, root first.
    """

    name: int | None = None
    unit: int | None = None
    format: int | None = None
    typ: int | None = None
    scale: Decimal | None = Decimal(1)
    category: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        """Read one entry of the model; never fails."""
        levels = entry.get("TagHier")
        found = levels[:_DEEPEST_CATEGORY] if isinstance(levels, list) else []
        return cls(
            name=whole(entry, "TagId", 0, _TAG_MAX),
            unit=whole(entry, "Unit", 0, _TAG_MAX),
            format=whole(entry, "DataFrmt", 0, _CODE_MAX),
            typ=whole(entry, "Typ", 0, _CODE_MAX),
            scale=_scale(entry.get("Scale")),
            category=tuple(level for level in map(as_tag, found) if level is not None),
        )


def as_tag(value: Any) -> int | None:
    """Return ``value`` if it can be the number of a text."""
    return whole({"": value}, "", 0, _TAG_MAX)


def _scale(found: Any) -> Decimal | None:
    if found is None:
        return Decimal(1)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    low, high = _SCALE_RANGE
    exact = _SINGLE.create_decimal(str(found)) if abs(found) <= high else Decimal(0)
    return exact if low <= exact <= high else None


class Model:
    """Objects by their keys.

    Args:
        entries: the parsed file; empty when there is none. An entry is looked at
            when it is asked for: a run needs 300 of 2,900.
    """

    def __init__(self, entries: Mapping[str, Any] | None = None) -> None:
        self._entries = entries or {}

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """Read the file.

        Raises:
            BodyError: empty, HTML, no JSON, or no objects in it.
        """
        entries = as_object(parse_json(body))
        # {"error": {}} is no model: objects are called 6100_40263F00.
        if not any(
            isinstance(entry, dict) and "_" in key for key, entry in entries.items()
        ):
            raise BodyError("no objects in it")
        return cls(entries)

    def __bool__(self) -> bool:
        return bool(self._entries)

    def find(self, key: str) -> ObjectInfo | None:
        """Return how the object ``6100_40263F00`` is to be read, if known."""
        entry = self._entries.get(key)
        return ObjectInfo.from_json(entry) if isinstance(entry, dict) else None


def is_secret(key: str, klass: int | None, info: ObjectInfo | None) -> bool:
    """Tell whether the values of an object must never be shown."""
    if info is not None and info.format == PASSWORD:
        return True
    if key[-8:].upper() in PASSWORD_KEYS:
        return True
    return info is None and klass == PASSWORD_CLASS
