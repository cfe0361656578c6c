"""Unit files of systemd, read for tests."""

import shutil
from collections import defaultdict
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT = SYSTEMD / "enphase-monitor@.service"

Unit = dict[str, dict[str, list[str]]]


@pytest.fixture
def analyze() -> str:
    """The tool of Debian's package systemd; the tests may not do without."""
    tool = shutil.which("systemd-analyze")
    assert tool, "systemd-analyze is missing: apt-get install systemd"
    return tool


def parse(text: str) -> Unit:
    """Read sections, names and values; a name may stand more than once."""
    unit: Unit = defaultdict(lambda: defaultdict(list))
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            unit[section][name].append(value)
    return unit
