"""The token file: one token, readable by nobody else.

A file that makes no sense is left alone: it may be the user's mistake in
TOKEN_FILE, and the next new token replaces it anyway.

systemd may lend a token besides (LoadCredential=). A credential can only be
read, so a renewed token goes to the file; of the two, the one that ends later
counts: after a renewal the file's, after a new credential that one.
"""

import contextlib
import logging
import os
import stat
from pathlib import Path

from nutbridge.errors import ConfigError, TokenError
from nutbridge.sources.enphase.claims import (
    Claims,
    cached_claims,
    check_for,
    parse_token,
    pasted_token,
)
from nutbridge.system.files import (
    Access,
    Folder,
    folder_of,
    glance,
    is_strangers,
    look,
    read_file,
    real_path,
)

_log = logging.getLogger(__name__)

#: A token that was saved with the page around it.
_MOST_BYTES = 65536


class TokenStore:
    """Reads and writes the token file.

    Args:
        path: need not exist, but its folder.
        serial: of the gateway; None takes tokens for any (TEST mode).
        owner: see ``files.owner_for``.
        credential: a second file to read from, never written.
    """

    def __init__(
        self,
        path: Path,
        serial: str | None,
        owner: tuple[int, int] | None = None,
        credential: str | None = None,
    ) -> None:
        self._path = path
        self._credential = None if credential is None else Path(credential)
        self._access = Access(owner=owner, secret=True)
        self._serial = serial
        self._seen: tuple[int, int, int, int] | None = None

    def check(self) -> None:
        """Make sure that nobody else can read or replace the token.

        Raises:
            ConfigError: says which permission to take away.
        """
        for path in self._paths():
            _check_folders(path)
            _check_mode(path, _mode(path))

    def read(self) -> str | None:
        """Return the cached token, or None when there is no usable one.

        Raises:
            ConfigError: see ``check``, or a file cannot be read.
        """
        with contextlib.suppress(OSError), folder_of(self._path) as (folder, name):
            folder.sweep(name)
        # A token that nobody knows is better than none in an outage: it goes to the
        # known gateway alone, and one that is refused is renewed.
        return self._latest(strangers=True)

    def peek(self) -> str | None:
        """Read beside a running monitor: remove no file that it is writing.

        Raises:
            ConfigError: see ``read``.
        """
        return self._latest()

    def _latest(self, *, strangers: bool = False) -> str | None:
        # First, so that a file that is refused is told of once.
        self._seen = _signature(self._path)
        self.check()
        found = [self._read(path) for path in self._paths()]
        read = [each for each in found if each is not None]
        usable = [each for each in read if not each[2]] or (read if strangers else [])
        # Of two that end together the first, the file's, is taken.
        latest = max(usable, key=lambda each: each[0].expires_epoch, default=None)
        return None if latest is None else latest[1]

    def fresh(self) -> str | None:
        """Return a token that somebody else has put into the file, else None.

        Costs one stat(2) while the file is as we last read or wrote it.
        """
        if _signature(self._path) == self._seen:
            return None
        try:
            return self.peek()
        except ConfigError as error:
            _log.warning("changed token file not used: %s", error)
            return None

    def _paths(self) -> list[Path]:
        return [path for path in (self._path, self._credential) if path is not None]

    def _read(self, path: Path) -> tuple[Claims, str, bool] | None:
        """Return what a file holds, and whether it is a stranger's."""
        try:
            found = read_file(path, _MOST_BYTES)
        except FileNotFoundError:
            return None
        except (PermissionError, IsADirectoryError) as error:
            problem = f"cannot be read as the token file ({error.strerror})"
            raise ConfigError(str(path), None, problem) from error
        except OSError as error:
            _log.warning("token file %s ignored: %s", path, error.strerror)
            return None
        _check_mode(path, found.info.st_mode)
        strangers = is_strangers(path, found.info, self._access.owner)
        if strangers:
            _log.warning(
                "token file %s is that of user %d, who has no part in its folder; "
                "chown it to the monitor's user",
                path,
                found.info.st_uid,
            )
        text = pasted_token(found.data)
        try:
            claims = cached_claims(text)
            if self._serial is not None:
                check_for(claims, self._serial)
        except TokenError as error:
            _log.warning("token file %s ignored: %s", path, error)
            return None
        return claims, text, strangers

    def store(self, text: str) -> None:
        """Replace the file, mode 0600; who could read the old one does not matter.

        Raises:
            TokenError: ``text`` is no token for this gateway; nothing is changed.
            ConfigError: everybody could replace it; nothing is changed.
            OSError: disk full, read-only, ...; nothing is changed.
        """
        claims = parse_token(text)
        if self._serial is not None:
            check_for(claims, self._serial)
        _check_folders(self._path)
        data = text.encode("ascii") + b"\n"
        with folder_of(self._path) as (folder, name):
            _check_folder(folder.path, folder.info())
            folder.replace(name, data, access=self._access)
        self._seen = _signature(self._path)


def _check_folders(path: Path) -> None:
    for folder in dict.fromkeys((path.parent, real_path(path).parent)):
        with contextlib.suppress(OSError), Folder(folder) as found:
            _check_folder(folder, found.info())


def _check_folder(folder: Path, found: os.stat_result) -> None:
    if found.st_mode & stat.S_IWOTH:
        problem = "everybody may write here; put the file elsewhere, or chmod o-w"
        raise ConfigError(str(folder), None, problem)


def _check_mode(path: Path, mode: int) -> None:
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ConfigError(str(path), None, "everybody may read the token; chmod 600")


def _mode(path: Path) -> int:
    try:
        return look(path).st_mode
    except OSError:
        return 0


def _signature(path: Path) -> tuple[int, int, int, int] | None:
    try:
        found = glance(path, follow=True)
    except OSError:
        return None
    if found is None:
        return None
    # The mode too: what was readable by everybody is put right with chmod.
    return found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode
