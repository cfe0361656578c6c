"""Look at and write the files of a setup: all of them, or none.

Each file is replaced as a whole (files.py), in an order in which whatever is
there after a power cut does no harm. A failure or ^C on the way puts back what
was there before.
"""

import contextlib
import grp
import os
import pwd
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nutbridge.errors import EX_CANTCREAT, ConfigError, NutbridgeError
from nutbridge.system.files import (
    Access,
    FileContent,
    Folder,
    folder_of,
    read_file,
    real_path,
)
from nutbridge.system.rights import FolderInPlaceError, NotPlainError
from nutbridge.tools.setup.places import OWN_USER
from nutbridge.tools.setup.plan import Change, RunAs, Seen, Who

#: A config is a few lines, ups.conf a few kilobytes.
_MOST_BYTES = 1 << 20


class SetupFailed(NutbridgeError):
    """A file could not be written; everything is as it was."""

    exit_code = EX_CANTCREAT


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system, or a part of it that stands for the whole.

    Attributes:
        root: put before every path; empty for the system itself.
    """

    root: str = ""

    def real(self, path: str) -> Path:
        """Return the file itself; links are followed, a rename would replace them."""
        return real_path(Path(self.root + path))

    def exists(self, path: str) -> bool:
        """Tell whether anything is there."""
        return os.path.lexists(self.root + path)

    def is_folder(self, path: str) -> bool:
        """Tell whether a folder is there."""
        return Path(self.root + path).is_dir()

    def names(self, path: str) -> list[str]:
        """Return what is in a folder; nothing where there is none."""
        try:
            return sorted(os.listdir(self.root + path))
        except OSError:
            return []

    def see(self, path: str) -> Seen | None:
        """Read a plain file; None when it is not there.

        Raises:
            ConfigError: it cannot be read, or is no plain file.
        """
        found = self._read(path)
        if found is None:
            return None
        info = found.info
        return Seen(found.data, info.st_mode & 0o7777, info.st_uid, info.st_gid)

    def _read(self, path: str) -> FileContent | None:
        whole = Path(self.root + path)
        try:
            found = read_file(whole, _MOST_BYTES, alone=True)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except FolderInPlaceError as exc:
            raise ConfigError(path, None, "is a folder, a file is needed") from exc
        except NotPlainError as exc:
            raise ConfigError(path, None, exc.strerror or "is no plain file") from exc
        except OSError as exc:
            raise ConfigError(path, None, f"cannot be read: {exc.strerror}") from exc
        if len(found.data) > _MOST_BYTES:
            raise ConfigError(path, None, f"larger than {_MOST_BYTES} bytes")
        return found

    def apply(self, changes: tuple[Change, ...], account: RunAs | None) -> None:
        """Write all, in this order, or nothing.

        Raises:
            SetupFailed: with the file and the reason; everything is as it was.
        """
        with contextlib.ExitStack() as undo:
            for change in changes:
                try:
                    self._do(change, account, undo)
                except OSError as exc:
                    raise SetupFailed(
                        f"{change.path}: {exc.strerror}; nothing was changed"
                    ) from exc
            undo.pop_all()

    def _do(
        self, change: Change, account: RunAs | None, undo: contextlib.ExitStack
    ) -> None:
        owner = _owner(change.who, account)
        if change.data is None:
            _make_folder(self.real(change.path), change.mode, owner, undo)
            return
        now = self._read(change.path)
        if (now and now.data) != change.before:
            raise SetupFailed(
                f"{change.path} was changed meanwhile; nothing was written"
            )
        access = Access(change.mode, owner)
        if now is not None and change.who is Who.KEEP:
            access = now.access
        target = _Target(Path(self.root + change.path), change.who)
        undo.callback(_quietly, lambda: target.put_back(now))
        target.put(change.data, access)


@dataclass(frozen=True, slots=True)
class _Target:
    """A file to be written."""

    path: Path
    who: Who

    @contextlib.contextmanager
    def opened(self) -> Iterator[tuple[Folder, str]]:
        if self.who is not Who.MONITOR:
            with folder_of(self.path) as found:
                yield found
            return
        # Its user may have made a link there, which must not lead root astray.
        with Folder(self.path.parent) as folder:
            yield folder, self.path.name

    def put(self, data: bytes, access: Access) -> None:
        with self.opened() as (folder, name):
            if self.who is not Who.MONITOR:
                folder.sweep(name)  # the monitor does that for its own
            folder.replace(name, data, access=access)

    def put_back(self, before: FileContent | None) -> None:
        if before is not None:
            self.put(before.data, before.access)
            return
        with self.opened() as (folder, name):
            folder.unlink(name)


def _make_folder(
    path: Path,
    mode: int,
    owner: tuple[int, int] | None,
    undo: contextlib.ExitStack,
) -> None:
    def remove() -> None:
        with Folder(path.parent) as folder:
            folder.remove_folder(path.name)

    with Folder(path.parent) as folder:
        folder.make_folder(path.name, mode, owner)
    undo.callback(_quietly, remove)


def _quietly(call: Callable[[], object]) -> None:
    with contextlib.suppress(OSError):
        call()


def _owner(who: Who, account: RunAs | None) -> tuple[int, int] | None:
    """Return whose a new file is; only root can give it away."""
    if os.geteuid() != 0:
        return None
    match who:
        case Who.MONITOR if account is not None:
            return account.uid, account.gid
        case Who.ADMIN | Who.KEEP if account is not None:
            return 0, account.gid
        case _:
            return None


def find_account(name: str = "nut") -> RunAs | None:
    """Return the user that NUT and the monitor run as, or None."""
    try:
        user = pwd.getpwnam(name)
        group = grp.getgrgid(user.pw_gid).gr_name
    except KeyError:
        return None
    groups = frozenset(os.getgrouplist(name, user.pw_gid))
    return RunAs(name, group, user.pw_uid, user.pw_gid, groups)


def find_own_account() -> RunAs | None:
    """Return the user that is the monitor's alone, or None.

    Whatever its own group is: the unit runs it in the group that NUT's driver is in.
    """
    own, nut = find_account(OWN_USER), find_account()
    if own is None or nut is None:
        return None
    return RunAs(own.user, nut.group, own.uid, nut.gid, own.groups | {nut.gid})
