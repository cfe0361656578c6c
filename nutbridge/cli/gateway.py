"""nutbridge gateway: trust its certificate, capture its answers."""

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from nutbridge.cli.common import (
    PLAIN,
    Config,
    Ups,
    gateway_settings_of,
    quiet_logs,
    settings_of,
    sudo_hint,
)
from nutbridge.errors import ConfigError, WrongDevice
from nutbridge.system.text import printable

if TYPE_CHECKING:
    from nutbridge.config.settings import Settings
    from nutbridge.net.pins import PinStore
    from nutbridge.system.clock import SystemClock

gateway = typer.Typer(
    help="The gateway, its certificate and its answers.",
    no_args_is_help=True,
    context_settings=PLAIN,
)


@gateway.command("trust")
def trust(
    ups: Ups = None,
    config: Config = None,
    *,
    inverter: Annotated[
        bool,
        typer.Option("--inverter", help="Of the SMA inverter beside the gateway."),
    ] = False,
    host: Annotated[
        str | None,
        typer.Option(
            "--host", metavar="HOST", help="At this address, not that of the config."
        ),
    ] = None,
) -> None:
    """Accept the certificate that the gateway shows now.

    Only when the gateway has the serial number of the config. The monitor then
    goes on at its next check. Where an SMA inverter is the UPS, or with
    --inverter, its certificate is accepted, and the serial number that answers
    next: make sure yourself that it is yours.
    """
    from nutbridge.net.pins import PinRecord
    from nutbridge.system.clock import SystemClock
    from nutbridge.tools.setup.context import check_host

    quiet_logs()
    clock = SystemClock()
    with sudo_hint():
        settings = settings_of(config, ups)
        of_inverter = inverter or settings.inverter_alone
        if host is not None:
            settings = _moved(settings, check_host(host), of_inverter=of_inverter)
        ask = _inverter_shows if of_inverter else _gateway_shows
        shown, store = ask(settings, clock)
        if of_inverter:
            _forget_serial(settings)
        before = store.peek()
        if before == PinRecord(shown):
            typer.echo(f"Already trusted: {shown}")
            return
        store.save(PinRecord(shown))
    known = before.replaced if before.known == shown else before.known
    typer.echo(f"Trusted now: {shown}\nBefore:      {known or 'none'}")


def _moved(settings: "Settings", host: str, *, of_inverter: bool) -> "Settings":
    """Return the settings with another address."""
    if not of_inverter:
        return settings._replace(envoy_host=host)
    sma = settings.sma and settings.sma._replace(host=host)
    return settings._replace(sma=sma)


def _forget_serial(settings: "Settings") -> None:
    """Let the monitor take the inverter that answers next."""
    from nutbridge.daemon.wiring_sma import serial_file
    from nutbridge.system.files import Folder

    file = serial_file(settings)
    with contextlib.suppress(FileNotFoundError), Folder(file.parent) as folder:
        folder.unlink(file.name)


def _gateway_shows(
    settings: "Settings", clock: "SystemClock"
) -> "tuple[str, PinStore]":
    """Return the fingerprint of our gateway, and where it is kept."""
    from nutbridge.net.worker import ThreadWaiter
    from nutbridge.sources.enphase.session import introduce, pins_of, site_of
    from nutbridge.tools.status.values import monitors_user

    asked = introduce(site_of(settings), clock, ThreadWaiter())
    try:
        info = asked.fetch_info(clock.boottime() + 2 * settings.api_timeout_s).value
        shown = asked.peer.fingerprint if asked.peer else ""
    finally:
        asked.close()
    if info.serial != settings.serial:
        raise WrongDevice(
            settings.envoy_host, settings.serial, info.serial or "unknown"
        )
    return shown, pins_of(settings, monitors_user(settings, clock))


def _inverter_shows(
    settings: "Settings", clock: "SystemClock"
) -> "tuple[str, PinStore]":
    """Return the fingerprint of the inverter, and where it is kept; no login."""
    from nutbridge.daemon.wiring_sma import fingerprint_file
    from nutbridge.net.https import open_wire
    from nutbridge.net.pins import PinStore
    from nutbridge.net.wire import Request
    from nutbridge.tools.status.values import monitors_user

    sma = settings.sma
    if sma is None or sma.scheme != "https":
        problem = "no inverter with https is in this config"
        raise ConfigError(settings.config_path, "SMA_HOST", problem)
    device = open_wire(sma.host, clock=clock, timeout_s=sma.timeout_s)
    try:
        device.send(Request("GET", "/"), clock.boottime() + 2 * sma.timeout_s)
        shown = device.fingerprint or ""
    finally:
        device.close()
    return shown, PinStore(fingerprint_file(settings), monitors_user(settings, clock))


@gateway.command("capture")
def capture(
    ups: Ups = None,
    config: Config = None,
    output: Annotated[
        str,
        typer.Option("-o", "--output", metavar="DIR", help="A folder to be made."),
    ] = "",
) -> None:
    """Save what the gateway answers for a bug report, nothing private.

    Every endpoint that nutbridge reads is asked once; nothing is posted.
    Serial numbers, addresses, the account, tokens, names and places are replaced,
    the same by the same everywhere. The folder has the form of the fixtures in
    test-data/enphase. Look through it before you send it.

    Exit status: 0 saved; 69 the gateway does not answer, nothing was saved;
    73 the folder cannot be made or is there already.
    """
    from nutbridge.errors import UsageError
    from nutbridge.net.worker import ThreadWaiter
    from nutbridge.system.clock import SystemClock
    from nutbridge.tools.capture import capture_to

    quiet_logs()
    if not output:
        raise UsageError("where to? Give --output DIR, a folder that is not there yet")
    with sudo_hint():
        settings = gateway_settings_of(config, ups)
        if settings.test is not None:
            raise ConfigError(settings.config_path, "TEST", "=1 asks no gateway")
        saved = capture_to(output, settings, SystemClock(), ThreadWaiter())
    for name, text in saved.results:
        typer.echo(f"{name:24} {printable(text)}")
    typer.echo(
        f"Saved in {printable(output)}: {saved.files} files, "
        f"{saved.replaced} private texts replaced."
    )
