"""The user's settings changed by a tool, beside a monitor or without one.

Without a monitor its lock is held meanwhile. A running monitor is not stopped:
it reads a file that somebody else has changed before it writes. Both renames
are whole files, so one of two that meet can be lost; each side looks again.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nutbridge.config.settings import Settings
from nutbridge.daemon.wiring import maker_of
from nutbridge.errors import LockHeld, NutbridgeError, PortFileError
from nutbridge.nut.edit import with_settings
from nutbridge.nut.port_file import MAX_BYTES, PortFile, PortFileName
from nutbridge.nut.port_text import parse
from nutbridge.system.clock import Clock, Waiter
from nutbridge.system.files import acting_for, folder_of
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
    with acting_for(port.real, port.owner):
        change(port.read())  # refused before anything is changed
    files = [template] if _edit_template(template, change) else []
    # No step from here on needs more rights than the folder's owner has.
    with acting_for(port.real, port.owner):
        changed, held = _edit_locked(port, changes, change, waiter)
    if changed is not None:
        files.append(changed)
    lost = is_lost_at_boot(str(port.real)) and not template.exists()
    return Edited(tuple(files), held is not None, held.pid if held else None, lost)


def _edit_locked(
    port: PortFile, changes: Mapping[str, str], change: Change, waiter: Waiter
) -> tuple[Path | None, LockHeld | None]:
    """Return the file that was changed, and the monitor that runs beside us."""
    lock, held, changed = PortLock(port.real), None, None
    try:
        lock.acquire()
    except LockHeld as found:
        held = found
    try:
        if _edit_port(port, change):
            visible = port.find() is PortFileName.VISIBLE
            changed = port.real if visible else port.twin
        if held is not None:
            _see_it_stay(port, changes, change, waiter)
    finally:
        lock.release()
    return changed, held


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
        with folder_of(path) as (folder, name):
            found = folder.read(name, MAX_BYTES, alone=True)
            new = change(found.data)
            if len(found.data) > MAX_BYTES or new == found.data:
                return False
            folder.replace(name, new, access=found.access)
    except FileNotFoundError:
        return False
    except OSError as error:
        problem = f"template {path}: cannot be changed: {error.strerror}"
        raise NutbridgeError(problem) from error
    return True
