"""The table marks what is over its budget; the benchmark itself never fails."""

import pytest

from tests.bench.table import Row, render


@pytest.mark.parametrize(
    ("row", "over"),
    [
        (Row("a", 5.0, "ms", 5.0), False),
        (Row("a", 5.1, "ms", 5.0), True),
        (Row("a", 1, "", 0), True),
        (Row("a", 500.0, "ms"), False),
        (Row("a", 150.0, "/s", least=150), False),
        (Row("a", 149.0, "/s", least=150), True),
        (Row("a", 1.0, share=0.75, ratio=0.75), False),
        (Row("a", 1.0, share=0.75, ratio=0.76), True),
        (Row("a", 1.0, share=0.75), False),
        (Row("a", 9.0, "ms", 5.0, share=0.75, ratio=0.5), True),
    ],
)
def test_row_over(row: Row, over: bool) -> None:
    assert row.over is over
    assert ("OVER" in render([row])) is over


def test_render_columns() -> None:
    rows = [
        Row("CPU", 3.14159, "ms", 5, 145.0, 1 / 30, 0.0217, digits=1),
        Row("writes", 0, "", 0),
    ]
    cells = [line.split("  ") for line in render(rows).splitlines()]
    shown = [[text.strip() for text in line if text.strip()] for line in cells]
    assert shown[0] == ["what", "measured", "budget", "reference", "ratio"]
    assert shown[2:] == [
        ["CPU", "3.1 ms", "<= 5.0 ms, <= 0.0333 x", "145.0 ms", "0.0217 x"],
        ["writes", "0", "<= 0"],
    ]


def test_render_without_a_reference() -> None:
    head = render([Row("writes", 0, "", 0)]).splitlines()[0]
    assert head.split() == ["what", "measured", "budget"]
