"""Connections: what a URL means, and how each database is set up.

Errors of the database become ours here; none of their texts shows a password.
"""

import contextlib
import functools
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from nutbridge.collector.errors import (
    StoreBusy,
    StoreDamaged,
    StoreDown,
    StoreError,
    StoreFull,
)
from nutbridge.system.files import Folder, folder_of, make_folders

#: How long a writer waits for another process's transaction, s. The import
#: commits several times a second.
BUSY_S = 15
_CONNECT_S = 10

#: A plan made while the tables were small reads them whole for ever: measured
#: 15 ms instead of 1 ms per report at 300,000 rows. What reads a table of one row all
#: the same seems dear by that, and compiling it took 50 ms of each transaction.
_PG_WRITER = (
    "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off"
)
#: Who asks: compiling a plan takes longer than most answers, and a year of hours
#: is grouped and sorted in memory.
_PG_READER = "-c jit=off -c work_mem=32MB"
#: What is acknowledged is on the disk, whatever the server's own setting is.
_PG_DURABLE = "-c synchronous_commit=on"
#: A collector whose machine is gone holds the outbox, and locks, until the server
#: notices: after two hours without these.
_PG_GONE = (
    "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
)
_PG_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
#: Kept in the file; never set in one that is only looked at.
_WAL = "PRAGMA journal_mode = WAL"
#: The file of another program is refused later, and stays as it is.
_NEW_OR_OURS = "SELECT count(*) = 0 OR max(name = 'schema_version') FROM sqlite_master"
_NO_WRITING = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR)
_PRAGMAS = (
    # NORMAL may lose the last commits with the power.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16000",
)
#: Options of an address that hold a password.
_SECRET = frozenset(("password", "sslpassword"))
_ROOM = "; make room on its disk"
_BACKUP = "; put a backup in its place"
#: Primary result codes of SQLite: what each means, and what to do.
_SQLITE: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_FULL: (StoreFull, _ROOM),
    sqlite3.SQLITE_IOERR: (StoreFull, _ROOM),
    sqlite3.SQLITE_BUSY: (StoreBusy, "; another process is writing"),
    sqlite3.SQLITE_LOCKED: (StoreBusy, "; another process is writing"),
    **dict.fromkeys(
        (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB),
        (StoreDamaged, _BACKUP),
    ),
    # Even a question writes: the index of the log beside the database.
    **dict.fromkeys(
        (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM),
        (StoreDown, "; run it as root or as the collector's user"),
    ),
}
#: SQLSTATE of PostgreSQL: disk full, out of memory, input or output; locked.
_POSTGRES: dict[str, tuple[type[StoreError], str]] = {
    **dict.fromkeys(("53100", "53200", "58030"), (StoreFull, _ROOM)),
    "55P03": (StoreBusy, "; somebody holds its tables for long, as pg_dump does"),
    **dict.fromkeys(("40001", "40P01"), (StoreBusy, "")),
}


def parse_url(text: str) -> URL:
    """Make an address out of what the user wrote; a path is an SQLite file.

    Raises:
        StoreError: neither SQLite nor PostgreSQL.
    """
    if "://" not in text:
        return URL.create("sqlite", database=os.path.abspath(text))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as exc:
        raise StoreError("--db: this is not a database URL") from exc
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        if not url.database or url.database == ":memory:":
            raise StoreError("--db: an SQLite file is needed: sqlite:////path/file.db")
        return url
    raise StoreError("--db: only sqlite:// and postgresql:// are known")


def shown(url: URL) -> str:
    """Return an address without its password."""
    for name in _SECRET & set(url.query):
        url = url.update_query_dict({name: "***"})
    return url.render_as_string(hide_password=True)


def is_sqlite(url: URL) -> bool:
    """Tell whether it is a file."""
    return url.get_backend_name() == "sqlite"


def connect(url: URL, *, create: bool, writer: bool = False) -> Engine:
    """Return an engine; SQLite's file is made for its owner alone.

    Args:
        url: from ``parse_url``.
        create: make SQLite's file where there is none.
        writer: it stores rows and looks for single ones.

    Raises:
        StoreError: no file and ``create`` is False, or it cannot be made.
    """
    if not is_sqlite(url):
        options = {
            "connect_timeout": _CONNECT_S,
            "application_name": "nutbridge",
            # Else that of the database; SQL_ASCII gives bytes instead of texts.
            "client_encoding": "utf8",
            # A host that is gone says nothing; the Envoy does not wait minutes.
            "tcp_user_timeout": int(BUSY_S * 1000),
            # Nor one that is gone while its answer is waited for.
            **_PG_ALIVE,
        }
        settings = [_PG_GONE if create or writer else _PG_READER]
        if writer:
            settings.append(
                f"{_PG_WRITER} {_PG_DURABLE} -c lock_timeout={int(BUSY_S * 1000)}"
            )
        # The user's own (search_path) hold in every connection.
        own = url.normalized_query.get("options", ())
        options["options"] = " ".join([*own, *settings])
        return create_engine(url, connect_args=options)
    path = Path(url.database or "")
    try:
        if create:
            make_folders(path.absolute().parent, 0o755)
            with folder_of(path) as (folder, name):
                os.close(_made(folder, name))
            # SQLite does so for a file that it makes itself.
            _sync_folder(path.parent)
        else:
            path.stat()
    except FileNotFoundError as exc:
        raise StoreError(f"no database at {path}; see --db") from exc
    except OSError as exc:
        raise StoreDown(f"{path}: {exc.strerror}") from exc
    opened = functools.partial(_open, path, asks=not (create or writer))
    engine = create_engine(url, creator=opened)
    event.listen(engine, "begin", _begin)
    return engine


def _made(folder: Folder, name: str) -> int:
    with contextlib.suppress(FileExistsError):
        # The house's place is in every report.
        return folder.create(name, 0o600, None)
    return folder.open(name, os.O_RDWR)


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file survive the end of the power."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _open(path: Path, *, asks: bool) -> sqlite3.Connection:
    # Without rwc: where the file is gone none is made in its place.
    link = _linked(path, "mode=rw")
    try:
        if asks:
            link = asking(link, path)
        for pragma in _PRAGMAS:
            link.execute(pragma)
        if not asks:
            ((ours,),) = link.execute(_NEW_OR_OURS).fetchall()
            if ours:
                link.execute(_WAL)
    except BaseException:
        link.close()
        raise
    return link


def asking(link: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Return a connection that can ask: this one, or one to a copy.

    Raises:
        sqlite3.Error: neither can.
    """
    try:
        link.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except sqlite3.OperationalError as exc:
        index = os.path.exists(f"{path}-shm")
        if exc.sqlite_errorcode & 0xFF not in _NO_WRITING or index:
            raise
        # A copy where nothing can be written, not even the index of the log. Who uses
        # a database has one: nobody does, and no locks are needed.
        link.close()
        if not _has_log(path):
            return _linked(path, "mode=ro&immutable=1")
        link = _linked(path, "mode=ro&vfs=unix-none")
        # The index is in memory then.
        link.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
    return link


def file_uri(path: str | Path, how: str) -> str:
    """Return SQLite's name of a file, whatever bytes are in it; ``how``: mode=ro."""
    return f"file:{quote(os.fsencode(Path(path).absolute()))}?{how}"


def _linked(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(
        file_uri(path, how),
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )


def _has_log(path: Path) -> bool:
    """Tell whether a part of the database is in the file beside it."""
    try:
        return os.stat(f"{path}-wal").st_size > 0
    except FileNotFoundError:
        return False


def _begin(connection: Any) -> None:
    # A transaction that reads first and writes later cannot wait for another's.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextlib.contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn errors of the database into ours."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as exc:
        raise translate(exc, url) from exc
    except UnicodeDecodeError as exc:
        # What SQLite says of a damaged schema has the damage in it.
        damaged = f"{shown(url)}: it is malformed{_BACKUP}"
        raise StoreDamaged(damaged) from exc


def translate(exc: Exception, url: URL) -> StoreError:
    """Return our error for one of the database."""
    original = exc.orig if isinstance(exc, DBAPIError) and exc.orig else exc
    lines = str(original).strip().splitlines() or [type(original).__name__]
    code = getattr(original, "sqlite_errorcode", None)
    state = getattr(original, "sqlstate", None)
    kind, hint = _POSTGRES.get(state or "", (StoreDown, ""))
    if code is not None:
        # The low byte is the kind, the rest says more.
        kind, hint = _SQLITE.get(code & 0xFF, (StoreDown, ""))
    return kind(f"{shown(url)}: {lines[0]}{hint}")
