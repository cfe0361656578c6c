"""What a spreadsheet gets to read."""

import pytest

from nutbridge.cli.common import write_cells


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (-4.773, "-4.773"),
        (7, "7"),
        (True, "1"),
        (None, ""),
        ("Battery voltage", "Battery voltage"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("-1+cmd", "'-1+cmd"),
        ("+1", "'+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\x1b[2J", "\\x1b[2J"),
    ],
)
def test_csv_runs_nothing(
    value: object, cell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names come from the network: no formula, no control character."""
    write_cells([["first", value], ["last"]])
    assert capsys.readouterr().out == f"first,{cell}\nlast\n"
