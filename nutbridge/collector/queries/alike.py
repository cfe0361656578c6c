"""Devices of an Envoy that are alike: what holds of one of them is found out once.

A fleet names 300,000 devices. Of most of an Envoy's its reports say the same: channels
of the same numbers, the same description, energy at the same time.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from nutbridge.collector.queries.energy import NO_PANEL
from nutbridge.collector.store.units import UnitList, device_of

#: A device or a channel: what its eqid has behind that of the device, and its mark.
Part = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """What some devices of an Envoy are like.

    Attributes:
        parts: of each, itself and its channels.
        panels: those of them that are panels.
        is_divided: they have channels.
        is_panel: they give energy of their own.
    """

    parts: tuple[Part, ...]
    panels: tuple[Part, ...]
    is_divided: bool
    is_panel: bool


def alike_of(named: UnitList) -> dict[str, Alike]:
    """Return the devices of an Envoy by their numbers, each with what it is like."""
    eqids, marks, sights = named
    if not eqids:
        return {}
    others = frozenset(
        mark for mark, sight in sights.items() if sight.device_type in NO_PANEL
    )
    behind = _behind_first(eqids)
    size = len(behind)
    devices = eqids[::size]
    if behind[0]:
        devices = [device_of(eqid) for eqid in devices]
    elif "." in "".join(devices):
        return _one_by_one(named, others)
    for place, text in enumerate(behind):
        if text and eqids[place::size] != [device + text for device in devices]:
            return _one_by_one(named, others)
    # As nearly always: all have channels of the same numbers.
    return dict(zip(devices, _by_marks(behind, marks, others), strict=True))


# Few texts of marks say it of most Envoys; one of 12,000 units takes 60 kB.
@functools.lru_cache(maxsize=128)
def _by_marks(
    behind: tuple[str, ...], marks: str, others: frozenset[str]
) -> tuple[Alike, ...]:
    """Return what each device is like: the marks alone say which are alike."""
    size = len(behind)
    found = list(zip(*(marks[place::size] for place in range(size)), strict=True))
    kinds = {ours: _alike(behind, ours, others) for ours in set(found)}
    return tuple(kinds[ours] for ours in found)


def _behind_first(eqids: Sequence[str]) -> tuple[str, ...]:
    """Return what the units of the first device have behind its number."""
    first = device_of(eqids[0])
    size = 1
    while size < len(eqids) and device_of(eqids[size]) == first:
        size += 1
    return tuple(eqid[len(first) :] for eqid in eqids[:size])


def _one_by_one(named: UnitList, others: frozenset[str]) -> dict[str, Alike]:
    parts: dict[str, list[Part]] = {}
    for eqid, mark in zip(named.eqids, named.marks, strict=True):
        device, dot, channel = eqid.partition(".")
        parts.setdefault(device, []).append((dot + channel, mark))
    found = {device: tuple(zip(*ours, strict=True)) for device, ours in parts.items()}
    kinds = {ours: _alike(ours[0], ours[1], others) for ours in set(found.values())}
    return {device: kinds[ours] for device, ours in found.items()}


def _alike(
    behind: tuple[str, ...], marks: tuple[str, ...], others: frozenset[str]
) -> Alike:
    """Return what devices are like whose units have these marks.

    Args:
        behind: of each unit, what its eqid has behind that of the device.
        marks: of each unit.
        others: marks of what gives no energy of its own.
    """
    parts = tuple(zip(behind, marks, strict=True))
    channels = tuple(part for part in parts if part[0])
    is_panel = not (others and any(mark in others for text, mark in parts if not text))
    panels = (channels or parts) if is_panel else ()
    return Alike(parts, panels, bool(channels), is_panel)
