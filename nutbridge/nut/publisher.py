"""What clients see: the port file as the monitor writes it.

Joins the pure text (nut/port_text.py) with the one writer (nut/port_file.py)
and notices when somebody else has changed the file.
"""

import logging
from collections.abc import Mapping
from typing import Protocol

from nutbridge.nut.port_file import PortFileName, Signature
from nutbridge.nut.port_text import (
    PortText,
    UserSettings,
    for_maker,
    parse,
    render,
    user_settings,
)
from nutbridge.nut.variables import CHARGE_LOW, ENPHASE, Maker, as_text

_log = logging.getLogger(__name__)

Value = float | str | None


class Port(Protocol):
    """What the publisher needs of a port file; nut/port_file.py implements it."""

    def read(self) -> bytes:
        """Return the bytes of the file, visible or hidden."""
        ...

    def write(self, data: bytes) -> bool:
        """Replace the visible file; False when nothing had to be done."""
        ...

    def hide(self) -> bool:
        """Rename the file away; False when it was hidden already."""
        ...

    def signature(self) -> Signature | None:
        """Describe the file that exists now."""
        ...


class PortFilePublisher:
    """The port file with the user's lines and settings in it.

    Args:
        port: the file.
        maker: whose defaults stand in it.

    Attributes:
        settings: the user's settings found in it.
        writes: how often the file was replaced.
    """

    def __init__(self, port: Port, maker: Maker = ENPHASE) -> None:
        self._port = port
        self._maker = maker
        self._text = PortText()
        self._signature: Signature | None = None
        self._told: set[str] = set()
        self._last: tuple[Mapping[str, Value], float, int | None] | None = None
        # The file's bytes and all that they are made of: most polls bring nothing new.
        self._rendered: tuple[tuple[object, ...], bytes] | None = None
        self.settings: UserSettings = user_settings(self._text, maker)
        self.writes = 0

    @property
    def status(self) -> str | None:
        """ups.status as found in the file; None while the file is hidden."""
        if self._signature is None or self._signature.place is not PortFileName.VISIBLE:
            return None
        return self._text.status or ""

    def load(self) -> None:
        """Read the file.

        Raises:
            PortFileError: it cannot be read.
        """
        # Taken before the read, so that a change meanwhile is seen; kept only
        # after it, so that a file which could not be read is tried again.
        signature = self._port.signature()
        self._text = for_maker(parse(self._port.read()), self._maker)
        self._signature = signature
        self.settings = user_settings(self._text, self._maker)
        for notice in (*self._text.notices, *self.settings.notices):
            self._tell(notice)

    def _tell(self, notice: str) -> None:
        if notice not in self._told:
            self._told.add(notice)
            _log.warning("port file: %s", notice)

    def refresh(self) -> bool:
        """Read the file again if somebody else has changed it.

        Returns:
            True when it was changed, or both names are gone.

        Raises:
            PortFileError: it cannot be read.
        """
        now = self._port.signature()
        if now == self._signature:
            return False
        if now is None:
            _log.warning("the port file is gone")
            self._signature = None
            return True
        self.load()
        _log.info("the port file was changed by somebody else: read again")
        return True

    def publish(
        self, values: Mapping[str, Value], low_pct: float, phases: int | None
    ) -> bool:
        """Write the values, if that changes anything.

        Args:
            values: by NUT name, ups.status among them.
            low_pct: battery.charge.low in force; replaces a lower one.
            phases: of the meters, None while unknown.

        Returns:
            True when the file was replaced.

        Raises:
            PortFileError: the file is as it was.
        """
        raised = low_pct > self.settings.charge_low_pct
        # The user's own limit may be another one when this is written again.
        self._last = (values, low_pct if raised else 0.0, phases)
        made_of = (*self._last, self._text)
        if self._rendered is None or self._rendered[0] != made_of:
            texts = self._texts(*self._last[:2])
            data = render(self._text, texts, phases, self._maker)
            self._rendered = made_of, data
        data = self._rendered[1]
        wrote = self._port.write(data)
        if wrote:
            self.writes += 1
            # A name that was ever in the file stays in it: the driver would
            # keep the value of a name that is missing.
            self._text = parse(data)
            self._signature = self._port.signature()
        return wrote

    def _texts(
        self, values: Mapping[str, Value], low_pct: float
    ) -> dict[str, str | None]:
        """Return all values as text; ``low_pct`` 0 leaves battery.charge.low."""
        texts: dict[str, str | None] = dict(self.settings.used)
        if low_pct:
            texts[CHARGE_LOW] = used = f"{low_pct:.1f}".removesuffix(".0")
            self._tell(
                f"{CHARGE_LOW}: {self.settings.used[CHARGE_LOW]} is too near to the "
                f"charge at which the battery stops; {used} is used"
            )
        return texts | {name: as_text(name, value) for name, value in values.items()}

    def republish(self) -> None:
        """Write the last values again, beside lines the user has changed.

        Raises:
            PortFileError: the file is as it was.
        """
        if self._last is not None:
            self.publish(*self._last)

    def forget(self) -> None:
        """Forget the last values: ``republish`` has nothing to write then."""
        self._last = None

    def hide(self) -> None:
        """Hide the file.

        Raises:
            PortFileError: it is still visible.
        """
        self._port.hide()
        self._last = None
        self._signature = self._port.signature()
