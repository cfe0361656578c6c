"""What a report says, as data.

Rows are named tuples, not dataclasses: a report has 65 of them and they go to the
database as they are. Every value is in the unit of the wire; None is a value that
was absent or cannot be used. ``extra`` holds the unknown and the unusable
attributes of a row as a JSON object of texts, None when there are none.
"""

import functools
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

_TASK = [b"emu_reports", b"task_complete"]


@functools.lru_cache(16)
def is_task(path: str) -> bool:
    """Tell whether a request to this path says that a task is done, no report."""
    return [part for part in unquote_to_bytes(path).split(b"/") if part] == _TASK


@dataclass(frozen=True, slots=True)
class RawReport:
    """One request as it came, before anything was made of it.

    Attributes:
        received: Unix seconds, our clock.
        peer: address of the sender; "" for an imported file.
        path: raw path, as sent.
        query: raw query without the question mark, as sent.
        headers: names and values in their order, duplicates included.
        body: the bytes as they came, still compressed.
    """

    received: int
    peer: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Interval(NamedTuple):
    """Energy of one channel in one slot.

    ``energy_j`` is None where it cannot be counted.
    """

    id: int
    end_date: int
    eqid: str | None
    interval_duration: int | None
    stat_duration: int | None
    stats: str | None
    energy_j: int | None
    estimated: bool
    extra: str | None


class ChannelReading(NamedTuple):
    """One poll of one channel; ``stats`` as on the wire."""

    id: int
    date: int
    eqid: str | None
    duration: int | None
    flags: int | None
    stats: str | None
    extra: str | None


class EnvoyEvent(NamedTuple):
    """A condition that was set (state 2) or cleared (1), or happened (0)."""

    id: int
    event_date: int
    event_code: int | None
    event_state: int | None
    eqid: str | None
    serial_num: str | None
    correlation_id: int | None
    message_key: int | None
    message_params: str | None
    extra: str | None


class Device(NamedTuple):
    """A microinverter as the Envoy describes it."""

    eqid: str
    part_num: str | None
    device_type: int | None
    admin_state: int | None
    image_bits: int | None
    control_bits: int | None
    condition_flags: int | None
    observed_flags: int | None
    extra: str | None


class InverterChannel(NamedTuple):
    """A channel of a microinverter; ``device_eqid`` is that of its parent."""

    eqid: str
    device_eqid: str | None
    channel_type: int | None
    condition_flags: int | None
    observed_flags: int | None
    control_bits: int | None
    extra: str | None


class Envoy(NamedTuple):
    """The sender. Latitude and longitude are the house's place, kept as texts."""

    serial_num: str
    part_num: str | None
    sw_version: str | None
    ip_addr: str | None
    mac_addr: str | None
    timezone: str | None
    latitude: str | None
    longitude: str | None
    emu_region: str | None
    extra: str | None


class OddRow(NamedTuple):
    """A row that cannot have a key: its id or its date is missing or unusable."""

    kind: str
    attributes: str


@dataclass(frozen=True, slots=True)
class Report:
    """One well-formed report with exactly one Envoy.

    Attributes:
        unknown: elements that no document names, JSON objects; the first ones.
        unknown_count: unknown elements and attributes.
        odd_count: values that cannot be used.
        extra: unknown attributes of the root.
        acknowledge: the ids of all events as on the wire, usable or not.
    """

    report_timestamp: int | None
    webcomm_version: str | None
    envoy: Envoy
    intervals: tuple[Interval, ...] = ()
    readings: tuple[ChannelReading, ...] = ()
    events: tuple[EnvoyEvent, ...] = ()
    devices: tuple[Device, ...] = ()
    channels: tuple[InverterChannel, ...] = ()
    odd_rows: tuple[OddRow, ...] = ()
    unknown: tuple[str, ...] = ()
    unknown_count: int = 0
    odd_count: int = 0
    extra: str | None = None
    acknowledge: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What became of a body.

    Attributes:
        report: None when the body is no report.
        problem: why not, one line; None when it is one.
        notes: what is unusual about the envelope, one line each.
    """

    report: Report | None
    problem: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def parsed(self) -> bool:
        """Tell whether the body is a report."""
        return self.report is not None

    @property
    def serial(self) -> str | None:
        """The serial number of the Envoy, None when unknown."""
        return self.report.envoy.serial_num if self.report else None

    @property
    def event_ids(self) -> tuple[str, ...]:
        """The ids to acknowledge, as on the wire, in the order of the report."""
        return self.report.acknowledge if self.report else ()
