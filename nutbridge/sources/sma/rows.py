"""One decoded element, and how programs see it."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

#: JSON's types of a value: number, text, texts of tags, unknown.
Value = int | float | str | tuple[str, ...] | None

#: Columns of the CSV form; the first five are those of the flat list.
CSV_COLUMNS = (
    *("key", "name", "value", "unit", "category"),
    *("device", "class", "index"),
)
PATH = " / "


@dataclass(frozen=True, slots=True)
class DecodedRow:
    """One element of one object.

    Attributes:
        device: as the inverter names it; newer firmware masks it.
        key: of the object, ``6100_40263F00``.
        klass: device class: 1 solar, 7 battery, 9 hybrid inverter, 65 meter;
            None where the firmware names none.
        index: place in the object's array, from 0; None: the array is empty.
        name: translated, else the number of the text, else the key.
        category: the same of what it belongs to, root first.
        value: raw x Scale, not rounded; a text; texts of tags; or None.
        unit: of a number.
        raw: as it was sent; None for passwords.
        tags: numbers of the tags, those that say "no value" too.
        text: value and unit for people.
    """

    device: str
    key: str
    klass: int | None
    index: int | None
    name: str
    category: tuple[str, ...]
    value: Value
    unit: str | None
    raw: Any
    tags: tuple[int, ...]
    text: str

    def place(self) -> tuple[str, str, int, int]:
        """Where a row is sorted: by device, key, class (none first), index."""
        klass = -1 if self.klass is None else self.klass
        return self.device, self.key, klass, -1 if self.index is None else self.index

    def as_json(self) -> dict[str, Any]:
        """Return the members of the JSON form."""
        return {
            "device": self.device,
            "key": self.key,
            "class": self.klass,
            "index": self.index,
            "name": self.name,
            "category": list(self.category),
            "value": list(self.value) if isinstance(self.value, tuple) else self.value,
            "unit": self.unit,
            "raw": self.raw,
            "tags": list(self.tags),
        }

    def as_cells(self) -> tuple[str | float, ...]:
        """Return the cells of ``CSV_COLUMNS``; an unknown value is empty."""
        value = ", ".join(self.value) if isinstance(self.value, tuple) else self.value
        return (
            self.key,
            self.name,
            "" if value is None else value,
            self.unit or "",
            PATH.join(self.category),
            self.device,
            "" if self.klass is None else str(self.klass),
            "" if self.index is None else str(self.index),
        )


def of_class(rows: Iterable[DecodedRow], klass: int | None) -> list[DecodedRow]:
    """Keep the rows of one device class; None keeps all."""
    return [row for row in rows if klass is None or row.klass == klass]


def matching(rows: Iterable[DecodedRow], wanted: Iterable[str]) -> list[DecodedRow]:
    """Keep the rows with one of these keys, or a name that fits one of the globs.

    Args:
        rows: in any order, which stays.
        wanted: keys, exact, and globs for names, in any case; none keeps all.
    """
    keys = frozenset(wanted)
    globs = [glob.casefold() for glob in keys]
    return [
        row
        for row in rows
        if not keys
        or row.key in keys
        or any(fnmatchcase(row.name.casefold(), glob) for glob in globs)
    ]
