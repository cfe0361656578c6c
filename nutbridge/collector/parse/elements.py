"""The elements of a report, one function each: attributes to a row.

Source: a capture of webcomm 4.6.0 (R3.12), one of 3.0 (R3.0.0) and the code of two
public collectors. A row whose id or date cannot be used has no key: it is kept as
an OddRow. Every other odd value is None in its row and kept in ``extra``.
"""

import re
from operator import itemgetter

from nutbridge.collector.parse.model import (
    ChannelReading,
    Device,
    Envoy,
    EnvoyEvent,
    Interval,
    InverterChannel,
    OddRow,
)
from nutbridge.collector.parse.values import (
    MAX_DATE,
    MAX_NAME,
    USUAL_LIST,
    Attributes,
    as_json,
    count_odd,
    numbers,
)

#: Slots are 300 s, 900 s in low-bandwidth mode, up to 56,400 s in gap fill. A
#: longer one than a year is a mistake.
MAX_DURATION = 366 * 86400
#: No channel of a microinverter comes near 100 kW; more is a broken number.
MAX_POWER_W = 100_000

# One look at all texts of a row, for those that leave no doubt.
_NUMBER = "[0-9]{1,18}\n"
_NAME = f"[!-~]{{1,{MAX_NAME}}}"
_INTERVAL = ("id", "end_date", "interval_duration", "stat_duration", "stats", "eqid")
_interval_texts = itemgetter(*_INTERVAL)
_usual_interval_texts = re.compile(f"{5 * _NUMBER}{_NAME}").fullmatch
_READING = ("id", "date", "duration", "flags", "eqid", "stats")
_reading_texts = itemgetter(*_READING)
_usual_reading_texts = re.compile(f"{4 * _NUMBER}{_NAME}\n{USUAL_LIST}").fullmatch


class Tally:
    """Counts what is odd and what is unknown in a report, and keeps odd rows."""

    __slots__ = ("odd", "rows", "unknown")

    def __init__(self) -> None:
        self.odd = 0
        self.unknown = 0
        self.rows: list[OddRow] = []

    def add(self, taken: Attributes) -> None:
        """Count what one element left over."""
        self.odd += len(taken.odd)
        self.unknown += len(taken.left)


def interval(attributes: dict[str, str], tally: Tally) -> Interval | None:
    """Make a row of ``<interval>``: energy of one channel in one slot.

    ``stats`` is one whole number, joules (webcomm 4.6.0). webcomm 3.0 may send a
    list; what its values mean is unknown, so it is kept and not summed.
    ``stat_duration == interval_duration`` marks rows that the Envoy made up to
    fill a gap; measured rows have some seconds less.
    """
    usual = _usual_interval(attributes)
    if usual is not None:
        return usual
    taken = Attributes(dict(attributes))
    row_id = taken.whole("id")
    end_date = taken.date("end_date")
    eqid = taken.name("eqid")
    duration = taken.whole("interval_duration", MAX_DURATION)
    stat_duration = taken.whole("stat_duration")
    stats = taken.text("stats")
    tally.add(taken)
    if row_id is None or end_date is None:
        _keep("interval", attributes, tally)
        return None
    energy = _energy(stats, duration)
    if energy is None or eqid is None:
        tally.odd += 1
        energy = None
    return Interval(
        row_id,
        end_date,
        eqid,
        duration,
        stat_duration,
        stats,
        energy,
        stat_duration is not None and stat_duration == duration,
        taken.extra(),
    )


def _usual_interval(attributes: dict[str, str]) -> Interval | None:
    """Return the row where nothing is odd or unknown; None: look closely.

    Nearly all rows of a report are of this kind, and it takes a third of the time.
    """
    try:
        texts = _interval_texts(attributes)
    except KeyError:
        return None
    usual = len(attributes) == len(texts) and _usual_interval_texts("\n".join(texts))
    if not usual:
        return None
    row_id, end_date, duration, stat_duration, energy = map(int, texts[:-1])
    if (
        end_date > MAX_DATE
        or not 0 < duration <= MAX_DURATION
        or energy > MAX_POWER_W * duration
    ):
        return None
    return Interval(
        row_id,
        end_date,
        texts[-1],
        duration,
        stat_duration,
        texts[-2],
        energy,
        stat_duration == duration,
        None,
    )


def _energy(stats: str | None, duration: int | None) -> int | None:
    values = numbers(stats)
    if len(values) != 1 or not duration:
        return None
    energy = values[0]
    if energy is None or not 0 <= energy <= MAX_POWER_W * duration:
        return None
    return energy


def reading(attributes: dict[str, str], tally: Tally) -> ChannelReading | None:
    """Make a row of ``<reading>``: one poll of one channel.

    ``stats``: AC voltage mV, AC frequency mHz, DC voltage mV, DC current mA,
    temperature degC, two unknown, and from webcomm 4.6.0 on energy over
    ``duration`` in J; 7, 8 or more.
    """
    usual = _usual_reading(attributes)
    if usual is not None:
        return usual
    taken = Attributes(dict(attributes))
    row_id = taken.whole("id")
    date = taken.date("date")
    eqid = taken.name("eqid")
    duration = taken.whole("duration")
    flags = taken.whole("flags")
    stats = taken.text("stats")
    tally.add(taken)
    if row_id is None or date is None:
        _keep("reading", attributes, tally)
        return None
    tally.odd += count_odd(stats)
    return ChannelReading(row_id, date, eqid, duration, flags, stats, taken.extra())


def _usual_reading(attributes: dict[str, str]) -> ChannelReading | None:
    """Return the row where nothing is odd or unknown; None: look closely."""
    try:
        texts = _reading_texts(attributes)
    except KeyError:
        return None
    usual = len(attributes) == len(texts) and _usual_reading_texts("\n".join(texts))
    if not usual:
        return None
    row_id, date, duration, flags = map(int, texts[:-2])
    if date > MAX_DATE:
        return None
    return ChannelReading(row_id, date, texts[-2], duration, flags, texts[-1], None)


def event(
    attributes: dict[str, str], params: str | None, tally: Tally
) -> EnvoyEvent | None:
    """Make a row of ``<event>``; ``params`` is the text of ``<message_params>``."""
    taken = Attributes(dict(attributes))
    row_id = taken.whole("id")
    date = taken.date("event_date")
    row = EnvoyEvent(
        row_id or 0,
        date or 0,
        taken.whole("event_code"),
        taken.whole("event_state"),
        taken.name("eqid"),
        taken.name("serial_num"),
        taken.whole("correlation_id"),
        taken.whole("message_key"),
        params,
        taken.extra(),
    )
    tally.add(taken)
    if row_id is None or date is None:
        with_params = {} if params is None else {"message_params": params}
        _keep("event", attributes | with_params, tally)
        return None
    return row


def device(attributes: dict[str, str], tally: Tally) -> Device | None:
    """Make a row of ``<device>``: a microinverter."""
    taken = Attributes(dict(attributes))
    eqid = taken.name("eqid")
    row = Device(
        eqid or "",
        taken.text("part_num"),
        taken.whole("device_type"),
        taken.whole("admin_state"),
        taken.whole("image_bits"),
        taken.whole("control_bits"),
        taken.whole("condition_flags"),
        taken.whole("observed_flags"),
        taken.extra(),
    )
    tally.add(taken)
    if eqid is None:
        _keep("device", attributes, tally)
        return None
    return row


def channel(
    attributes: dict[str, str], device_eqid: str | None, tally: Tally
) -> InverterChannel | None:
    """Make a row of ``<channel>``, a child of ``<device>``."""
    taken = Attributes(dict(attributes))
    eqid = taken.name("eqid")
    row = InverterChannel(
        eqid or "",
        device_eqid,
        taken.whole("channel_type"),
        taken.whole("condition_flags"),
        taken.whole("observed_flags"),
        taken.whole("control_bits"),
        taken.extra(),
    )
    tally.add(taken)
    if eqid is None:
        _keep("channel", attributes, tally)
        return None
    return row


def envoy(attributes: dict[str, str], tally: Tally) -> Envoy | None:
    """Make a row of ``<envoy>``; None without a usable serial number."""
    taken = Attributes(dict(attributes))
    serial = taken.name("serial_num")
    if serial is None:
        return None
    row = Envoy(
        serial,
        taken.text("part_num"),
        taken.text("sw_version"),
        taken.text("ip_addr"),
        taken.text("mac_addr"),
        taken.zone("timezone"),
        taken.text("latitude"),
        taken.text("longitude"),
        taken.text("emu_region"),
        taken.extra(),
    )
    tally.add(taken)
    return row


def _keep(kind: str, attributes: dict[str, str], tally: Tally) -> None:
    tally.odd += 1
    tally.rows.append(OddRow(kind, as_json(attributes)))
