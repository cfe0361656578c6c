"""The token file: one token, readable by nobody else.

A file that makes no sense is left alone: it may be the user's mistake in
TOKEN_FILE, and the next new token replaces it anyway.
"""

import logging
import stat
from pathlib import Path

from nutbridge.enphase.claims import LONGEST, check_for, parse_token
from nutbridge.errors import ConfigError, TokenError
from nutbridge.files import Access, replace_file, sweep

_log = logging.getLogger(__name__)


class TokenStore:
    """Reads and writes the token file.

    Args:
        path: need not exist, but its folder.
        serial: of the gateway; None takes tokens for any (TEST mode).
        owner: see ``files.owner_for``.
    """

    def __init__(
        self, path: Path, serial: str | None, owner: tuple[int, int] | None = None
    ) -> None:
        self._path = path
        self._access = Access(owner=owner)
        self._serial = serial

    def check(self) -> None:
        """Make sure that nobody else can read or replace the token.

        Raises:
            ConfigError: says which permission to take away.
        """
        target = self._path.resolve()
        for folder in dict.fromkeys((self._path.parent, target.parent)):
            if _mode(folder) & stat.S_IWOTH:
                raise ConfigError(
                    str(folder), None, "everybody may write here; chmod o-w"
                )
        if _mode(target) & (stat.S_IROTH | stat.S_IWOTH):
            raise ConfigError(
                str(self._path), None, "everybody may read the token; chmod 600"
            )

    def read(self) -> str | None:
        """Return the cached token, or None when there is no usable one.

        Raises:
            ConfigError: see ``check``, or the file cannot be read.
        """
        self.check()
        sweep(self._path.resolve())
        try:
            with self._path.open("rb") as file:
                data = file.read(LONGEST + 2)
        except FileNotFoundError:
            return None
        except (PermissionError, IsADirectoryError) as error:
            problem = f"cannot be read as the token file ({error.strerror})"
            raise ConfigError(str(self._path), None, problem) from None
        except OSError as error:
            _log.warning("token file %s ignored: %s", self._path, error.strerror)
            return None
        text = data.decode("ascii", "replace").strip()
        try:
            claims = parse_token(text)
            if self._serial is not None:
                check_for(claims, self._serial)
        except TokenError as error:
            _log.warning("token file %s ignored: %s", self._path, error)
            return None
        return text

    def store(self, text: str) -> None:
        """Replace the file, mode 0600.

        Raises:
            TokenError: ``text`` is no token for this gateway; nothing is changed.
            ConfigError: see ``check``.
            OSError: disk full, read-only, ...; nothing is changed.
        """
        claims = parse_token(text)
        if self._serial is not None:
            check_for(claims, self._serial)
        self.check()
        data = text.encode("ascii") + b"\n"
        replace_file(self._path.resolve(), data, access=self._access)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0
