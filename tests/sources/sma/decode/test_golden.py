"""Whole answers and the tree they must give: test-data/sma/*/expected.tree."""

from pathlib import Path
from typing import Any

import pytest

from nutbridge.sources.sma.tree import tree
from nutbridge.sources.sma.webconnect.decode import decode
from nutbridge.sources.sma.webconnect.language import Language
from nutbridge.sources.sma.webconnect.objects import Model
from tests.sources.sma.decode.data import DATA, answer, language, model

FOLDERS = ("example", "formats", "shapes")


def texts_of(folder: str) -> tuple[Model, Language]:
    """Return the folder's own model and language, else those above it."""
    own = DATA / folder / "ObjectMetadata_Istl.json"
    if not own.exists():
        return model(), language()
    texts = (DATA / folder / "l10n" / "en-US.json").read_bytes()
    return Model.from_body(own.read_bytes()), Language.from_body(texts)


@pytest.mark.parametrize("folder", FOLDERS)
def test_tree_golden(folder: str, *, update_golden: bool) -> None:
    rows = decode(answer(folder), *texts_of(folder))
    found = "".join(f"{line}\n" for line in tree(rows))
    expected = Path(DATA, folder, "expected.tree")
    if update_golden:
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_tree_order_does_not_follow_the_answer() -> None:
    """However the inverter sorts its objects, the same tree and rows."""
    for folder in FOLDERS:
        given = answer(folder)
        turned = {
            "result": {
                device: dict(reversed(payloads.items()))
                for device, payloads in reversed(given["result"].items())
            }
        }
        texts = texts_of(folder)
        rows, other = decode(given, *texts), decode(turned, *texts)
        assert rows == other
        assert list(tree(rows, raw=True)) == list(tree(other, raw=True))


def test_no_password_in_any_output() -> None:
    """DataFrmt 20 never shows, with and without model; one inverter sends text."""
    for known in (model(), Model()):
        rows = decode(answer("formats"), known, language())
        shown: list[Any] = [*tree(rows, raw=True), *(row.as_json() for row in rows)]
        shown += [row.as_cells() for row in rows]
        assert "hush" not in repr(shown)
        hidden = [row for row in rows if row.text == "(hidden)"]
        assert [row.key for row in hidden] == ["6800_10841E00", "6800_108A5A00"]
        assert all(row.value is None and row.raw is None for row in hidden)
