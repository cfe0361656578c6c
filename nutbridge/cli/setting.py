"""nutbridge set: the user's lines in the port file."""

from typing import TYPE_CHECKING, Annotated

import typer

from nutbridge.cli.common import (
    Config,
    port_of,
    quiet_logs,
    settings_of,
    sudo_hint,
)
from nutbridge.system.text import printable

if TYPE_CHECKING:
    from nutbridge.config.settings import Settings
    from nutbridge.nut.variables import Maker
    from nutbridge.tools.edits import Edited

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[UPS] [NAME=VALUE]...",
        help="Name of the UPS in ups.conf, and what to change.",
        show_default=False,
    ),
]


def set_settings(words: Words = None, config: Config = None) -> None:
    """Show or change the settings that live in the port file.

    For example: nutbridge set home battery.charge.low=30. NAME= goes back to
    the default. Without NAME=VALUE the settings are shown. The file is
    never away for a moment, its status is not touched, and a running monitor
    takes the new value at its next check. A template (see setup) is changed as
    well.

    Exit status: 0 done; 2 not a setting, or a value out of range; 73 the file
    cannot be changed; 78 the config is wrong.
    """
    from nutbridge.daemon.wiring import maker_of
    from nutbridge.nut.edit import parse_change

    quiet_logs()
    words = list(words or [])
    ups = words.pop(0) if words and "=" not in words[0] else None
    with sudo_hint():
        settings = settings_of(config, ups)
        maker = maker_of(settings)
        changes = dict(parse_change(word, maker) for word in words)
        if not changes:
            typer.echo("\n".join(_table(settings, maker)))
            return
        before = _texts(settings)
        done = _edit(settings, changes)
    for name, value in changes.items():
        old = before.get(name, maker.default(name) or "none")
        typer.echo(f"{name}: {printable(old)} -> {value}")
    typer.echo("\n".join(_consequences(settings, changes, done)))


def _edit(settings: "Settings", changes: dict[str, str]) -> "Edited":
    from nutbridge.net.worker import ThreadWaiter
    from nutbridge.system.clock import SystemClock
    from nutbridge.tools.edits import edit_settings

    return edit_settings(settings, changes, SystemClock(), ThreadWaiter())


def _texts(settings: "Settings") -> dict[str, str]:
    from nutbridge.nut.edit import NAMES
    from nutbridge.nut.port_text import parse

    text = parse(port_of(settings).read())
    found = {name: text.setting(name) for name in NAMES}
    return {name: value for name, value in found.items() if value is not None}


def _table(settings: "Settings", maker: "Maker") -> list[str]:
    from nutbridge.nut.port_text import RANGES
    from nutbridge.nut.variables import SETTINGS

    texts = _texts(settings)
    lines = [f"Settings in {printable(settings.port_file)}:", ""]
    for each in SETTINGS:
        default = maker.default(each.name) or "none"
        value = printable(texts.get(each.name, default))
        if each.name in RANGES:
            lowest, highest = RANGES[each.name]
            allowed = f"{lowest:g} to {highest:g} {each.unit}"
        else:
            allowed = "text"
        lines.append(f"  {each.name:24} {value:16} {each.help}")
        lines.append(f"  {'':24} {'':16} ({allowed}; default {default})")
    return lines


def _consequences(
    settings: "Settings", changes: dict[str, str], done: "Edited"
) -> list[str]:
    lines = [f"Changed: {printable(str(file))}" for file in done.files]
    if not done.files:
        lines.append("Nothing to change: it stands so already.")
    elif done.monitor:
        who = f"pid {done.pid}" if done.pid else "another process"
        lines.append(f"The monitor ({who}) takes it at its next check.")
    else:
        lines.append("No monitor runs; it is used from the next start on.")
    raised = _raised(settings, changes)
    if raised is not None:
        lines.append(raised)
    if done.lost_at_boot:
        lines.append("The port file begins anew at every boot: there is no template.")
    return lines


def _raised(settings: "Settings", changes: dict[str, str]) -> str | None:
    """Say that the monitor will use a higher limit than the one given."""
    from nutbridge.nut.variables import CHARGE_LOW
    from nutbridge.system.clock import SystemClock
    from nutbridge.tools.status.state import read_noted
    from nutbridge.ups.status.policy import effective_low_pct

    clock = SystemClock()
    noted = read_noted(settings, port_of(settings, clock).real, clock)
    floor_pct = noted.saved.memory.battery.floor_pct if noted else None
    if CHARGE_LOW not in changes or floor_pct is None:
        return None
    used = effective_low_pct(float(changes[CHARGE_LOW]), floor_pct)
    if used <= float(changes[CHARGE_LOW]):
        return None
    return (
        f"{CHARGE_LOW}: the battery stops at {floor_pct:g} %, so {used:g} is used "
        "instead."
    )
