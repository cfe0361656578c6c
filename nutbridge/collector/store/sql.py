"""Statements for many rows at once, for each of the two databases.

SQLAlchemy's own inserts cost ten times as much per row (it makes a mapping of
each), and psycopg's lists five times as much as the texts made here; 400 reports
with 65 rows a second leave no room for that. Names come from the schema, values
are always parameters.
"""

import contextlib
import functools
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, LargeBinary, Table
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]
Names = tuple[str, ...]
#: Names of columns with PostgreSQL's type of each.
Kinds = tuple[tuple[str, str], ...]

#: Rows of one statement.
_CHUNK = 5000
#: What means something else in the lines of COPY.
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class Sql:
    """One transaction; rows are tuples in the order of the named columns.

    Args:
        connection: of SQLAlchemy.

    Attributes:
        connection: the same.
        postgres: whether it is one of PostgreSQL.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        if not connection.in_transaction():
            # What goes to the driver itself does not begin one.
            connection.begin()
        self.postgres = connection.dialect.name == "postgresql"
        self._driver: Any = connection.connection.dbapi_connection

    def run(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Run a statement written with ``?``."""
        self._done(self._own(statement), values)

    def count(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run a statement written with ``?`` and return how many rows it changed."""
        return self._done(self._own(statement), values)

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run a statement written with ``?`` and return its rows."""
        return self._found(self._own(statement), values)

    def insert(
        self, table: Table, names: Names, rows: Sequence[Row], conflict: str
    ) -> int:
        """Insert rows and return how many were new; ``conflict`` ends ON CONFLICT."""
        return self._many(
            _insert(table, names, conflict, self.postgres), table, names, rows
        )

    def copy(self, table: Table, names: Names, rows: Sequence[Row]) -> None:
        """Insert rows that are all new (PostgreSQL); two thirds of an insert's time.

        Raises:
            IntegrityError: one is not; the transaction is lost.
        """
        if not rows:
            return
        columns = ", ".join(names)
        cursor = self._cursor
        try:
            with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
                copy.write(_lines(table, names, rows))
        except self._driver_error as exc:
            raise self._failed(exc) from exc

    def update(
        self, table: Table, keys: Names, names: Names, rows: Sequence[Row]
    ) -> None:
        """Set the columns ``names``; each row begins with the values of ``keys``."""
        if not self.postgres:
            count = len(keys)
            rows = [(*row[count:], *row[:count]) for row in rows]
        statement = _update(table, keys, names, self.postgres)
        self._many(statement, table, (*keys, *names), rows)

    def find(
        self, table: Table, keys: Names, names: Names, values: Sequence[Row]
    ) -> list[Row]:
        """Return ``names`` of the rows whose ``keys`` are one of ``values``."""
        kinds = tuple(zip(keys, _types(table, keys), strict=True))
        return self.rows_of(_find(table, keys, names), kinds, values)

    def rows_of(self, shape: str, kinds: Kinds, values: Sequence[Row]) -> list[Row]:
        """Run a statement that looks at many values; returns its rows.

        Args:
            shape: the statement; ``{keys}`` are the values, as rows of ``k``.
            kinds: names of their columns, and PostgreSQL's types of these.
            values: in any number.
        """
        found: list[Row] = []
        for statement, sent in self._sent(shape, kinds, values):
            found += self._found(statement, sent)
        return found

    def run_of(self, shape: str, kinds: Kinds, values: Sequence[Row]) -> None:
        """Run a statement that changes what it finds by many values; see rows_of."""
        for statement, sent in self._sent(shape, kinds, values):
            self._done(statement, sent)

    def _sent(
        self, shape: str, kinds: Kinds, values: Sequence[Row]
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the statement and what it takes, some of the values at a time."""
        statement = shape.format(keys=_keys(kinds, self.postgres))
        types = tuple(kind for _, kind in kinds)
        for start in range(0, len(values), _CHUNK):
            some = values[start : start + _CHUNK]
            sent = _arrays(types, some) if self.postgres else (json.dumps(some),)
            yield statement, sent

    def _many(
        self, statement: str, table: Table, names: Names, rows: Sequence[Row]
    ) -> int:
        changed = 0
        for start in range(0, len(rows), _CHUNK):
            some = rows[start : start + _CHUNK]
            if self.postgres:
                changed += self._done(statement, _arrays(_types(table, names), some))
            else:
                changed += self._done(statement, some, many=True)
        return changed

    # All of it goes to the driver itself: a transaction has a dozen statements, and
    # SQLAlchemy's own way takes as long as most of them.

    def _found(self, statement: str, values: Sequence[Any]) -> list[Row]:
        cursor = self._cursor
        try:
            cursor.execute(statement, tuple(values))
            # SQLite looks for rows only now, and may find that it cannot.
            rows: list[Row] = cursor.fetchall() if cursor.description else []
        except self._driver_error as exc:
            raise self._failed(exc) from exc
        return rows

    def _done(
        self, statement: str, values: Sequence[Any], *, many: bool = False
    ) -> int:
        cursor = self._cursor
        try:
            if many:
                cursor.executemany(statement, values)
            else:
                cursor.execute(statement, tuple(values))
        except self._driver_error as exc:
            raise self._failed(exc) from exc
        count: int = cursor.rowcount
        return count

    @functools.cached_property
    def _cursor(self) -> Any:
        # One for all: psycopg's copies its tables of types each time.
        return self._driver.cursor()

    @property
    def _driver_error(self) -> type[Exception]:
        found: type[Exception] = self.connection.dialect.loaded_dbapi.Error
        return found

    def _failed(self, exc: Exception) -> DBAPIError:
        """Return SQLAlchemy's error for one of the driver."""
        dialect = self.connection.dialect
        driver = dialect.loaded_dbapi
        lost = isinstance(exc, driver.Error) and dialect.is_disconnect(
            exc, self._driver, None
        )
        if lost:
            # Fails as well; SQLAlchemy then forgets all connections of its pool.
            with contextlib.suppress(DBAPIError):
                self.connection.exec_driver_sql("SELECT 1")
        # Without the statement and its values: what is in reports is in no log.
        made = DBAPIError.instance(
            *(None, None, exc, driver.Error),
            connection_invalidated=lost,
            dialect=dialect,
        )
        return made if isinstance(made, DBAPIError) else DBAPIError(None, None, exc)

    def _own(self, statement: str) -> str:
        return statement.replace("?", "%s") if self.postgres else statement


@functools.cache
def _types(table: Table, names: Names) -> Names:
    return tuple(_type(table.columns[name]) for name in names)


def _type(column: Column[Any]) -> str:
    for kind, name in ((Boolean, "boolean"), (LargeBinary, "bytea")):
        if isinstance(column.type, kind):
            return name
    return "bigint" if isinstance(column.type, BigInteger) else "text"


def _arrays(kinds: Names, rows: Sequence[Row]) -> tuple[str, ...]:
    """Return one array literal of PostgreSQL for each column."""
    return tuple(map(_array, kinds, zip(*rows, strict=True)))


def _array(kind: str, values: Sequence[Any]) -> str:
    if kind == "text":
        return _texts(values)
    if kind == "bytea":
        return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"
    # Numbers, True and False as Python writes a list of them: in half the time.
    return "{" + repr(list(values))[1:-1].replace("None", "NULL") + "}"


def _texts(values: Sequence[Any]) -> str:
    try:
        joined = '","'.join(values)
    except TypeError:  # None is among them
        joined = "\\"
    # Nearly always none of them has what must be escaped.
    if "\\" not in joined and joined.count('"') == 2 * len(values) - 2:
        return '{"' + joined + '"}'
    parts = ["NULL" if value is None else _quoted(value) for value in values]
    return "{" + ",".join(parts) + "}"


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _lines(table: Table, names: Names, rows: Sequence[Row]) -> str:
    """Return rows as COPY reads them."""
    columns = map(_cells, _types(table, names), zip(*rows, strict=True))
    return "\n".join(map("\t".join, zip(*columns, strict=True)))


def _cells(kind: str, values: Sequence[Any]) -> Sequence[str]:
    if kind != "text":
        # In half the time of one by one; looking for None first takes as long.
        return repr(list(values))[1:-1].replace("None", r"\N").split(", ")
    try:
        plain = not _SPECIAL.search("".join(values))
    except TypeError:  # None is among them
        plain = False
    if plain:
        return values
    return [r"\N" if one is None else one.translate(_ESCAPED) for one in values]


def _unnest(table: Table, names: Names) -> str:
    return ", ".join(f"%s::{kind}[]" for kind in _types(table, names))


# The statements are made of names of the schema alone, hence the S608.


@functools.cache
def _insert(table: Table, names: Names, conflict: str, postgres: bool) -> str:  # noqa: FBT001  a key of the cache
    if postgres:
        # One statement for all rows: four times as fast as one for each.
        source = f"SELECT * FROM unnest({_unnest(table, names)})"  # noqa: S608
    else:
        source = f"VALUES ({', '.join('?' * len(names))})"
    columns = ", ".join(names)
    return f"INSERT INTO {table.name} ({columns}) {source} ON CONFLICT {conflict}"


@functools.cache
def _update(table: Table, keys: Names, names: Names, postgres: bool) -> str:  # noqa: FBT001  a key of the cache
    if not postgres:
        sets = ", ".join(f"{name} = ?" for name in names)
        same = " AND ".join(f"{name} = ?" for name in keys)
        return f"UPDATE {table.name} SET {sets} WHERE {same}"  # noqa: S608
    sets = ", ".join(f"{name} = v.{name}" for name in names)
    same = " AND ".join(f"{table.name}.{name} = v.{name}" for name in keys)
    everything = (*keys, *names)
    source = f"unnest({_unnest(table, everything)}) AS v({', '.join(everything)})"
    return f"UPDATE {table.name} SET {sets} FROM {source} WHERE {same}"  # noqa: S608


@functools.cache
def _find(table: Table, keys: Names, names: Names) -> str:
    same = " AND ".join(f"t.{name} = k.{name}" for name in keys)
    columns = ", ".join(f"t.{name}" for name in names)
    # CROSS JOIN: SQLite keeps the order, so each key is one look into the index.
    return f"SELECT {columns} FROM {{keys}} CROSS JOIN {table.name} AS t WHERE {same}"  # noqa: S608


@functools.cache
def _keys(kinds: Kinds, postgres: bool) -> str:  # noqa: FBT001  a key of the cache
    if postgres:
        arrays = ", ".join(f"%s::{kind}[]" for _, kind in kinds)
        return f"unnest({arrays}) AS k({', '.join(name for name, _ in kinds)})"
    parts = ", ".join(
        f"json_extract(value, '$[{place}]') AS {name}"
        for place, (name, _) in enumerate(kinds)
    )
    return f"(SELECT {parts} FROM json_each(?)) AS k"  # noqa: S608
