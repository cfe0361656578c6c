"""Replace a small file as a whole, or not at all.

A reader sees the old bytes or the new ones, never less, whenever this process
dies. Only this module creates temporary files; they begin with a dot, end in
``.tmp`` and are swept at the next start.
"""

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_LABEL = "security.selinux"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SAFE = os.O_CLOEXEC | os.O_NOFOLLOW

#: A port file with three phases has 3 kB.
_SPARE_BYTES = 16384


@dataclass(frozen=True, slots=True)
class Access:
    """Who may read a new file.

    Attributes:
        mode: its permissions.
        owner: user and group it is given to where permitted; None: the process's.
    """

    mode: int = 0o600
    owner: tuple[int, int] | None = None


PRIVATE = Access()


class ChangedError(Exception):
    """Somebody else has changed the file meanwhile; it was left as it is."""


def replace_file(
    path: Path,
    data: bytes,
    *,
    access: Access | Path = PRIVATE,
    mtime_s: int | None = None,
    durable: bool = True,
    spare: Path | None = None,
    still: Callable[[], bool] | None = None,
) -> os.stat_result:
    """Write ``data`` beside ``path``, then rename it onto ``path``.

    Args:
        path: the file to replace; its folder must exist. Not a symbolic link
            (callers resolve it: a rename would replace the link itself).
        data: the whole new content.
        access: who may read it; or an existing file whose mode, owner (where
            permitted) and SELinux label the new one gets.
        mtime_s: modification time of the new file, whole seconds.
        durable: wait until the bytes are on the disk.
        spare: a file of ``keep_spare``, used up where the disk is full.
        still: asked right before the rename, when all the slow work is done:
            whether the file is still the one that ``data`` was made from.

    Returns:
        The new file's stat.

    Raises:
        OSError: nothing was changed, no temporary file is left.
        ChangedError: the same, because ``still`` said no.
    """
    finish = _Finish(path, data, access, mtime_s, durable, still)
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.name}.", suffix=".tmp", dir=path.parent
        )
        return finish.run(handle, name)
    except OSError as exc:
        if spare is None or exc.errno not in _FULL:
            raise
        return finish.run(os.open(spare, os.O_RDWR | _SAFE), str(spare))


@dataclass(frozen=True, slots=True)
class _Finish:
    """What makes the new file out of an open one."""

    path: Path
    data: bytes
    access: Access | Path
    mtime_s: int | None
    durable: bool
    still: Callable[[], bool] | None

    def run(self, handle: int, name: str) -> os.stat_result:
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.data)
                file.truncate()
                file.flush()
                # By handle: in a folder of another user the name may by now be
                # a link to a file of root's.
                if isinstance(self.access, Access):
                    os.fchmod(handle, self.access.mode)
                    _give(handle, self.access.owner)
                else:
                    _copy_access(self.access, handle)
                if self.mtime_s is not None:
                    os.utime(handle, (self.mtime_s, self.mtime_s))
                if self.durable:
                    os.fsync(handle)
                found = os.fstat(handle)
            self._see_unchanged()
            os.replace(name, self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        return found

    def _see_unchanged(self) -> None:
        if self.still is not None and not self.still():
            raise ChangedError


def keep_spare(path: Path) -> None:
    """Make sure that ``path`` is there with room in it, if that is possible."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFE, 0o600)
    except OSError:
        return  # there already, or no room
    try:
        os.posix_fallocate(handle, 0, _SPARE_BYTES)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(path)
    finally:
        os.close(handle)


def owner_for(path: Path) -> tuple[int, int] | None:
    """Return who should own what root writes beside ``path``; None for others.

    A check by hand as root must not leave files that the monitor's user cannot
    read: they go to the owner of a file that is that user's.
    """
    if os.geteuid() != 0:
        return None
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_uid, found.st_gid


def _give(handle: int, owner: tuple[int, int] | None) -> None:
    # EPERM is normal: only root may give a file away. EINVAL: an owner that the
    # user namespace does not know.
    if owner is not None:
        with contextlib.suppress(OSError):
            os.fchown(handle, *owner)


def _copy_access(like: Path, handle: int) -> None:
    old = os.stat(like)
    _give(handle, (old.st_uid, old.st_gid))
    os.fchmod(handle, old.st_mode & 0o777)
    # No label, or a file system without labels: nothing to keep.
    with contextlib.suppress(OSError):
        os.setxattr(handle, _LABEL, os.getxattr(like, _LABEL))


def check_link(path: Path) -> None:
    """See that root follows no link that another user has made.

    In a folder of the monitor's user it could lead to any file of the system,
    which a tool run by hand as root would replace and give away.

    Raises:
        PermissionError: ``path`` is such a link.
    """
    with contextlib.suppress(FileNotFoundError):
        found = os.lstat(path)
        if os.geteuid() == 0 and stat.S_ISLNK(found.st_mode) and found.st_uid != 0:
            problem = "root follows no link of another user (chown -h root allows it)"
            raise PermissionError(errno.EPERM, problem, str(path))


def sweep(path: Path) -> None:
    """Remove what a killed ``replace_file`` for ``path`` left in its folder."""
    start, end = f".{path.name}.", ".tmp"
    with contextlib.suppress(OSError):
        for left in path.parent.iterdir():
            middle = left.name.removeprefix(start).removesuffix(end)
            # mkstemp's part has no dot: what is left of "ups.dev" is not "ups"'s.
            if left.name == f"{start}{middle}{end}" and "." not in middle:
                with contextlib.suppress(OSError):
                    left.unlink()
