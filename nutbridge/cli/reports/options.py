"""Options that several commands of ``nutbridge reports`` have."""

from typing import Annotated

import typer

Db = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="NUTBRIDGE_DB",
        help="The database: postgresql://..., sqlite:///FILE or FILE.",
    ),
]
Serial = Annotated[
    str | None, typer.Option(metavar="N", help="Only this Envoy's, by serial number.")
]
