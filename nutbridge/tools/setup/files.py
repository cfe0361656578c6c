"""Look at and write the files of a setup: all of them, or none.

Each file is replaced as a whole (files.py), in an order in which whatever is
there after a power cut does no harm. A failure or ^C on the way puts back what
was there before.
"""

import contextlib
import grp
import os
import posixpath
import pwd
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nutbridge.errors import EX_CANTCREAT, ConfigError, NutbridgeError
from nutbridge.system.files import Access, replace_file, sweep
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
        return Path(os.path.realpath(self.root + path))

    def exists(self, path: str) -> bool:
        """Tell whether anything is there."""
        return os.path.lexists(self.root + path)

    def is_folder(self, path: str) -> bool:
        """Tell whether a folder is there."""
        return Path(self.root + path).is_dir()

    def see(self, path: str) -> Seen | None:
        """Read a plain file; None when it is not there.

        Raises:
            ConfigError: it cannot be read, or is no plain file.
        """
        try:
            handle = os.open(
                self.real(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
            )
            with os.fdopen(handle, "rb") as file:
                info = os.fstat(handle)
                if not stat.S_ISREG(info.st_mode):
                    raise ConfigError(path, None, "is not a plain file")
                data = file.read(_MOST_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except IsADirectoryError as exc:
            raise ConfigError(path, None, "is a folder, a file is needed") from exc
        except OSError as exc:
            raise ConfigError(path, None, f"cannot be read: {exc.strerror}") from exc
        if len(data) > _MOST_BYTES:
            raise ConfigError(path, None, f"larger than {_MOST_BYTES} bytes")
        return Seen(data, info.st_mode & 0o7777, info.st_uid, info.st_gid)

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
        path = self.real(change.path)
        if change.who is Who.MONITOR:
            # Its user may have made a link there, which must not lead root astray.
            path = self.real(posixpath.dirname(change.path)) / Path(change.path).name
        owner = _owner(change.who, account)
        if change.data is None:
            path.mkdir(change.mode)
            undo.callback(_quietly, path.rmdir)
            path.chmod(change.mode)
            if owner is not None:
                with contextlib.suppress(PermissionError):
                    os.chown(path, *owner)
            return
        now = self.see(change.path)
        if (now and now.data) != change.before:
            raise SetupFailed(
                f"{change.path} was changed meanwhile; nothing was written"
            )
        if change.who is not Who.MONITOR:
            sweep(path)  # the monitor does that for its own
        if now is None:
            undo.callback(_quietly, path.unlink)
        else:
            undo.callback(_put_back, path, now.data, _access_now(path))
        kept = now is not None and change.who is Who.KEEP
        replace_file(
            path, change.data, access=path if kept else Access(change.mode, owner)
        )


def _access_now(path: Path) -> Access:
    info = path.stat()
    return Access(info.st_mode & 0o7777, (info.st_uid, info.st_gid))


def _put_back(path: Path, data: bytes, access: Access) -> None:
    _quietly(lambda: replace_file(path, data, access=access))


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
