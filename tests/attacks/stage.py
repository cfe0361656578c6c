"""A folder that two users write in, a folder of root's, and somebody who wants in.

The users need no accounts; the group is the one that both are in, as members of
group nut are.
"""

import contextlib
import errno
import itertools
import os
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: Linux keeps these free for nobody in particular.
MONITOR, ATTACKER, GROUP = 61001, 61002, 61003

#: An attacker whose test was killed ends by itself.
_LONGEST_S = 300

SECRET = b"root: this must not get out\n"

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="attacks need a second user: run make test as root"
)


def _flip(folder: Path, target: Path, names: tuple[str, ...]) -> None:
    """Flip names between links and files, a bounded number of times."""
    os.chdir(folder)
    for turn in itertools.islice(itertools.cycle(range(3)), 1_000_000):
        for name in names:
            mine = f".{name}.attack"
            with contextlib.suppress(OSError):
                if turn < 2:
                    os.symlink(f"{target}/{'new-' * turn}{name}", mine)
                else:
                    made = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
                    os.write(made, b"battery.charge: 1\nups.status: OL\n")
                    os.close(made)
                os.rename(mine, name)


class Stage:
    """The place.

    Attributes:
        folder: of all; everybody may look into it.
        shared: the folder of port file, token and state; the group writes in it.
        roots: a folder of root's with files of the same names.
        names: those names.
    """

    def __init__(self, owner: int, names: tuple[str, ...]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nb-attack-"))
        self.folder.chmod(0o755)
        self.shared, self.roots = self.folder / "nut", self.folder / "root"
        self.names = names
        self.shared.mkdir()
        os.chown(self.shared, owner, GROUP)
        self.shared.chmod(0o770)
        self.roots.mkdir(0o755)
        for name in names:
            (self.roots / name).write_bytes(SECRET)
            (self.roots / name).chmod(0o600)
        self._before = self._found()

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self.folder)

    def put(self, name: str, data: bytes, mode: int = 0o640) -> Path:
        """Make a file of the monitor's."""
        path = self.shared / name
        path.write_bytes(data)
        path.chmod(mode)
        os.chown(path, MONITOR, GROUP)
        return path

    def _found(self) -> dict[str, tuple[int, int, int, int, int, bytes]]:
        found = {}
        for path in sorted(self.roots.iterdir()):
            info = path.lstat()
            found[path.name] = (
                *(info.st_ino, info.st_mode, info.st_uid, info.st_gid),
                info.st_mtime_ns,
                path.read_bytes(),
            )
        return found

    def assert_roots_are_untouched(self) -> None:
        """Nothing of root's was read out, changed, given away or made."""
        assert self._found() == self._before
        for path in self.shared.iterdir():
            try:
                # By one handle: the attacker goes on flipping.
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENXIO):
                    continue
                raise
            try:
                info = os.fstat(handle)
                if not stat.S_ISREG(info.st_mode) or info.st_nlink > 1:
                    continue
                leaked = b"must not get out" in os.read(handle, info.st_size)
            finally:
                os.close(handle)
            assert not leaked or (info.st_uid, info.st_mode & 0o077) == (0, 0), path

    @contextmanager
    def under_attack(self) -> Iterator[None]:
        """Let the attacker flip all names between files and links meanwhile."""
        attacker = os.fork()  # the interpreter may lie where no other user gets to
        if not attacker:
            os.setgroups([])
            os.setgid(GROUP)
            os.setuid(ATTACKER)
            signal.alarm(_LONGEST_S)
            _flip(self.shared, self.roots, self.names)
            os._exit(0)
        try:
            yield
            ended, _ = os.waitpid(attacker, os.WNOHANG)
            assert not ended, "the attacker ended before us"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(attacker, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(attacker, 0)


@contextmanager
def stage(owner: int, *names: str) -> Iterator[Stage]:
    """Build a place for one test."""
    found = Stage(owner, names)
    try:
        yield found
    finally:
        found.close()
