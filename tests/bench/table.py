"""The rows of the benchmark and how they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass

_HEAD = ("what", "measured", "budget", "", "reference", "ratio")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        what: what was measured.
        value: the median, or what ``what`` says.
        unit: of value and limit.
        limit: the budget; None where there is none.
        least: the budget of a figure that may not be smaller.
        reference: the same of BENCH_REF; None where it was not measured.
        share: the budget as a share of the reference.
        ratio: median of the pairs' ratios, ours / reference.
        digits: decimals shown.
    """

    what: str
    value: float
    unit: str = ""
    limit: float | None = None
    reference: float | None = None
    share: float | None = None
    ratio: float | None = None
    digits: int = 0
    least: float | None = None

    @property
    def over(self) -> bool:
        """Whether a budget is missed."""
        too_much = self.limit is not None and self.value > self.limit
        too_little = self.least is not None and self.value < self.least
        too_slow = (
            self.share is not None
            and self.ratio is not None
            and self.ratio > self.share
        )
        return too_much or too_little or too_slow

    def cells(self) -> tuple[str, ...]:
        """Return the texts of the row."""
        budgets = []
        if self.limit is not None:
            budgets.append(f"<= {self._shown(self.limit)}")
        if self.least is not None:
            budgets.append(f">= {self._shown(self.least)}")
        if self.share is not None:
            budgets.append(f"<= {self.share:.3g} x")
        return (
            self.what,
            self._shown(self.value),
            ", ".join(budgets),
            "OVER" if self.over else "",
            "" if self.reference is None else self._shown(self.reference),
            "" if self.ratio is None else f"{self.ratio:.3g} x",
        )

    def _shown(self, value: float) -> str:
        return f"{value:.{self.digits}f} {self.unit}".rstrip()


def render(rows: Sequence[Row]) -> str:
    """Return the table; columns without any text are left out."""
    lines = [_HEAD, *(row.cells() for row in rows)]
    columns = [column for column in zip(*lines, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    lines = list(zip(*columns, strict=True))
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "  ".join(
            text.ljust(width) for text, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in [lines[0], rule, *lines[1:]]
    )
