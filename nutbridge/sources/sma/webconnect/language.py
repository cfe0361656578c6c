"""The language file of an inverter: what its numbers are called.

Source: GET /data/l10n/<language>.json, served to anyone; about 12,000 texts.
Firmware 4.10.10.R serves it no more, and not every
number has a text, so everything works without: numbers are shown then.
Shape: {"835": "AC Side", ...}; some names are not plain numbers.
"""

from collections.abc import Mapping
from typing import Any, Self

from nutbridge.net.jsonfields import BodyError, as_object, parse_json
from nutbridge.sources.sma.webconnect.units import UNITS

#: Languages that inverters have (pysma).
LANGUAGES = (
    *("cs-CS", "de-DE", "el-EL", "en-US", "es-ES", "fr-FR", "hu-HU", "it-IT"),
    *("ja-JP", "ko-KR", "nl-NL", "pl-PL", "pt-PT", "sv-SE", "th-TH"),
)
DEFAULT_LANGUAGE = "en-US"

#: The text of device class n has the number 8000 + n.
CLASS_TEXTS = 8000


def find_language(wanted: str) -> str | None:
    """Return the full name of a language: ``de`` and ``DE-de`` are ``de-DE``."""
    lower = wanted.lower().replace("_", "-")
    for name in LANGUAGES:
        if lower in (name.lower(), name[:2]):
            return name
    return None


class Language:
    """Texts by their numbers.

    Args:
        texts: the parsed file; empty when there is none.
    """

    def __init__(self, texts: Mapping[str, Any] | None = None) -> None:
        self._texts = texts or {}

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """Read the file.

        Raises:
            BodyError: empty (a language the device does not have), HTML, no
                JSON, or no texts in it.
        """
        texts = as_object(parse_json(body))
        # {"err": "404"} is no language.
        if not any(
            isinstance(text, str) and number.isdecimal()
            for number, text in texts.items()
        ):
            raise BodyError("no texts in it")
        return cls(texts)

    def __bool__(self) -> bool:
        return bool(self._texts)

    def find(self, tag: int) -> str | None:
        """Return the text of a number; None when there is none."""
        text = self._texts.get(str(tag))
        return text if isinstance(text, str) and text.strip() else None

    def text(self, tag: int) -> str:
        """Return the text of a number, or the number."""
        return self.find(tag) or str(tag)

    def unit(self, tag: int) -> str:
        """Return a unit, from the built-in table where the file lacks it."""
        return self.find(tag) or UNITS.get(tag) or str(tag)
