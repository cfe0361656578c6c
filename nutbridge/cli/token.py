"""nutbridge token: show, import, renew. The token itself is never shown."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nutbridge.cli.common import (
    PLAIN,
    Config,
    Json,
    Ups,
    date_of,
    gateway_settings_of,
    port_of,
    quiet_logs,
    sudo_hint,
    token_ended,
)
from nutbridge.errors import TokenError
from nutbridge.system.files import is_handed, read_file
from nutbridge.system.text import printable
from nutbridge.ups.units import spoken_days

if TYPE_CHECKING:
    from nutbridge.tools.status.token import TokenView

token = typer.Typer(
    help="The token for the gateway.", no_args_is_help=True, context_settings=PLAIN
)

_LONGEST = 65536


@token.command("show")
def show(ups: Ups = None, config: Config = None, *, as_json: Json = False) -> None:
    """Show whose token it is and how long it lives, never the token.

    Exit status: 0 the token is for this gateway and has not ended; 1 there is
    none, or it is of no use; 78 the config is wrong.
    """
    from nutbridge.tools.status.token import find_token

    quiet_logs()
    with sudo_hint():
        settings = gateway_settings_of(config, ups)
        view = find_token(settings, time.time())
    if as_json:
        typer.echo(json.dumps(_plain(view), indent=2))
    else:
        typer.echo("\n".join(_lines(view)))
    if view.problem is not None:
        raise typer.Exit(1)


def _plain(view: "TokenView") -> dict[str, Any]:
    claims = view.claims
    return {
        "file": view.file,
        "account": view.kind,
        "serial": claims.serial if claims else None,
        "issued": claims.issued_epoch if claims else None,
        "expires": claims.expires_epoch if claims else None,
        "days_left": view.days_left,
        "renewal": view.renew_epoch,
        "problem": view.problem,
        "warning": view.warning,
    }


def _lines(view: "TokenView") -> list[str]:
    from nutbridge.tools.status.token import NONE_YET

    rows = [("file", view.file)]
    claims = view.claims
    if claims is not None and view.left_s is not None:
        left = spoken_days(abs(view.left_s))
        ends = f"in {left}" if view.left_s > 0 else f"{left} ago"
        issued = claims.issued_epoch
        rows += [
            ("account", claims.user or "not said"),
            ("gateway", ", ".join(claims.audience) or "not said"),
            ("issued", date_of(issued) if issued is not None else "not said"),
            ("ends", f"{date_of(claims.expires_epoch)} ({ends})"),
            ("renewal", _renewal(view)),
        ]
    lines = [f"{name + ':':9} {printable(text)}" for name, text in rows]
    for word, text in (("problem", view.problem), ("warning", view.warning)):
        if text is not None:
            lines.append(f"{word + ':':9} {printable(text)}")
    if view.problem == NONE_YET:
        lines.append(
            "The monitor logs in at its start; or bring one: nutbridge token import"
        )
    return lines


def _renewal(view: "TokenView") -> str:
    if view.renew_epoch is None:
        return "none: no USERNAME and PASSWORD in the config; nutbridge token import"
    if view.renew_epoch <= time.time():
        return "due: the monitor asks for the next one while on line"
    return f"{date_of(view.renew_epoch)}, by the monitor"


@token.command("import")
def import_token(
    ups: Ups = None,
    config: Config = None,
    file: Annotated[
        str,
        typer.Option(
            "-f", "--file", metavar="FILE", help="Read it from here, not from stdin."
        ),
    ] = "-",
) -> None:
    """Store a token from the browser (accounts with a second factor).

    It is read from stdin or a file, never from the command line, and must be
    one for the gateway of the config. Quotes, "Bearer", wrapped lines and the
    page or JSON around it do no harm. A running monitor takes it at its next
    check.
    """
    from nutbridge.sources.enphase.claims import parse_token
    from nutbridge.system.clock import SystemClock
    from nutbridge.tools.status.renewing import store_token
    from nutbridge.tools.status.token import ENDED, judged

    quiet_logs()
    with sudo_hint():
        settings = gateway_settings_of(config, ups)
        text = _read(file)
        view = judged(settings, parse_token(text), time.time())
        if view.problem == ENDED and view.claims is not None:
            raise TokenError(token_ended(view.claims.expires_epoch))
        store_token(settings, text, SystemClock())
    _tell_stored(view)


@token.command("renew")
def renew_token(
    ups: Ups = None,
    config: Config = None,
    *,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Also on battery, and right after a login that failed."
        ),
    ] = False,
) -> None:
    """Log in now and store a new token, once it is verified.

    The old one stays until then. The monitor does the same by itself 30 days
    before the end.

    Exit status: 0 stored; 1 refused now; 69 the cloud gave none; 78 the config
    has no account.
    """
    from nutbridge.system.clock import SystemClock
    from nutbridge.tools.status.renewing import account_of, refuse_now, renew
    from nutbridge.tools.status.state import read_noted
    from nutbridge.tools.status.values import read_status

    quiet_logs()
    clock = SystemClock()
    with sudo_hint():
        settings = gateway_settings_of(config, ups)
        account_of(settings)  # without one nothing else matters
        if not force:
            noted = read_noted(settings, port_of(settings, clock).real, clock)
            refuse_now(read_status(port_of(settings, clock)), noted, clock.wall())
        view = renew(settings, clock)
    _tell_stored(view)


def _tell_stored(view: "TokenView") -> None:
    if view.claims is None or view.left_s is None:
        return
    ends = token_ended(view.claims.expires_epoch)
    if view.left_s > 0:
        left = spoken_days(view.left_s)
        ends = f"it ends on {date_of(view.claims.expires_epoch)} ({left})"
    typer.echo(
        f"Stored in {view.file}; {ends}.\n"
        "A running monitor takes it at its next check of the grid."
    )
    if view.warning is not None:
        typer.echo(f"nutbridge: warning: {view.warning}", err=True)


def _read(file: str) -> str:
    try:
        if file == "-":
            if sys.stdin.isatty():
                typer.echo("Paste the token, then Enter and ^D.", err=True)
            data = sys.stdin.buffer.read(_LONGEST)
        elif is_handed(path := Path(file)):
            with path.open("rb") as source:
                data = source.read(_LONGEST)
        else:
            data = read_file(path, _LONGEST, alone=True).data
    except OSError as exc:
        raise TokenError(f"{file}: {exc.strerror}") from exc
    from nutbridge.sources.enphase.claims import pasted_token

    return pasted_token(data)
