"""The tables. One shape for SQLite and PostgreSQL.

Values are in the units of the wire (joules, seconds, Unix seconds); names are the
wire's where a column is an attribute of the wire. An Envoy's ids are its own, and
one that was reset begins anew: the date is part of every key.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

#: Number of this schema; migrations.py knows the way from older ones.
SCHEMA = 1

metadata = MetaData()

# SQLite makes an INTEGER PRIMARY KEY its row number, a BIGINT not.
_Int = BigInteger().with_variant(Integer, "sqlite")


def _key(name: str) -> Column[int]:
    return Column(name, _Int, primary_key=True, autoincrement=False)


def _int(name: str, *, needed: bool = False) -> Column[int]:
    return Column(name, _Int, nullable=not needed)


def _text(name: str, *, needed: bool = False) -> Column[str]:
    return Column(name, Text, nullable=not needed)


def _where(condition: str) -> dict[str, Any]:
    return {
        "sqlite_where": text(condition),
        "postgresql_where": text(condition),
    }


schema_version = Table(
    "schema_version",
    metadata,
    _key("version"),
    _int("applied", needed=True),
)

envoy = Table(
    "envoy",
    metadata,
    Column("envoy_id", _Int, primary_key=True),
    Column("serial_num", Text, nullable=False, unique=True),
)

#: One row per distinct body. The body has a table of its own: SQLite rewrites a
#: whole row when its state changes.
raw = Table(
    "raw",
    metadata,
    Column("raw_id", _Int, primary_key=True),
    Column("sha256", Text, nullable=False, unique=True),
    _int("received", needed=True),
    _int("times_received", needed=True),
    _text("peer", needed=True),
    _text("path", needed=True),
    _text("query", needed=True),
    _text("headers", needed=True),
    _int("size", needed=True),
    _text("parse_state", needed=True),
    _text("problem"),
    _int("envoy_id"),
    _int("report_timestamp"),
    _text("webcomm_version"),
    _int("intervals", needed=True),
    _int("readings", needed=True),
    _int("events", needed=True),
    _int("devices", needed=True),
    _int("odd_count", needed=True),
    _int("unknown_count", needed=True),
    _text("forward_state", needed=True),
    _text("forward_problem"),
    Index("raw_pending", "raw_id", **_where("parse_state = 'pending'")),
    Index("raw_dead", "raw_id", **_where("forward_state = 'dead_letter'")),
)

raw_body = Table(
    "raw_body",
    metadata,
    _key("raw_id"),
    Column("body", LargeBinary, nullable=False),
)

#: The same bytes received again.
receipt = Table(
    "receipt",
    metadata,
    Column("receipt_id", _Int, primary_key=True),
    _int("raw_id", needed=True),
    _int("received", needed=True),
    _text("peer", needed=True),
    _text("path", needed=True),
    _text("query", needed=True),
    _text("headers", needed=True),
    Index("receipt_raw", "raw_id"),
)

#: The last answer of upstream.
answer = Table(
    "answer",
    metadata,
    _key("raw_id"),
    _int("status", needed=True),
    _text("headers", needed=True),
    Column("body", LargeBinary, nullable=False),
)

#: What waits for upstream; the order is that of the acceptance.
outbox = Table(
    "outbox",
    metadata,
    _key("raw_id"),
    _int("envoy_id", needed=True),
    Index("outbox_envoy", "envoy_id", "raw_id"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_id", _Int, primary_key=True),
    Column("sha256", Text, nullable=False, unique=True),
    _int("received", needed=True),
    _int("times_received", needed=True),
    _text("reason", needed=True),
    _text("peer", needed=True),
    _text("path", needed=True),
    _text("query", needed=True),
    _text("headers", needed=True),
    _int("size", needed=True),
    Column("body", LargeBinary, nullable=False),
)

#: The Envoy as each report describes it.
report = Table(
    "report",
    metadata,
    _key("raw_id"),
    _int("envoy_id", needed=True),
    _text("part_num"),
    _text("sw_version"),
    _text("ip_addr"),
    _text("mac_addr"),
    _text("timezone"),
    _text("latitude"),
    _text("longitude"),
    _text("emu_region"),
    _text("extra"),
    _text("root_extra"),
    _text("unknown"),
    Index("report_envoy", "envoy_id", "raw_id"),
)

interval = Table(
    "interval",
    metadata,
    *(_key("envoy_id"), _key("id"), _key("end_date")),
    _text("eqid"),
    *(_int("interval_duration"), _int("stat_duration")),
    _text("stats"),
    _int("energy_j"),
    Column("estimated", Boolean, nullable=False),
    _int("slot_start"),
    _text("extra"),
    _int("raw_id", needed=True),
    # Enough for sums, without a look at the row.
    Index("interval_energy", "envoy_id", "eqid", "slot_start", "energy_j", "estimated"),
    Index(
        # slot_start: SQLite then prefers it to the key, which begins alike.
        "interval_long",
        *("envoy_id", "slot_start"),
        **_where("slot_start IS NULL AND energy_j IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

reading = Table(
    "reading",
    metadata,
    *(_key("envoy_id"), _key("id"), _key("date")),
    _text("eqid"),
    *(_int("duration"), _int("flags")),
    *(_text("stats"), _text("extra")),
    _int("raw_id", needed=True),
    Index("reading_eqid", "envoy_id", "eqid", "date"),
    sqlite_with_rowid=False,
)

event = Table(
    "event",
    metadata,
    *(_key("envoy_id"), _key("id"), _key("event_date")),
    *(_int("event_code"), _int("event_state")),
    *(_text("eqid"), _text("serial_num")),
    *(_int("correlation_id"), _int("message_key")),
    *(_text("message_params"), _text("extra")),
    _int("raw_id", needed=True),
    Index("event_eqid", "envoy_id", "eqid", "event_date"),
    Index("event_partner", "envoy_id", "correlation_id"),
    Index(
        "event_open",
        "envoy_id",
        **_where("event_state = 2 AND correlation_id IS NULL"),
    ),
    sqlite_with_rowid=False,
)

#: ``reported`` is the time of the report, or of its receipt where the report's
#: clock cannot be right.
device = Table(
    "device",
    metadata,
    _key("envoy_id"),
    Column("eqid", Text, primary_key=True),
    _key("reported"),
    _text("part_num"),
    *(_int("device_type"), _int("admin_state"), _int("image_bits")),
    *(_int("control_bits"), _int("condition_flags"), _int("observed_flags")),
    _text("extra"),
    _int("raw_id", needed=True),
    sqlite_with_rowid=False,
)

channel = Table(
    "channel",
    metadata,
    _key("envoy_id"),
    Column("eqid", Text, primary_key=True),
    _key("reported"),
    _text("device_eqid"),
    *(_int("channel_type"), _int("condition_flags")),
    *(_int("observed_flags"), _int("control_bits")),
    _text("extra"),
    _int("raw_id", needed=True),
    sqlite_with_rowid=False,
)

#: Rows without a usable id or date.
odd_row = Table(
    "odd_row",
    metadata,
    _key("envoy_id"),
    Column("digest", Text, primary_key=True),
    _text("kind", needed=True),
    _text("attributes", needed=True),
    _int("raw_id", needed=True),
)

#: Rows whose key was there with another payload. The first counts.
variant = Table(
    "variant",
    metadata,
    _key("envoy_id"),
    Column("digest", Text, primary_key=True),
    _text("kind", needed=True),
    _text("attributes", needed=True),
    _int("raw_id", needed=True),
)

#: Sums of ``interval`` by UTC hour, kept in the transaction that stores the rows.
#: Without them a year of 30 panels takes 0.5 s to add up.
energy_hour = Table(
    "energy_hour",
    metadata,
    _key("envoy_id"),
    Column("eqid", Text, primary_key=True),
    _key("hour"),
    _int("energy_j", needed=True),
    _int("estimated_j", needed=True),
    sqlite_with_rowid=False,
)
