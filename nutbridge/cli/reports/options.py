"""Options that several commands of ``nutbridge reports`` have."""

from typing import Annotated

import typer

from nutbridge.errors import UsageError


def of_the_wire(number: str | None) -> str | None:
    """Return a serial number or panel that a report could have: no odd bytes.

    Raises:
        UsageError: no database could look for it.
    """
    if number is not None and not number.isprintable():
        raise UsageError(f"{number}: not the number of an Envoy or panel")
    return number


Db = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="NUTBRIDGE_DB",
        help="The database: postgresql://..., sqlite:///FILE or FILE.",
    ),
]
Serial = Annotated[
    str | None,
    typer.Option(
        metavar="N",
        callback=of_the_wire,
        help="Only this Envoy's, by serial number.",
    ),
]
