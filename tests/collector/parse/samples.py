"""Reports made up for the tests: bytes of our own, in the shape of real ones."""

import zlib
from urllib.parse import quote

SERIAL = "990000000001"
PANEL = "990000000101"
#: 2023-11-14 22:20:00 UTC.
NOW = 1_700_000_400

Attributes = dict[str, object]

ENVOY: Attributes = {
    "latitude": "12.3456",
    "longitude": "65.4321",
    "ip_addr": "192.0.2.77",
    "emu_region": "NA",
    "part_num": "800-00069-r05",
    "sw_version": "R3.12.34 (2e8bfe)",
    "serial_num": SERIAL,
    "mac_addr": "02:00:00:aa:bb:cc",
    "timezone": "US/Eastern",
}


def element(name: str, attributes: Attributes, inner: str = "") -> str:
    """Return one element; None leaves an attribute out."""
    pairs = "".join(
        f' {key}="{value}"' for key, value in attributes.items() if value is not None
    )
    return f"<{name}{pairs}>{inner}</{name}>" if inner else f"<{name}{pairs}/>"


def interval(**more: object) -> str:
    """Return a measured slot of five minutes."""
    usual: Attributes = {
        "id": 1001,
        "eqid": f"{PANEL}.1",
        "end_date": NOW - 300,
        "interval_duration": 300,
        "stat_duration": 294,
        "stats": 65439,
    }
    return element("interval", usual | more)


def reading(**more: object) -> str:
    """Return one poll."""
    usual: Attributes = {
        "id": 2001,
        "eqid": f"{PANEL}.1",
        "date": NOW - 280,
        "duration": 296,
        "flags": 0,
        "stats": "250102,59979,27782,7462,49,0,0,67535",
    }
    return element("reading", usual | more)


def event(inner: str = "", **more: object) -> str:
    """Return a condition that was set."""
    usual: Attributes = {
        "id": 3001,
        "eqid": PANEL,
        "event_code": 512,
        "event_state": 2,
        "event_date": NOW - 400,
    }
    return element("event", usual | more, inner)


def device(inner: str = "", **more: object) -> str:
    """Return a microinverter with its channel."""
    usual: Attributes = {
        "eqid": PANEL,
        "part_num": "800-00103-r05",
        "device_type": 1,
        "admin_state": 1,
        "image_bits": 131072,
        "control_bits": 0,
        "condition_flags": 2359296,
        "observed_flags": 0,
    }
    return element("device", usual | more, inner or channel())


def channel(**more: object) -> str:
    """Return its channel."""
    usual: Attributes = {
        "eqid": f"{PANEL}.1",
        "channel_type": 1,
        "condition_flags": 16,
        "observed_flags": 0,
        "control_bits": 0,
    }
    return element("channel", usual | more)


def xml(*rows: str, envoy: Attributes | None = None, **root: object) -> str:
    """Return a whole report."""
    named = element("envoy", ENVOY | (envoy or {}))
    usual: Attributes = {"report_timestamp": NOW, "webcomm_version": "4.6.0"}
    inner = element("perf_report", usual | root, named + "".join(rows))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{inner}'


def form(text: str | bytes, before: str = "", after: str = "") -> bytes:
    """Return a form with the XML in it."""
    return f"{before}body={quote(text, safe='')}{after}".encode()


def body(*rows: str, **more: object) -> bytes:
    """Return a request body as an Envoy sends it."""
    return zlib.compress(form(xml(*rows, **more)))  # type: ignore[arg-type]


def big(intervals: int, readings: int, events: int) -> bytes:
    """Return a report with many rows."""
    rows = [
        interval(id=n, eqid=f"{990000001000 + n % 50}.1", end_date=NOW - 300 * n)
        for n in range(intervals)
    ]
    rows += [reading(id=n, date=NOW - n) for n in range(readings)]
    rows += [event(id=n, event_date=NOW - n) for n in range(events)]
    return body(*rows)
