"""The fingerprint of the device's certificate, kept over restarts."""

import logging
import re
from pathlib import Path

from nutbridge.system.files import Access, replace_file, sweep

_log = logging.getLogger(__name__)
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_CAP = 1024


class PinStore:
    """Reads and writes the fingerprint of one device (file_names.py).

    Args:
        path: the file; one line of 64 hex digits, SHA-256 of the certificate.
        owner: see ``files.owner_for``.
    """

    def __init__(self, path: Path, owner: tuple[int, int] | None = None) -> None:
        self._path = path
        self._access = Access(owner=owner)

    def load(self) -> str | None:
        """Return the fingerprint, or None when there is no usable one."""
        sweep(self._path)
        return self.peek()

    def peek(self) -> str | None:
        """Do the same beside a running monitor: remove nothing that it writes."""
        try:
            with self._path.open("rb") as file:
                text = file.read(_CAP).decode("ascii", "replace").strip().lower()
        except FileNotFoundError:
            return None
        except OSError as exc:
            _log.warning("fingerprint %s ignored: %s", self._path, exc.strerror)
            return None
        if _FINGERPRINT.fullmatch(text) is None:
            _log.warning("fingerprint %s ignored: not 64 hex digits", self._path)
            return None
        return text

    def save(self, fingerprint: str) -> None:
        """Store it.

        Raises:
            OSError: it will be forgotten at the next start.
        """
        data = f"{fingerprint}\n".encode("ascii")
        replace_file(self._path, data, access=self._access)
