"""The manual's way in and out, walked command by command in a box."""

import os
import re
from collections.abc import Iterator

import pytest

from tests.nut.harness import wait_until
from tests.readme.box import Box
from tests.readme.services import Services
from tests.readme.walk import Step, fits, part, steps

#: Packages that the manual may ask for.
PACKAGES = {"nut-server", "nut-client", "python3-venv"}
#: systemd starts the driver every 15 s, on a machine that runs many tests.
SOON_S = 40

#: All that an installation leaves on the machine.
INSTALLED = {
    "/etc/nut/enphase-home.conf": "new",
    "/etc/nut/home.dev-template": "new",
    "/etc/nut/nut.conf": "changed",
    "/etc/nut/ups.conf": "changed",
    "/etc/nut/upsmon.conf": "changed",
    "/etc/passwd": "changed",
    "/etc/shadow": "changed",
    "/etc/systemd/system/enphase-monitor@.service": "new",
    "/etc/systemd/system/enphase-monitor@home.service.d": "new",
    "/etc/tmpfiles.d/nutbridge-home.conf": "new",
    "/opt/nutbridge": "new",
    "/run/nutbridge": "new",
    "/usr/local/bin/enphase-monitor": "new",
    "/usr/local/bin/nutbridge": "new",
    "/var/lib/nutbridge": "new",
}
#: Step 1 sets these for NUT; they stay.
OF_NUT = {"/etc/nut/nut.conf": "changed", "/etc/nut/upsmon.conf": "changed"}


#: What a guard of this machine is told in.
GUARD = ("upsd.users", "upsmon.conf")


class Walker:
    """Somebody who types what the manual says.

    Attributes:
        box: the machine.
        services: what runs on it.
        said: the output so far, by command.
    """

    def __init__(self, box: Box) -> None:
        self.box = box
        self.services = Services(box)
        self.said: dict[str, str] = {}

    def walk(self, name: str) -> None:
        """Do all that stands between two marks of the manual."""
        found = steps(part(name))
        assert found
        for step in found:
            self.do(step)

    def do(self, step: Step) -> None:
        """Type one command; it must succeed, and show what the manual shows."""
        program, *rest = step.as_root.split()
        if program == "apt":
            assert set(rest) - {"install"} <= PACKAGES, step
        elif program == "systemctl":
            self.services.obey(rest)
        elif program == "sudoedit":
            self._edit(rest[0])
        elif program == "upsc":
            wait_until(
                lambda: self._run(step.as_root) == step.shows,
                SOON_S,
                f"{step.command}: {step.shows}",
            )
        elif rest[:1] == ["history"]:
            self._look_back(step)
        else:
            said = self.said[step.command] = self._run(step.as_root, step)
            assert step.shows is None or fits(said, step.shows), said

    def _look_back(self, step: Step) -> None:
        """The manual shows the outage of the demo; this house has had none."""
        done = self.box.run(step.as_root)
        drawn = "--plot" in step.command
        said = done.stderr if drawn else done.stdout
        words = "home: no outage in this time" if drawn else "home: no outage since "
        assert words in said, done.stdout + done.stderr
        assert done.returncode == drawn

    def _run(self, command: str, needed: Step | None = None) -> str:
        packages = "/pip " in command
        done = self.box.run(
            command,
            self._answers(command),
            network=not packages,
            seconds=300 if packages else 90,
        )
        if needed is not None:
            assert done.returncode == 0, f"{needed}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout.rstrip()

    def _answers(self, command: str) -> str:
        """What is typed at the questions of setup."""
        if not command.startswith("nutbridge setup"):
            return ""
        house = self.box.house
        return f"{house.host}\n{house.email}\n{house.password}\ny\ny\nn\n"

    def _edit(self, path: str) -> None:
        """Remove the section [home], as the manual says beside the command."""
        text = self.box.run(f"cat {path}").stdout
        left = re.sub(r"\n\[home\]\n(?:(?!\[).*\n)*", "", text)
        assert left != text
        assert self.box.run(f"cat > {path}", left).returncode == 0


@pytest.fixture
def walker() -> Iterator[Walker]:
    if os.geteuid() != 0:
        pytest.skip("root installs, in a box of its own too; run as root")
    box = Box()
    found = Walker(box)
    try:
        yield found
    finally:
        found.services.close()
        box.close()


@pytest.mark.nut
@pytest.mark.slow(40)
def test_install_walk(walker: Walker) -> None:
    """In, until clients see OL and doctor finds no fault; out, with nothing left."""
    before = walker.box.changes()
    walker.walk("install walk")
    assert changes_since(before, walker) == INSTALLED
    assert_setup_names_the_next_lines(walker)
    assert_all_green(walker)
    assert_installed_for_the_monitor(walker)
    walker.walk("tools walk")
    assert_upgrade_keeps_config_and_port_file(walker.box)
    walker.walk("uninstall walk")
    assert changes_since(before, walker) == OF_NUT
    assert walker.services.enabled == {"nut-driver-enumerator.path"}


def assert_upgrade_keeps_config_and_port_file(box: Box) -> None:
    """From the bash script: same config, same port file, same section."""
    house, before = box.house, box.run("cat /etc/nut/ups.conf").stdout
    files = {
        "/etc/nut/enphase-old.conf": (
            f'USERNAME="{house.email}"\nPASSWORD="{house.password}"\n'
            f"SERIAL={house.serial}\nPORT_FILE=old.dev\nENVOY_HOST={house.host}\n"
        ),
        "/var/lib/nut/old.dev": "battery.charge.low: 25\nmy.line: 1\nups.status: OL\n",
        "/etc/nut/ups.conf": before
        + "\n[old]\n  driver = dummy-ups\n  port = /var/lib/nut/old.dev\n",
    }
    for path, text in files.items():
        made = box.run(f"cat > {path}; chown root:nut {path}; chmod 640 {path}", text)
        assert made.returncode == 0
    done = box.run("nutbridge setup old --yes")
    assert done.returncode == 0, done.stderr
    assert {path: box.run(f"cat {path}").stdout for path in files} == files
    # With the certificate and a token, the first start needs no cloud.
    box.run("rm /etc/nut/enphase-old.conf /var/lib/nut/old.dev")
    gone = box.run("rm /var/lib/nut/enphase-old.token /var/lib/nut/enphase-old.finger*")
    assert gone.returncode == 0, gone.stderr
    box.run("cat > /etc/nut/ups.conf", before)
    # One monitor there has a user of its own: so has this one.
    drop_ins = "/etc/systemd/system/enphase-monitor@old.service.d"
    assert box.run(f"rm -r {drop_ins}").returncode == 0


def changes_since(before: dict[str, str], walker: Walker) -> dict[str, str]:
    now = walker.box.changes()
    return {
        path: what
        for path, what in now.items()
        if before.get(path) != what and not path.endswith(("-", ".lock"))
    }


def assert_setup_names_the_next_lines(walker: Walker) -> None:
    """What setup tells to run is what the manual tells to run."""
    told = walker.said["sudo nutbridge setup home"].partition("Then start it:\n")[2]
    lines = [line.strip() for line in told.splitlines() if line.startswith("  ")]
    found = [step.as_root for step in steps(part("install walk"))]
    assert lines
    begin = found.index(lines[0])
    assert found[begin : begin + len(lines)] == lines


def assert_all_green(walker: Walker) -> None:
    """With a guard no check fails or warns, but for what this box cannot have.

    upsmon is not started here, and the drop-ins for NUT 2.8.0 were not wanted.
    """
    found = doctor(walker)
    (failure,) = failures(found)
    assert "upsmon.conf has no MONITOR line for home" in failure
    account = "[guard]\n  password = choose-one\n  upsmon primary\n"
    line = "MONITOR home@localhost 1 guard choose-one primary\n"
    before = {name: walker.box.run(f"cat /etc/nut/{name}").stdout for name in GUARD}
    for name, text in zip(GUARD, (account, line), strict=True):
        assert walker.box.run(f"cat >> /etc/nut/{name}", text).returncode == 0
    walker.services.obey(["reload-or-restart", "nut-server"])
    wait_until(lambda: not failures(doctor(walker))[1:], SOON_S, "the driver")
    found = doctor(walker)
    assert failures(found) == [
        "\u2717  upsmon of this machine is not logged in at upsd for home"
    ]
    warned = [line for line in found if line.startswith("!")]
    assert all("Restart=" in line for line in warned)
    skipped = [line for line in found if line.startswith("-")]
    reasons = ("no systemd runs", "SELinux", "upssched is not", "does not wait for")
    assert all(any(each in line for each in reasons) for line in skipped), skipped
    for name, text in before.items():
        assert walker.box.run(f"cat > /etc/nut/{name}", text).returncode == 0


def doctor(walker: Walker) -> list[str]:
    """Return the first line of each finding.

    Nobody plays ``systemctl show``: to doctor no systemd runs.
    """
    away, back = "mv /run/systemd /run/away", "mv /run/away /run/systemd"
    done = walker.box.run(f"{away}; nutbridge doctor home; {back}")
    said = done.stdout.splitlines()
    return [line for line in said[:-1] if not line.startswith(" ")]


def failures(found: list[str]) -> list[str]:
    return [line for line in found if line.startswith("\u2717")]


def assert_installed_for_the_monitor(walker: Walker) -> None:
    """As its user, without a home: program, config, manual pages; NUT only reads."""
    run = walker.box.run
    own = "setpriv --reuid=nutbridge --regid=nut --init-groups"
    nut = "setpriv --reuid=nut --regid=nut --init-groups"
    config, token = "/etc/nut/enphase-home.conf", "/var/lib/nutbridge/*.token"
    port = "/run/nutbridge/home.dev"
    for path, may_nut in ((config, False), (token, False), (port, True)):
        assert run(f"{own} sh -c 'cat {path}'").returncode == 0
        assert (run(f"{nut} sh -c 'cat {path}'").returncode == 0) == may_nut, path
    assert run(f"{nut} touch {port}").returncode != 0
    assert run(f"{own} enphase-monitor --version").returncode == 0
    page = run("man -M /opt/nutbridge/share/man -w enphase-monitor").stdout
    assert page == "/opt/nutbridge/share/man/man8/enphase-monitor.8\n"
    secret = run(f"stat -c '%a %U:%G' {config} {token} {port}")
    assert secret.stdout.splitlines() == [
        "600 nutbridge:nut",
        "600 nutbridge:nut",
        "640 nutbridge:nut",
    ]
