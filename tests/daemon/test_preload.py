"""What cannot be loaded before the loop is told, and is not the end of the start."""

import logging
import sys
from pathlib import Path

import pytest

from nutbridge.daemon import preload


@pytest.mark.parametrize("text", ["", "def half(", "import no_such_module\n"])
def test_module_of_a_half_upgrade(
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if text:
        (tmp_path / "half_written.py").write_text(text, encoding="ascii")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "half_written", raising=False)
    monkeypatch.setattr(preload, "ALWAYS", ("half_written",))
    with caplog.at_level(logging.WARNING):
        preload.preload(None)
    (line,) = caplog.messages
    assert line.startswith("half_written cannot be loaded: is nutbridge whole?")
