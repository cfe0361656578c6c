"""How the demo looks at the UPS: as a client of NUT, or in the port file."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nutbridge.nut.port_text import values_in
from nutbridge.tools.demo.nut import Nut
from nutbridge.tools.demo.reading import ClientView, parse_upsc

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

    def read(self) -> ClientView | None:
        """Look now; None when nothing can be told at this moment."""
        ...


@dataclass(frozen=True, slots=True)
class UpscView:
    """What upsc shows, as every client of NUT sees it."""

    nut: Nut
    name: str = "upsc"
    absent: str = "not connected"

    def read(self) -> ClientView | None:
        """Ask upsd."""
        try:
            answer = self.nut.upsc()
        except subprocess.TimeoutExpired:
            return None
        if answer.returncode == 0:
            return ClientView.from_variables(parse_upsc(answer.stdout))
        return ClientView() if _NOT_CONNECTED in answer.stderr else None


@dataclass(frozen=True, slots=True)
class FileView:
    """What the port file says, where there is no NUT."""

    path: Path
    name: str = "the port file"
    absent: str = "hidden"

    def read(self) -> ClientView | None:
        """Read the file; the monitor replaces it as a whole."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return ClientView()
        return ClientView.from_variables(values_in(data))
