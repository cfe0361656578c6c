"""What panels gave in some time, as the rows of sums have it: lists in one text.

A row for each panel would be thirty to write with each report, and thirty to read for
each day or hour that anybody asks about.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

#: Of each panel by its eqid: energy, the estimated part of it, J, and hours of the day
#: in which there was some, as bits.
Given = dict[str, list[int]]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_decoder = json.JSONDecoder()


def give(
    given: Given, eqid: str, energy_j: int, estimated_j: int, hours: int = 0
) -> None:
    """Add what a panel gave."""
    one = given.get(eqid)
    if one is None:
        given[eqid] = [energy_j, estimated_j, hours]
    else:
        one[0] += energy_j
        one[1] += estimated_j
        one[2] |= hours


def as_text(eqids: Sequence[str], columns: Iterable[Sequence[int]]) -> str:
    """Return what ``lists_of`` reads."""
    # Numbers as Python writes a list of them: in a third of the time.
    numbers = ",".join([str([*column]) for column in columns])
    return f"[{_encode(eqids)}," + f"{numbers}]".replace(" ", "")


def lists_of(gave: str) -> list[list[Any]]:
    """Return what is in the column ``gave`` of a row: eqids, then numbers of each."""
    found: list[list[Any]] = json.loads(gave)
    return found


def eqids_of(gave: str) -> list[str]:
    """Return only the first of ``lists_of``, in a third of the time."""
    found: list[str] = _decoder.raw_decode(gave, 1)[0]
    return found


def panels_in(gave: str) -> Iterator[tuple[Any, ...]]:
    """Yield eqid and numbers of each panel of a row."""
    return zip(*lists_of(gave), strict=True)
