"""Replace a small file as a whole, or not at all.

A reader sees the old bytes or the new ones, never less, whenever this process
dies. Only this module creates temporary files; they begin with a dot, end in
``.tmp`` and are swept at the next start.
"""

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

_LABEL = "security.selinux"


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


def replace_file(
    path: Path,
    data: bytes,
    *,
    access: Access | Path = PRIVATE,
    mtime_s: int | None = None,
    durable: bool = True,
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

    Returns:
        The new file's stat.

    Raises:
        OSError: nothing was changed, no temporary file is left.
    """
    handle, name = tempfile.mkstemp(
        prefix=f".{path.name}.", suffix=".tmp", dir=path.parent
    )
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if isinstance(access, Access):
                os.fchmod(file.fileno(), access.mode)
                _give(file.fileno(), access.owner)
            else:
                _copy_access(access, name)
            if durable:
                os.fsync(file.fileno())
        if mtime_s is not None:
            os.utime(name, (mtime_s, mtime_s))
        found = os.stat(name)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    return found


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


def _give(file: int | str, owner: tuple[int, int] | None) -> None:
    # EPERM is normal: only root may give a file away. EINVAL: an owner that the
    # user namespace does not know.
    if owner is not None:
        with contextlib.suppress(OSError):
            os.chown(file, *owner)


def _copy_access(like: Path, name: str) -> None:
    old = os.stat(like)
    _give(name, (old.st_uid, old.st_gid))
    os.chmod(name, old.st_mode & 0o777)
    # No label, or a file system without labels: nothing to keep.
    with contextlib.suppress(OSError):
        os.setxattr(name, _LABEL, os.getxattr(like, _LABEL))


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
