"""Is it still the database that was opened? What goes into another one is lost.

A file may be replaced, restored, deleted or overwritten while it is in use, and SQLite
goes on with what has no name any longer. So before and after each transaction the
files are looked at, and within it the store's own name and count. After it, too: what
was acknowledged stands in the file that has the name.

A copy of the same store that is put back is taken up; anything else is refused until
it is right, or until a new start, which takes what is there.
"""

import contextlib
import os
import sqlite3
import threading
import time
from typing import Protocol

from sqlalchemy import URL, Engine

from nutbridge.collector.errors import SchemaRefused, StoreReplaced
from nutbridge.collector.store.engine import BUSY_S, file_uri, is_sqlite
from nutbridge.collector.store.schema import SCHEMA
from nutbridge.collector.store.sql import Row, Sql

#: The log and its index are the database as much as the file itself.
_LOGS = ("-wal", "-shm")
#: Who moves the log into the file at this moment is waited for, as for a lock; what
#: the file says meanwhile is half a state. Else it may be about to begin, or to end.
_LOOKS = 10
_LOOK_S = 0.05
_MOST_LOOKS = int(BUSY_S / _LOOK_S)
#: The lock of who does that, in the log's index (SQLite, "WAL-mode file format").
_MOVING = b"121"

#: What the log begins with (SQLite, "WAL file format"), and where its salts are: other
#: ones each time it begins anew.
_LOG_BEGINS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
_SALTS = slice(16, 24)

_WANTED = "store_id, commits, counted_from, (SELECT max(version) FROM schema_version)"
_NAME = f"SELECT {_WANTED} FROM store"  # noqa: S608  our names
_COUNT = f"UPDATE store SET commits = commits + 1 RETURNING {_WANTED}"  # noqa: S608

#: Device and inode of each file; None where there is none.
_Marks = tuple[tuple[int, int] | None, ...]


class StoreIdentity(Protocol):
    """Knows the database that was opened.

    Attributes:
        store_id: its name.
    """

    store_id: str

    def look(self) -> None:
        """Look at it from outside, before and after a transaction.

        Raises:
            StoreReplaced: another one, or none, has its name.
        """

    def within(self, sql: Sql) -> int:
        """Look at it within a transaction; return ``counted_from``.

        Raises:
            StoreReplaced: it is another store, or an earlier state of this one.
            SchemaRefused: a newer nutbridge has brought it up meanwhile.
        """

    def committed(self) -> None:
        """Note that the transaction of the last ``within`` is durable."""

    def make_way(self) -> bool:
        """Tell whether what has the database's name now is a copy of this store."""


def identity_of(engine: Engine) -> StoreIdentity:
    """Return what knows a database that was just opened."""
    if is_sqlite(engine.url):
        # What is new is in the log alone until then.
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as link:
            link.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
    with engine.connect() as connection:
        store_id, commits, *_ = Sql(connection).rows(_NAME)[0]
    if is_sqlite(engine.url):
        return FileIdentity(engine.url, store_id, commits)
    return ServerIdentity(store_id)


def alone(sql: Sql, table: str = "store") -> None:
    """Let no other writer's transaction run beside this one.

    Those under way end first; those to come wait, and then read in ``within`` what
    this one left there. SQLite has one writer at a time.

    Args:
        sql: the transaction.
        table: that all of them look at before anything else.
    """
    if sql.postgres:
        sql.run(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")


def _refuse_other(rows: list[Row], store_id: str) -> None:
    if not rows or rows[0][0] != store_id:
        raise StoreReplaced(
            "another store stands where this one was; restart the collector to use it"
        )
    if rows[0][3] != SCHEMA:
        raise SchemaRefused(
            f"the database has schema {rows[0][3]} now, no longer {SCHEMA}; restart the"
            " collector, as the newest version that is installed"
        )


def _mark(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


class ServerIdentity:
    """A database of PostgreSQL: only its content can be exchanged.

    Args:
        store_id: of the store.
    """

    def __init__(self, store_id: str) -> None:
        self.store_id = store_id

    def look(self) -> None:
        """Nothing to see."""

    def within(self, sql: Sql) -> int:
        """Compare the store's name."""
        rows = sql.rows(_NAME)
        _refuse_other(rows, self.store_id)
        return int(rows[0][2])

    def committed(self) -> None:
        """Nothing to note: what other collectors write is not counted."""

    def make_way(self) -> bool:
        """A server's database has no other name."""
        return False


class FileIdentity:
    """A file of SQLite.

    Args:
        url: names it.
        store_id: of the store.
        commits: how often it was written to.
    """

    def __init__(self, url: URL, store_id: str, commits: int) -> None:
        self._path = str(url.database)
        # SQLite's log is beside the file, not beside a link to it.
        self._real = os.path.realpath(self._path)
        self.store_id = store_id
        self._commits = commits
        self._next = commits
        #: Of the file itself, without its log; None: it was never in there.
        self._in_file: int | None = None
        self._seen: tuple[int, int] | None = None
        #: Of the log as it was seen last: size, salts, and the count before.
        self._log = (0, b"", commits)
        self._looking = threading.Lock()
        self._marks = self._look_at_files()

    def look(self) -> None:
        """Compare the files with those that were opened."""
        with self._looking:
            self._look()

    def _look(self) -> None:
        marks = self._look_at_files()
        if marks[0] != self._marks[0]:
            raise StoreReplaced(
                f"{self._path} is {'gone' if marks[0] is None else 'another file'}; "
                "put the one in use back, or restart the collector",
                elsewhere=True,
            )
        if marks != self._marks:
            raise StoreReplaced(
                f"the log beside {self._path} is gone; restart the collector",
                log_gone=True,
            )
        self._look_at_log()
        found = os.stat(self._path)
        seen = (found.st_size, found.st_mtime_ns)
        if seen != self._seen:
            # Seen before: who writes meanwhile is seen the next time.
            self._look_into_file()
            self._seen = seen

    def _look_at_files(self) -> _Marks:
        return (_mark(self._path), *(_mark(f"{self._real}{end}") for end in _LOGS))

    def _look_at_log(self) -> None:
        """See that nobody cut the log: SQLite does once all of it is in the file."""
        commits, (last_size, last_salts, last_commits) = self._commits, self._log
        try:
            with open(f"{self._real}-wal", "rb") as log:
                size = os.fstat(log.fileno()).st_size
                begin = log.read(_SALTS.stop)
        except OSError:
            return  # no file left to open it with; whether it is there was looked at
        salts = begin[_SALTS]
        cut = size > 0 and not begin.startswith(_LOG_BEGINS)
        if size < last_size:
            # What came since it began anew is in it.
            anew = size > 0 and salts != last_salts
            wanted = last_commits if anew else commits
            cut = cut or self._in_file_from(wanted) is None
        if cut:
            raise StoreReplaced(
                f"the log beside {self._path} was cut; restart the collector, "
                "what was in it is lost"
            )
        self._log = (size, salts, commits)

    def _look_into_file(self) -> None:
        """See that nobody wrote into the file but SQLite.

        The log becomes part of the file now and then; without it the file is an
        earlier state, and never goes back.
        """
        if self._in_file is None:
            self._in_file = self._commits_in_file()
            return
        commits = self._in_file_from(self._in_file)
        if commits is None:
            raise StoreReplaced(
                f"{self._path} was overwritten while in use; stop the collector,"
                f" remove {self._path}-wal and -shm, and put the copy there again"
            )
        self._in_file = commits

    def _in_file_from(self, wanted: int) -> int | None:
        """Return the count in the file, once it is ``wanted``; None: it is not."""
        for number in range(_MOST_LOOKS):
            commits = self._commits_in_file()
            if commits is not None and commits >= wanted:
                return commits
            if number >= _LOOKS and not self._is_moving():
                break
            time.sleep(_LOOK_S)
        return None

    def _is_moving(self) -> bool:
        """Tell whether somebody moves the log into the file (proc_locks(5))."""
        mark = self._marks[2]
        if mark is None:
            return False
        with contextlib.suppress(OSError), open("/proc/locks", "rb") as file:
            locks = [line.split()[-3:] for line in file]
            ours = f":{mark[1]}".encode()
            return any(
                place.endswith(ours) and (start, end) == (_MOVING, _MOVING)
                for place, start, end in locks
            )
        return False

    def _commits_in_file(self) -> int | None:
        """Return the count in the file itself; None where it is not to be had."""
        # By SQLite alone: another handle of this process, closed, ends its locks.
        address = file_uri(self._path, "immutable=1&mode=ro")
        with contextlib.suppress(sqlite3.Error):
            link = sqlite3.connect(address, uri=True)
            with contextlib.closing(link):
                rows = link.execute(_NAME).fetchall()
            return int(rows[0][1]) if rows and rows[0][0] == self.store_id else None
        return None

    def make_way(self) -> bool:
        """Tell whether a copy of this store has its name; move our log away for it.

        SQLite would take what is in the log for a part of the copy.
        """
        if self._commits_in_file() is None:
            return False
        for end, mark in zip(_LOGS, self._marks[1:], strict=True):
            if mark is not None and _mark(f"{self._real}{end}") == mark:
                os.rename(f"{self._real}{end}", f"{self._real}.before{end}")
        return True

    def within(self, sql: Sql) -> int:
        """Compare the store's name and count; count this transaction."""
        rows = sql.rows(_COUNT)
        _refuse_other(rows, self.store_id)
        before, self._next = self._commits, rows[0][1]
        if self._next <= before:
            # An earlier state was put back, in order: it is the store from now on.
            self._commits, self._in_file = 0, None
            raise StoreReplaced("an earlier state of the database was put back")
        return int(rows[0][2])

    def committed(self) -> None:
        """Note the count."""
        self._commits = self._next
