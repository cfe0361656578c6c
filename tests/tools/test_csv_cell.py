"""What a spreadsheet gets to read."""

import pytest

from nutbridge.cli.common import csv_cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-4.773, -4.773),
        (7, 7),
        (True, 1),
        (None, None),
        ("Battery voltage", "Battery voltage"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("-1+cmd", "'-1+cmd"),
        ("\x1b[2J", "\\x1b[2J"),
    ],
)
def test_csv_cell_runs_nothing(value: object, cell: object) -> None:
    """Names come from the network: no formula, no control character."""
    assert csv_cell(value) == cell
