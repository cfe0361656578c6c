"""Whose rights a step needs: root's tools put on the ones of a folder's owner."""

import contextlib
import os
import stat
import threading
from collections.abc import Iterator

#: Of packages and of this project: who may own what a monitor keeps.
_ACCOUNTS = frozenset({"nutbridge", "nut", "ups", "upsd"})
#: The rights are those of the whole process: one step at a time.
_ONE_STEP = threading.RLock()


def is_account_of(uid: int, folder: os.stat_result) -> bool:
    """Whether a user has a folder for its own: as owner, or with its group.

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
