"""From no tables, or older ones, to the schema of this version.

A new database gets all tables at once. An older one goes through the numbered
steps, each in the transaction that notes its number. A newer one is refused: an
old program would write rows that the new one does not understand.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, inspect, select

from nutbridge.collector.errors import SchemaRefused
from nutbridge.collector.store.schema import (
    SCHEMA,
    metadata,
    schema_version,
)

#: Number of a schema to the statements that make it out of the one before.
MIGRATIONS: Mapping[int, Sequence[str]] = {}

#: Two collectors may start at once; any number that others do not use.
_PG_LOCK = 7_264_110_001
#: SQL_ASCII takes any bytes as they are.
_ENCODINGS = ("UTF8", "SQL_ASCII")


def bring_up(
    connection: Connection,
    now: int,
    *,
    create: bool,
    steps: Mapping[int, Sequence[str]] = MIGRATIONS,
    wanted: int = SCHEMA,
) -> None:
    """Make the tables what this version needs, inside of a transaction.

    Args:
        connection: with a transaction that may write.
        now: Unix seconds, noted beside the number.
        create: False: only check.
        steps: statements by number.
        wanted: number to reach.

    Raises:
        SchemaRefused: newer, or not ours, or older and ``create`` is False.
    """
    if connection.dialect.name == "postgresql":
        _prepare_postgres(connection, create=create)
    found = version_of(connection)
    if found == wanted:
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
        metadata.create_all(connection)
        _note(connection, wanted, now)
        return
    for number in range(found + 1, wanted + 1):
        if number not in steps:
            raise SchemaRefused(
                f"no way leads on from the database's schema {found}; use a new one"
            )
        for statement in steps[number]:
            connection.exec_driver_sql(statement)
        _note(connection, number, now)


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
