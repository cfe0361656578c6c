"""Chooses the one collector that empties the outbox of a shared database."""

import contextlib
import fcntl
import os
import threading
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from nutbridge.collector.errors import StoreDown
from nutbridge.collector.store.engine import is_sqlite, translate
from nutbridge.system.files import Folder

#: Of the outbox; any number that others do not use.
_PG_LOCK = 7_264_110_002


class Lead(Protocol):
    """The right to empty the outbox."""

    def take(self) -> bool:
        """Try to have it, or to keep it.

        Raises:
            StoreError: nobody can tell who has it.
        """

    def drop(self) -> None:
        """Give it back."""


def lead_of(engine: Engine) -> Lead:
    """Return the lead of a database."""
    if is_sqlite(engine.url):
        return FileLead(f"{engine.url.database}-outbox.lock")
    return PostgresLead(engine)


class FileLead:
    """A lock on a file beside the database; ends with the process."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._handle: int | None = None
        self._guard = threading.Lock()

    def take(self) -> bool:
        """Try to have it, or to keep it."""
        with self._guard:
            if self._handle is not None:
                return True
            try:
                handle = _open_or_make(Path(self._path))
            except OSError as exc:
                raise StoreDown(f"{self._path}: {exc.strerror}") from exc
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(handle)
                return False
            self._handle = handle
            return True

    def drop(self) -> None:
        """Give it back."""
        with self._guard:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None


def _open_or_make(path: Path) -> int:
    with Folder(path.parent) as folder:
        with contextlib.suppress(FileExistsError):
            return folder.create(path.name, 0o600, None)
        return folder.open(path.name, os.O_RDWR)


class PostgresLead:
    """An advisory lock; ends with its connection, which is kept for it alone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._guard = threading.Lock()

    def take(self) -> bool:
        """Try to have it, or to keep it."""
        with self._guard:
            try:
                if self._connection is not None:
                    self._connection.exec_driver_sql("SELECT 1")
                    return True
                return self._try()
            except SQLAlchemyError as exc:
                self._forget()
                raise translate(exc, self._engine.url) from exc

    def _try(self) -> bool:
        options = {"isolation_level": "AUTOCOMMIT"}
        connection = self._engine.connect().execution_options(**options)
        got = connection.exec_driver_sql(
            f"SELECT pg_try_advisory_lock({_PG_LOCK})"
        ).scalar()
        if got:
            self._connection = connection
            return True
        connection.close()
        return False

    def drop(self) -> None:
        """Give it back."""
        with self._guard:
            self._forget()

    def _forget(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(SQLAlchemyError):
                self._connection.exec_driver_sql(
                    f"SELECT pg_advisory_unlock({_PG_LOCK})"
                )
            # Not back into the pool: the lock ends with the connection at last.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
