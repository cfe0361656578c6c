"""Reports, devices and captures as lines for people, 80 columns where it can be."""

from collections.abc import Iterable, Iterator
from typing import Any

from nutbridge.cli.reports.output import moment
from nutbridge.collector.parse.codes import event_name

Object = dict[str, Any]

_ENVOY = (
    *("serial_num", "part_num", "sw_version", "timezone", "emu_region"),
    *("ip_addr", "mac_addr", "latitude", "longitude"),
)


def report_lines(found: Object) -> Iterator[str]:
    """Yield the lines of one report."""
    yield f"SHA-256    {found['sha256']}"
    times = found["times_received"]
    yield f"received   {moment(found['received'])}, {times} time(s)"
    yield f"state      {found['parse_state']}, forwarding: {found['forward_state']}"
    if found["path"]:
        yield f"request    {found['path']}?{found['query']}"
    if found["problem"]:
        yield f"problem    {found['problem']}"
    for note in found["notes"]:
        yield f"note       {note}"
    if found["envoy"] is None:
        return
    yield f"made       {moment(found['report_timestamp'])} by the Envoy's clock"
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
    for one in found["intervals"]:
        mark = "  estimated" if one["estimated"] else ""
        yield (
            f"interval   {moment(one['end_date'])}  {one['eqid'] or '-':14} "
            f"{_known(one['interval_duration'])} s  {_known(one['stats'])} J{mark}"
        )
    for one in found["readings"]:
        yield (
            f"reading    {moment(one['date'])}  {one['eqid'] or '-':14} "
            f"{_known(one['stats'])}"
        )
    for one in found["events"]:
        yield f"event      {_event(one)}"
    for one in found["devices"]:
        yield f"device     {one['eqid']}  {one['part_num'] or '-'}"


def _known(value: object) -> object:
    return "-" if value is None else value


def _event(one: Object) -> str:
    words = {0: "", 1: ": clear", 2: ": set"}
    name = f"{event_name(one['event_code'])}{words.get(one['event_state'], '')}"
    return f"{moment(one['event_date'])}  {one['eqid'] or '-':14} {name}"


def device_lines(found: Iterable[Object]) -> Iterator[str]:
    """Yield the lines of the devices."""
    for one in found:
        yield (
            f"{one['eqid']:14}  {one['part_num'] or '-':14}  "
            f"last seen {moment(one['last_seen'])}  Envoy {one['envoy_serial']}"
        )
        yield from _flags("  condition", one)
        for channel in one["channels"]:
            yield from _flags(f"  channel {channel['eqid']}", channel)
        for event in one["open_events"]:
            yield f"  open since {_event(event)}"


def _flags(what: str, one: Object) -> Iterator[str]:
    if one["condition_flags_hex"] is None:
        return
    yield f"{what}: {one['condition_flags_hex']}"
    for bit in one["condition_bits"]:
        yield f"    {bit['bit']:>10}  {bit['meaning']}"


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
