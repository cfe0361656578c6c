"""nutbridge sma probe: what is at this address."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

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
from nutbridge.errors import DeviceAnswerError, DeviceError
from nutbridge.sources.sma.ennexos.channels import SELF
from nutbridge.sources.sma.ennexos.client import Ennexos
from nutbridge.sources.sma.ennexos.readings import devices_of
from nutbridge.sources.sma.ennexos.texts import PRODUCTS
from nutbridge.sources.sma.inverter import Family
from nutbridge.sources.sma.webconnect.cache import FileCache, cache_home
from nutbridge.sources.sma.webconnect.client import Webconnect
from nutbridge.sources.sma.webconnect.identity import (
    BATTERY_FITTED,
    BATTERY_KEYS_MISSING,
    BATTERY_NOT_FITTED,
    BATTERY_UNKNOWN,
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
        with session(target, interrupts) as inverter:
            client = inverter.client()
            if isinstance(client, Ennexos):
                found = _ask_ennexos(client)
            elif isinstance(client, Webconnect):
                found = _ask(client)
            else:
                raise TypeError("no third family")
        warn_of_missing(found.files, "the inverter has ")
        if json:
            write_object({"host": target.host, **found.members})
        else:
            write_lines(found.lines)


@dataclass(frozen=True, slots=True)
class Probed:
    """What is shown.

    Attributes:
        lines: for people.
        members: of the JSON form; ``battery`` is whether one is fitted, null if
            uncertain.
        files: what each file is called in a warning.
    """

    lines: list[str]
    members: dict[str, object]
    files: Mapping[str, Language] = field(default_factory=dict)


def _ask(client: Webconnect) -> Probed:
    free = _free_sessions(client)
    identity = ask_identity(client)
    cache = FileCache(cache_home(os.environ), identity.files_key)
    language = obtain_language(client, cache, DEFAULT_LANGUAGE)
    return Probed(
        _lines(identity, language, free),
        _members(identity, language, free),
        {"language": language},
    )


def _ask_ennexos(client: Ennexos) -> Probed:
    reading = client.complete(client.read())
    info = client.info
    product = info.product or PRODUCTS.get(info.product_tag or 0)
    try:
        others = [one for one in devices_of(client.devices()) if one.component != SELF]
    except DeviceError:
        others = []  # not every user may ask, nor every firmware answer
    battery = BATTERY_KEYS_MISSING
    if reading.battery_keys:
        fitted = {True: BATTERY_FITTED, False: BATTERY_NOT_FITTED}
        battery = BATTERY_UNKNOWN if reading.fitted is None else fitted[reading.fitted]
    behind = [f"{one.product or one.name} at {one.address or '?'}" for one in others]
    facts = (
        ("family", Family.ENNEXOS.value),
        ("type", product),
        ("name", info.name),
        ("serial", info.serial),
        ("firmware", info.firmware),
        ("battery", battery),
        ("grid", f"{reading.grid.grid} ({reading.grid.word})"),
        ("behind it", ", ".join(behind) or "nothing"),
    )
    return Probed(
        _aligned(facts),
        {
            "device": SELF,
            "family": Family.ENNEXOS.value,
            "class": None,
            "type": product,
            "name": info.name,
            "serial": info.serial,
            "firmware": info.firmware,
            "battery": reading.fitted if reading.battery_keys else False,
            "ups": reading.battery_keys,
            "free_sessions": None,
            "devices": behind,
        },
    )


def _aligned(facts: Iterable[tuple[str, str | None]]) -> list[str]:
    return [f"{name + ':':{_WIDTH}}{text or _UNKNOWN}" for name, text in facts]


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
    return _aligned(facts)


def _members(
    identity: InverterIdentity, language: Language, free: int | None
) -> dict[str, object]:
    return {
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
