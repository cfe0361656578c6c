"""The user's settings changed by a tool, beside a monitor or without one.

Without a monitor its lock is held meanwhile. A running monitor is not stopped:
it reads a file that somebody else has changed before it writes. Both renames
are whole files, so one of two that meet can be lost; each side looks again.
"""

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nutbridge.config.settings import Settings
from nutbridge.daemon.wiring import maker_of
from nutbridge.errors import LockHeld, NutbridgeError, PortFileError
from nutbridge.nut.edit import with_settings
from nutbridge.nut.port_file import MAX_BYTES, PortFile
from nutbridge.nut.port_text import parse
from nutbridge.system.clock import Clock, Waiter
from nutbridge.system.files import replace_file
from nutbridge.system.lock import PortLock
from nutbridge.tools.setup.places import is_lost_at_boot, template_path

_TRIES = 10
#: A write of the monitor that was under way when the file was changed is over
#: after this long: it writes 4 kB and waits for the disk.
_SETTLE_S = 1.0
_LOOK_S = 0.1

#: Makes the new bytes of a port file from the old ones.
Change = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of a change.

    Attributes:
        files: those that were changed.
        monitor: a monitor runs, and takes it at its next check.
        pid: of that monitor, where known.
        lost_at_boot: the port file begins anew at every boot, from nothing.
    """

    files: tuple[Path, ...]
    monitor: bool
    pid: int | None
    lost_at_boot: bool


def edit_settings(
    settings: Settings, changes: Mapping[str, str], clock: Clock, waiter: Waiter
) -> Edited:
    """Change settings in the port file, and in its template where there is one.

    Args:
        settings: of the config.
        changes: by name, checked (nut/edit.py).
        clock: dates the file.
        waiter: waits for a monitor's own write.

    Raises:
        UsageError: the settings do not fit together; nothing was changed.
        PortFileError: the port file cannot be changed.
        NutbridgeError: the template cannot be changed.
        Stopping: asked to end; the file is whole, in the old or the new form.
    """
    port = PortFile(Path(settings.port_file), clock)
    template = Path(template_path(settings))
    port.check()
    change = functools.partial(with_settings, changes=changes, maker=maker_of(settings))
    change(port.read())  # refused before anything is changed
    files = [template] if _edit_template(template, change) else []
    lock = PortLock(port.real)
    pid: int | None = None
    try:
        lock.acquire()
    except LockHeld as held:
        monitor, pid = True, held.pid
    else:
        monitor = False
    try:
        if _edit_port(port, change):
            files.append(port.real if port.real.exists() else port.twin)
        if monitor:
            _see_it_stay(port, changes, change, waiter)
    finally:
        lock.release()
    lost = is_lost_at_boot(str(port.real)) and not template.exists()
    return Edited(tuple(files), monitor, pid, lost)


def _edit_port(port: PortFile, change: Change) -> bool:
    for _ in range(_TRIES):
        seen = port.signature()
        data = port.read()
        if seen is None or port.signature() != seen:
            continue
        new = change(data)
        if new == data:
            return False
        if port.edit(new, seen):
            return True
    raise PortFileError(str(port.path), "is changed by somebody else all the time")


def _see_it_stay(
    port: PortFile, changes: Mapping[str, str], change: Change, waiter: Waiter
) -> None:
    """Change it again where a write of the monitor was faster by a hair."""
    for _ in range(round(_SETTLE_S / _LOOK_S)):
        waiter.wait(_LOOK_S)
        text = parse(port.read())
        if any(text.setting(name) != value for name, value in changes.items()):
            _edit_port(port, change)


def _edit_template(path: Path, change: Change) -> bool:
    """Change the lines that every boot begins with; False without a template."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            data = file.read(MAX_BYTES + 1)
        new = change(data)
        if len(data) > MAX_BYTES or new == data:
            return False
        replace_file(Path(os.path.realpath(path)), new, access=path)
    except FileNotFoundError:
        return False
    except OSError as error:
        problem = f"template {path}: cannot be changed: {error.strerror}"
        raise NutbridgeError(problem) from error
    return True
