"""The life of Debian's packages on a machine: installed, upgraded, removed, purged."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nutbridge
from tests.boot.installed import SOON_S, listen
from tests.boot.machine import SOURCE, WHEELS, Machine
from tests.boot.package import DEBIAN, debian_version, make_packages
from tests.boot.play import Play, now
from tests.boot.scenes import MONITOR, PATH_UNIT, Scene, in_outage, on_line
from tests.boot.tree import apt_tree
from tests.nut.harness import wait_until
from tests.readme.walk import part, steps

#: The same sources under a later number.
_LATER = f"{debian_version(nutbridge.__version__)}+later"

#: What the owner wrote, by hand or by setup; NUT's own files aside.
_OWNERS = {
    "/etc/nut/enphase-home.conf",
    "/etc/nutbridge",
}
_COLLECTOR = "COLLECTOR=--mode local --listen 127.0.0.1:7480\n"

_SAME_NAMES = (
    "/usr/bin/enphase-monitor",
    "/usr/lib/systemd/system/enphase-monitor@.service",
)
_NUTS_CONTROL = """Package: nut-enphase
Version: 1
Architecture: all
Maintainer: nobody <nobody@localhost>
Description: stands for a later package of NUT
"""


@contextmanager
def packaged() -> Iterator[tuple[Path, Path, Path]]:
    """Yield the layer of an installation by apt, its tree, and a folder of packages.

    Raises:
        AssertionError: something of README's words for packages did not go well.
    """
    tree = apt_tree(DEBIAN)
    with tempfile.TemporaryDirectory(prefix="nb-deb-", dir="/var/tmp") as name:
        debs = Path(name)
        debs.chmod(0o755)
        for deb in make_packages(debs):
            _relabel(deb, debs / "later")
        with Machine([tree], "packages", debs) as machine:
            machine.prepare()
            machine.boot()
            _install(machine)
            listen(machine)
            doctor = machine.run("nutbridge doctor home", check=False)
            assert " 0 failed" in doctor, doctor
            machine.power_off()
            yield machine.own, tree, debs


def _relabel(deb: Path, folder: Path) -> None:
    """Make a package of the same content with the later number."""
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        control = Path(name, "content/DEBIAN/control")
        subprocess.run(["dpkg-deb", "-R", deb, control.parents[1]], check=True)
        now_it_is = debian_version(nutbridge.__version__)
        text = control.read_text()
        for words in ("Version: {}\n", "(= {})"):
            text = text.replace(words.format(now_it_is), words.format(_LATER))
        control.write_text(text)
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-b", control.parents[1], folder],
            stdout=subprocess.DEVNULL,
            check=True,
        )


def _install(machine: Machine) -> None:
    """Type what README says of packages, in the folder where they are."""
    house = machine.house
    said = f"{house.host}\n{house.email}\n{house.password}\ny\ny\ny\ny\n"
    for step in steps(part("package walk")):
        command = step.as_root.replace("apt install", "apt-get -y install")
        machine.run(f"cd {WHEELS} && {command}", said if "setup" in command else "")
    wait_until(
        lambda: machine.run("upsc home ups.status", check=False).strip() == "OL",
        SOON_S,
        "upsc home ups.status: OL",
    )
    assert machine.run(f"systemctl show -P User {MONITOR}").strip() == "nutbridge"
    machine.run(f"systemctl is-active {PATH_UNIT}")


def upgraded(begin: Callable[[Play], None]) -> Callable[[Play], None]:
    def act(play: Play) -> None:
        begin(play)
        ask = f"systemctl show -P MainPID {MONITOR}"
        before, since = play.machine.run(ask), now()
        play.machine.run(f"apt-get -y install {WHEELS}/later/*.deb")
        assert play.machine.run(ask).strip() not in (before.strip(), "0")
        assert play.machine.run("dpkg-query -W -f '${Version}' nutbridge") == _LATER
        assert play.seen.away_s(since) == 0, play.told()

    return act


def beside_nuts_script(play: Play) -> None:
    """NUT's package brings a script and a unit of the same names."""
    on_line(play)
    run = play.machine.run
    play.machine.write("/root/nut/DEBIAN/control", _NUTS_CONTROL)
    for path in _SAME_NAMES:
        play.machine.write(f"/root/nut{path}", "NUT's\n")
    run("dpkg-deb -b /root/nut /root/nut.deb && apt-get -y install /root/nut.deb")
    run(f"systemctl daemon-reload && systemctl restart {MONITOR}")
    for path in _SAME_NAMES:
        assert play.machine.read(path) != "NUT's\n", path
        assert play.machine.read(f"{path}.nut") == "NUT's\n", path


def removed(begin: Callable[[Play], None]) -> Callable[[Play], None]:
    def act(play: Play) -> None:
        begin(play)
        play.machine.run(f"apt-get -y install {WHEELS}/nutbridge-collector_*.deb")
        play.machine.write("/etc/nutbridge/collector.env", _COLLECTOR, 0o600)
        for unit in ("nutbridge-collector", "nutbridge-web"):
            play.machine.run(f"systemctl enable --now {unit}")
            play.machine.run(f"systemctl is-active {unit}")
        play.machine.run("apt-get -y remove nutbridge nutbridge-collector")
        runs = play.machine.run(
            "pgrep -af '[n]utbridge|[e]nphase-monitor'", check=False
        )
        assert not runs, runs

    return act


def installed_again(play: Play) -> None:
    """Removed, its config kept: what is enabled begins again with it."""
    on_line(play)
    run = play.machine.run
    run("apt-get -y remove nutbridge")
    play.wait_for("-")
    run(f"apt-get -y install {WHEELS}/nutbridge_*.deb")
    play.wait_for("OL")
    run(f"systemctl stop {MONITOR}")
    run(f"apt-get -y install {WHEELS}/later/nutbridge_*.deb")
    assert run(f"systemctl show -P ActiveState {MONITOR}").strip() == "inactive"
    run(f"systemctl start {MONITOR} && dpkg --audit")


def purged(play: Play) -> None:
    removed(on_line)(play)
    play.machine.run("apt-get -y purge nutbridge nutbridge-collector")
    names = " -o ".join(
        f"-name '*{word}*'" for word in ("nutbridge", "enphase", "sma-")
    )
    found = play.machine.run(
        rf"find / -xdev \( -path {WHEELS} -o -path {SOURCE} -o -path /root -o"
        rf" -path /tmp -o -path /var/log \) -prune -o \( {names} -o -nouser -o"
        r" -nogroup \) -print; find /run /var/tmp -name '*nutbridge*'",
    )
    assert set(found.split()) == _OWNERS, found
    assert not play.machine.run("getent passwd nutbridge", check=False)
    assert not play.machine.run("dpkg-divert --list nutbridge")


PACKAGED = (
    Scene("packages: upgraded in an outage", upgraded(in_outage), "OB", short=True),
    Scene("packages: upgraded on line", upgraded(on_line), "OL"),
    Scene("packages: beside NUT's own script", beside_nuts_script, "OL"),
    Scene("packages: removed and installed again", installed_again, "OL"),
    Scene("packages: removed in an outage", removed(in_outage), "OB"),
    Scene("packages: removed and purged on line", purged, "-"),
)
