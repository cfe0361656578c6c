"""The one way to files that another user may have a hand in.

The folder is opened once, everything else goes to names in that handle. A name is
never followed where it is a link, waited for where it is a pipe, or believed to be
what it was a moment ago: what counts is the file that was opened. A small file is
replaced as a whole or not at all; a reader sees the old bytes or the new ones, never
less, whenever this process dies. Only this module makes temporary files; they begin
with a dot, end in ``.tmp`` and are swept at the next start.

Which links root follows on the way is decided in ``rights`` alone.
"""

import contextlib
import errno
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Self

from nutbridge.system.rights import (
    FOLDER,
    NotPlainError,
    RootPath,
    acting_as,
    is_account_of,
    is_closed,
    is_privileged,
    see_plain,
)

_LABEL = "security.selinux"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
#: O_NONBLOCK: a FIFO must not hang anybody. O_NOCTTY: nor a terminal take us over.
_SAFE = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
#: What a process was handed open; the shell's <(...) is one of them.
_HANDED = re.compile(r"(?:/dev/fd|/proc/self/fd)/[0-9]+")

#: A port file with three phases has 3 kB.
_SPARE_BYTES = 16384


class Access(NamedTuple):
    """Who may read a new file.

    Attributes:
        mode: its permissions.
        owner: user and group it is given to where permitted; None: the process's.
        label: of SELinux, as it was read; None: that of the folder.
        secret: it goes to nobody but the folder's own users.
    """

    mode: int = 0o600
    owner: tuple[int, int] | None = None
    label: bytes | None = None
    secret: bool = False

    @classmethod
    def of(cls, handle: int) -> Self:
        """Return mode, owner and label of an open file."""
        found = os.fstat(handle)
        # No label, or a file system without labels: nothing to keep.
        label = None
        with contextlib.suppress(OSError):
            label = os.getxattr(handle, _LABEL)
        return cls(found.st_mode & 0o777, (found.st_uid, found.st_gid), label)


PRIVATE = Access()


class FileContent(NamedTuple):
    """What was read, and whose it is; all of one and the same file."""

    data: bytes
    info: os.stat_result
    access: Access


class ChangedError(Exception):
    """Somebody else has changed the file meanwhile; it was left as it is."""


class Folder:
    """A folder held open; a context manager.

    Args:
        path: links in it are followed (``rights`` for root).

    Raises:
        OSError: it is not there, no folder, or not to be searched.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not is_privileged():
            self._handle = os.open(path, FOLDER)
        else:
            with RootPath(str(path)) as walk:
                self._handle = walk.folder()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)

    def info(self) -> os.stat_result:
        """Return the stat of the folder itself."""
        return os.fstat(self._handle)

    def stat(self, name: str) -> os.stat_result:
        """Return the stat of a name, of the link itself where it is one."""
        return os.stat(name, dir_fd=self._handle, follow_symlinks=False)

    def open(self, name: str, flags: int = os.O_RDONLY) -> int:
        """Open a plain file that is there; no link is followed.

        Raises:
            NotPlainError: it is something else.
            OSError: it cannot be opened.
        """
        path = str(self.path / name)
        # Looked at first: only to open a device may do something.
        see_plain(self.stat(name), path)
        try:
            handle = os.open(name, flags | _SAFE, dir_fd=self._handle)
        except OSError as exc:
            exc.filename = path
            raise
        try:
            see_plain(os.fstat(handle), path)
        except OSError:
            os.close(handle)
            raise
        return handle

    def create(self, name: str, mode: int, owner: tuple[int, int] | None) -> int:
        """Make a file that is not there yet, and open it.

        Raises:
            FileExistsError: something has that name.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFE
        handle = os.open(name, flags, 0, dir_fd=self._handle)
        # By handle: the name may by now be a link to a file of root's.
        _give(handle, owner)
        os.fchmod(handle, mode)
        return handle

    def is_alone(self, name: str, handle: int) -> bool:
        """Whether an open file has no other name elsewhere (a hard link).

        Root asks: where others may write in the folder, the name may be one more
        of a file of root's (a hard link).
        """
        if not is_privileged() or is_closed(self.info()):
            return True
        # One look at name and count together: links that come and go between two
        # looks could deceive.
        try:
            named, opened = self.stat(name), os.fstat(handle)
        except OSError:
            return False
        return named.st_nlink == 1 and os.path.samestat(named, opened)

    def access(self, name: str) -> Access | None:
        """Return who may read a plain file; None where it cannot be opened."""
        try:
            handle = self.open(name)
        except OSError:
            return None
        try:
            return Access.of(handle)
        finally:
            os.close(handle)

    def read(
        self, name: str, cap: int, *, alone: bool = False, end: bool = False
    ) -> FileContent:
        """Read a plain file of at most ``cap`` bytes, and one byte more.

        Args:
            name: of the file.
            cap: of its size.
            alone: what is read goes elsewhere; refuse a hard link as well.
            end: of a longer file its last bytes, not the first.

        Raises:
            NotPlainError, OSError: see ``open``.
        """
        handle = self.open(name)
        if alone and not self.is_alone(name, handle):
            os.close(handle)
            path = str(self.path / name)
            raise NotPlainError(errno.EMLINK, "is a hard link to another file", path)
        return _read(handle, cap, end=end)

    def make_folder(self, name: str, mode: int, owner: tuple[int, int] | None) -> None:
        """Make a folder that is not there yet."""
        os.mkdir(name, 0o700, dir_fd=self._handle)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(name, flags, dir_fd=self._handle)
        try:
            if os.fstat(handle).st_uid == os.geteuid():  # else not ours any more
                os.fchmod(handle, mode)
                _give(handle, owner)
        finally:
            os.close(handle)

    def remove_folder(self, name: str) -> None:
        """Remove an empty folder."""
        os.rmdir(name, dir_fd=self._handle)

    def rename(self, old: str, new: str) -> None:
        """Give a file another name; what has that name goes."""
        os.replace(old, new, src_dir_fd=self._handle, dst_dir_fd=self._handle)

    def unlink(self, name: str) -> None:
        """Remove a name."""
        os.unlink(name, dir_fd=self._handle)

    def replace(
        self,
        name: str,
        data: bytes,
        *,
        access: Access = PRIVATE,
        mtime_s: int | None = None,
        durable: bool = True,
        spare: str | None = None,
        still: Callable[[], bool] | None = None,
    ) -> os.stat_result:
        """Write ``data`` beside ``name``, then rename it onto ``name``.

        Args:
            name: the file to replace; a link is replaced, not followed.
            data: the whole new content.
            access: who may read it.
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
        self._see_owner(name, access)

        def put(handle: int, made: str) -> os.stat_result:
            try:
                found = _fill(handle, data, access, mtime_s, durable=durable)
                if still is not None and not still():
                    raise ChangedError  # noqa: TRY301  unlinked like any other
                self.rename(made, name)
            except BaseException:
                with contextlib.suppress(OSError):
                    self.unlink(made)
                raise
            return found

        with self._rights_for(access):
            try:
                own = f".{name}.{os.urandom(6).hex()}.tmp"
                return put(self.create(own, 0o600, None), own)
            except OSError as exc:
                exc.filename, exc.filename2 = str(self.path / name), None
                if spare is None or exc.errno not in _FULL:
                    raise
                return put(self._open_spare(spare), spare)

    @contextlib.contextmanager
    def _rights_for(self, access: Access) -> Iterator[None]:
        """What is to be the folder's owner's, root makes with that user's rights."""
        found = self.info()
        mine = access.owner is not None and access.owner[0] == found.st_uid
        with acting_as((found.st_uid, found.st_gid) if mine else None):
            yield

    def _see_owner(self, name: str, access: Access) -> None:
        """Give no secret of root's to whoever put a file of his own beside it."""
        if not access.secret or access.owner is None or os.geteuid() != 0:
            return
        if not is_account_of(access.owner[0], self.info()):
            problem = (
                f"would go to user {access.owner[0]}, who has no part in this folder; "
                "chown the port file to the monitor's user, or run this as that user"
            )
            raise PermissionError(errno.EPERM, problem, str(self.path / name))

    def _open_spare(self, name: str) -> int:
        handle = self.open(name, os.O_RDWR)
        if not self.is_alone(name, handle):
            os.close(handle)
            raise NotPlainError(errno.EMLINK, "has another name", name)
        return handle

    def keep_spare(self, name: str, access: Access) -> None:
        """Make sure that a file is there with room in it, if that is possible."""
        try:
            handle = self.create(name, 0o600, access.owner)
        except OSError:
            return  # there already, or no room
        try:
            os.posix_fallocate(handle, 0, _SPARE_BYTES)
        except OSError:
            with contextlib.suppress(OSError):
                self.unlink(name)
        finally:
            os.close(handle)

    def sweep(self, name: str) -> None:
        """Remove what a killed ``replace`` of ``name`` left."""
        start, end = f".{name}.", ".tmp"
        with contextlib.suppress(OSError):
            listed = os.open(".", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._handle)
            try:
                names = os.listdir(listed)
            finally:
                os.close(listed)
            for left in names:
                middle = left.removeprefix(start).removesuffix(end)
                # Our part has no dot: what is left of "ups.dev" is not "ups"'s.
                if left == f"{start}{middle}{end}" and "." not in middle:
                    with contextlib.suppress(OSError):
                        self.unlink(left)


def _fill(
    handle: int, data: bytes, access: Access, mtime_s: int | None, *, durable: bool
) -> os.stat_result:
    """Make an open file the one that ``Folder.replace`` renames; closes it."""
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.truncate()
        file.flush()
        _give(handle, access.owner)
        os.fchmod(handle, access.mode)
        if access.label is not None:
            with contextlib.suppress(OSError):
                os.setxattr(handle, _LABEL, access.label)
        if mtime_s is not None:
            os.utime(handle, (mtime_s, mtime_s))
        if durable:
            os.fsync(handle)
        return os.fstat(handle)


def _read(handle: int, cap: int, *, end: bool = False) -> FileContent:
    with open(handle, "rb", buffering=0) as file:
        info, access = os.fstat(handle), Access.of(handle)
        parts, left = [], cap + 1
        if end:
            file.seek(max(0, info.st_size - left))
        while left and (part := file.read(left)):
            parts.append(part)
            left -= len(part)
        return FileContent(b"".join(parts), info, access)


def real_path(path: Path) -> Path:
    """Return a path without links; where root may not follow one, as it is.

    What is done with the result goes the way anew and tells what was wrong.
    """
    if not is_privileged():
        return Path(os.path.realpath(path))
    try:
        with RootPath(str(path)) as walk:
            folder, name = walk.file()
            return folder / name
    except OSError:
        return Path(os.path.abspath(path))


@contextlib.contextmanager
def folder_of(path: Path) -> Iterator[tuple[Folder, str]]:
    """Open the folder in which a file really lies, links followed; with its name.

    Raises:
        OSError: no such folder, or root may not follow a link on the way.
    """
    if not is_privileged():
        real = Path(os.path.realpath(path))
        where, name = real.parent, real.name
    else:
        with RootPath(str(path)) as walk:
            where, name = walk.file()
    with Folder(where) as folder:
        yield folder, name


def read_file(
    path: Path,
    cap: int,
    *,
    alone: bool = False,
    trusting: bool = False,
    end: bool = False,
) -> FileContent:
    """Read a plain file of at most ``cap`` bytes, and one byte more; links followed.

    Args:
        path: of the file; what ``is_handed`` is believed.
        cap: of its size.
        alone: see ``Folder.read``.
        end: likewise.
        trusting: root too follows every link, for a monitor that must find an OB.

    Raises:
        NotPlainError, OSError: see ``Folder.open``, ``folder_of``.
    """
    if trusting or not is_privileged() or is_handed(path):
        handle = os.open(path, os.O_RDONLY | _SAFE & ~os.O_NOFOLLOW)
        try:
            see_plain(os.fstat(handle), str(path))
        except OSError:
            os.close(handle)
            raise
        return _read(handle, cap, end=end)
    with folder_of(path) as (folder, name):
        return folder.read(name, cap, alone=alone, end=end)


def is_handed(path: Path) -> bool:
    """Whether it is what this process was handed: /dev/stdin, the shell's <(...).

    Whoever started the process opened it; no name of a folder is looked up.
    """
    return str(path) == "/dev/stdin" or _HANDED.fullmatch(str(path)) is not None


def is_beyond_others(folder: Path) -> bool:
    """Whether root alone can change what a path of a folder leads to."""
    real = real_path(folder)
    return all(is_closed(os.stat(each)) for each in (real, *real.parents))


def make_folders(path: Path, mode: int = 0o700) -> None:
    """Make a folder, and those above it, where there is none.

    Raises:
        OSError: it cannot be made, or root may not follow a link on the way.
    """
    try:
        with Folder(path):
            return
    except FileNotFoundError:
        if path.parent == path:
            raise
    make_folders(path.parent, mode)
    with contextlib.suppress(FileExistsError), Folder(path.parent) as folder:
        folder.make_folder(path.name, mode, None)


def is_strangers(
    path: Path, info: os.stat_result, owner: tuple[int, int] | None = None
) -> bool:
    """Whether a file is of a user who has no part in the folder that it lies in.

    Args:
        path: of the file.
        info: stat of what was read.
        owner: the monitor's user, where that is another one than the process's.
    """
    mine = (0, os.geteuid(), *(owner[:1] if owner else ()))
    if info.st_uid in mine:
        return False
    with contextlib.suppress(OSError), Folder(real_path(path).parent) as folder:
        return not is_account_of(info.st_uid, folder.info())
    return True


def look(path: Path) -> os.stat_result:
    """Return the stat of a file, links followed as ``read_file`` does.

    Raises:
        OSError: it is not there, or root may not follow a link.
    """
    if not is_privileged():
        return os.stat(path)
    with folder_of(path) as (folder, name):
        return folder.stat(name)


def glance(path: Path, *, follow: bool = False) -> os.stat_result | None:
    """Return the stat of a name, of the link itself where it is one; None: not there.

    For one question alone: whether what was read or written there has changed since.
    Nothing is opened or believed, so root too goes by the path, in one call for 20;
    who leads it elsewhere shows it a change, and what follows goes by handles.

    Args:
        path: of the file.
        follow: of what a link leads to.

    Raises:
        OSError: the folder may not be searched, or is none.
    """
    try:
        return os.stat(path, follow_symlinks=follow)
    except FileNotFoundError:
        return None


def replace_file(
    path: Path, data: bytes, *, access: Access = PRIVATE, durable: bool = True
) -> None:
    """Replace a file as a whole; see ``Folder.replace``. A link is replaced too."""
    with Folder(path.parent) as folder:
        folder.replace(path.name, data, access=access, durable=durable)


def sweep(path: Path) -> None:
    """Remove what a killed ``replace_file`` for ``path`` left in its folder."""
    with contextlib.suppress(OSError), Folder(path.parent) as folder:
        folder.sweep(path.name)


@contextlib.contextmanager
def acting_for(path: Path, owner: tuple[int, int] | None = None) -> Iterator[None]:
    """Do steps on a file with the rights of the owner of its folder; for root alone.

    Args:
        path: of the file.
        owner: whose the file is or will be; where that is another one, they are
            done as root, for the file could not be given away.
    """
    found = None
    if os.geteuid() == 0:
        # Where it cannot be opened the step itself tells why.
        with contextlib.suppress(OSError), Folder(path.parent) as folder:
            found = folder.info()
    able = found is not None and (owner is None or owner[0] == found.st_uid)
    if found is None or not able or not _can_reach(path.parent, found):
        yield
        return
    with acting_as((found.st_uid, found.st_gid)):
        yield


def _can_reach(path: Path, folder: os.stat_result) -> bool:
    """Whether its owner comes to a folder by its path."""
    try:
        with acting_as((folder.st_uid, folder.st_gid)):
            return os.path.samestat(os.stat(path), folder)
    except OSError:
        return False


def owner_for(path: Path) -> tuple[int, int] | None:
    """Return who should own what root writes beside ``path``; None for others.

    A check by hand as root must not leave files that the monitor's user cannot
    read: they go to the owner of a file that is that user's.
    """
    if os.geteuid() != 0:
        return None
    try:
        found = look(path)
    except OSError:
        return None
    return found.st_uid, found.st_gid


def _give(handle: int, owner: tuple[int, int] | None) -> None:
    # EPERM is normal: only root may give a file away. EINVAL: an owner that the
    # user namespace does not know.
    if owner is not None:
        with contextlib.suppress(OSError):
            os.fchown(handle, *owner)
