"""What the commands ask of an inverter, and how it becomes rows."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nutbridge.cli.sma.session import say
from nutbridge.errors import (
    DecodeError,
    DeviceAnswerError,
    NoFreeSession,
    PasswordRefused,
    SessionRefused,
)
from nutbridge.sources.sma.webconnect import paths
from nutbridge.sources.sma.webconnect.cache import FileCache, cache_home
from nutbridge.sources.sma.webconnect.client import Webconnect
from nutbridge.sources.sma.webconnect.decode import decode
from nutbridge.sources.sma.webconnect.identity import (
    IDENTITY_KEYS,
    InverterIdentity,
)
from nutbridge.sources.sma.webconnect.language import Language
from nutbridge.sources.sma.webconnect.objects import Model

if TYPE_CHECKING:
    from nutbridge.sources.sma.inverter import Inverter
    from nutbridge.sources.sma.rows import DecodedRow


@dataclass(frozen=True, slots=True)
class Texts:
    """How values are read and what they are called.

    Attributes:
        model: of the objects; may be empty.
        language: of the texts; may be empty.
    """

    model: Model
    language: Language

    def files(self) -> dict[str, Model | Language]:
        """Return what each file is called in a warning."""
        return {"model": self.model, "language": self.language}


@dataclass(frozen=True, slots=True)
class RowReader:
    """How rows are asked for, again and again.

    Attributes:
        read: returns them; raises DecodeError, DeviceError.
        files: what each file is called in a warning.
    """

    read: "Callable[[], list[DecodedRow]]"
    files: Mapping[str, Model | Language]


def reader_of(inverter: "Inverter", *, params: bool, language: str) -> RowReader:
    """Return how the values, or the parameters, of whoever answers are asked for.

    Raises:
        DeviceError: no answer.
    """
    client = inverter.client()
    if isinstance(client, Webconnect):
        webconnect = client
        texts = obtain_texts(webconnect, ask_identity(webconnect), language)
        return RowReader(
            lambda: read_rows(webconnect, texts, params=params), texts.files()
        )
    from nutbridge.sources.sma.ennexos import decode as ennexos
    from nutbridge.sources.sma.ennexos.client import Ennexos

    if not isinstance(client, Ennexos):
        raise TypeError("no third family")
    ask = client.parameters if params else client.live
    return RowReader(lambda: ennexos.decode(ask()), {})


def warn_of_missing(files: Mapping[str, Model | Language], why: str) -> None:
    """Say in one line which files are missing, and what follows.

    Args:
        files: by what they are called; a missing one is empty.
        why: how the line begins, where there is a reason to tell.
    """
    missing = [f"no usable {name}" for name, found in files.items() if not found]
    if missing:
        say(
            f"warning: {why}{' and '.join(missing)} file: numbers are shown "
            "instead of what they mean"
        )


def ask_identity(client: Webconnect) -> InverterIdentity:
    """Ask who the inverter is; what it does not answer stays unknown."""
    client.login()
    identity = InverterIdentity.from_json(
        _tried(lambda: client.get_values(IDENTITY_KEYS))
    )
    if identity.known:
        return identity
    # A firmware whose getValues knows no parameters.
    found: dict[str, dict[str, object]] = {}
    for ask in (client.param_values, client.online_values):
        result = _tried(ask)
        for device, values in result.items() if isinstance(result, dict) else ():
            if isinstance(values, dict):
                found.setdefault(device, {}).update(values)
    return InverterIdentity.from_json(found)


def _tried(ask: Callable[[], object]) -> object:
    """Return an answer, or None where the inverter answers an ``err``."""
    try:
        return ask()
    except (NoFreeSession, PasswordRefused, SessionRefused):
        raise
    except DeviceAnswerError:
        return None


def obtain_texts(
    client: Webconnect, identity: InverterIdentity, language: str
) -> Texts:
    """Return model and language, from the cache where they are there."""
    cache = FileCache(cache_home(os.environ), identity.files_key)
    model = cache.obtain(
        "ObjectMetadata_Istl.json", Model.from_body, lambda: client.fetch(paths.MODEL)
    )
    return Texts(model or Model(), obtain_language(client, cache, language))


def obtain_language(client: Webconnect, cache: FileCache, language: str) -> Language:
    """Return the language alone; empty where it is missing."""
    name = f"{language}.json"
    found = cache.obtain(
        name, Language.from_body, lambda: client.fetch(f"{paths.LANGUAGES}/{name}")
    )
    return found or Language()


def read_rows(client: Webconnect, texts: Texts, *, params: bool) -> "list[DecodedRow]":
    """Ask for all present values, or all parameters, and decode them.

    Raises:
        DecodeError: nothing can be decoded.
        DeviceError: no answer.
    """
    result = client.param_values() if params else client.online_values()
    try:
        return decode({"result": result}, texts.model, texts.language)
    except DecodeError as error:
        raise DecodeError(f"{client.host}: {error}") from None
