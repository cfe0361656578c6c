"""Reports, devices and captures as lines for people, 80 columns where it can be."""

import functools
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import uuid4

from nutbridge.cli.reports.output import as_json, moment, zone_words
from nutbridge.collector.parse.codes import event_name
from nutbridge.collector.parse.values import numbers
from nutbridge.collector.queries.devices import DeviceRow

Object = dict[str, Any]

#: Stands for the number of a device; no Envoy knows it, so nothing else has it.
_NUMBER = uuid4().hex

_ENVOY = (
    *("serial_num", "part_num", "sw_version", "timezone", "emu_region"),
    *("ip_addr", "mac_addr", "latitude", "longitude"),
)


def report_lines(found: Object) -> Iterator[str]:
    """Yield the lines of one report."""
    yield f"SHA-256    {found['sha256']}"
    times = found["times_received"]
    yield f"received   {moment(found['received'], found['timezone'])}, {times} time(s)"
    yield f"state      {found['parse_state']}, forwarding: {found['forward_state']}"
    if found["path"]:
        yield f"request    {found['path']}?{found['query']}"
    if found["problem"]:
        yield f"problem    {found['problem']}"
    for note in found["notes"]:
        yield f"note       {note}"
    if found["envoy"] is None:
        return
    made = moment(found["report_timestamp"], found["timezone"])
    yield f"made       {made} by the Envoy's clock"
    yield f"webcomm    {found['webcomm_version'] or '-'}"
    for name in _ENVOY:
        if found["envoy"].get(name) is not None:
            yield f"  {name:10} {found['envoy'][name]}"
    yield from _rows(found)
    if found["odd_count"] or found["unknown_count"]:
        yield ""
        yield (
            f"{found['odd_count']} odd value(s), {found['unknown_count']} unknown "
            "element(s) and attribute(s); --json shows them"
        )


def _rows(found: Object) -> Iterator[str]:
    zone = found["timezone"]
    for one in found["intervals"]:
        mark = "  estimated" if one["estimated"] else ""
        yield (
            f"interval   {moment(one['end_date'], zone)}  {one['eqid'] or '-':14} "
            f"{_known(one['interval_duration'])} s  {_slot_stats(one['stats'])}{mark}"
        )
    for one in found["readings"]:
        yield f"reading    {moment(one['date'], zone)}  {one['eqid'] or '-':14}"
        yield f"             {_poll_stats(one['stats'])}"
    for one in found["events"]:
        yield f"event      {_event(one, zone)}"
    for one in found["devices"]:
        yield f"device     {one['eqid']}  {one['part_num'] or '-'}"


#: What the values of a poll are: name, unit, divisor, digits. Two have no meaning
#: that anybody published.
_POLL = (
    *(("AC", "V", 1000, 1), ("", "Hz", 1000, 2), ("DC", "V", 1000, 1)),
    *(("", "A", 1000, 2), ("", "deg C", 1, 0), None, None, ("", "J", 1, 0)),
)


def _poll_stats(stats: str | None) -> str:
    parts = []
    values = numbers(stats)
    for place, value in enumerate(values):
        meaning = _POLL[place] if place < len(_POLL) else None
        if value is None:
            return _known(stats)
        if meaning is not None:
            name, unit, divisor, digits = meaning
            parts.append(f"{name} {value / divisor:.{digits}f} {unit}".strip())
        elif value:
            parts.append(f"[{place}] {value}")
    return ", ".join(parts) or "-"


def _slot_stats(stats: str | None) -> str:
    """Return one number as J; a list of webcomm 3.0 as it came."""
    if stats is None:
        return "- J"
    if "," in stats:
        return f"values {', '.join(part.strip() for part in stats.split(','))}"
    return f"{stats} J"


def _known(value: object) -> str:
    return "-" if value is None else str(value)


def _event(one: Object, zone: str | None) -> str:
    words = {0: "", 1: ": clear", 2: ": set"}
    name = f"{event_name(one['event_code'])}{words.get(one['event_state'], '')}"
    return f"{moment(one['event_date'], zone)}  {one['eqid'] or '-':14} {name}"


def device_lines(found: Iterable[Any]) -> Iterator[str]:
    """Yield the lines of the devices, those of each Envoy under its name."""
    between: list[str] = []
    for envoy, devices in groupby(found, attrgetter("common.envoy")):
        yield from between
        yield f"Envoy {envoy.serial_num}, {zone_words(envoy.timezone)}"
        yield f"{'DEVICE':14}  {'PART':14}  {'STATE':10}  LAST SEEN"
        between = [""]
        for one in devices:
            line, is_all = _device_line(one.common)
            yield f"{one.eqid:14}  {line}"
            if one.open_events or not is_all:
                yield from _more(one)


@functools.lru_cache(maxsize=256)
def _device_line(common: Any) -> tuple[str, bool]:
    """Return the line of devices that are alike, and whether it says all of them."""
    unit = common.unit
    line = (
        f"{unit.said['part_num'] or '-':14}  {common.what or unit.state or '-':10}  "
        f"{moment(unit.last_seen, common.envoy.timezone)}"
    )
    return line, not [*_conditions(unit, common.channels)]


def _more(one: Any) -> Iterator[str]:
    unit = one.unit
    yield from _conditions(unit, one.channels)
    for event in one.open_events:
        place = "" if event["eqid"] == unit.eqid else f" {event['eqid']}"
        since = moment(event["event_date"], one.common.envoy.timezone)
        yield f"  open since {since}{place}: {event['name']}"


def _conditions(unit: Any, channels: Sequence[Any]) -> Iterator[str]:
    if unit.said["condition_flags"]:
        yield from _flags("  condition", unit)
    several = len(channels) > 1 and len({one.state for one in channels}) > 1
    for channel in channels:
        if several:
            yield f"  channel {channel.eqid} is {_known(channel.state)}"
        if channel.said["condition_flags"]:
            yield from _flags(f"  channel {channel.eqid}", channel)


def device_texts(found: Iterable[Any]) -> Iterator[str]:
    """Yield the JSON object of each device."""
    for one in found:
        if one.open_events:
            yield as_json(one.as_object())
        else:
            yield as_json(one.eqid)[1:-1].join(_pieces(one.common))


@functools.lru_cache(maxsize=256)
def _pieces(common: Any) -> list[str]:
    """Return what stands between the eqids in an object of devices that are alike."""
    return as_json(DeviceRow(_NUMBER, common).as_object()).split(_NUMBER)


def _flags(what: str, unit: Any) -> Iterable[str]:
    found = unit.flags()
    if found["condition_flags_hex"] is None:
        return ()
    return (
        f"{what}: {found['condition_flags_hex']}",
        *(f"    {bit['bit']:>10}  {bit['meaning']}" for bit in found["condition_bits"]),
    )


def capture_lines(found: Object) -> Iterator[str]:
    """Yield the lines of a capture."""
    query = f"?{found['query']}" if found["query"] else ""
    yield f"# {found['sha256']}, {found['size']} bytes, {found['envelope']}"
    yield f"# {found['parse_state']}" + (
        f": {found['problem']}" if found["problem"] else ""
    )
    yield f"POST {found['path']}{query}" if found["path"] else "# imported"
    yield from (f"{name}: {value}" for name, value in found["headers"])
    yield ""
    yield from (found["body"] or "# bytes that cannot be inflated").splitlines()
    answer = found["answer"]
    if answer is not None:
        yield ""
        yield f"# answer {answer['status']}"
        yield from (f"{name}: {value}" for name, value in answer["headers"])
        yield ""
        yield from (answer["body"] or "").splitlines()
