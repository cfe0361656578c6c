"""Reports as an Envoy sends them, made of numbers; no captured data."""

import zlib
from urllib.parse import quote

SERIAL = "110000000001"
PATH = "/emu_reports/performance_report?webcomm_version=4.6.0"


def eqid_of(serial: str, panel: int) -> str:
    """Return the serial number of a panel: no two Envoys have the same."""
    if serial == SERIAL:
        return f"11000000{2000 + panel}"
    return f"{int(serial) % 10**9:09}{panel:03}"


def report_xml(
    number: int = 0,
    *,
    serial: str = SERIAL,
    panels: int = 3,
    events: int = 2,
    start: int = 1_700_000_100,
) -> bytes:
    """Return the XML of report ``number`` of an Envoy; ids rise with it."""
    end = start + 300 * number
    rows = []
    for panel in range(panels):
        eqid = f"{eqid_of(serial, panel)}.1"
        row = number * panels + panel + 1
        rows.append(
            f'<interval id="{row}" eqid="{eqid}" end_date="{end}" '
            f'interval_duration="300" stat_duration="294" stats="{60000 + panel}"/>'
        )
    for panel in range(panels):
        eqid = f"{eqid_of(serial, panel)}.1"
        row = number * panels + panel + 1
        rows.append(
            f'<reading id="{row}" eqid="{eqid}" date="{end}" duration="296" flags="0" '
            f'stats="244000,60000,33000,6500,31,0,0,{60100 + panel}"/>'
        )
    for event in range(events):
        row = number * events + event + 1
        rows.append(
            f'<event id="{row}" event_code="512" event_state="2" '
            f'eqid="{eqid_of(serial, 0)}" event_date="{end}"/>'
        )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><perf_report report_timestamp="{end}" '
        f'webcomm_version="4.6.0"><envoy ip_addr="192.0.2.7" '
        f'mac_addr="02:00:00:00:00:01" timezone="US/Pacific" part_num="800-00069-r05" '
        f'sw_version="R3.12.34 (2e8bfe)" serial_num="{serial}" latitude="0.000" '
        f'longitude="0.000" emu_region="NA"/>{"".join(rows)}</perf_report>'
    ).encode()


def report_body(number: int = 0, **changes: object) -> bytes:
    """Return the bytes of a request: zlib of a form that holds the XML."""
    xml = report_xml(number, **changes)  # type: ignore[arg-type]
    return zlib.compress(f"a=b&body={quote(xml.decode())}".encode())


def event_ids(number: int, events: int = 2) -> list[str]:
    """Return the ids of the events in ``report_body(number)``."""
    return [str(number * events + event + 1) for event in range(events)]


def request(
    body: bytes,
    path: str = PATH,
    *headers: str,
    method: str = "POST",
    length: int | None = None,
) -> bytes:
    """Return the bytes of a request as an Envoy writes it."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Accept: */*",
        "Connection: close",
        "Content-Type: application/x-deflate",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
        "Host: reports.enphaseenergy.com:443",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
