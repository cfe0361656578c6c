"""Root beside a database that the collector's user can replace."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nutbridge.collector.errors import StoreError
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.chores import backup, opened
from nutbridge.system.files import make_folders
from tests.attacks.command import PROGRAMS, run
from tests.attacks.stage import ATTACKER, GROUP, MONITOR, Stage, needs_root, stage
from tests.collector.parse.samples import body, interval

BESIDE = ("reports.db-wal", "reports.db-shm", "reports.db-journal")
COMMANDS = (("list",), ("energy",), ("export", "--jsonl"), ("devices",))


def reports(place: Stage, database: Path, *words: str) -> int:
    environ = {"NUTBRIDGE_DB": str(database), "HOME": str(place.folder)}
    return run("nutbridge", "reports", *words, environ=environ).returncode


def report(place: Stage) -> str:
    """A file that root alone may read."""
    path = place.folder / "report"
    path.write_bytes(body(interval()))
    path.chmod(0o600)
    return str(path)


@needs_root
@pytest.mark.slow(10)
def test_links_beside_the_database_lead_root_nowhere(tmp_path: Path) -> None:
    """SQLite follows them, makes what they name, and gives it away as root."""
    with stage(MONITOR, "reports.db", *BESIDE) as place:
        database = place.shared / "reports.db"
        assert reports(place, database, "import", report(place)) == 0
        assert (database.stat().st_uid, database.stat().st_gid) == (MONITOR, GROUP)
        for target in ("", "new-"):
            for name in BESIDE:
                link = place.shared / name
                link.unlink(missing_ok=True)
                link.symlink_to(place.roots / f"{target}{name}")
                os.lchown(link, MONITOR, GROUP)
            for words in (*COMMANDS, ("import", report(place))):
                reports(place, database, *words)
            place.assert_roots_are_untouched()


@needs_root
def test_database_that_is_a_link_to_roots() -> None:
    with stage(MONITOR, "reports.db") as place:
        database = place.shared / "reports.db"
        database.symlink_to(place.roots / "reports.db")
        os.lchown(database, ATTACKER, GROUP)
        for words in (("list",), ("import", report(place))):
            assert reports(place, database, *words) != 0
        place.assert_roots_are_untouched()


@needs_root
def test_folder_of_a_dynamic_user_is_reached() -> None:
    """Systemd keeps it in a folder of root's, with a link to it."""
    with stage(MONITOR) as place:
        private = place.folder / "private"
        private.mkdir(0o700)
        place.shared.rename(private / "collector")
        (place.folder / "collector").symlink_to("private/collector")
        database = place.folder / "collector/reports.db"
        assert reports(place, database, "import", report(place)) == 0
        assert reports(place, database, "list") == 0
        assert database.stat().st_uid == MONITOR
        place.shared = private / "collector"


@needs_root
def test_folder_of_reports_holds_no_trap() -> None:
    """Pipes, and links to what root alone may read, are no reports."""
    with stage(MONITOR, "a", "b") as place:
        os.mkfifo(place.shared / "pipe")
        (place.shared / "a").symlink_to(place.roots / "a")
        (place.shared / "b").hardlink_to(place.roots / "b")
        (place.shared / "device").symlink_to("/dev/zero")
        database = place.folder / "reports.db"
        assert reports(place, database, "import", str(place.shared)) != 0
        place.assert_roots_are_untouched()


@needs_root
def test_no_moment_of_a_backup_leads_root_astray() -> None:
    """The copy becomes a link as soon as it is made, before SQLite opens it."""
    with stage(MONITOR, "copy.db") as place:
        database = place.folder / "reports.db"
        Store.open(str(database)).close()
        copy = place.shared / "copy.db"

        def flip(event: str, arguments: tuple[object, ...]) -> None:
            if flips and event == "sqlite3.connect" and copy.exists():
                flips.pop()
                copy.unlink()
                copy.symlink_to(place.roots / "copy.db")

        flips = [True]
        sys.addaudithook(flip)
        with opened(str(database)) as live:
            backup(live, str(copy))
        assert not flips
        place.assert_roots_are_untouched()


@needs_root
@pytest.mark.parametrize("name", ["reports.db", "new/reports.db"])
def test_no_new_database_behind_a_strangers_link(name: str) -> None:
    with stage(MONITOR) as place:
        link = place.shared / name.partition("/")[0]
        link.symlink_to(place.roots / "none")
        os.lchown(link, ATTACKER, GROUP)
        with pytest.raises(StoreError):
            Store.open(str(place.shared / name))
        place.assert_roots_are_untouched()
        with pytest.raises(FileNotFoundError):
            make_folders(place.shared / name / "state")
        place.assert_roots_are_untouched()


@needs_root
def test_root_serves_as_the_owner_of_the_folder() -> None:
    """What it makes is that user's; a link there to a file of root's gains nothing."""
    with stage(MONITOR) as place:
        link = place.shared / "reports.db"
        link.symlink_to(place.roots / "reports.db")
        os.lchown(link, MONITOR, GROUP)
        words = ("serve", "--mode", "local", "--listen", "127.0.0.1:0")
        state = ("--state", str(place.shared))
        assert run("nutbridge", "reports", *words, *state, environ={}).returncode != 0
        place.assert_roots_are_untouched()
        link.unlink()
        served = subprocess.Popen(
            [PROGRAMS / "nutbridge", "reports", *words, *state],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert served.stderr is not None
        for line in served.stderr:
            if "listen" in line or "127.0.0.1" in line:
                break
        status = Path(f"/proc/{served.pid}/status").read_text()
        served.terminate()
        served.communicate(timeout=60)
        assert f"Uid:\t0\t{MONITOR}" in status
        owners = {path.stat().st_uid for path in place.shared.iterdir()}
        assert owners == {MONITOR}
