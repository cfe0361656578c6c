"""From no tables, or older ones, to the schema of this version.

A new database gets all tables at once. An older one goes through the numbered
steps, all in one transaction. A newer one is refused: an old program would write
rows that the new one does not understand.

Why not Alembic: there is one line of versions and no way back; half of a step is
Python that goes through the rows (which slots count, their sums), the other half
differs between the two databases. Alembic would bring two more packages, an
environment of its own and no line less of that; what it would replace is ``bring_up``.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import Connection, Table, func, inspect, select

from nutbridge.collector.errors import SchemaRefused, StoreDamaged
from nutbridge.collector.parse.values import MAX_DATE, as_json
from nutbridge.collector.store import days, hours, kept, partitions, schema, sums, units
from nutbridge.collector.store.given import Given, give
from nutbridge.collector.store.identity import alone
from nutbridge.collector.store.ingest import digest
from nutbridge.collector.store.schema import (
    FILLED_PCT,
    PARTITIONED,
    SCHEMA,
    metadata,
    panel,
    schema_version,
    unit_list,
    variant,
)
from nutbridge.collector.store.sql import Sql
from nutbridge.collector.store.units import device_of, has_energy

#: Told what is done, how much of it, of how much.
Progress = Callable[[str, int, int], None]
#: Makes a schema out of the one before.
Step = Callable[[Sql, Progress], None]

#: Two collectors may start at once; any number that others do not use.
_PG_LOCK = 7_264_110_001
#: SQL_ASCII takes any bytes as they are.
_ENCODINGS = ("UTF8", "SQL_ASCII")


def silent(_what: str, _done: int, _total: int) -> None:
    """Progress callback that does nothing."""


def bring_up(
    connection: Connection,
    now: int,
    *,
    create: bool,
    progress: Progress = silent,
    steps: Mapping[int, Step] | None = None,
    wanted: int = SCHEMA,
) -> None:
    """Make the tables what this version needs, inside of a transaction.

    Args:
        connection: with a transaction that may write.
        now: Unix seconds, noted beside the number.
        create: False: only check.
        progress: called now and then in a long step.
        steps: by number; None: those of this version.
        wanted: number to reach.

    Raises:
        SchemaRefused: newer, not ours, older and ``create`` is False; StoreDamaged.
    """
    if connection.dialect.name == "postgresql":
        _prepare_postgres(connection, create=create)
    found = version_of(connection)
    if found == wanted:
        _see_name(connection)
        return
    if found is not None and found > wanted:
        raise SchemaRefused(
            f"the database has schema {found}, this nutbridge knows up to {wanted}; "
            "install the newer nutbridge"
        )
    if not create:
        raise SchemaRefused(
            f"the database has schema {found}, this nutbridge needs {wanted}; "
            "start nutbridge reports serve, which brings it up"
            if found is not None
            else "the database has no reports; see nutbridge reports import"
        )
    if found is None:
        _refuse_others(connection)
        _make(Sql(connection))
        _note(connection, wanted, now)
        return
    # What an older collector writes meanwhile, a step would not see.
    alone(Sql(connection), "store" if found > 1 else "raw")
    known = MIGRATIONS if steps is None else steps
    for number in range(found + 1, wanted + 1):
        if number not in known:
            raise SchemaRefused(
                f"no way leads on from the database's schema {found}; use a new one"
            )
        known[number](Sql(connection), progress)
        _note(connection, number, now)


def _make(sql: Sql, *names: str) -> None:
    """Make all tables, or those of these names, and what must be in them."""
    tables = [metadata.tables[name] for name in names or metadata.tables]
    if sql.postgres:
        if any(table.name == "raw_body" for table in tables):
            sql.run(partitions.RAW_BODY)
        tables = [table for table in tables if table.name != "raw_body"]
    metadata.create_all(sql.connection, tables)
    if sql.postgres:
        partitions.make_rest(sql)
        _leave_room(sql, tables)
    sql.run(
        "INSERT INTO store (store_id, commits, counted_from) VALUES (?, 0, 0)",
        (uuid.uuid4().hex,),
    )


def _leave_room(sql: Sql, tables: Iterable[Table]) -> None:
    # Not where a table is described: SQLAlchemy 2.0.40 knows no such option of it.
    for name in FILLED_PCT.keys() & {table.name for table in tables} - set(PARTITIONED):
        sql.run(f"ALTER TABLE {name} SET (fillfactor = {FILLED_PCT[name]})")


def _see_name(connection: Connection) -> None:
    """See that the one row is there that every transaction begins with."""
    if not connection.execute(select(func.count()).select_from(schema.store)).scalar():
        raise StoreDamaged("the database has no name any more; put a backup there")


def _refuse_others(connection: Connection) -> None:
    others = set(inspect(connection).get_table_names())
    # A server's database may hold several programs, a file does not.
    if connection.dialect.name == "postgresql":
        others &= set(metadata.tables)
    if others:
        raise SchemaRefused("the database belongs to another program")


def _prepare_postgres(connection: Connection, *, create: bool) -> None:
    """Refuse a database that cannot hold all texts; be alone where tables are made."""
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding not in _ENCODINGS:
        raise SchemaRefused(
            f"the database has the encoding {encoding}; "
            "make it with: createdb --encoding=UTF8 --template=template0"
        )
    if create:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_PG_LOCK})")


def version_of(connection: Connection) -> int | None:
    """Return the number of the schema; None without our tables."""
    if not inspect(connection).has_table(schema_version.name):
        return None
    return connection.execute(select(func.max(schema_version.c.version))).scalar()


def _note(connection: Connection, number: int, now: int) -> None:
    connection.execute(schema_version.insert().values(version=number, applied=now))


#: Tables that schema 2 made anew on PostgreSQL, with the column of their month.
_CUT = ("interval", "reading", "event", "raw_body")
#: What makes schema 2 before the rows are looked at.
_TO_2 = (
    *(
        f"DROP INDEX {name}"
        for name in ("interval_energy", "interval_long", "event_eqid", "outbox_envoy")
    ),
    "DROP TABLE energy_hour",
    "ALTER TABLE envoy ADD COLUMN timezone TEXT",
    "ALTER TABLE envoy ADD COLUMN last_received BIGINT",
    "ALTER TABLE outbox ADD COLUMN stuck BOOLEAN NOT NULL DEFAULT FALSE",
    "ALTER TABLE outbox ADD COLUMN tries BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE outbox ADD COLUMN refused_since BIGINT",
    "ALTER TABLE outbox ADD COLUMN next_try BIGINT",
    "ALTER TABLE raw_body ADD COLUMN received BIGINT",
    "ALTER TABLE interval DROP COLUMN slot_start",
    "ALTER TABLE interval ADD COLUMN left_out TEXT",
    "ALTER TABLE reading ADD COLUMN left_out TEXT",
    "ALTER TABLE event ADD COLUMN left_out TEXT",
    "UPDATE envoy SET last_received ="  # noqa: ISC004
    " (SELECT max(received) FROM raw WHERE raw.envoy_id = envoy.envoy_id),"
    " timezone = (SELECT timezone FROM report WHERE report.envoy_id = envoy.envoy_id"
    " AND trim(timezone) <> '' ORDER BY raw_id DESC LIMIT 1)",
)
#: Dates that cannot be right (``ingest``).
_ODD_DATE = (
    "UPDATE {table} SET left_out = 'date' WHERE {date} < 1104537600 OR {date} >"
    " (SELECT CASE WHEN received < 1199145600 THEN {date} ELSE received + 86400 END"
    " FROM raw WHERE raw.raw_id = {table}.raw_id)"
)
_NAMED = (
    "SELECT DISTINCT t.envoy_id, t.eqid FROM {table} t JOIN envoy e"
    " ON e.envoy_id = t.envoy_id WHERE t.eqid IS NOT NULL AND t.eqid <> e.serial_num"
)
_TYPES = (
    "UPDATE panel SET device_type = (SELECT device_type FROM device WHERE"
    " device.envoy_id = panel.envoy_id AND device.eqid = panel.eqid"
    " AND device_type IS NOT NULL ORDER BY reported DESC LIMIT 1)"
)
_POLLS = (
    "SELECT date, stats FROM reading WHERE envoy_id = ? AND eqid = ? AND date <= ?"
    " AND left_out IS NULL ORDER BY date DESC LIMIT ?"
)
_SLOTS = (
    "SELECT end_date, energy_j FROM interval WHERE envoy_id = ? AND eqid = ?"
    " AND energy_j IS NOT NULL AND left_out IS NULL AND NOT estimated"
    " AND end_date <= ? ORDER BY end_date DESC LIMIT ?"
)
_MANY = 1000
#: Columns of ``panel`` in schemas 2 to 4, and one of them.
_DATES = ("last_heard", "last_energy")
_SEEN = "SELECT eqid, last_energy FROM panel WHERE envoy_id = ?"


#: Some hours of an Envoy with all their panels.
_HOURS = (
    "SELECT h.eqid, h.hour, h.offset_s, h.energy_j, h.estimated_j FROM"
    " (SELECT DISTINCT hour, offset_s FROM energy_hour WHERE envoy_id = ?"
    " AND (hour, offset_s) > (?, ?) ORDER BY hour, offset_s LIMIT 200) AS k"
    " CROSS JOIN energy_hour h WHERE h.envoy_id = ? AND h.hour = k.hour"
    " AND h.offset_s = k.offset_s ORDER BY h.hour, h.offset_s"
)


def _to_2(sql: Sql, progress: Progress) -> None:
    """Each energy once, sums by the hours of the place, panels, a store's name."""
    for statement in _TO_2:
        sql.run(statement if sql.postgres else statement.replace("BIGINT", "INTEGER"))
    for table in _CUT[:3]:
        sql.run(_ODD_DATE.format(table=table, date=PARTITIONED[table]))
    _forget_slot_start(sql)
    if sql.postgres:
        for table in _CUT:
            sql.run(f"ALTER TABLE {table} RENAME TO {table}_1")
        sql.run("DROP INDEX event_partner, event_open")
    made = ("store", "panel", "envoy_hour", "envoy_day")
    _make(sql, *made, *(_CUT if sql.postgres else ()))
    for name in _DATES:
        sql.run(f"ALTER TABLE panel ADD COLUMN {name} BIGINT")
    if sql.postgres:
        _cut(sql, progress)
    for index in (one for table in metadata.tables.values() for one in table.indexes):
        index.create(sql.connection, checkfirst=True)
    _panels(sql, progress)


def _panels(sql: Sql, progress: Progress) -> None:
    """Find all panels, what of their energy counts, and its sums."""
    sql.run("CREATE INDEX reading_2 ON reading (envoy_id, eqid, date)")
    sql.run("DROP INDEX IF EXISTS reading_eqid")
    tables = ("interval", "reading", "event", "device", "channel")
    named = {row for one in tables for row in sql.rows(_NAMED.format(table=one))}
    rows = [(*row, device_of(row[1]), None) for row in sorted(named)]
    sql.insert(panel, tuple(panel.columns.keys()), rows, "DO NOTHING")
    sql.run(_TYPES)
    for eqid in sorted({eqid for _, eqid in named}):
        sums.choose(sql, eqid)
    for place, (envoy_id, eqid) in enumerate(sorted(named)):
        progress("panels", place, len(named))
        _hear(sql, envoy_id, eqid)
    for envoy_id in sorted({envoy_id for envoy_id, _ in named}):
        for span in hours.spans(sql, envoy_id):
            hours.rebuild(sql, envoy_id, *span)
    sql.run("DROP INDEX reading_2")


def _cut(sql: Sql, progress: Progress) -> None:
    """Fill the tables that are cut by month out of those that were not."""
    for place, table in enumerate(_CUT):
        progress("tables by month", place, len(_CUT))
        column = PARTITIONED[table]
        names = ", ".join(metadata.tables[table].columns.keys())
        if table == "raw_body":
            sql.run(
                "UPDATE raw_body_1 SET received = (SELECT received FROM raw"
                " WHERE raw.raw_id = raw_body_1.raw_id)"
            )
        dates = sql.rows(
            f"SELECT DISTINCT {column} / 86400 FROM {table}_1"  # noqa: S608  our names
        )
        # Not later than a year from now: such a date is kept among the rest.
        latest = sql.rows("SELECT coalesce(max(received), 0) FROM raw")[0][0]
        days = [date * 86_400 for (date,) in dates if date is not None]
        partitions.make(sql, partitions.months_of(days, latest))
        sql.run(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}_1")  # noqa: S608
        sql.run(f"DROP TABLE {table}_1")


def _forget_slot_start(sql: Sql) -> None:
    """Take a column that is no more out of the rows that differed."""
    rows = sql.rows(
        "SELECT envoy_id, digest, kind, attributes, raw_id FROM variant"
        " WHERE kind = 'interval'"
    )
    for envoy_id, before, kind, text, raw_id in rows:
        found = json.loads(text)
        found.pop("slot_start", None)
        text = as_json(found)  # noqa: PLW2901
        sql.run(
            "DELETE FROM variant WHERE envoy_id = ? AND digest = ?", (envoy_id, before)
        )
        row = (envoy_id, digest(kind, text), kind, text, raw_id)
        sql.insert(variant, tuple(variant.columns.keys()), [row], "DO NOTHING")


def _hear(sql: Sql, envoy_id: int, eqid: str) -> None:
    """Find when a panel was heard of last with energy."""
    place = (envoy_id, eqid)
    energy = 0
    for statement, gives in (
        (_POLLS, has_energy),
        (_SLOTS, lambda energy_j: energy_j > 0),
    ):
        last = MAX_DATE
        while rows := sql.rows(statement, (*place, last, _MANY)):
            with_energy = [moment for moment, what in rows if gives(what)]
            if with_energy:
                energy = max(energy, with_energy[0])
                break
            last = rows[-1][0] - 1
    sql.run(
        "UPDATE panel SET last_energy = ? WHERE envoy_id = ? AND eqid = ?",
        (energy or None, *place),
    )


def _to_3(_sql: Sql, _progress: Progress) -> None:
    """Sums by day: the step to 6 makes them."""


def _to_4(sql: Sql, progress: Progress) -> None:
    """Open conditions."""
    sql.run("DROP INDEX IF EXISTS event_open")
    made = [metadata.tables["open_event"]]
    metadata.create_all(sql.connection, made)
    envoys = sql.rows("SELECT envoy_id FROM envoy ORDER BY envoy_id")
    for place, (envoy_id,) in enumerate(envoys):
        progress("Envoys", place, len(envoys))
        kept.rebuild(sql, envoy_id)


def _to_5(sql: Sql, progress: Progress) -> None:
    """One row for what the reports of an Envoy change of its units."""
    unit_list.create(sql.connection)
    if sql.postgres:
        _leave_room(sql, (unit_list,))
        sql.run("ALTER TABLE panel RESET (fillfactor)")
    envoys = sql.rows("SELECT envoy_id FROM envoy ORDER BY envoy_id")
    for place, (envoy_id,) in enumerate(envoys):
        progress("units", place, len(envoys))
        seen = sql.rows(_SEEN, (envoy_id,))
        units.rebuild(sql, envoy_id, dict(seen))
    sql.run("DROP TABLE IF EXISTS described")
    for name in _DATES:
        sql.run(f"ALTER TABLE panel DROP COLUMN {name}")


def _to_6(sql: Sql, progress: Progress) -> None:
    """One row for each Envoy and hour or day, in place of one for each panel."""
    for name in ("panel_day", "envoy_day"):
        sql.run(f"DROP TABLE IF EXISTS {name}")
    made = [schema.envoy_hour, schema.envoy_day]
    # The step to 2 has made those by hour.
    is_new = inspect(sql.connection).has_table("energy_hour")
    metadata.create_all(sql.connection, made)
    if sql.postgres:
        for table in made[not is_new :]:
            sql.run(f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT")
        before = "energy_hour" if is_new else "envoy_hour"
        partitions.make(sql, partitions.present(sql, before))
    if is_new:
        sql.run("CREATE INDEX energy_hour_6 ON energy_hour (envoy_id, hour, offset_s)")
    envoys = sql.rows("SELECT envoy_id FROM envoy ORDER BY envoy_id")
    for place, (envoy_id,) in enumerate(envoys):
        progress("sums", place, len(envoys))
        if is_new:
            _take_hours(sql, envoy_id)
        days.rebuild(sql, envoy_id)
    sql.run("DROP TABLE IF EXISTS energy_hour")


def _take_hours(sql: Sql, envoy_id: int) -> None:
    after, some = (-1, 0), 1
    while some:
        # Whole hours, of all panels each.
        rows = sql.rows(_HOURS, (envoy_id, *after, envoy_id))
        found: dict[hours.Key, Given] = {}
        for eqid, hour, offset, energy_j, estimated_j in rows:
            given = found.setdefault((envoy_id, hour, offset), {})
            give(given, eqid, energy_j, estimated_j)
            after = (hour, offset)
        hours.put(sql, [hours.row_of(*one) for one in found.items()])
        some = len(rows)


MIGRATIONS: Mapping[int, Step] = {2: _to_2, 3: _to_3, 4: _to_4, 5: _to_5, 6: _to_6}
