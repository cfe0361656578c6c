"""Model and language files of an inverter, fetched once per firmware.

They are 1.2 MB that a slow web server needs a second for. Whatever is wrong with
the cache (not writable, damaged, filled by somebody else) costs a request and
nothing else.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from nutbridge.errors import DeviceError
from nutbridge.net.jsonfields import BodyError
from nutbridge.system.files import Folder, acting_for, read_file, replace_file

T = TypeVar("T")

#: As much as an answer may have (net.https.BODY_CAP).
_CAP = 8 * 2**20
_PRIVATE_FOLDER = 0o700
# A name from the network never leaves the folder.
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]|^\.+")


def cache_home(environ: Mapping[str, str]) -> Path | None:
    """Return the user's folder for caches, or None when there is none.

    Source: XDG Base Directory Specification; a relative path counts for nothing.
    """
    home = environ.get("XDG_CACHE_HOME", "")
    if not home.startswith("/"):
        home = environ.get("HOME", "")
        home = f"{home}/.cache" if home.startswith("/") else ""
    return Path(home) if home else None


class FileCache:
    """Files of the inverters with one firmware.

    Args:
        home: see ``cache_home``; None keeps nothing.
        firmware: names the folder; None (unknown) keeps nothing.
    """

    def __init__(self, home: Path | None, firmware: str | None) -> None:
        self._folder: Path | None = None
        if home is not None and firmware:
            name = _UNSAFE.sub("_", firmware)
            self._folder = home / "nutbridge" / "sma" / name

    def obtain(
        self, name: str, read: Callable[[bytes], T], fetch: Callable[[], bytes]
    ) -> T | None:
        """Return a file as read, from the cache or from the inverter.

        Args:
            name: in the cache.
            read: raises BodyError for a file that is of no use; then it is
                fetched again, or not stored.
            fetch: asks the inverter.

        Returns:
            None when there is no usable file.
        """
        kept = self._load(name)
        if kept is not None:
            try:
                return read(kept)
            except BodyError:
                pass
        try:
            body = fetch()
            found = read(body)
        except (DeviceError, BodyError):
            return None
        self._save(name, body)
        return found

    def _load(self, name: str) -> bytes | None:
        if self._folder is None:
            return None
        try:
            body = read_file(self._folder / name, _CAP).data
        except OSError:
            return None
        return body if len(body) <= _CAP else None

    def _save(self, name: str, body: bytes) -> None:
        if self._folder is None:
            return
        try:
            home = self._folder.parents[2]
            # With sudo it may be the folder of whoever typed that.
            with acting_for(home):
                home.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
                for path in (*reversed(self._folder.parents[:2]), self._folder):
                    _make_folder(path)
                replace_file(self._folder / name, body, durable=False)
        except OSError:
            return


def _make_folder(path: Path) -> None:
    with Folder(path.parent) as folder:
        try:
            folder.make_folder(path.name, _PRIVATE_FOLDER, None)
        except FileExistsError:
            # One that was made by hand may be open to all; who owns it acts here.
            path.chmod(_PRIVATE_FOLDER)
