"""nutbridge sma decode: saved answers, without any inverter."""

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from nutbridge.cli.sma.output import guard_encoding
from nutbridge.cli.sma.reader import Texts, warn_of_missing
from nutbridge.cli.sma.session import interruptible, say
from nutbridge.cli.sma.show import RowSelection
from nutbridge.errors import DecodeError
from nutbridge.net.jsonfields import BodyError, parse_json
from nutbridge.sources.sma.ennexos.decode import decode as decode_ennexos
from nutbridge.sources.sma.ennexos.decode import is_ennexos
from nutbridge.sources.sma.pasted import read_pasted
from nutbridge.sources.sma.webconnect.decode import decode
from nutbridge.sources.sma.webconnect.language import Language
from nutbridge.sources.sma.webconnect.objects import Model

T = TypeVar("T")

#: Answers have 10 kB, models 0.7 MB.
_CAP = 16 * 2**20


def decode_file(
    file: str, model_file: str | None, language_file: str | None, show: RowSelection
) -> None:
    """Decode and show one file.

    Args:
        file: a saved answer; ``-`` is standard input.
        model_file: saved ObjectMetadata_Istl.json, or None.
        language_file: saved l10n file, or None.
        show: which rows, and how.

    Raises:
        DecodeError: nothing can be decoded.
    """
    guard_encoding()
    with interruptible():
        answer = _answer_in(file)
        if is_ennexos(answer):
            show.write(show.chosen(decode_ennexos(answer)))
            return
        model, model_why = _obtain(model_file, Model.from_body)
        language, language_why = _obtain(language_file, Language.from_body)
        texts = Texts(model or Model(), language or Language())
        try:
            rows = decode(answer, texts.model, texts.language)
        except DecodeError as error:
            raise DecodeError(f"{file}: {error}") from None
        whys = [why for why in (model_why, language_why) if why]
        warn_of_missing(texts.files(), "".join(f"{why}; " for why in whys))
        show.write(show.chosen(rows))


def _answer_in(file: str) -> Any:
    """Return the answer in a file, or in what somebody has pasted into it.

    Raises:
        DecodeError: there is none.
    """
    try:
        body = _read(file)
    except (OSError, BodyError) as error:
        raise DecodeError(f"{file}: {_why(error)}") from None
    try:
        return parse_json(body)
    except BodyError as error:
        try:
            found = read_pasted(body.decode("utf-8", "replace"))
        except DecodeError:
            raise DecodeError(f"{file}: {error}") from None
    if found.missing is not None:
        say(f"warning: {file} breaks off in {found.missing}: the rest is shown")
    return found.value


def _obtain(
    file: str | None, read: Callable[[bytes], T]
) -> tuple[T | None, str | None]:
    """Return what a file holds, or why it cannot be used."""
    if file is None:
        return None, None
    try:
        return read(_read(file)), None
    except (OSError, BodyError) as error:
        return None, f"{file}: {_why(error)}"


def _read(file: str) -> bytes:
    if file == "-":
        body = sys.stdin.buffer.read(_CAP + 1)
    else:
        with open(file, "rb") as source:
            body = source.read(_CAP + 1)
    if len(body) > _CAP:
        raise BodyError(f"larger than {_CAP >> 20} MiB")
    return body


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or os.strerror(error.errno or 0)
    return str(error)
