"""nutbridge reports: the collector of legacy Envoy reports, and what it knows."""

import time
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer

from nutbridge.cli.common import PLAIN, Json
from nutbridge.cli.reports import keeping
from nutbridge.cli.reports import output as out
from nutbridge.cli.reports.energy import energy
from nutbridge.cli.reports.mqtt import mqtt
from nutbridge.cli.reports.options import Db, Serial
from nutbridge.cli.reports.sample import sample
from nutbridge.cli.reports.serve import serve
from nutbridge.errors import UsageError
from nutbridge.system.text import printable

Digest = Annotated[
    str | None,
    typer.Argument(
        metavar="[SHA256]", help="Begin of its SHA-256, from list; else the newest."
    ),
]
Private = Annotated[
    bool,
    typer.Option("--private", help="Show the place of the house and addresses too."),
]

_MOST_NAMED = 20


class Since(StrEnum):
    """From where an export begins."""

    LAST = "last"


reports = typer.Typer(
    help="Reports of legacy Envoys: collect, forward, import and query them.",
    no_args_is_help=True,
    context_settings=PLAIN,
)
reports.command()(serve)
reports.command()(sample)
reports.command()(mqtt)
keeping.add_to(reports)


@reports.command("import")
def import_reports(
    paths: Annotated[
        list[str], typer.Argument(metavar="FILE...|DIR", help="Files and folders.")
    ],
    db: Db = None,
) -> None:
    """Store reports from files: as the Envoy sent them, or XML; gzipped.

    What is stored already counts as received once more; its rows stay as they are.
    May run while serve runs. Exit code 1 when a file was no report.
    """
    with out.orderly():
        from nutbridge.collector.store.api import Store
        from nutbridge.collector.store.importing import find_files, import_files

        files, missing = find_files(paths)
        bar = out.Bar(len(files))
        opening = out.Bar(1)
        store = Store.open(_db(db), progress=opening.step)
        opening.end()
        try:
            outcome = import_files(store, files, bar.at)
        finally:
            store.close()
            bar.end()
        outcome.failed += missing
        for path, reason in outcome.failed[:_MOST_NAMED]:
            typer.echo(printable(f"{path}: {reason}"), err=True)
        more = len(outcome.failed) - _MOST_NAMED
        if more > 0:
            typer.echo(f"and {more} more", err=True)
        typer.echo(
            f"{outcome.added} new, {outcome.known} known, "
            f"{len(outcome.failed)} not imported"
        )
        if outcome.failed:
            raise typer.Exit(1)


@reports.command("list")
def list_reports(
    db: Db = None,
    *,
    serial: Serial = None,
    last: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Only the newest N.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List what was received: a line for each body, oldest first."""
    with out.orderly():
        from nutbridge.collector.queries.known import refuse_unknown
        from nutbridge.collector.queries.listing import reports as listed
        from nutbridge.collector.store.reading import reading

        with reading(_db(db)) as database:
            refuse_unknown(database, serial)
            found = listed(database, serial, last)
            if as_json:
                out.write_array(found)
            else:
                out.write_lines(_list_lines(found))


@reports.command()
def show(
    digest: Digest = None,
    db: Db = None,
    *,
    private: Private = False,
    as_json: Json = False,
) -> None:
    """Show all that one report says."""
    with out.orderly():
        from nutbridge.cli.reports.show import report_lines
        from nutbridge.collector.queries.bodies import show as shown
        from nutbridge.collector.store.reading import reading

        with reading(_db(db)) as database:
            found = shown(database, digest, private=private)
        if as_json:
            out.write_array([found])
        else:
            out.write_lines(report_lines(found))


@reports.command()
def devices(db: Db = None, *, serial: Serial = None, as_json: Json = False) -> None:
    """Show how each microinverter is, when it was seen, its open events.

    ok, asleep, silent or dead: as of the Envoy's last report; nutbridge-collector(8)
    has the rule.
    """
    with out.orderly():
        from nutbridge.cli.reports.show import device_lines, device_texts
        from nutbridge.collector.queries.devices import devices as described
        from nutbridge.collector.queries.known import refuse_unknown
        from nutbridge.collector.store.reading import reading

        with reading(_db(db)) as database:
            refuse_unknown(database, serial)
            found = described(database, int(time.time()), serial)
            if as_json:
                out.write_array_of(device_texts(found))
            else:
                out.write_lines(device_lines(found))


reports.command()(energy)


@reports.command()
def export(  # noqa: PLR0913 - one argument per option
    db: Db = None,
    *,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated.")] = False,
    as_jsonl: Annotated[
        bool, typer.Option("--jsonl", help="One JSON object per line.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
    as_influx: Annotated[
        bool, typer.Option("--influx", help="InfluxDB's line protocol.")
    ] = False,
    since: Annotated[
        Since | None,
        typer.Option(
            metavar="last", help="With --influx: what came after the last --taken."
        ),
    ] = None,
    taken: Annotated[
        bool,
        typer.Option("--taken", help="Note that the last --since last has arrived."),
    ] = False,
    serial: Serial = None,
    private: Private = False,
) -> None:
    """Write all rows to standard output.

    Place and MAC addresses are left out unless --private.
    """
    with out.orderly():
        forms = {"--csv": as_csv, "--jsonl": as_jsonl, "--json": as_json}
        forms["--influx"] = as_influx
        out.one_of(forms | {"--taken": taken}, needed=True)
        if since and not as_influx:
            raise UsageError("--since last is for --influx alone")
        if as_influx or taken:
            from nutbridge.cli.reports import influx

            influx.run(db, serial, only_new=since is not None, taken=taken)
            return
        from nutbridge.collector.queries.export import columns
        from nutbridge.collector.queries.export import export as exported
        from nutbridge.collector.queries.known import refuse_unknown
        from nutbridge.collector.store.reading import reading

        with reading(_db(db)) as database:
            refuse_unknown(database, serial)
            found = exported(database, serial=serial, private=private)
            if as_csv:
                out.write_csv(found, columns())
            elif as_json:
                out.write_array(found)
            else:
                out.write_lines_of_json(found)


@reports.command()
def capture(
    digest: Digest = None,
    db: Db = None,
    *,
    private: Private = False,
    as_json: Json = False,
) -> None:
    """Write a request and its answer for a bug report, nothing private.

    Place, addresses and serial numbers become other ones. Look through it before
    it leaves the house: nobody knows all that an Envoy may send.
    """
    with out.orderly():
        from nutbridge.cli.reports.show import capture_lines
        from nutbridge.collector.queries.bodies import capture as captured
        from nutbridge.collector.store.reading import reading

        with reading(_db(db)) as database:
            found = captured(database, digest, private=private)
        if as_json:
            out.write_array([found])
        else:
            out.write_lines(capture_lines(found))


def _db(url: str | None) -> str:
    return out.database(url)


def _list_lines(found: Iterator[dict[str, Any]]) -> Iterator[str]:
    yield "RECEIVED             ENVOY        SHA256   INT  RD  EV DEV STATE"
    for one in found:
        words = [one["parse_state"], one["forward_state"]]
        words = [word for word in words if word not in ("parsed", "none")] or ["parsed"]
        if one["times_received"] > 1:
            words.append(f"{one['times_received']} times")
        counts = "".join(
            f" {one[name]:3}" for name in ("intervals", "readings", "events", "devices")
        )
        yield (
            f"{out.moment(one['received'], one['timezone']):20} "
            f"{one['serial_num'] or '-':12} {one['sha256'][:8]}{counts}"
            f" {','.join(words)}"
        )
