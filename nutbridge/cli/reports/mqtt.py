"""nutbridge reports mqtt: the options, and what they may be."""

import contextlib
import logging
import os
import signal
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from nutbridge.cli.common import finite
from nutbridge.cli.reports import output as out
from nutbridge.cli.reports.options import Db
from nutbridge.collector.serve.options import parse_address
from nutbridge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nutbridge.collector.mqtt.messages import Topics
    from nutbridge.collector.mqtt.publish import Broker, Publisher

_PORT, _TLS_PORT = 1883, 8883
_INTERRUPTED = 130
#: What it is at may hold up the end so long, s.
_HELD_UP_S = 1.0

BrokerPlace = Annotated[
    str,
    typer.Option(
        "--broker",
        metavar="HOST[:PORT]",
        help="Port 1883, or 8883 with --tls.",
    ),
]
Tls = Annotated[bool, typer.Option("--tls", help="Speak TLS, and see who answers.")]
Ca = Annotated[
    str | None,
    typer.Option(
        "--ca",
        metavar="FILE",
        help="Trust these authorities for the broker, not the system's.",
    ),
]
User = Annotated[str | None, typer.Option(metavar="NAME", help="Of the broker.")]
PasswordFile = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="One line: the password of --user."),
]
Topic = Annotated[
    str, typer.Option(metavar="WORD", help="First level of the topics of the states.")
]
DiscoveryPrefix = Annotated[
    str,
    typer.Option(metavar="WORD", help="Where Home Assistant looks for devices."),
]
Every = Annotated[
    float, typer.Option(metavar="SECONDS", min=5, max=3600, help="Between two looks.")
]


def mqtt(  # noqa: PLR0913 - one argument per option
    db: Db = None,
    *,
    broker: BrokerPlace = "127.0.0.1",
    tls: Tls = False,
    ca: Ca = None,
    user: User = None,
    password_file: PasswordFile = None,
    topic: Topic = "nutbridge",
    discovery_prefix: DiscoveryPrefix = "homeassistant",
    every: Every = 60,
) -> None:
    """Tell an MQTT broker of Envoys and panels, for Home Assistant.

    Runs until it is told to stop. It only reads the database: reports are taken in
    whether a broker answers or not.
    """
    # Nothing has begun yet that would need an orderly end.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
    with out.orderly():
        from nutbridge.collector.mqtt.messages import Topics
        from nutbridge.collector.mqtt.publish import Broker

        if ca is not None and not tls:
            raise UsageError("--ca needs --tls")
        if (user is None) != (password_file is None):
            raise UsageError("--user and --password-file belong together")
        words = {"--topic": topic, "--discovery-prefix": discovery_prefix}
        for option, word in words.items():
            if not word or set(word) & set("+#/ $") or not word.isprintable():
                raise UsageError(f"{option} takes one word without + # / $")
        host, port = _place(broker, tls=tls)
        password = _password(password_file)
        whom = Broker(host, port, _context(ca) if tls else None, user, password, topic)
        topics = Topics(topic, discovery_prefix)
        _run(whom, topics, db, finite("--every", every))


def _run(
    broker: "Broker", topics: "Topics", db: str | None, every_s: float
) -> NoReturn:
    """Tell the broker until SIGTERM or SIGINT.

    All is done in a thread of its own: while a locked database holds that up, this
    one still hears of the end.
    """
    from nutbridge.cli.logs import level_for, set_up

    set_up("nutbridge reports", level_for(0, verbose=False), os.environ)
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # of all threads from here on
    begun: list[Publisher] = []
    running = ThreadPoolExecutor(1, thread_name_prefix="publisher").submit(
        _publish, broker, topics, db, every_s, begun.append
    )
    running.add_done_callback(lambda _: os.kill(os.getpid(), signal.SIGTERM))
    number = signal.sigwait(ends)
    if running.done():
        running.result()  # raises: it does not end by itself
    for publisher in begun:
        publisher.end()
        with contextlib.suppress(TimeoutError):
            running.result(_HELD_UP_S)
        publisher.leave()
    # A thread may wait for a name server or a locked database; nothing that it could
    # do is of use.
    sys.stderr.flush()
    os._exit(_INTERRUPTED if number == signal.SIGINT else 0)


def _publish(
    broker: "Broker",
    topics: "Topics",
    db: str | None,
    every_s: float,
    begin: "Callable[[Publisher], None]",
) -> None:
    from nutbridge import __version__
    from nutbridge.collector.mqtt.publish import Pace, Publisher
    from nutbridge.collector.queries.now import envoys_now
    from nutbridge.collector.store.reading import reading
    from nutbridge.system.clock import SystemClock
    from nutbridge.system.sdnotify import Notifier

    clock = SystemClock()
    # A missing or wrong database is told now, one that goes away later is waited for.
    with reading(out.database(db)) as database:
        publisher = Publisher(
            broker,
            lambda: envoys_now(database, clock.wall()),
            topics=topics,
            version=__version__,
            pace=Pace(every_s, clock.boottime),
            notifier=Notifier.from_environ(os.environ),
        )
        begin(publisher)
        if broker.tls is None and broker.user is not None:
            logging.getLogger(__name__).warning(
                "without --tls anybody on the way to %r reads the password", broker
            )
        publisher.run()


def _place(text: str, *, tls: bool) -> tuple[str, int]:
    default = _TLS_PORT if tls else _PORT
    host = text.strip()
    bare = host.count(":") > 1 and not host.startswith("[")
    if bare or ":" not in host or host.endswith("]"):
        host = f"[{host.strip('[]')}]" if host.count(":") > 1 else host
        host = f"{host}:{default}"
    try:
        found = parse_address(host)
    except ValueError as exc:
        raise UsageError(f"--broker: {exc}") from exc
    if not text.strip() or found.port == 0:
        raise UsageError("--broker takes HOST or HOST:PORT")
    return found.host, found.port


def _password(file: str | None) -> str | None:
    if file is None:
        return None
    from nutbridge.config.file import read_password

    return read_password(file, "--password-file")


def _context(ca: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except ssl.SSLError as exc:
        raise UsageError(f"--ca {ca}: no certificate in PEM") from exc
    except OSError as exc:
        raise UsageError(f"--ca {ca}: {exc.strerror}") from exc
