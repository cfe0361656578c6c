"""Where a newcomer begins to read: every function named there exists."""

import importlib
import re

import pytest

from nutbridge import daemon

NAMES = re.findall(r"^    ([\w.]+)", daemon.__doc__ or "", re.MULTILINE)


def test_walks_name_both_ends() -> None:
    assert NAMES[0].startswith("net.")
    assert NAMES.count("ups.status.low.evaluate") == 2
    assert len(NAMES) > 15


@pytest.mark.parametrize("name", sorted(set(NAMES)))
def test_walks_name_what_exists(name: str) -> None:
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(f"nutbridge.{'.'.join(parts[:length])}")
        except ModuleNotFoundError:
            continue
        for attribute in parts[length:]:
            found = getattr(found, attribute)
        return
    pytest.fail(f"no module of {name}")
