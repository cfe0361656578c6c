"""What the probes look at with: permissions, file systems, systemd."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nutbridge.system.clock import SystemClock
from nutbridge.system.services import BY_HAND, SYSTEMD
from nutbridge.tools.doctor import systemd
from nutbridge.tools.doctor.access import (
    User,
    closed_to,
    file_system,
    look_at,
    may_use,
    runner_of,
    user_of,
    why_closed,
)
from nutbridge.tools.doctor.context import DoctorContext
from nutbridge.tools.doctor.files import FileFacts
from nutbridge.tools.doctor.nut import NutFacts
from nutbridge.tools.doctor.port_wait import PortWaitFacts
from tests.nut.harness import wait_until
from tests.system.unit_file import SYSTEMD as SHIPPED
from tests.tools.doctor.build import settings

NOBODY = User("nobody", 65534)
ROOT = User("root", 0)


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder that everybody can reach, and no further one above it closed."""
    folder = Path("/tmp", f"nb-access-{os.getpid()}-{tmp_path.name}")
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    return folder


def test_may_use_goes_by_mode_owner_and_path(open_folder: Path) -> None:
    file = open_folder / "file"
    file.touch()
    try:
        for mode, readable in ((0o644, True), (0o640, False), (0o604, True)):
            file.chmod(mode)
            assert may_use(file, NOBODY, os.R_OK) is readable
            assert may_use(file, ROOT, os.R_OK)
        open_folder.chmod(0o750)
        assert not may_use(file, NOBODY, os.R_OK)
        # The owner's own bits count, even where all others may.
        file.chmod(0o044)
        us = User(user_of(os.getuid()).name, os.getuid())
        assert may_use(file, us, os.R_OK) is (us.uid == 0)
    finally:
        file.unlink()
        open_folder.rmdir()


def test_may_use_knows_groups(open_folder: Path) -> None:
    if os.getuid() != 0:
        open_folder.rmdir()
        pytest.skip("only root can give a file to another group; run as root")
    file = open_folder / "file"
    file.touch(mode=0o640)
    try:
        assert not may_use(file, NOBODY, os.R_OK)
        os.chown(file, 0, 65534)
        assert may_use(file, NOBODY, os.R_OK)
    finally:
        file.unlink()
        open_folder.rmdir()


def test_program_that_a_unit_cannot_start(open_folder: Path) -> None:
    """Installed with a umask of 077, or where the unit sees nothing."""
    program = open_folder / "bin/enphase-monitor"
    program.parent.mkdir()
    program.touch(0o755)
    try:
        for path, mode in ((program, 0o755), (program.parent, 0o711)):
            path.chmod(mode)
        assert closed_to(NOBODY, program, sees_homes=False) is None
        for path in (program, program.parent, open_folder):
            path.chmod(0o700)
            assert closed_to(NOBODY, program, sees_homes=True) == path
            assert closed_to(ROOT, program, sees_homes=True) is None
        assert closed_to(NOBODY, open_folder / "none", sees_homes=True) == open_folder
    finally:
        shutil.rmtree(open_folder)
    home = Path("/root/bin/enphase-monitor")
    assert closed_to(ROOT, home, sees_homes=False) == home
    assert why_closed(home)[0] == f"{home} lies in /root"


def test_look_at_tells_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert not look_at(file, ROOT, os.R_OK).there
    file.touch()
    file.chmod(0o640)
    seen = look_at(file, ROOT, os.R_OK)
    assert (seen.mode, seen.plain, seen.usable) == (0o640, True, True)
    assert not look_at(tmp_path, ROOT, os.R_OK).plain
    assert not look_at(file / "below", ROOT, os.R_OK).there


def test_runner_of_goes_by_the_whole_arguments() -> None:
    name = f"nb-{os.getpid()}"
    with subprocess.Popen(
        [sys.executable, "-c", "input()", "-a", name], stdin=subprocess.PIPE
    ) as process:
        program = Path(sys.executable).name
        # The kernel fills its arguments in a moment after exec(3) has begun.
        wait_until(lambda: runner_of(program, "-a", name) is not None, 20, name)
        found = runner_of(program, "-a", name)
        assert runner_of(program, "-a", name[:-1]) is None
        assert runner_of("dummy-ups", "-a", name) is None
        process.kill()
    assert found is not None
    assert found.uid == os.getuid()


def test_file_system_is_that_of_the_nearest_mount() -> None:
    assert file_system(Path("/proc/self")) == "proc"
    assert file_system(Path("/")) not in ("", "proc")


@pytest.mark.parametrize(
    ("span", "seconds"),
    [
        ("15s", 15.0),
        ("15", 15.0),
        ("100ms", 0.1),
        ("1min 30s", 90.0),
        ("1h", 3600.0),
        ("infinity", None),
        ("", None),
        ("5 parsecs", None),
    ],
)
def test_seconds_of_systemd(span: str, seconds: float | None) -> None:
    assert systemd.seconds(span) == pytest.approx(seconds)


def unit_file(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[Service]\n" + "\n".join(lines) + "\n")


def test_from_files_takes_drop_ins_in_order(tmp_path: Path) -> None:
    """A drop-in hides one of its name in a later folder; names decide the order."""
    etc, lib = tmp_path / "etc", tmp_path / "lib"
    environ = {"SYSTEMD_UNIT_PATH": f"{etc}:{lib}"}
    unit = "a@b.c.service"
    assert systemd.from_files(unit, environ) is None
    unit_file(lib / "a@.service", "RestartSec=15s", "# RestartSec=1", "User=nut")
    assert systemd.from_files(unit, environ) == {"RestartSec": "15s", "User": "nut"}
    unit_file(lib / "a@.service.d" / "50.conf", "RestartSec=5s")
    unit_file(etc / "a@b.c.service.d" / "40.conf", "RestartSec=4s", "User=me")
    found = systemd.from_files(unit, environ) or {}
    assert (found["RestartSec"], found["User"]) == ("5s", "me")
    unit_file(etc / "a@.service.d" / "50.conf", "RestartSec=3s")
    assert (systemd.from_files(unit, environ) or {})["RestartSec"] == "3s"
    unit_file(etc / "a@b.c.service", "RestartSec=9s")
    assert "User" in (systemd.from_files(unit, environ) or {})


def test_nut_of_its_own_runs_as_who_looks_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container has one user, often without a name, and no user nut's NUT."""
    uid = os.geteuid() or 12345
    if uid != os.geteuid():
        os.chown(tmp_path, uid, uid)
        monkeypatch.setattr(os, "geteuid", lambda: uid)
    environ = {"NUT_CONFPATH": str(tmp_path), "NUT_STATEPATH": str(tmp_path)}
    clock, port = SystemClock(), str(tmp_path / "home.dev")
    place = DoctorContext(settings(port=port), environ, clock, clock.boottime(), "")
    assert FileFacts.gather(place).driver == user_of(uid)
    (tmp_path / "ups.conf").write_text("user = root\n")
    assert FileFacts.gather(place).driver == ROOT


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone may mount; run as root")
@pytest.mark.parametrize(
    ("options", "fill", "said"),
    [
        ("size=1m", 0, ""),
        ("size=1m,ro", 0, "is mounted read-only"),
        ("size=1m", 2_000_000, "is full"),
        ("nr_inodes=1", 0, "has no room for one more file"),
    ],
)
def test_disk_on_which_nothing_can_be_written(
    tmp_path: Path, options: str, fill: int, said: str
) -> None:
    script = f"""
    mount -t tmpfs -o {options} none "$1"
    head -c {fill} /dev/zero > "$1/x" || :
    exec "$2" -c "
import sys; from pathlib import Path
from nutbridge.tools.doctor.access import disk_trouble
print(disk_trouble(Path(sys.argv[1])))" "$1"
    """
    own = ["unshare", "--mount", "sh", "-ec", script, "sh", str(tmp_path)]
    done = subprocess.run(
        [*own, sys.executable], capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{said}\n", done.stderr


def test_show_reads_what_systemctl_says(tmp_path: Path) -> None:
    program = tmp_path / "systemctl"
    program.write_text('#!/bin/sh\necho "Type=notify"\necho "$1 $2 $3 $4"\n')
    program.chmod(0o755)
    found = systemd.show("a.service", ("Type",), {"PATH": f"{tmp_path}:/bin"}, 10)
    assert found["Type"] == "notify"
    assert "show --property" in found


def test_show_tells_why_systemctl_fails(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not installed"):
        systemd.show("a.service", ("Type",), {"PATH": str(tmp_path)}, 10)
    program = tmp_path / "systemctl"
    program.write_text("#!/bin/sh\necho 'Failed to connect to bus' >&2\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(OSError, match="Failed to connect to bus"):
        systemd.show("a.service", ("Type",), {"PATH": str(tmp_path)}, 10)


def test_port_wait_looks_at_the_files_of_this_ups(
    tmp_path: Path,
) -> None:
    """As they are shipped: the driver wants the path unit."""
    environ = {"SYSTEMD_UNIT_PATH": str(tmp_path)}
    clock = SystemClock()
    place = DoctorContext(
        settings(), environ, clock, clock.boottime(), "", services=BY_HAND
    )
    unit_file(tmp_path / "nut-driver@.service", "Restart=always")
    assert PortWaitFacts.gather(place) == PortWaitFacts(None, None)
    (tmp_path / "nutbridge-port@.path").write_bytes(
        (SHIPPED / "nut/nutbridge-port@.path").read_bytes()
    )
    folder = tmp_path / "nut-driver@home.service.d"
    folder.mkdir()
    (folder / "nutbridge-port.conf").write_bytes(
        (SHIPPED / "nut/nut-driver@.service.conf").read_bytes()
    )
    port = "/run/nutbridge/home.dev"
    assert PortWaitFacts.gather(place) == PortWaitFacts(port, port, wanted=True)


def test_units_that_nobody_starts_say_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container has NUT's units, and a supervisor of its own."""
    unit_file(tmp_path / "nut-driver@.service", "RestartSec=15")
    unit_file(tmp_path / "nut-monitor.service", "Restart=no")
    monkeypatch.setattr(systemd, "LOAD_PATH", (str(tmp_path),))
    environ = {"PATH": str(tmp_path)}
    clock = SystemClock()
    place = DoctorContext(
        settings(), environ, clock, clock.boottime(), "", services=BY_HAND
    )
    assert replace(place, services=SYSTEMD).has_units
    found = NutFacts.gather(place)
    assert (found.restart_s, found.drop_ins) == (None, None)
    asked = replace(place, environ={**environ, "SYSTEMD_UNIT_PATH": str(tmp_path)})
    found = NutFacts.gather(asked)
    assert (found.restart_s, found.drop_ins) == (15.0, "none")
