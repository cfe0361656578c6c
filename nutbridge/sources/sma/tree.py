"""The rows as people read them: sorted by their categories, or a flat list.

0199-xxxxx123
  AC Side / Grid measurements / Power: 2169 W
  AC Side / Grid measurements / Reactive power: n/a
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from nutbridge.sources.sma.rows import PATH, DecodedRow

_INDENT = "  "
# One long list of tags must not push all categories out of sight.
_WIDEST = 40


def tree(rows: Iterable[DecodedRow], *, raw: bool = False) -> Iterator[str]:
    """Yield the lines of the tree, names in alphabetical order.

    Each line names all categories, so that grep finds what belongs together.
    What belongs to no category stands right below its device.

    Args:
        rows: of any number of devices.
        raw: append key, class and the values as they were sent.
    """
    for device, found in groupby(sorted(rows, key=_order), lambda row: row.device):
        yield device
        for (path, _, key), members in groupby(found, _object):
            for line in _object_lines(list(members), key if raw else None):
                yield _INDENT + PATH.join((*path, line))


def _order(row: DecodedRow) -> tuple[object, ...]:
    # Values of a category come before the categories in it.
    folded = tuple(level.casefold() for level in row.category)
    return row.device, folded, row.category, row.name.casefold(), row.place()


def _object(row: DecodedRow) -> tuple[tuple[str, ...], str, str]:
    return row.category, row.name, row.key


def _object_lines(rows: Sequence[DecodedRow], key: str | None) -> Iterator[str]:
    """Yield one line per device class; the elements of an array stand in it."""
    classes = [list(found) for _, found in groupby(rows, lambda row: row.klass)]
    for found in classes:
        first = found[0]
        name = first.name
        if len(classes) > 1:
            name += f" [class {'none' if first.klass is None else first.klass}]"
        line = f"{name}: {', '.join(row.text for row in found)}"
        yield line + (f"  [{key}{_sent(found)}]" if key is not None else "")


def _sent(rows: Sequence[DecodedRow]) -> str:
    klass = rows[0].klass
    shown = "" if klass is None else f" class {klass}"
    return f"{shown}: {', '.join(map(_raw, rows))}"


def _raw(row: DecodedRow) -> str:
    if row.tags:
        return "+".join(map(str, row.tags))
    return json.dumps(row.raw, ensure_ascii=False)


def flat(rows: Sequence[DecodedRow]) -> Iterator[str]:
    """Yield one line per row: key, name, value with unit, category.

    Where there are several, the place in the array is behind the name and the
    device behind the category.
    """
    several = len({row.device for row in rows}) > 1
    table = [
        (row.key, name, row.text, *_end(row, several=several))
        for row, name in zip(rows, _names(rows), strict=True)
    ]
    columns = zip(*table, strict=True)
    widths = [min(max(map(len, column)), _WIDEST) for column in columns]
    for cells in table:
        line = zip(cells, widths, strict=True)
        yield "  ".join(cell.ljust(width) for cell, width in line).rstrip()


def _names(rows: Sequence[DecodedRow]) -> list[str]:
    objects = Counter((row.device, row.key) for row in rows)
    classes = {(row.device, row.key, row.klass) for row in rows}
    most = Counter((device, key) for device, key, _ in classes)
    names = []
    for row in rows:
        place = (row.device, row.key)
        name = row.name
        if most[place] > 1 and row.klass is not None:
            name += f" [class {row.klass}]"
        if objects[place] > most[place] and row.index is not None:
            name += f" [{row.index}]"
        names.append(name)
    return names


def _end(row: DecodedRow, *, several: bool) -> tuple[str, ...]:
    category = PATH.join(row.category)
    return (category, row.device) if several else (category,)
