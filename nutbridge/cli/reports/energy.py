"""nutbridge reports energy: sums for people, for spreadsheets, for programs."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Annotated, Any

import typer

from nutbridge.cli.common import Json
from nutbridge.cli.reports import output as out
from nutbridge.cli.reports.options import Db, Serial, of_the_wire
from nutbridge.collector.parse.periods import DAY, By
from nutbridge.errors import NutbridgeError, UsageError
from nutbridge.ups.units import SECONDS_PER_HOUR

_J_PER_KWH = 1000 * SECONDS_PER_HOUR
#: Of a period's name; an hour has its offset.
_WIDTHS = {By.HOUR: 23, By.DAY: 10, By.MONTH: 7}
_COLUMNS = ("envoy_serial", "eqid", "start", "end", "kwh", "estimated_kwh")

First = Annotated[
    str | None,
    typer.Option("--from", metavar="DAY", help="From this day on, as 2026-06-21."),
]
Last = Annotated[
    str | None, typer.Option("--to", metavar="DAY", help="Up to this day, all of it.")
]
Panel = Annotated[
    str | None,
    typer.Option(
        metavar="N",
        callback=of_the_wire,
        help="Only this panel: serial number, or with its channel.",
    ),
]


def energy(  # noqa: PLR0913  options
    db: Db = None,
    *,
    by: Annotated[By, typer.Option(help="Length of a period.")] = By.DAY,
    first: First = None,
    last: Last = None,
    serial: Serial = None,
    panel: Panel = None,
    panels: Annotated[
        bool, typer.Option("--panels", help="A table for each panel.")
    ] = False,
    as_csv: Annotated[
        bool,
        typer.Option("--csv", help="Comma-separated: each panel, kWh, local times."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Add up the energy by hour, day or month, in the Envoy's timezone.

    Intervals only, and no AC Battery. Estimated is what the Envoy made up to fill a
    gap; it is part of the sum. --json has joules and Unix seconds, as on the wire.
    """
    with out.orderly():
        out.one_of({"--csv": as_csv, "--json": as_json})
        from nutbridge.collector.queries import energy as sums
        from nutbridge.collector.queries.known import refuse_unknown
        from nutbridge.collector.store.reading import reading

        since, until = _day("--from", first), _day("--to", last)
        if since is not None and until is not None and since > until:
            raise UsageError(f"--from {first} is after --to {last}")
        begin = None if since is None else since * DAY
        end = None if until is None else (until + 1) * DAY
        wanted = sums.Wanted(serial, panel, begin, end)
        with reading(out.database(db)) as database:
            refuse_unknown(database, serial, panel)
            rows: Iterator[Any] | None
            each = as_json or as_csv or panels or panel is not None
            if each:
                rows = out.nonempty(sums.panel_energy(database, by, wanted))
            else:
                rows = out.nonempty(sums.totals(database, by, wanted))
            if rows is None and (first or last or serial or panel):
                extent = sums.extent(database, wanted)
                raise NutbridgeError(f"no energy there; {extent}")
            found = rows or iter(())
            if as_json:
                out.write_array(map(sums.as_object, found))
            elif as_csv:
                out.write_csv(map(_cells, found), _COLUMNS)
            elif each:
                out.write_lines(_panel_lines(found, by))
            else:
                out.write_lines(_lines(found, by))


def _day(option: str, text: str | None) -> int | None:
    """Return the number of a day, counted from 1970-01-01."""
    if text is None:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise UsageError(f"{option} {text}: a day is needed, as 2026-06-21") from None
    return (day - date(1970, 1, 1)).days


def _kwh(energy_j: int) -> str:
    return f"{energy_j / _J_PER_KWH:.3f}"


def _cells(one: Any) -> dict[str, object]:
    return {
        "envoy_serial": one.envoy.serial_num,
        "eqid": one.eqid,
        "start": one.period.start_local,
        "end": one.period.end_local,
        "kwh": f"{one.energy_j / _J_PER_KWH:.6f}",
        "estimated_kwh": f"{one.estimated_j / _J_PER_KWH:.6f}",
    }


def _heading(by: By, more: str = "") -> str:
    return f"{by.value.upper():{_WIDTHS[by]}}  {'kWh':>12}  {'ESTIMATED kWh':>14}{more}"


def _line(one: Any, by: By) -> str:
    return (
        f"{one.period.label:{_WIDTHS[by]}}  {_kwh(one.energy_j):>12}"
        f"  {_kwh(one.estimated_j):>14}"
    )


def _lines(found: Iterable[Any], by: By) -> Iterator[str]:
    """Yield one table for each Envoy."""
    between: list[str] = []
    for envoy, rows in groupby(found, lambda one: one.envoy):
        yield from between
        yield f"Envoy {envoy.serial_num}, {out.zone_words(envoy.timezone)}"
        yield _heading(by, "  PANELS")
        yield from (f"{_line(one, by)}  {one.panels:6}" for one in rows)
        between = [""]


def _panel_lines(found: Iterable[Any], by: By) -> Iterator[str]:
    """Yield one table for each panel; those of an Envoy stand together."""
    between: list[str] = []
    for envoy, rows in groupby(found, lambda one: one.envoy):
        tables: dict[str, list[Any]] = {}
        for one in rows:
            tables.setdefault(one.eqid, []).append(one)
        for eqid, table in sorted(tables.items()):
            yield from between
            yield (
                f"Envoy {envoy.serial_num}, panel {eqid}, "
                f"{out.zone_words(envoy.timezone)}"
            )
            yield _heading(by)
            yield from (_line(one, by) for one in table)
            between = [""]
