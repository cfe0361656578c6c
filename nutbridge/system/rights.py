"""Rights for one step: root's tools take on those of a folder's owner."""

import contextlib
import os
import stat
import threading
from collections.abc import Callable, Iterator

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
