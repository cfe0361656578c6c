"""nutbridge sma: look into an SMA inverter. Nothing is changed on it."""

from typing import Annotated

import typer

from nutbridge.cli.common import finite
from nutbridge.cli.sma import options
from nutbridge.errors import UsageError

sma = typer.Typer(
    help="Look into an SMA inverter (Webconnect or ennexOS). Nothing is changed.",
    no_args_is_help=True,
)

#: Shortest and longest time between two rounds of a watch, s.
_WATCH_S = (0.1, 86400.0)


@sma.command()
def probe(
    *,
    host: options.Host = "",
    password_file: options.PasswordFile = None,
    user: options.User = "",
    group: options.Group = "usr",
    scheme: options.Scheme = "https",
    fingerprint: options.Fingerprint = None,
    json: options.Json = False,
) -> None:
    """Say what the inverter is and whether it can be a UPS.

    Family, class, type, serial number, firmware, battery, free sessions (of ennexOS:
    the grid, and the devices behind it); or why there is no answer.
    """
    from nutbridge.cli.sma.probe import show_probe

    target = options.target_of(host, password_file, group, scheme, fingerprint, user)
    show_probe(target, json=json)


@sma.command()
def tree(  # noqa: PLR0913 - typer takes one argument per option
    *,
    host: options.Host = "",
    password_file: options.PasswordFile = None,
    user: options.User = "",
    group: options.Group = "usr",
    scheme: options.Scheme = "https",
    fingerprint: options.Fingerprint = None,
    params: options.Params = False,
    lang: options.Lang = "en-US",
    klass: options.Class = None,
    raw: options.Raw = False,
    json: options.Json = False,
    wait: options.Wait = options.WAIT_S,
) -> None:
    """Show all values, sorted by category.

    A line each: category / category / name: value unit.
    """
    from nutbridge.cli.sma.show import Ask, Form, RowSelection, show_once

    ask = Ask(params, options.language_of(lang), finite("--wait", wait))
    target = options.target_of(host, password_file, group, scheme, fingerprint, user)
    show_once(
        target, ask, RowSelection(Form.JSON if json else Form.TREE, klass, raw=raw)
    )


@sma.command()
def values(  # noqa: PLR0913 - typer takes one argument per option
    wanted: options.Wanted = None,
    *,
    host: options.Host = "",
    password_file: options.PasswordFile = None,
    user: options.User = "",
    group: options.Group = "usr",
    scheme: options.Scheme = "https",
    fingerprint: options.Fingerprint = None,
    params: options.Params = False,
    lang: options.Lang = "en-US",
    klass: options.Class = None,
    json: options.Json = False,
    csv: options.Csv = False,
    watch: options.Watch = None,
    wait: options.Wait = options.WAIT_S,
) -> None:
    """List values: key, name, value, unit, category.

    KEY is exact (6100_00295A00), NAME-GLOB fits the translated name in any case
    ('battery*'). Without any, everything is listed.
    """
    from nutbridge.cli.sma.show import (
        Ask,
        RowSelection,
        form_of,
        show_once,
        show_rounds,
    )

    show = RowSelection(form_of(json=json, csv=csv), klass, wanted=tuple(wanted or ()))
    ask = Ask(params, options.language_of(lang), finite("--wait", wait))
    if watch is not None and not _WATCH_S[0] <= watch <= _WATCH_S[1]:
        low, high = _WATCH_S
        raise UsageError(f"--watch takes {low:g} to {high:g} seconds")
    target = options.target_of(host, password_file, group, scheme, fingerprint, user)
    if watch is None:
        show_once(target, ask, show)
    else:
        show_rounds(target, ask, show, watch)


@sma.command()
def decode(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A saved answer; - is standard input."),
    ],
    *,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="FILE", help="Saved ObjectMetadata_Istl.json."),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option("--language", metavar="FILE", help="Saved en-US.json or other."),
    ] = None,
    klass: options.Class = None,
    raw: options.Raw = False,
    json: options.Json = False,
    csv: options.Csv = False,
) -> None:
    """Show a saved answer as a tree, without an inverter.

    An answer of getAllOnlValues, getAllParamValues or getValues, or of ennexOS's
    measurements/live or parameters/search; also as people paste it: out of a log, as
    Python prints it, or cut short, where the entry it breaks off in is named and left
    out. Works without model and language; numbers are shown then.
    """
    from nutbridge.cli.sma.decode import decode_file
    from nutbridge.cli.sma.show import Form, RowSelection, form_of

    form = form_of(json=json, csv=csv) if json or csv else Form.TREE
    decode_file(file, model, language, RowSelection(form, klass, raw=raw))


@sma.command()
def capture(  # noqa: PLR0913 - typer takes one argument per option
    *,
    host: options.Host = "",
    password_file: options.PasswordFile = None,
    user: options.User = "",
    group: options.Group = "usr",
    scheme: options.Scheme = "https",
    fingerprint: options.Fingerprint = None,
    output: Annotated[
        str,
        typer.Option("-o", "--output", metavar="DIR", help="A folder to be made."),
    ] = "",
    watch: Annotated[
        float | None,
        typer.Option(
            "--watch",
            metavar="MIN",
            help="Then look every 5 s for so many minutes, and save what changes.",
        ),
    ] = None,
) -> None:
    """Save what the inverter answers for a bug report, nothing private.

    Values of battery, grid, meter and backup are kept; serial numbers, names,
    addresses, passwords and places are not. The simulator can serve the folder. With
    --watch a test with the main switch is recorded: nobody has captured an island of
    an SMA inverter yet, so please send one. Look through it before you send it.

    Exit status: 0 saved; 69 the inverter does not answer, nothing was saved; 73 the
    folder cannot be made or is there already.
    """
    from nutbridge.cli.sma.capture import capture_inverter

    target = options.target_of(host, password_file, group, scheme, fingerprint, user)
    capture_inverter(target, output, watch)
