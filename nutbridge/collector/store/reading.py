"""A database that is only asked: no writer, no change of its schema."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Engine, Table

from nutbridge.collector.store.engine import (
    connect,
    parse_url,
    translated,
)
from nutbridge.collector.store.migrations import bring_up
from nutbridge.collector.store.sql import Names, Row, Sql

#: Rows read at once; between two reads no transaction is open, so that a slow
#: reader of an export holds up nobody.
PAGE = 5000


#: Envoys that one statement looks at: their rows are in memory at once.
_BATCH = 200


class EnvoyRow(NamedTuple):
    """One Envoy of the database.

    Attributes:
        envoy_id: its number here.
        serial_num: its own.
        timezone: the name that its newest report gave; None: it gave none.
        last_received: when that came, Unix seconds.
    """

    envoy_id: int
    serial_num: str
    timezone: str | None
    last_received: int | None


class Reader:
    """Asks the database, from one thread.

    Args:
        engine: of a database whose schema was checked.

    Attributes:
        postgres: whether it is one of PostgreSQL.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.postgres = engine.dialect.name == "postgresql"

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return the rows of a statement written with ``?``."""
        with translated(self._engine.url), self._engine.connect() as connection:
            return Sql(connection).rows(statement, values)

    def envoys(self, serial: str | None = None) -> list[EnvoyRow]:
        """Return the Envoys by their serial numbers, or the one of that number."""
        found = self.rows(
            "SELECT envoy_id, serial_num, timezone, last_received FROM envoy"
            " WHERE CAST(? AS TEXT) IS NULL OR serial_num = ? ORDER BY serial_num",
            (serial, serial),
        )
        return [EnvoyRow(*row) for row in found]

    def of_envoys(self, statement: str, numbers: Iterable[int]) -> dict[int, list[Row]]:
        """Return the rows of a statement about ``{envoys}``, by their first column.

        That is the number of an Envoy.
        """
        envoys = ", ".join(map(str, numbers))
        return by_value(self.rows(statement.format(envoys=envoys)), 0) if envoys else {}

    def batches(
        self, serial: str | None = None, size: int = _BATCH
    ) -> Iterator[list[EnvoyRow]]:
        """Yield the same, some at a time: a fleet's rows are not read at once."""
        found = self.envoys(serial)
        for start in range(0, len(found), size):
            yield found[start : start + size]

    def of_each(
        self, table: Table, names: Names, envoys: Iterable[int]
    ) -> dict[int, Iterable[Row]]:
        """Return the rows of a table by the number of their Envoy, as ``pages`` does.

        One statement reads those of all small Envoys, a page at most; the rows of
        the others are read when they are wanted.
        """
        numbers = sorted(envoys)
        some = f"envoy_id IN ({', '.join(map(str, numbers))})"
        page = self._page(table, names, some, (), None)
        whose = itemgetter(names.index("envoy_id"))
        found: dict[int, Iterable[Row]] = {
            number: list(rows) for number, rows in groupby(page, whose)
        }
        if len(page) == PAGE:
            last = whose(page[-1])
            for number in numbers[numbers.index(last) :]:
                after = _key_of(table, names, page[-1]) if number == last else None
                rest = self.pages(table, names, "envoy_id = ?", (number,), after)
                found[number] = chain(found.get(number, ()), rest)
        return found

    def pages(
        self,
        table: Table,
        names: Names,
        where: str,
        values: Sequence[Any],
        after: Row | None = None,
    ) -> Iterator[Row]:
        """Yield rows of a table in the order of its key.

        Args:
            table: which.
            names: columns wanted; those of the key are among them.
            where: condition, written with ``?``.
            values: of these.
            after: the key before the first.
        """
        while True:
            page = self._page(table, names, where, values, after)
            yield from page
            if len(page) < PAGE:
                return
            after = _key_of(table, names, page[-1])

    def _page(
        self,
        table: Table,
        names: Names,
        where: str,
        values: Sequence[Any],
        after: Row | None,
    ) -> list[Row]:
        keys = ", ".join(table.primary_key.columns.keys())
        if after is not None:
            where += f" AND ({keys}) > ({', '.join('?' * len(after))})"
            values = (*values, *after)
        return self.rows(
            f"SELECT {', '.join(names)} FROM {table.name} WHERE {where}"  # noqa: S608  our names
            f" ORDER BY {keys} LIMIT {PAGE}",
            values,
        )


def by_value(rows: Iterable[Row], column: int) -> dict[Any, list[Row]]:
    """Return rows by the value of a column; quick where equal ones are together."""
    found: dict[Any, list[Row]] = {}
    for value, some in groupby(rows, itemgetter(column)):
        found.setdefault(value, []).extend(some)
    return found


def _key_of(table: Table, names: Names, row: Row) -> Row:
    return tuple(row[names.index(key.name)] for key in table.primary_key.columns)


@contextlib.contextmanager
def reading(url: str) -> Iterator[Reader]:
    """Open a database for questions.

    Raises:
        StoreError: no such database, another schema, no access.
    """
    address = parse_url(url)
    engine = connect(address, create=False)
    try:
        with translated(address), engine.connect() as connection:
            bring_up(connection, 0, create=False)
        yield Reader(engine)
    finally:
        engine.dispose()
