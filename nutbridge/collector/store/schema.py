"""The tables. One shape for SQLite and PostgreSQL.

Values are in the units of the wire (joules, seconds, Unix seconds); names are the
wire's where a column is an attribute of the wire. An Envoy's ids are its own, and
one that was reset begins anew: the date is part of every key.

On PostgreSQL the tables of PARTITIONED are cut by month (partitions.py).
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
SCHEMA = 6

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

#: One row: which store this is, how often it was written to (SQLite only: a
#: database that somebody put back has a smaller number), and the begin of what was
#: not pruned: earlier rows that come late are left out of the sums.
store = Table(
    "store",
    metadata,
    Column("store_id", Text, primary_key=True),
    _int("commits", needed=True),
    _int("counted_from", needed=True),
)

#: ``timezone`` as the newest report that names one has it, ``last_received`` the time
#: of the newest report's receipt.
envoy = Table(
    "envoy",
    metadata,
    Column("envoy_id", _Int, primary_key=True),
    Column("serial_num", Text, nullable=False, unique=True),
    _text("timezone"),
    _int("last_received"),
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
    Index("raw_unparsable", "raw_id", "size", **_where("parse_state = 'unparsable'")),
    Index("raw_envoy", "envoy_id", "raw_id"),
)

raw_body = Table(
    "raw_body",
    metadata,
    _key("raw_id"),
    Column("body", LargeBinary, nullable=False),
    # Of the table raw; cuts it by month on PostgreSQL.
    _int("received"),
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

#: What waits for upstream; the order is that of the acceptance. ``tries`` counts the
#: refusals of this body since ``refused_since``, ``next_try`` is when it may go out
#: again; a stuck one stands aside, so that those behind it go on.
outbox = Table(
    "outbox",
    metadata,
    _key("raw_id"),
    _int("envoy_id", needed=True),
    Column("stuck", Boolean, nullable=False, server_default=text("FALSE")),
    Column("tries", _Int, nullable=False, server_default=text("0")),
    _int("refused_since"),
    _int("next_try"),
    Index("outbox_heads", "envoy_id", "raw_id", **_where("NOT stuck")),
    Index("outbox_stuck", "next_try", **_where("stuck")),
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

#: ``left_out`` says why a row is not in the sums, or cannot be believed (LeftOut);
#: nearly all have none.
interval = Table(
    "interval",
    metadata,
    *(_key("envoy_id"), _key("id"), _key("end_date")),
    _text("eqid"),
    *(_int("interval_duration"), _int("stat_duration")),
    _text("stats"),
    _int("energy_j"),
    Column("estimated", Boolean, nullable=False),
    _text("extra"),
    _int("raw_id", needed=True),
    _text("left_out"),
    # The slots of a panel that are in the sums; no two of them overlap.
    Index(
        "interval_counted",
        *("eqid", "end_date", "interval_duration"),
        **_where("energy_j IS NOT NULL AND left_out IS NULL"),
    ),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (end_date)",
)

reading = Table(
    "reading",
    metadata,
    *(_key("envoy_id"), _key("id"), _key("date")),
    _text("eqid"),
    *(_int("duration"), _int("flags")),
    *(_text("stats"), _text("extra")),
    _int("raw_id", needed=True),
    _text("left_out"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (date)",
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
    _text("left_out"),
    Index("event_partner", "envoy_id", "correlation_id"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (event_date)",
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

#: Every eqid that an Envoy named, device or channel; ``device_type`` is that of the
#: ``<device>`` that came last. Written to when one is new: what each report changes is
#: in ``unit_list``.
panel = Table(
    "panel",
    metadata,
    _key("envoy_id"),
    Column("eqid", Text, primary_key=True),
    _text("device_eqid", needed=True),
    _int("device_type"),
    sqlite_with_rowid=False,
)

#: Of all units of an Envoy when each had energy last, and its newest description: in
#: two texts (units.py).
unit_list = Table(
    "unit_list",
    metadata,
    _key("envoy_id"),
    *(_text("eqids", needed=True), _text("sights", needed=True)),
)

#: Sums of ``interval`` by the hour of the Envoy's place, kept in the transaction that
#: stores the rows: every sum that anybody asks for is one of these. ``hour`` is when
#: the hour begins, ``offset_s`` how far its clocks were east of UTC: the sum of both
#: is what they showed. A slot of up to an hour counts where it begins, a longer one
#: is spread evenly. ``gave`` is JSON, three lists of one length: the eqids that told of
#: this hour, the energy of each and the estimated part of it, J. The other columns are
#: the sums of these, and how many panels there are.
envoy_hour = Table(
    "envoy_hour",
    metadata,
    *(_key("envoy_id"), _key("hour"), _key("offset_s")),
    *(_int("energy_j", needed=True), _int("estimated_j", needed=True)),
    *(_int("panels", needed=True), _text("gave", needed=True)),
    # With row numbers on SQLite: without them a row of 1 KB takes a page of its own.
    postgresql_partition_by="RANGE (hour)",
)

#: Sums of ``envoy_hour`` by the day of the Envoy's place: what a fleet is asked for.
#: ``day`` is what its clocks show at its begin, s, as if of UTC. ``gave`` is JSON, four
#: lists of one length: the eqids that told of this day, the energy of each, the
#: estimated part of it, J, and its hours: a bit for each hour of these clocks in which
#: there was energy, the lowest for 00:00. The other columns say what all of them do
#: together: their sums; how many there are, and how many that are no channels (no dot);
#: the least energy; twice the median of those that gave some (0: none did).
envoy_day = Table(
    "envoy_day",
    metadata,
    *(_key("envoy_id"), _key("day")),
    *(_int("energy_j", needed=True), _int("estimated_j", needed=True)),
    *(_int("panels", needed=True), _int("undivided", needed=True)),
    *(_int("lowest_j", needed=True), _int("twice_median_j", needed=True)),
    _text("gave", needed=True),
    postgresql_partition_by="RANGE (day)",
)

#: The keys of events that set a condition which nothing may have cleared: all that
#: are open, and few others.
open_event = Table(
    "open_event",
    metadata,
    *(_key("envoy_id"), _key("id"), _key("event_date")),
    sqlite_with_rowid=False,
)

#: Tables whose rows each report changes, and no key of theirs, with the part of a page
#: that PostgreSQL fills at first, %: with room in it no index is written to. Of a table
#: that is cut by month, that of its pieces.
FILLED_PCT = {"unit_list": 50, "envoy_day": 50, "envoy_hour": 75}
#: Large tables, and the column that says to which month a row belongs.
PARTITIONED = {
    "interval": "end_date",
    "reading": "date",
    "event": "event_date",
    "envoy_hour": "hour",
    "envoy_day": "day",
    "raw_body": "received",
}
