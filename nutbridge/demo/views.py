"""How the demo looks at the UPS: as a client of NUT, or in the port file."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nutbridge.demo.nut import Nut
from nutbridge.demo.reading import Reading, parse_upsc
from nutbridge.look.values import values_in

_NOT_CONNECTED = "Driver not connected"


class View(Protocol):
    """One way to look at the UPS."""

    @property
    def name(self) -> str:
        """What shows the values, for people."""
        ...

    @property
    def absent(self) -> str:
        """What to say when no UPS is to be seen."""
        ...

    def read(self) -> Reading | None:
        """Look now; None when nothing can be told at this moment."""
        ...


@dataclass(frozen=True, slots=True)
class UpscView:
    """What upsc shows, as every client of NUT sees it."""

    nut: Nut
    name: str = "upsc"
    absent: str = "not connected"

    def read(self) -> Reading | None:
        """Ask upsd."""
        try:
            answer = self.nut.upsc()
        except subprocess.TimeoutExpired:
            return None
        if answer.returncode == 0:
            return Reading.from_variables(parse_upsc(answer.stdout))
        return Reading() if _NOT_CONNECTED in answer.stderr else None


@dataclass(frozen=True, slots=True)
class FileView:
    """What the port file says, where there is no NUT."""

    path: Path
    name: str = "the port file"
    absent: str = "hidden"

    def read(self) -> Reading | None:
        """Read the file; the monitor replaces it as a whole."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return Reading()
        return Reading.from_variables(values_in(data))
