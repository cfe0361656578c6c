"""A database that is only asked: no writer, no change of its schema."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Engine, Table, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from nutbridge.collector.store.engine import (
    connect,
    parse_url,
    translated,
)
from nutbridge.collector.store.migrations import bring_up
from nutbridge.collector.store.sql import Row, Sql

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
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

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

    def batches(self, serial: str | None = None) -> Iterator[list[EnvoyRow]]:
        """Yield the same, some at a time: a fleet's rows are not read at once."""
        found = self.envoys(serial)
        for start in range(0, len(found), _BATCH):
            yield found[start : start + _BATCH]

    def pages(
        self, table: Table, where: ColumnElement[bool] | None = None
    ) -> Iterator[Row]:
        """Yield all rows of a table in the order of its key."""
        keys = list(table.primary_key.columns)
        places = [list(table.columns).index(key) for key in keys]
        after: list[Any] | None = None
        while True:
            query = select(table).order_by(*keys).limit(PAGE)
            if where is not None:
                query = query.where(where)
            if after is not None:
                query = query.where(tuple_(*keys) > tuple_(*after))
            with translated(self._engine.url), self._engine.connect() as connection:
                page = [tuple(row) for row in connection.execute(query)]
            yield from page
            if len(page) < PAGE:
                return
            after = [page[-1][place] for place in places]


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
