"""What root may do, and where a path leads it.

Rights for one step: root's tools take on those of a folder's owner. A link that another
user can have made leads root only to what is that user's own. Who is not root follows
what the kernel lets it, so that no odd folder keeps a monitor from writing OB.
"""

import contextlib
import errno
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

#: Of packages and of this project: who may own what a monitor keeps.
_ACCOUNTS = frozenset({"nutbridge", "nut", "ups", "upsd"})
#: The rights are those of the whole process: one step at a time.
_ONE_STEP = threading.RLock()
#: Source: capabilities(7), capset(2), version 3.
_VERSION, _DAC_READ_SEARCH, _NET_BIND_SERVICE = 0x20080522, 1 << 2, 1 << 10


class _FolderReader:
    """Whether the process kept root's right to read, and no other."""

    everywhere = False


def is_privileged() -> bool:
    """Whether the process reads what its user may not: links could lead it astray."""
    return os.geteuid() == 0 or _FolderReader.everywhere


def is_account_of(uid: int, folder: os.stat_result) -> bool:
    """Whether a user owns a folder, or is a service account of its group.

    Membership of the group alone is not enough: who is let to read NUT's files is
    not who keeps the token.
    """
    import pwd

    if uid in (0, folder.st_uid):
        return True
    try:
        account = pwd.getpwuid(uid)
    except KeyError:
        return False
    writable = bool(folder.st_mode & stat.S_IWGRP)
    return account.pw_name in _ACCOUNTS or (
        writable and account.pw_gid == folder.st_gid
    )


@contextlib.contextmanager
def acting_as(owner: tuple[int, int] | None) -> Iterator[None]:
    """Do a step that needs no rights of root with those of ``owner``.

    For root alone; where it may not change its user (a container without the
    capability) the step is done as it is, by handles as always.

    Args:
        owner: user and group, of the folder that the step is done in; None or
            root: as it is.
    """
    if owner is None or owner[0] == 0 or os.geteuid() != 0:
        yield
        return
    with _ONE_STEP:
        before = os.getegid(), os.getgroups()
        try:
            os.setgroups(_groups(*owner))
            os.setegid(owner[1])
            os.seteuid(owner[0])
        except OSError:
            _become_root(*before)
            yield
            return
        try:
            yield
        finally:
            _become_root(*before)


def _become_root(gid: int, groups: list[int]) -> None:
    os.seteuid(0)
    os.setegid(gid)
    with contextlib.suppress(OSError):
        os.setgroups(groups)


def _groups(uid: int, gid: int) -> list[int]:
    import pwd

    try:
        account = pwd.getpwuid(uid)
    except KeyError:
        return [gid]
    return sorted({gid, *os.getgrouplist(account.pw_name, account.pw_gid)})


def become_reader(owner: tuple[int, int]) -> Callable[[], None]:
    """Act as a user from now on who can still read, not write, what root can.

    For a whole command of root's on a database that is the user's: systemd keeps the
    folder of a DynamicUser behind one of root's, and SQLite opens by path alone,
    follows links to files beside it, and gives those away as root.

    Args:
        owner: of the database's folder.

    Returns:
        What undoes it.

    Raises:
        OSError: the system does not allow it; all is as it was.
    """
    # Now: its folder may be one that only root looks into.
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    before = os.getegid(), os.getgroups()

    def undo() -> None:
        _FolderReader.everywhere = False
        _become_root(*before)

    try:
        os.setgroups(_groups(*owner))
        os.setegid(owner[1])
        os.seteuid(owner[0])
    except OSError:
        undo()
        raise
    # CAP_DAC_READ_SEARCH again, of this thread and those that it starts, and what
    # ports below 1024 need (reports serve). The sets: effective, permitted,
    # inheritable; twice, for 64 capabilities.
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets) == 0:
        sets[0] = sets[1] & (_DAC_READ_SEARCH | _NET_BIND_SERVICE)
        done = libc.capset(header, sets) == 0
        _FolderReader.everywhere = done and bool(sets[0] & _DAC_READ_SEARCH)
    return undo


#: To open a folder with, for its handle alone.
FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
#: As many links as the kernel follows.
_MOST_LINKS = 40
_LINK_PROBLEM = "root follows no link of another user (chown -h root allows it)"
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class NotPlainError(OSError):
    """What has the name is a link, a pipe, a device or a folder."""


class FolderInPlaceError(NotPlainError, IsADirectoryError):
    """What has the name is a folder: a wrong path in a config more often than not."""


class RootPath:
    """Root's way along a path, one open folder after another.

    A link is followed where it is root's. After one of another user the way must end
    in a folder of that user: no other can be harmed then.
    """

    def __init__(self, path: str) -> None:
        # Not normalised: behind a link .. is another folder than it seems.
        whole = path if path.startswith("/") else os.path.join(os.getcwd(), path)
        self._left = whole.split("/")
        self._links = 0
        self._guide: int | None = None
        self._names: list[str] = []
        self._at = os.open("/", FOLDER)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._at)

    def folder(self) -> int:
        """Go to the end, which must be a folder; return a handle of it."""
        while self._left:
            self._step(self._left.pop(0))
        self._see_guided()
        return os.dup(self._at)

    def file(self) -> tuple[Path, str]:
        """Go to the folder of the file; return its real path and the file's name.

        The file need not be there.
        """
        while True:
            left = self._trimmed()
            if len(left) > 1 or left == [".."]:
                self._step(left.pop(0))
            elif not self._follow():
                break
        self._see_guided()
        return Path(self._path()), self._left[0]

    def _trimmed(self) -> list[str]:
        """Return what is left of the path; at least one name."""
        while self._left and self._left[-1] in ("", "."):
            self._left.pop()
        if not self._left:
            problem = "is a folder, a file is needed"
            raise FolderInPlaceError(errno.EISDIR, problem, self._path())
        return self._left

    def _follow(self) -> bool:
        """Follow the last name if it is a link; else say that it is none."""
        try:
            found = os.stat(self._left[0], dir_fd=self._at, follow_symlinks=False)
        except FileNotFoundError:
            return False
        if not stat.S_ISLNK(found.st_mode):
            return False
        self._follow_link(self._left.pop(0))
        return True

    def _path(self) -> str:
        return "/" + "/".join(self._names)

    def _step(self, name: str) -> None:
        if name in ("", "."):
            return
        if name == "..":
            self._enter("..")
            del self._names[-1:]
            return
        found = os.stat(name, dir_fd=self._at, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            self._follow_link(name)
        else:
            self._enter(name)
            self._names.append(name)

    def _enter(self, name: str) -> None:
        # Links not followed: it may have become one just now.
        into = os.open(name, FOLDER | os.O_NOFOLLOW, dir_fd=self._at)
        os.close(self._at)
        self._at = into

    def _follow_link(self, name: str) -> None:
        path = os.path.join(self._path(), name)
        flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
        link = os.open(name, flags, dir_fd=self._at)
        try:
            self._believe(os.fstat(link), path)
            target = os.readlink("", dir_fd=link)
        finally:
            os.close(link)
        self._links += 1
        if self._links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        if target.startswith("/"):
            root = os.open("/", FOLDER)
            os.close(self._at)
            self._at, self._names = root, []
        self._left[:0] = target.split("/")

    def _believe(self, link: os.stat_result, path: str) -> None:
        closed = is_closed(os.fstat(self._at))
        if link.st_uid == 0 and (link.st_nlink == 1 or closed):
            return
        if link.st_uid == 0 or self._guide not in (None, link.st_uid):
            raise PermissionError(errno.EPERM, _LINK_PROBLEM, path)
        self._guide = link.st_uid

    def _see_guided(self) -> None:
        if self._guide not in (None, os.fstat(self._at).st_uid):
            raise PermissionError(errno.EPERM, _LINK_PROBLEM, self._path())


def is_closed(folder: os.stat_result) -> bool:
    """Whether only root can have put something into a folder."""
    return folder.st_uid == 0 and not folder.st_mode & _WRITABLE_BY_OTHERS


def see_plain(found: os.stat_result, path: str) -> None:
    """Raise unless a stat is that of a plain file.

    Raises:
        NotPlainError: of ``path``, with what it is instead.
    """
    if stat.S_ISLNK(found.st_mode):
        raise NotPlainError(errno.ELOOP, "is a link, not a plain file", path)
    if stat.S_ISDIR(found.st_mode):
        raise FolderInPlaceError(errno.EISDIR, "is a folder, a file is needed", path)
    if not stat.S_ISREG(found.st_mode):
        raise NotPlainError(errno.EINVAL, "is a pipe or device, no plain file", path)
