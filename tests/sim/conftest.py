"""Coverage is not measured here: it makes simulated weeks 2.5 times as slow."""

from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker("no_cover")
