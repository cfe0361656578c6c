"""What a client of NUT sees at one moment (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

#: The driver's own word in its first second, before it has read the port file.
_STARTING = "WAIT"


@dataclass(frozen=True, slots=True)
class ClientView:
    """The variables of one row; None = absent.

    Attributes:
        status: ups.status; None where no UPS is to be seen.
        charge: battery.charge, %, as text.
        runtime: battery.runtime, s, as text.
        load: ups.load, %, as text.
    """

    status: str | None = None
    charge: str | None = None
    runtime: str | None = None
    load: str | None = None

    @classmethod
    def from_variables(cls, variables: Mapping[str, str]) -> Self | None:
        """Pick the variables of a row.

        Returns:
            None for a driver that has not read its file yet.
        """
        status = variables.get("ups.status")
        if status == _STARTING:
            return None
        return cls(
            status=status,
            charge=variables.get("battery.charge"),
            runtime=variables.get("battery.runtime"),
            load=variables.get("ups.load"),
        )

    def worth_a_row(self, shown: Self | None) -> bool:
        """Whether it differs from the last row by more than the runtime."""
        if shown is None or self.status != shown.status:
            return True
        return (self.charge, self.load) != (shown.charge, shown.load)


def parse_upsc(text: str) -> dict[str, str]:
    """Return the variables that upsc prints as ``name: value`` lines."""
    found = (line.partition(": ") for line in text.splitlines())
    return {name: value for name, colon, value in found if colon}
