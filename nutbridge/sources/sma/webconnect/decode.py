"""From an inverter's answer to rows: every device, object, class and element.

Any JSON is taken. What the model or the language file does not know is shown by
its number; a value that cannot be used is None and harms no other.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from nutbridge.errors import DecodeError
from nutbridge.sources.sma.rows import DecodedRow
from nutbridge.sources.sma.webconnect.formats import FormattedValue, show
from nutbridge.sources.sma.webconnect.language import Language
from nutbridge.sources.sma.webconnect.objects import (
    Model,
    ObjectInfo,
    is_secret,
)
from nutbridge.sources.sma.webconnect.payload import (
    devices_of,
    elements_of,
)

#: Shown instead of a password.
HIDDEN = "(hidden)"

_UNKNOWN = ObjectInfo()
_HIDDEN = FormattedValue(text=HIDDEN)


def decode(answer: Any, model: Model, language: Language) -> list[DecodedRow]:
    """Decode an answer of getAllOnlValues, getAllParamValues or getValues.

    Args:
        answer: parsed JSON, ``{"result": {device: {key: payload}}}`` or what is
            in its result.
        model: how to read the objects; may be empty.
        language: what they are called; may be empty.

    Returns:
        One row per element, at least one; by device, key, class and index.

    Raises:
        DecodeError: not the values of an inverter, or none at all.
    """
    rows = [
        row
        for device, payloads in devices_of(answer).items()
        for row in _device(device, payloads, model, language)
    ]
    if not rows:
        raise DecodeError("the answer holds no values")
    return sorted(rows, key=DecodedRow.place)


def _device(
    device: str, payloads: Mapping[str, Any], model: Model, language: Language
) -> Iterator[DecodedRow]:
    for key, payload in payloads.items():
        found = model.find(key)
        info = found or _UNKNOWN
        name = key if info.name is None else language.text(info.name)
        category = tuple(language.text(level) for level in info.category)
        for element in elements_of(payload):
            secret = is_secret(key, element.klass, found)
            shown = _HIDDEN if secret else show(element.raw, info, language)
            yield DecodedRow(
                device=device,
                key=key,
                klass=element.klass,
                index=element.index,
                name=name,
                category=category,
                value=shown.value,
                unit=shown.unit,
                raw=None if secret else element.raw,
                tags=shown.tags,
                text=shown.text,
            )
