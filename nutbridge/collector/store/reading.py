"""A database that is only asked: no writer, no change of its schema."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

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

    def envoys(self, serial: str | None = None) -> list[tuple[int, str]]:
        """Return id and serial number of the Envoys, or of one."""
        found = self.rows("SELECT envoy_id, serial_num FROM envoy ORDER BY serial_num")
        return [(row[0], row[1]) for row in found if serial in (None, row[1])]

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
