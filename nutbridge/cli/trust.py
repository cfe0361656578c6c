"""nutbridge token import, nutbridge gateway trust: what a person vouches for."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nutbridge.errors import TokenError, WrongDevice
from nutbridge.units import SECONDS_PER_DAY

if TYPE_CHECKING:
    from nutbridge.clock import SystemClock

Ups = Annotated[
    str | None, typer.Argument(metavar="[UPS]", help="Name of the UPS in ups.conf.")
]
Config = Annotated[
    str | None,
    typer.Option("-c", "--config", metavar="CONFIG", help="Use this config file."),
]

token = typer.Typer(help="The token for the gateway.", no_args_is_help=True)
gateway = typer.Typer(help="The gateway and its certificate.", no_args_is_help=True)

_LONGEST = 65536


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
    """Store a token that was got in the browser (accounts with a second factor).

    It is read from stdin, never from the command line, and must be one for the
    gateway of the config.
    """
    from nutbridge.config_file import load
    from nutbridge.enphase.claims import parse_token
    from nutbridge.enphase.token_store import TokenStore
    from nutbridge.nut.port_file import PortFile

    settings, _ = load(config, ups, os.environ, account_needed=False)
    text = _read(file)
    claims = parse_token(text)
    left_s = claims.expires_epoch - time.time()
    if left_s <= 0:
        raise TokenError(f"the token ended on {_day(claims.expires_epoch)}")
    owner = PortFile(Path(settings.port_file), _clock()).owner
    TokenStore(Path(settings.token_file), settings.serial, owner).store(text)
    typer.echo(
        f"Stored in {settings.token_file}; it ends on {_day(claims.expires_epoch)} "
        f"({left_s / SECONDS_PER_DAY:.0f} days).\nThe monitor takes it at its next "
        f"start: systemctl restart enphase-monitor@{settings.ups}"
    )


@gateway.command("trust")
def trust_gateway(ups: Ups = None, config: Config = None) -> None:
    """Accept the certificate that the gateway shows now.

    Only when the gateway has the serial number of the config. With
    ENVOY_TLS=strict the monitor then goes on at its next check.
    """
    from nutbridge.config_file import load
    from nutbridge.enphase.gateway import Gateway
    from nutbridge.enphase.pin_store import PinStore
    from nutbridge.https import HttpsDevice
    from nutbridge.nut.port_file import PortFile
    from nutbridge.tls import PinnedContext
    from nutbridge.worker import ThreadWaiter

    settings, _ = load(config, ups, os.environ, account_needed=False)
    clock = _clock()
    device = HttpsDevice(
        settings.envoy_host,
        context=PinnedContext(),
        clock=clock,
        waiter=ThreadWaiter(),
        timeout_s=settings.api_timeout_s,
    )
    asked = Gateway(device, clock, settings.envoy_host, lambda: None)
    info = asked.fetch_info(clock.boottime() + 2 * settings.api_timeout_s).value
    if info.serial != settings.serial:
        raise WrongDevice(
            settings.envoy_host, settings.serial, info.serial or "unknown"
        )
    shown = device.fingerprint or ""
    device.close()
    path = Path(settings.state_dir, f"enphase-{settings.ups}.fingerprint")
    store = PinStore(path, PortFile(Path(settings.port_file), clock).owner)
    known = store.load()
    if known == shown:
        typer.echo(f"Already trusted: {shown}")
        return
    store.save(shown)
    typer.echo(f"Trusted now: {shown}\nBefore:      {known or 'none'}")


def _clock() -> "SystemClock":
    from nutbridge.clock import SystemClock

    return SystemClock()


def _read(file: str) -> str:
    try:
        if file == "-":
            data = sys.stdin.buffer.read(_LONGEST)
        else:
            with Path(file).open("rb") as source:
                data = source.read(_LONGEST)
    except OSError as exc:
        raise TokenError(f"{file}: {exc.strerror}") from exc
    return data.decode("ascii", "replace").strip()


def _day(epoch: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(epoch))
