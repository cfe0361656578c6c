"""The port file of dummy-ups on disk, and its hidden twin ``-nocomms``.

Only this module writes, renames or removes the two. The driver must never see
a gap or half a file: it reads once per whole second of the modification time
(dummy-once), exits when the file is missing, and reads an empty one as on line
(NUT up to 2.8.3).

``PortFile`` is the one writer. ``PortFilePublisher`` joins it with the pure text
(port_text.py), and notices when somebody else has changed the file.
"""

import contextlib
import functools
import logging
import os
import stat
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from nutbridge.errors import PortFileError
from nutbridge.nut.port_text import (
    NOCOMMS_SUFFIX,
    PortText,
    UserSettings,
    for_maker,
    parse,
    render,
    user_settings,
)
from nutbridge.nut.variables import CHARGE_LOW, ENPHASE, Maker, as_text
from nutbridge.system.clock import Clock
from nutbridge.system.files import (
    Access,
    ChangedError,
    Folder,
    folder_of,
    glance,
    look,
    owner_for,
    read_file,
    real_path,
)
from nutbridge.system.lock import writing
from nutbridge.system.rights import NotPlainError

#: A port file is a few kilobytes; more is something else.
MAX_BYTES = 1024 * 1024

#: How long the monitor waits for a tool that changes the file, and a tool for it.
MONITOR_WAITS_S = 1.0
TOOL_WAITS_S = 5.0

# The driver runs as another user; dummy-ups exits on a file it cannot read.
_NEW = Access(0o644)
_NOT_PLAIN = "is not a plain file (a folder, a device?)"


class PortFileName(StrEnum):
    """Which of the two names exists; VISIBLE when both do."""

    VISIBLE = "visible"
    HIDDEN = "hidden"


class Signature(NamedTuple):
    """Enough of a file's stat to see that somebody else changed it."""

    place: PortFileName
    inode: int
    mtime_ns: int
    size: int

    @classmethod
    def of(cls, place: PortFileName, found: os.stat_result) -> Self:
        """Return that of a file under one of the two names."""
        return cls(place, found.st_ino, found.st_mtime_ns, found.st_size)


class PortFile:
    """The port file that the config names.

    Args:
        path: as configured; links in it are followed once, here, because a
            rename would replace the link instead of the file.
        clock: its wall clock dates the file.

    Attributes:
        path: as configured.
        real: the file itself.
        twin: its name while it is hidden.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self.real = real_path(path)
        self.twin = self.real.with_name(self.real.name + NOCOMMS_SUFFIX)
        visible, hidden = PortFileName
        self._names = (visible, self.real), (hidden, self.twin)
        self._spare = f".{self.real.name}.spare"
        self._clock = clock
        self._written: tuple[bytes, Signature] | None = None
        self._mtime_s: int | None = None
        self._backwards = False
        self._known: tuple[os.stat_result, Access] | None = None

    def check(self) -> PortFileName:
        """Find the file and see that it can be replaced; changes nothing.

        Call it once, at the start.

        Raises:
            PortFileError: neither name exists, not a plain file, not readable,
                folder not writable.
        """
        with self._explained("look at it"):
            with contextlib.suppress(FileNotFoundError), folder_of(self.path):
                pass  # root is told who could lead it astray
            found = [
                (place, _plain_file(name))
                for place, name in self._names
                if os.path.lexists(name)
            ]
        if not all(plain for _, plain in found):
            raise self._error(_NOT_PLAIN)
        if not found:
            raise self._error(
                "does not exist. If this is the right machine, create it: "
                f"touch {self.twin} (not {self.real.name} itself: NUT up to 2.8.3 "
                "reads an empty file as on line), and give it to the user that "
                "the monitor runs as"
            )
        self.read()
        if not os.access(self.real.parent, os.W_OK | os.X_OK):
            raise self._error(
                f"cannot be replaced: the folder {self.real.parent} is not writable "
                "for the user that the monitor runs as"
            ) from PermissionError()
        return found[0][0]

    def sweep(self) -> None:
        """Remove temporary files of a killed predecessor.

        Only with the lock held: they could be those of a running monitor, whose
        write would then fail.
        """
        with contextlib.suppress(OSError), Folder(self.real.parent) as folder:
            folder.sweep(self.real.name)
            folder.sweep(self.twin.name)

    @property
    def owner(self) -> tuple[int, int] | None:
        """Who should own the other files of this monitor; ``files.owner_for``."""
        return owner_for(self.real) or owner_for(self.twin)

    def find(self) -> PortFileName | None:
        """Tell which name exists now; None when both are gone."""
        now = self.signature()
        return now.place if now else None

    def signature(self) -> Signature | None:
        """Describe the file that exists now; None when both are gone.

        Raises:
            PortFileError: the folder cannot be searched.
        """
        with self._explained("look at it"):
            for place, name in self._names:
                found = glance(name)
                if found is not None:
                    return Signature.of(place, found)
        return None

    def _signature(self, folder: Folder) -> Signature | None:
        for place, name in self._names:
            with contextlib.suppress(FileNotFoundError):
                return Signature.of(place, folder.stat(name.name))
        return None

    def read(self) -> bytes:
        """Return the bytes of the port file, or of the twin while it is hidden.

        Raises:
            PortFileError: both are gone, unreadable, larger than 1 MiB, or not
                a plain file.
        """
        with self._explained("read it"):
            for _, name in self._names:
                with contextlib.suppress(FileNotFoundError):
                    return self._read(name)
        raise self._error(f"does not exist, nor does {self.twin.name}")

    def _read(self, name: Path) -> bytes:
        try:
            found = read_file(name, MAX_BYTES)
        except NotPlainError as exc:
            raise self._error(_NOT_PLAIN) from exc
        if len(found.data) > MAX_BYTES:
            raise self._error("is larger than 1 MiB; is it a port file?")
        self._known = found.info, found.access
        return found.data

    def write(self, data: bytes) -> bool:
        """Make ``data`` the content of the visible port file.

        The new file is renamed onto the old one, with its mode, owner and
        label and a modification time at least one whole second later; then
        the twin goes.

        Returns:
            False when this content already stands there, untouched since this
            object wrote it. A daemon's first write always happens: the driver
            may have missed the last one of a predecessor.

        Raises:
            PortFileError: the file is as it was before.
        """
        if self._stands(data):
            return False
        with (
            self._explained("write it"),
            self._alone(),
            Folder(self.real.parent) as folder,
        ):
            wrote = self._written != (data, self._signature(folder))
            if wrote:
                access = self._access(folder)
                replace = functools.partial(
                    folder.replace,
                    self.real.name,
                    data,
                    access=access,
                    spare=self._spare,
                )
                mtime_s = self._next_s(folder)
                try:
                    found = replace(mtime_s=mtime_s)
                except IsADirectoryError:
                    # Nothing a driver could read: a status waits for no person.
                    aside = f".{self.real.name}.{os.urandom(6).hex()}"
                    folder.rename(self.real.name, aside)
                    found = replace(mtime_s=mtime_s)
                if found.st_mtime < mtime_s and not self._backwards:
                    # Behind the last second that this file system has (2038 on XFS
                    # of old), by a clock that stood there once: all would be of it.
                    self._backwards, self._mtime_s = True, int(found.st_mtime)
                    found = replace(mtime_s=self._mtime_s - 1)
                self._mtime_s, self._known = int(found.st_mtime), (found, access)
                self._written = data, Signature.of(PortFileName.VISIBLE, found)
                # Room for one more status: an outage may find the disk full, and
                # the file must not go on saying OL.
                folder.keep_spare(self._spare, access)
            # The port file wins while both exist, so a twin that cannot be removed
            # does no harm; the next write tries again.
            with contextlib.suppress(OSError):
                folder.unlink(self.twin.name)
        return wrote

    def _next_s(self, folder: Folder) -> int:
        """Return the second of the next file: another one than of those before."""
        if self._backwards and self._mtime_s is not None:
            return self._mtime_s - 1
        return max([int(self._clock.wall()), *self._times(folder)])

    def _stands(self, data: bytes) -> bool:
        """Whether this is what the object wrote last, untouched, and the twin is gone.

        The usual case of a poll, so it takes no lock: nothing is written.
        """
        if self._written is None or self._written[0] != data:
            return False
        with self._explained("look at it"):
            same = self.signature() == self._written[1]
            return same and glance(self.twin) is None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others from replacing the file, or take what they would do it with.

        A tool that was stopped between its last look and its rename would put
        yesterday's OL over a fresh OB. It renames its temporary file: without that
        it fails, and reads the file again.
        """
        with writing(self.real.parent, MONITOR_WAITS_S) as held:
            if not held:
                self.sweep()
            yield

    def _times(self, folder: Folder) -> Iterator[int]:
        """Return the seconds that the next modification time must not be."""
        for _, name in self._names:
            with contextlib.suppress(FileNotFoundError):
                yield int(folder.stat(name.name).st_mtime) + 1
        if self._mtime_s is not None:
            yield self._mtime_s + 1

    def _access(self, folder: Folder) -> Access:
        """Return who may read the next file: as of the one that was read.

        Who may read the file of now, where it is that one still (somebody may have
        used chmod), or where we have no more rights than who put it there.
        """
        read, access = self._known or (None, _NEW)
        for _, name in self._names:
            try:
                found = folder.stat(name.name)
            except FileNotFoundError:
                continue
            same = read is None or os.path.samestat(found, read)
            if stat.S_ISREG(found.st_mode) and (same or os.geteuid() != 0):
                plain = Access(found.st_mode & 0o777, (found.st_uid, found.st_gid))
                return folder.access(name.name) or plain
            break
        return access

    def edit(self, data: bytes, expected: Signature) -> bool:
        """Change lines of the user, under the name that the file has now.

        For tools: a monitor that keeps the file finds it changed by somebody
        else, reads it again and writes what is true over it.

        Returns:
            False when the file is not ``expected`` any more: read it again.

        Raises:
            PortFileError: the file is as it was before.
        """
        visible = expected.place is PortFileName.VISIBLE
        name = self.real.name if visible else self.twin.name
        mtime_s = max(int(self._clock.wall()), expected.mtime_ns // 10**9 + 1)
        with (
            self._explained("write it"),
            writing(self.real.parent, TOOL_WAITS_S) as held,
            Folder(self.real.parent) as folder,
        ):
            if not held:
                return False
            try:
                folder.replace(
                    name,
                    data,
                    access=self._access(folder),
                    mtime_s=mtime_s,
                    still=lambda: self._signature(folder) == expected,
                )
            except (ChangedError, FileNotFoundError):
                return False
        return True

    def hide(self) -> bool:
        """Rename the port file to its twin: clients see "Driver not connected".

        Never while the last visible status was on battery (except where the
        status machine says so): upsmon takes silence after OB for a dead UPS.

        Returns:
            False when it was hidden already, or both are gone.

        Raises:
            PortFileError: the file is still visible.
        """
        with self._explained("hide it"), self._alone():
            try:
                with Folder(self.real.parent) as folder:
                    folder.rename(self.real.name, self.twin.name)
            except FileNotFoundError:
                return False
        self._written = None
        return True

    def _error(self, problem: str) -> PortFileError:
        return PortFileError(str(self.path), problem)

    @contextlib.contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise self._error(f"cannot {doing}: {problem.strerror}") from problem


def _plain_file(name: Path) -> bool:
    try:
        return stat.S_ISREG(look(name).st_mode)
    except FileNotFoundError:
        return False  # a link that leads nowhere


_log = logging.getLogger(__name__)

Value = float | str | None


class Port(Protocol):
    """What the publisher needs of a port file; nut/port_file.py implements it."""

    def read(self) -> bytes:
        """Return the bytes of the file, visible or hidden."""
        ...

    def write(self, data: bytes) -> bool:
        """Replace the visible file; False when nothing had to be done."""
        ...

    def hide(self) -> bool:
        """Rename the file away; False when it was hidden already."""
        ...

    def signature(self) -> Signature | None:
        """Describe the file that exists now."""
        ...


class PortFilePublisher:
    """The port file with the user's lines and settings in it.

    Args:
        port: the file.
        maker: whose defaults stand in it.

    Attributes:
        settings: the user's settings found in it.
        writes: how often the file was replaced.
    """

    def __init__(self, port: Port, maker: Maker = ENPHASE) -> None:
        self._port = port
        self._maker = maker
        self._text = PortText()
        self._signature: Signature | None = None
        self._told: set[str] = set()
        self._last: tuple[Mapping[str, Value], float, int | None] | None = None
        # The file's bytes and all that they are made of: most polls bring nothing new.
        self._rendered: tuple[tuple[object, ...], bytes] | None = None
        self.settings: UserSettings = user_settings(self._text, maker)
        self.writes = 0

    @property
    def status(self) -> str | None:
        """ups.status as found in the file; None while the file is hidden."""
        if self._signature is None or self._signature.place is not PortFileName.VISIBLE:
            return None
        return self._text.status or ""

    def load(self) -> None:
        """Read the file.

        Raises:
            PortFileError: it cannot be read.
        """
        # Taken before the read, so that a change meanwhile is seen; kept only
        # after it, so that a file which could not be read is tried again.
        signature = self._port.signature()
        self._text = for_maker(parse(self._port.read()), self._maker)
        self._signature = signature
        self.settings = user_settings(self._text, self._maker)
        for notice in (*self._text.notices, *self.settings.notices):
            self._tell(notice)

    def _tell(self, notice: str) -> None:
        if notice not in self._told:
            self._told.add(notice)
            _log.warning("port file: %s", notice)

    def refresh(self) -> bool:
        """Read the file again if somebody else has changed it.

        Returns:
            True when it was changed, or both names are gone.

        Raises:
            PortFileError: it cannot be read.
        """
        now = self._port.signature()
        if now == self._signature:
            return False
        if now is None:
            _log.warning("the port file is gone")
            self._signature = None
            return True
        self.load()
        _log.info("the port file was changed by somebody else: read again")
        return True

    def publish(
        self, values: Mapping[str, Value], low_pct: float, phases: int | None
    ) -> bool:
        """Write the values, if that changes anything.

        Args:
            values: by NUT name, ups.status among them.
            low_pct: battery.charge.low in force; replaces a lower one.
            phases: of the meters, None while unknown.

        Returns:
            True when the file was replaced.

        Raises:
            PortFileError: the file is as it was.
        """
        raised = low_pct > self.settings.charge_low_pct
        # The user's own limit may be another one when this is written again.
        self._last = (values, low_pct if raised else 0.0, phases)
        made_of = (*self._last, self._text)
        if self._rendered is None or self._rendered[0] != made_of:
            texts = self._texts(*self._last[:2])
            data = render(self._text, texts, phases, self._maker)
            self._rendered = made_of, data
        data = self._rendered[1]
        wrote = self._port.write(data)
        if wrote:
            self.writes += 1
            # A name that was ever in the file stays in it: the driver would
            # keep the value of a name that is missing.
            self._text = parse(data)
            self._signature = self._port.signature()
        return wrote

    def _texts(
        self, values: Mapping[str, Value], low_pct: float
    ) -> dict[str, str | None]:
        """Return all values as text; ``low_pct`` 0 leaves battery.charge.low."""
        texts: dict[str, str | None] = dict(self.settings.used)
        if low_pct:
            texts[CHARGE_LOW] = used = f"{low_pct:.1f}".removesuffix(".0")
            self._tell(
                f"{CHARGE_LOW}: {self.settings.used[CHARGE_LOW]} is too near to the "
                f"charge at which the battery stops; {used} is used"
            )
        return texts | {name: as_text(name, value) for name, value in values.items()}

    def republish(self) -> None:
        """Write the last values again, beside lines the user has changed.

        Raises:
            PortFileError: the file is as it was.
        """
        if self._last is not None:
            self.publish(*self._last)

    def forget(self) -> None:
        """Forget the last values: ``republish`` has nothing to write then."""
        self._last = None

    def hide(self) -> None:
        """Hide the file.

        Raises:
            PortFileError: it is still visible.
        """
        self._port.hide()
        self._last = None
        self._signature = self._port.signature()
