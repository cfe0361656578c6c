"""nutbridge reports serve: the options, and what they may be."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from nutbridge.cli.reports import output as out
from nutbridge.cli.reports.output import orderly
from nutbridge.collector.serve import options
from nutbridge.errors import EX_SOFTWARE, ConfigError, UsageError
from nutbridge.system.files import make_folders, read_file

if TYPE_CHECKING:
    from nutbridge.collector.serve.plan import ServePlan

T = TypeVar("T")

_INTERRUPTED = 130
#: New objects, about those of 30 reports.
_GARBAGE = 20_000

Listen = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="Take reports by plain HTTP."),
]
TlsListen = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="Take reports by TLS.")
]
LegacyTls = Annotated[
    bool,
    typer.Option(
        "--legacy-tls", help="Allow TLS 1.0 on --tls-listen: old Envoys need it."
    ),
]
Upstream = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Where reports go on to; not in mode local."),
]
UpstreamCa = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Trust these authorities for the upstream, not the system's.",
    ),
]
ServeMode = Annotated[
    options.Mode,
    typer.Option(
        help="transparent: pass on, relay the answer. store-and-forward: acknowledge "
        "here, pass on later. local: acknowledge here, never pass on."
    ),
]
Db = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="NUTBRIDGE_DB",
        help="The database; without it reports.db in --state.",
    ),
]
State = Annotated[
    str | None,
    typer.Option(
        metavar="DIR",
        envvar="STATE_DIRECTORY",
        help="Folder of the certificate and the database; made if missing.",
    ),
]
AllowFrom = Annotated[
    list[str] | None,
    typer.Option(metavar="CIDR", help="Only these senders; may be repeated."),
]
AllowSerial = Annotated[
    list[str] | None,
    typer.Option(metavar="N", help="Only Envoys of this number; may be repeated."),
]
StatusListen = Annotated[
    str | None,
    typer.Option(
        metavar="[HOST:]PORT",
        help="Serve /healthz and /metrics; without HOST on 127.0.0.1.",
    ),
]
RateLimit = Annotated[
    str,
    typer.Option(
        metavar="BURST/SECONDS",
        help="For each sender: so many reports at once, then one in so "
        "many seconds; or off.",
    ),
]
MaxCompressed = Annotated[
    int, typer.Option(metavar="BYTES", min=1, help="Largest body as it is sent.")
]
MaxInflated = Annotated[
    int, typer.Option(metavar="BYTES", min=1, help="Largest body when inflated.")
]


def serve(  # noqa: PLR0913 - one argument per option
    *,
    listen: Listen = None,
    tls_listen: TlsListen = None,
    legacy_tls: LegacyTls = False,
    upstream: Upstream = None,
    upstream_ca: UpstreamCa = None,
    mode: ServeMode = options.Mode.TRANSPARENT,
    db: Db = None,
    state: State = None,
    allow_from: AllowFrom = None,
    allow_serial: AllowSerial = None,
    status_listen: StatusListen = None,
    rate_limit: RateLimit = options.RATE,
    max_compressed: MaxCompressed = options.MAX_COMPRESSED,
    max_inflated: MaxInflated = options.MAX_INFLATED,
) -> None:
    """Take the reports of legacy Envoys, keep them, pass them on.

    Runs until it is told to stop. Each report is on the disk before anything else
    happens with it, and its bytes go on as they came.
    """
    _begin()
    if not listen and not tls_listen:
        raise UsageError("give --listen HOST:PORT, --tls-listen HOST:PORT, or both")
    if legacy_tls and not tls_listen:
        raise UsageError("--legacy-tls needs --tls-listen HOST:PORT")
    from nutbridge.collector.serve.intake import Rules
    from nutbridge.collector.serve.plan import ServePlan

    allowed = options.Allowed(
        _each("--allow-from", options.parse_network, allow_from),
        _each("--allow-serial", options.parse_serial, allow_serial),
    )
    folder = _folder(state)
    database = db or str(folder / "reports.db")
    _be_owner_of(folder, database)
    plan = ServePlan(
        listen=_maybe("--listen", options.parse_address, listen),
        tls_listen=_maybe("--tls-listen", options.parse_address, tls_listen),
        status_listen=_maybe("--status-listen", options.parse_status, status_listen),
        legacy_tls=legacy_tls,
        upstream=_origin(mode, upstream),
        upstream_ca=_existing(upstream_ca),
        rules=Rules(mode, options.Caps(max_compressed, max_inflated), allowed),
        rate=_maybe("--rate-limit", options.parse_rate, rate_limit),
        db=database,
        state=folder,
    )
    _run(plan)


def _begin() -> None:
    """Be ready to end at once, and see that all libraries are there."""
    # Nothing has begun yet that would need an orderly end; and SystemExit is lost
    # where it comes up in a finalizer or in a callback of the garbage collector.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
    with orderly():
        import nutbridge.collector.serve.run  # noqa: F401 - they are loaded here


def _run(plan: "ServePlan") -> NoReturn:
    import asyncio
    import gc
    import logging

    from nutbridge.cli.logs import level_for, set_up
    from nutbridge.collector.serve.run import Collector
    from nutbridge.system.clock import SystemClock
    from nutbridge.system.sdnotify import Notifier, watchdog_interval_s

    set_up("nutbridge reports", level_for(0, verbose=False), os.environ)
    notifier = Notifier.from_environ(os.environ)
    beat_s = watchdog_interval_s(os.environ)
    collector = Collector(plan, SystemClock(), notifier, beat_s)
    # After it, so that an upstream that is refused is one line.
    if plan.upstream is not None and plan.upstream.scheme == "http":
        logging.getLogger(__name__).warning(
            "upstream %s: without TLS anybody on the way reads and changes reports",
            plan.upstream,
        )
    # What was loaded stays; looking through it again and again for garbage, and once
    # per report for little, takes a tenth of all CPU.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    number = asyncio.run(collector.run())
    codes: dict[int, int] = {signal.SIGINT: _INTERRUPTED, signal.SIGTERM: 0}
    code = codes.get(number, EX_SOFTWARE)
    # A thread may wait for a name server or a locked database: Python would wait for
    # it, nothing that it could still do is of use. And connections to a database
    # that was replaced must stay as they are: SQLite writes when they are closed.
    sys.stderr.flush()
    os._exit(code)


def _origin(mode: options.Mode, upstream: str | None) -> options.Origin | None:
    origin = _maybe("--upstream", options.parse_origin, upstream or None)
    if mode is options.Mode.LOCAL:
        if origin is not None:
            raise UsageError("mode local passes nothing on: leave --upstream away")
        return None
    if origin is None:
        raise UsageError(f"mode {mode} needs --upstream URL; mode local does not")
    return origin


def _folder(state: str | None) -> Path:
    if not state:
        raise UsageError("give --state DIR, the folder of database and certificate")
    folder = Path(state).absolute()
    try:
        make_folders(folder)
    except OSError as exc:
        problem = f"cannot be made: {exc.strerror}"
        raise ConfigError("--state", str(folder), problem) from exc
    return folder


def _be_owner_of(folder: Path, url: str) -> None:
    """Become, as root, the owner of the folders of certificate and database."""
    if os.geteuid() != 0:
        return
    from nutbridge.collector.store.engine import is_sqlite, parse_url

    owner = os.stat(folder).st_uid
    out.database(url if is_sqlite(parse_url(url)) else str(folder / "reports.db"))
    if os.geteuid() != owner:
        raise UsageError(
            "--state and the folder of the database belong to different users; "
            "root serves in folders of one user"
        )


def _existing(file: str | None) -> Path | None:
    if file is None:
        return None
    import ssl

    path = Path(file)
    try:
        read_file(path, 1)
        ssl.create_default_context(cafile=path)
    except ssl.SSLError as exc:
        raise UsageError(f"--upstream-ca {file}: no certificate in PEM") from exc
    except OSError as exc:
        raise UsageError(f"--upstream-ca {file}: {exc.strerror}") from exc
    return path


def _maybe(option: str, read: Callable[[str], T], text: str | None) -> T | None:
    if text is None:
        return None
    try:
        return read(text)
    except ValueError as exc:
        raise UsageError(f"{option}: {exc}") from exc


def _each(
    option: str, read: Callable[[str], T], texts: list[str] | None
) -> tuple[T, ...]:
    found = (_maybe(option, read, text) for text in texts or ())
    return tuple(one for one in found if one is not None)
