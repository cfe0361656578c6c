"""Saved answers, the model and the language of test-data/sma."""

from functools import cache
from pathlib import Path
from typing import Any

from nutbridge.net.jsonfields import parse_json
from nutbridge.sources.sma.rows import DecodedRow
from nutbridge.sources.sma.webconnect.decode import decode
from nutbridge.sources.sma.webconnect.language import Language
from nutbridge.sources.sma.webconnect.objects import Model

DATA = Path(__file__).parents[4] / "test-data" / "sma"
MODEL = DATA / "ObjectMetadata_Istl.json"
LANGUAGE = DATA / "l10n" / "en-US.json"

NO_MODEL = Model()
NO_LANGUAGE = Language()

DEVICE = "0199-B3251FA5"


@cache
def model() -> Model:
    """Return the small model of the tests."""
    return Model.from_body(MODEL.read_bytes())


@cache
def language() -> Language:
    """Return its language."""
    return Language.from_body(LANGUAGE.read_bytes())


def answer(folder: str, name: str = "online.json") -> Any:
    """Return a saved answer."""
    return parse_json((DATA / folder / name).read_bytes())


def rows_of(payloads: dict[str, Any]) -> list[DecodedRow]:
    """Decode the payloads of one device."""
    return decode({"result": {DEVICE: payloads}}, model(), language())


def row_of(payload: Any, key: str = "6100_40263F00") -> DecodedRow:
    """Decode a payload of one element."""
    (row,) = rows_of({key: payload})
    return row
