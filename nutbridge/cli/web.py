"""nutbridge web: the options of the page, and what they may be."""

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nutbridge.cli.common import sudo_hint
from nutbridge.errors import NutbridgeError, UsageError

if TYPE_CHECKING:
    from nutbridge.web.run import WebPlan

_INTERRUPTED = 130
LISTEN = "127.0.0.1:9181"
#: STATE_DIR of monitors that have a user of their own.
OWN_STATE = Path("/var/lib/nutbridge")

Upses = Annotated[
    list[str] | None,
    typer.Option(
        "--ups",
        metavar="NAME",
        help="Show this UPS; may be repeated. Else all whose monitor has left a state.",
    ),
]
Db = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="NUTBRIDGE_DB",
        help="Show the panels in this database of reports serve.",
    ),
]
Listen = Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to listen.")]
AllowFrom = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CIDR",
        help="Who may look besides this machine; may be repeated. Needed to listen "
        "elsewhere than on loopback.",
    ),
]
Names = Annotated[
    list[str] | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="A further name of this machine in addresses; may be repeated.",
    ),
]
Layout = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Where the panels are: lines SERIAL = NAME, ROW, COLUMN."
    ),
]
StateDir = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="STATE_DIR of the monitors, if it is another."),
]
Upsd = Annotated[
    str,
    typer.Option(
        metavar="HOST[:PORT]", help="Ask this upsd which machines listen; or off."
    ),
]


def web(  # noqa: PLR0913 - one argument per option
    *,
    ups: Upses = None,
    db: Db = None,
    listen: Listen = LISTEN,
    allow_from: AllowFrom = None,
    name: Names = None,
    layout: Layout = None,
    state_dir: StateDir = None,
    upsd: Upsd = "127.0.0.1:3493",
) -> None:
    """Serve a page that shows the house and its panels.

    Runs until it is told to stop. It only reads: port file, state and history of the
    monitors, and the database of reports serve. No config, no token, no account; no
    place and no MAC address are shown. There is no password: whoever may connect sees
    the charge, the loads of the house, its outages, and the machines that listen.
    """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
    try:
        import nutbridge.web.run  # noqa: F401 - they are loaded here
    except ModuleNotFoundError as exc:
        if (exc.name or "").startswith("nutbridge"):
            raise
        from nutbridge.system.installation import adding

        raise NutbridgeError(
            f"the page needs {exc.name}; install it: {adding('web')}"
        ) from None
    _run(_plan(ups, db, listen, allow_from, (name, layout), state_dir, upsd))


def _plan(
    ups: list[str] | None,
    db: str | None,
    listen: str,
    allow_from: list[str] | None,
    more: tuple[list[str] | None, str | None],
    state_dir: str | None,
    upsd: str,
) -> "WebPlan":
    from nutbridge.collector.serve import options
    from nutbridge.config.file import folders
    from nutbridge.config.settings import check_ups
    from nutbridge.daemon.state_store import UNIT_FOLDER
    from nutbridge.web.house import find_upses, is_there
    from nutbridge.web.layout import read_layout
    from nutbridge.web.run import WebPlan

    names, layout = more
    try:
        address = options.parse_address(listen)
        networks = tuple(map(options.parse_network, allow_from or ()))
    except ValueError as exc:
        raise UsageError(str(exc)) from exc
    if not _is_loopback(address.host) and not networks:
        raise UsageError(
            f"--listen {listen}: the page has no password; say with --allow-from "
            "CIDR who may see the charge, the loads and the outages of the house"
        )
    own = Path(state_dir or folders(os.environ).localstate)
    places = (own,) if state_dir else (UNIT_FOLDER, own)
    known = tuple(map(check_ups, ups or ()))
    if not known and (db is None or any(map(is_there, places))):
        try:
            with sudo_hint():
                known = find_upses(places)
        except NutbridgeError:
            if db is None:
                raise
    return WebPlan(
        listen=address,
        allowed=options.Allowed(networks),
        names=frozenset(one.lower() for one in names or ()),
        upses=known,
        folders=places,
        history=places if state_dir else (own, OWN_STATE, UNIT_FOLDER),
        db=db,
        layout=read_layout(Path(layout)) if layout else None,
        upsd=None if upsd == "off" else upsd,
    )


def _is_loopback(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _run(plan: "WebPlan") -> None:
    import asyncio
    import logging

    from nutbridge.cli.logs import level_for, set_up
    from nutbridge.system.clock import SystemClock
    from nutbridge.system.sdnotify import Notifier
    from nutbridge.web.run import serve

    set_up("nutbridge web", level_for(0, verbose=False), os.environ)
    if not _is_loopback(plan.listen.host):
        logging.getLogger(__name__).warning(
            "without a password for %s: charge, loads and outages of the house, "
            "panels, and the machines that listen",
            ", ".join(map(str, plan.allowed.networks)),
        )
    number = asyncio.run(serve(plan, SystemClock(), Notifier.from_environ(os.environ)))
    sys.stderr.flush()
    # A thread may wait for a locked database: Python would wait for it.
    os._exit(_INTERRUPTED if number == signal.SIGINT else 0)
