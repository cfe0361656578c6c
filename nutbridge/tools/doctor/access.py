"""Who may do what with a file, without becoming that user; file systems, labels.

Only looks: stat(2), extended attributes, /proc.
"""

import contextlib
import grp
import os
import pwd
import re
import socket
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_ACL = "system.posix_acl_access"
_LABEL = "security.selinux"
#: What the monitor writes at a time, and some more.
_LEAST_BYTES = 65536
_SELINUX = Path("/sys/fs/selinux/enforce")
_MOUNTS = Path("/proc/self/mountinfo")
#: What a unit with ProtectHome=yes does not see; systemd.exec(5).
_HOMES = tuple(map(Path, ("/home", "/root", "/run/user")))
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class User:
    """A user of this system."""

    name: str
    uid: int


@dataclass(frozen=True, slots=True)
class DiskEntry:
    """A file or folder as the disk has it.

    Attributes:
        path: as looked at.
        mode: permissions, or None when it is not there.
        owner: ``user:group``.
        plain: it is a plain file.
        usable: whether the user who needs it can use it: read a file, write in
            a folder.
    """

    path: str
    mode: int | None = None
    owner: str = ""
    plain: bool = True
    usable: bool = False

    @property
    def there(self) -> bool:
        """Whether it exists."""
        return self.mode is not None


def user_of(uid: int) -> User:
    """Return the user with this number; without a name, the number is it."""
    try:
        return User(pwd.getpwuid(uid).pw_name, uid)
    except KeyError:
        return User(str(uid), uid)


def user_named(name: str) -> User | None:
    """Return the user with this name, or None."""
    try:
        return User(name, pwd.getpwnam(name).pw_uid)
    except KeyError:
        return None


def owner_of(path: Path) -> User | None:
    """Return who owns a file; None when that cannot be seen."""
    try:
        return user_of(path.stat().st_uid)
    except OSError:
        return None


def runner_of(program: str, *arguments: str) -> User | None:
    """Return who runs a program with these arguments in this order, or None."""
    wanted = "\0".join(("", *arguments, ""))
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
            name, _, rest = line.partition("\0")
            right = os.path.basename(name) == program and wanted in f"\0{rest}"
            if right and _is_of_this_system(folder):
                return owner_of(folder)
    return None


def _is_of_this_system(process: Path) -> bool:
    """Whether a process is in no container, whose users are others."""
    try:
        return (process / "ns/pid").samefile("/proc/self/ns/pid")
    except OSError:
        return True  # not for us to see: what root alone may know


def look_at(path: Path, user: User, wanted: int) -> DiskEntry:
    """Describe a file or folder.

    Args:
        path: links are followed.
        user: who needs it.
        wanted: os.R_OK and the like, what for.

    Raises:
        PermissionError: we may not look.
    """
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return DiskEntry(str(path))
    return DiskEntry(
        path=str(path),
        mode=stat.S_IMODE(found.st_mode),
        owner=f"{user_of(found.st_uid).name}:{_group(found.st_gid)}",
        plain=stat.S_ISREG(found.st_mode),
        usable=may_use(path, user, wanted),
    )


def may_use(path: Path, user: User, wanted: int) -> bool:
    """Whether ``user`` can reach ``path`` and use it as wanted.

    By mode, owner and groups, as the kernel decides; where an access control
    list stands, the benefit of the doubt.
    """
    return barrier(path, user, wanted) is None


def barrier(path: Path, user: User, wanted: int) -> Path | None:
    """Return what keeps ``user`` from using ``path``: a folder on the way, or itself.

    Arguments are those of ``may_use``; None: nothing does.

    Raises:
        OSError: something on the way is not there, or not for us to see.
    """
    if user.uid == 0:
        return None
    real = Path(os.path.realpath(path))
    groups = _groups(user)
    for each in (*reversed(real.parents), real):
        needed = wanted if each == real else os.X_OK
        if not _allows(each, user.uid, groups, needed):
            return each
    return None


def closed_to(user: User, program: Path, *, sees_homes: bool) -> Path | None:
    """Return what keeps ``user`` from running a program of nutbridge; None: nothing.

    Its Python may lie elsewhere, in the home of who installed it (uv, pyenv).

    Args:
        user: that a unit runs as.
        program: started by it.
        sees_homes: the unit has no ProtectHome=yes.
    """
    needed = [program]
    if Path(os.path.realpath(program)).parent == Path(sys.executable).parent:
        needed += [Path(sys.executable), Path(__file__).parents[2]]
    try:
        for path in needed:
            if _home_of(path) and not sees_homes:
                return Path(os.path.realpath(path))
            if (found := barrier(path, user, os.R_OK | os.X_OK)) is not None:
                return found
    except OSError:
        pass  # not there: systemd says so; or not for us to see
    return None


def why_closed(where: Path) -> tuple[str, str]:
    """Return why the user of a unit cannot run what is there, and what to do."""
    if (home := _home_of(where)) is not None:
        to_do = "install nutbridge and its Python elsewhere: /opt/nutbridge"
        return f"{where} lies in {home}", to_do
    to_do = f"chmod -R go+rX {where} (installed with a umask of 077?)"
    return f"{where} is closed to it", to_do


def _home_of(path: Path) -> Path | None:
    real = Path(os.path.realpath(path))
    return next((home for home in _HOMES if real.is_relative_to(home)), None)


def _allows(path: Path, uid: int, groups: Iterable[int], wanted: int) -> bool:
    found = os.stat(path)
    if found.st_uid == uid:
        granted = found.st_mode >> 6
    elif found.st_gid in groups:
        granted = found.st_mode >> 3
    else:
        granted = found.st_mode
    return granted & wanted == wanted or _has_acl(path)


def _has_acl(path: Path) -> bool:
    try:
        return _ACL in os.listxattr(path)
    except OSError:
        return False


def _groups(user: User) -> frozenset[int]:
    try:
        main = pwd.getpwnam(user.name).pw_gid
    except KeyError:
        return frozenset()
    return frozenset(os.getgrouplist(user.name, main))


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def is_own_host(host: str) -> bool:
    """Tell whether a host means this machine, without asking the network."""
    if host in ("localhost", os.uname().nodename.lower()):
        return True
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.inet_pton(family, host)
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))  # only an address of this machine can be taken
    except OSError:
        return False
    return True


def selinux_label(path: Path) -> str | None:
    """Return the label of a file; empty when it has none, None without SELinux."""
    if not _SELINUX.exists():
        return None
    try:
        return os.getxattr(path, _LABEL).decode("ascii", "replace").rstrip("\0")
    except OSError:
        return ""


def file_system(path: Path) -> str:
    """Return the type of the file system of a path; empty when not known.

    Source: proc(5), /proc/<pid>/mountinfo: the fifth field is the mount point,
    the type stands behind the hyphen. Later mounts cover earlier ones.
    """
    real = Path(os.path.realpath(path))
    kind, depth = "", -1
    with contextlib.suppress(OSError):
        for line in _MOUNTS.read_text(errors="surrogateescape").splitlines():
            before, _, after = line.partition(" - ")
            fields = before.split()
            point = Path(_OCTAL.sub(_character, fields[4]))
            deep = len(point.parts)
            if deep >= depth and real.is_relative_to(point):
                kind, depth = after.split()[0], deep
    return kind


def disk_trouble(path: Path) -> str:
    """Return why nothing can be written to a file system; empty: it can.

    Raises:
        OSError: it cannot be asked.
    """
    found = os.statvfs(path)
    if found.f_flag & os.ST_RDONLY:
        return "is mounted read-only"
    # Some know no number of files, and no size.
    if found.f_blocks and found.f_bavail * found.f_frsize < _LEAST_BYTES:
        return "is full"
    return (
        "has no room for one more file" if found.f_files and not found.f_favail else ""
    )


def _character(octal: re.Match[str]) -> str:
    return chr(int(octal[1], 8))
