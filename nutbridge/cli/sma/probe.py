"""nutbridge sma probe: what is at this address."""

import os

from nutbridge.cli.sma.output import (
    guard_encoding,
    write_lines,
    write_object,
)
from nutbridge.cli.sma.reader import (
    ask_identity,
    obtain_language,
    warn_of_missing,
)
from nutbridge.cli.sma.session import Target, interruptible, session
from nutbridge.errors import DeviceAnswerError
from nutbridge.sources.sma.webconnect.cache import FileCache, cache_home
from nutbridge.sources.sma.webconnect.client import Webconnect
from nutbridge.sources.sma.webconnect.identity import (
    WEBCONNECT,
    InverterIdentity,
)
from nutbridge.sources.sma.webconnect.language import (
    DEFAULT_LANGUAGE,
    Language,
)

_UNKNOWN = "n/a"
_WIDTH = len("free sessions: ")


def show_probe(target: Target, *, json: bool) -> None:
    """Ask an inverter who it is, and show it.

    Raises:
        DeviceError: why there is no answer.
    """
    guard_encoding()
    with interruptible() as interrupts:
        with session(target, interrupts) as client:
            free = _free_sessions(client)
            identity = ask_identity(client)
            cache = FileCache(cache_home(os.environ), identity.files_key)
            language = obtain_language(client, cache, DEFAULT_LANGUAGE)
        warn_of_missing({"language": language}, "the inverter has ")
        if json:
            write_object(_members(target.host, identity, language, free))
        else:
            write_lines(_lines(identity, language, free))


def _free_sessions(client: Webconnect) -> int | None:
    """Ask before our own login takes one."""
    try:
        return client.free_sessions()
    except DeviceAnswerError:
        return None  # the login says why, if it is not just this question


def _lines(
    identity: InverterIdentity, language: Language, free: int | None
) -> list[str]:
    family = identity.family
    if family != WEBCONNECT:
        family = f"{family} ({WEBCONNECT})"
    facts = (
        ("family", family),
        ("class", identity.class_text(language)),
        ("type", identity.type_text(language)),
        ("name", identity.name),
        ("serial", identity.serial),
        ("firmware", identity.firmware),
        ("battery", identity.battery),
        ("free sessions", None if free is None else str(free)),
    )
    return [f"{name + ':':{_WIDTH}}{text or _UNKNOWN}" for name, text in facts]


def _members(
    host: str, identity: InverterIdentity, language: Language, free: int | None
) -> dict[str, object]:
    """Return the JSON form; ``battery`` is whether one is fitted, null if uncertain."""
    return {
        "host": host,
        "device": identity.device,
        "family": identity.family,
        "class": identity.klass,
        "type": identity.type_text(language),
        "name": identity.name,
        "serial": identity.serial,
        "firmware": identity.firmware,
        "battery": identity.fitted if identity.battery_keys else False,
        "ups": identity.battery_keys,
        "free_sessions": free,
    }
