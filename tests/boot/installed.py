"""A machine with nutbridge on it, as the README says, and upsmon as its manual says."""

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.boot.machine import MARKS, SOURCE, Machine
from tests.boot.tree import base_tree, wheels
from tests.nut.harness import wait_until
from tests.readme.walk import Step, part, steps

#: nut-driver@ is started again after 15 s at the most.
SOON_S = 60.0

#: What nutbridge-nut(7) says for the NUT of a release of Debian.
DROP_INS = {
    12: ("NUT 2.8.0 walk", "port file walk"),
    13: ("NUT 2.8.1 walk", "port file walk"),
}

#: A drop-in that setup offers on each of them.
OFFERED = "/etc/systemd/system/nut-monitor.service.d/nutbridge.conf"

GUARD = "[guard]\n  password = choose-one\n  upsmon primary\n"
MONITOR = "MONITOR home@localhost 1 guard choose-one primary"


@contextmanager
def installed(debian: int, drop_ins: tuple[str, ...] | None = None) -> Iterator[Path]:
    """Yield the layer that an installation leaves on a machine.

    Args:
        debian: its release.
        drop_ins: parts of nutbridge-nut(7) to type; None: those of the release.
    """
    walks = DROP_INS[debian] if drop_ins is None else drop_ins
    with Machine([base_tree(debian)], f"install{debian}", wheels(debian)) as machine:
        machine.prepare()
        machine.boot()
        install(machine, drop_ins=bool(walks))
        # By setup; the manual's own words for it, below, must lead to the same.
        assert bool(machine.read(OFFERED)) == bool(walks), OFFERED
        listen(machine)
        for name in walks:
            type_as_root(machine, name)
        machine.power_off()
        yield machine.own


def install(machine: Machine, *, drop_ins: bool) -> None:
    """Type the install section of the README, command by command.

    Args:
        machine: it has Debian and NUT's packages.
        drop_ins: the answer when setup offers them.
    """
    machine.run(
        f"mkdir nutbridge && tar -C {SOURCE} --exclude=./.* -c . | tar -C nutbridge -x"
    )
    for step in steps(part("install walk")):
        _type(machine, step, drop_ins=drop_ins)


def type_as_root(machine: Machine, name: str) -> None:
    """Type what the manual has between the marks of that name, in one shell."""
    lines = [_edited(step.as_root) for step in steps(part(name))]
    machine.run("set -e\n" + "\n".join(lines))


def _edited(command: str) -> str:
    """Return what an editor is asked to do, as sed does it."""
    if not command.startswith("sudoedit /etc/nut/ups.conf"):
        return command
    section = r"/^\[home\]/,/^\[/{/^\[home\]/d;/^\[/!d}"
    return f"sed -i '{section}' /etc/nut/ups.conf"


def _type(machine: Machine, step: Step, *, drop_ins: bool) -> None:
    command = step.as_root
    if command.startswith("apt install"):
        return  # in the tree; the machine has no network
    if command.startswith("upsc"):
        wait_until(
            lambda: machine.run(command, check=False).strip() == step.shows,
            SOON_S,
            f"{command}: {step.shows}",
        )
        return
    said = ""
    if command.startswith("nutbridge setup"):
        house, wanted = machine.house, "y" if drop_ins else "n"
        said = f"{house.host}\n{house.email}\n{house.password}\ny\ny\n{wanted}\n"
    machine.run(f"cd /root/nutbridge && {command}", said)


def listen(machine: Machine) -> None:
    """Let upsmon of this machine listen, as nutbridge-nut(7) says; it only marks."""
    mark = f"SHUTDOWNCMD {shlex.quote(f'date +%s >> {MARKS}')}"
    machine.write("/etc/nut/upsd.users", GUARD, 0o640)
    machine.run("chown root:nut /etc/nut/upsd.users")
    conf = machine.read("/etc/nut/upsmon.conf")
    conf = re.sub(r"(?m)^SHUTDOWNCMD .*$", mark.replace("'", '"'), conf)
    machine.write("/etc/nut/upsmon.conf", f"{conf}\n{MONITOR}\n", 0o640)
    machine.run("systemctl restart nut-server && systemctl enable --now nut-monitor")
    wait_until(
        lambda: "127.0.0.1" in machine.run("upsc -c home", check=False),
        SOON_S,
        "upsmon at upsd",
    )
