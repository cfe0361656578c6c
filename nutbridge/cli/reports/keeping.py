"""nutbridge reports: what an owner does with the database now and then."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from nutbridge.cli.common import Json
from nutbridge.cli.reports import output as out
from nutbridge.cli.reports.options import Db, Serial
from nutbridge.errors import NutbridgeError, UsageError


def outbox(
    db: Db = None,
    *,
    requeue: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SHA256|all",
            help="Send these once more, by the begin of their SHA-256.",
        ),
    ] = None,
    serial: Serial = None,
    as_json: Json = False,
) -> None:
    """Show what waits for Enphase or was refused; send it once more.

    stuck: refused again and again while others pass; sent again once a day.
    dead_letter: refused for good; sent again only by --requeue, or when the Envoy
    sends it again.
    """
    with out.orderly():
        from nutbridge.collector.queries.known import refuse_unknown
        from nutbridge.collector.queries.outbox import numbers
        from nutbridge.collector.queries.outbox import outbox as listed
        from nutbridge.collector.store.api import Store
        from nutbridge.collector.store.reading import reading

        url = out.database(db)
        if requeue:
            with reading(url) as database:
                refuse_unknown(database, serial)
                found = numbers(database, requeue, serial)
            store = Store.open(url, create=False)
            try:
                count = store.requeue(found)
            finally:
                store.close()
            typer.echo(f"{count} report(s) go out again")
            return
        with reading(url) as database:
            refuse_unknown(database, serial)
            rows = listed(database, serial)
            if as_json:
                out.write_array(rows)
            else:
                out.write_lines(_outbox_lines(rows))


def _outbox_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield "RECEIVED             ENVOY        SHA256   STATE       TRIES NEXT TRY"
    for one in rows:
        yield (
            f"{out.moment(one['received'], one['timezone']):20} "
            f"{one['serial_num'] or '-':12} {one['sha256'][:8]} "
            f"{one['forward_state']:11} {one['tries'] or 0:5} "
            f"{out.moment(one['next_try'], one['timezone'])}"
        )
        if one["forward_problem"]:
            yield f"    {one['forward_problem']}"


def prune(
    *,
    before: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="Remove what is older (UTC).")
    ],
    db: Db = None,
) -> None:
    """Remove old reports and their rows; sums by hour stay.

    Reports that wait for Enphase, or that it refused, stay too. The file does not
    become smaller: new reports take the room.
    """
    with out.orderly():
        moment = _day(before)
        from nutbridge.collector.store.api import Store
        from nutbridge.collector.store.chores import prune as removed

        bar = out.Bar(1)
        store = Store.open(out.database(db), create=False)
        try:
            count = removed(store, moment, bar.of)
        finally:
            bar.end()
            store.close()
        typer.echo(f"{count} rows removed")


def _day(text: str) -> int:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"--before {text}: a day is needed, as 2024-12-31") from None
    if day.timestamp() > time.time():
        raise UsageError(f"--before {text}: that day has not begun")
    return int(day.timestamp())


def backup(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A new file.")],
    db: Db = None,
) -> None:
    """Copy an SQLite database while it is in use.

    To restore: stop the collector, remove reports.db, reports.db-wal and
    reports.db-shm, put the copy in their place, start the collector.
    """
    with out.orderly():
        from nutbridge.collector.store.chores import backup as copied
        from nutbridge.collector.store.chores import opened

        with opened(out.database(db)) as live:
            # It is open: the copy may go where root alone may write.
            out.be_root_again()
            try:
                copied(live, file)
            except OSError as exc:
                raise NutbridgeError(f"{file}: {exc.strerror}") from exc
        typer.echo(f"{file}: {Path(file).stat().st_size} bytes")


def rebuild(db: Db = None) -> None:
    """Make the sums by hour anew from the intervals."""
    with out.orderly():
        from nutbridge.collector.store.api import Store
        from nutbridge.collector.store.chores import rebuild as made

        bar = out.Bar(1)
        store = Store.open(out.database(db), create=False)
        try:
            count = made(store, bar.of)
        finally:
            bar.end()
            store.close()
        typer.echo(f"sums of {count} panels made anew")


def add_to(app: typer.Typer) -> None:
    """Add these commands to ``nutbridge reports``."""
    for command in (outbox, prune, backup, rebuild):
        app.command()(command)
