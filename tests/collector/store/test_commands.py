"""The commands as a person runs them: output, exit codes, errors in one line."""

import csv
import gzip
import io
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nutbridge.collector.store.api import Store
from nutbridge.collector.store.importing import import_files
from nutbridge.collector.store.states import DeliveryAnswer
from tests.collector.parse.samples import (
    ENVOY,
    NOW,
    PANEL,
    SERIAL,
    body,
    device,
    event,
    interval,
    reading,
    xml,
)
from tests.collector.store.using import objects, put, raw, run

COMMAND = [sys.executable, "-m", "nutbridge", "reports"]
ROOT = Path(__file__).parents[3]
FULL = (interval(phase="A"), reading(), event(), device())
ENVIRON = {"PATH": os.environ["PATH"], "TZ": "UTC", "TERM": "xterm"}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with two reports, one with an answer, and garbage."""
    path = tmp_path_factory.mktemp("commands") / "reports.db"
    store = Store.open(str(path))
    first = put(store, body(*FULL))
    store.forwarded(
        first, DeliveryAnswer(200, (("Set-Cookie", "secret"),), b"\x78\x9c")
    )
    put(store, body(*FULL, interval(id=7, end_date=NOW), report_timestamp=NOW + 300))
    store.forwarded(put(store, b"garbage"), DeliveryAnswer(200))
    store.close()
    return path


def test_list(db: Path) -> None:
    found = objects("list", "--db", db)
    assert [one["serial_num"] for one in found] == [SERIAL, SERIAL, None]
    assert {
        *("sha256", "serial_num", "report_timestamp", "webcomm_version", "received"),
        *("times_received", "intervals", "readings", "events", "devices"),
        *("parse_state", "forward_state"),
    } <= set(found[0])
    assert found[0]["forward_state"] == "forwarded"
    lines = run("list", "--db", f"sqlite:///{db}").stdout.splitlines()
    assert len(lines) == 4
    assert "unparsable,forwarded" in lines[3]
    assert max(map(len, lines)) <= 80
    assert len(objects("list", "--db", db, "--last", 1)) == 1
    told = run("list", "--db", db, "--serial", "1", code=1).stderr
    assert told == f"nutbridge: no Envoy 1; there is {SERIAL}\n"


def test_show(db: Path) -> None:
    digest = objects("list", "--db", db)[0]["sha256"]
    (one,) = objects("show", digest[:10], "--db", db)
    assert one["sha256"] == digest
    assert [row["id"] for row in one["intervals"]] == [1001]
    assert one["envoy"]["latitude"] == one["envoy"]["mac_addr"] == "(hidden)"
    (one,) = objects("show", digest, "--db", db, "--private")
    assert one["envoy"]["latitude"] == ENVOY["latitude"]
    text = run("show", digest, "--db", db).stdout
    assert "DC power too low: set" in text
    assert str(ENVOY["latitude"]) not in text
    assert "cannot be inflated" in run("show", "--db", db).stdout


def test_devices_and_energy(db: Path) -> None:
    (one,) = objects("devices", "--db", db)
    assert (one["eqid"], one["last_seen"]) == (PANEL, NOW)
    assert "0x240000" in run("devices", "--db", db).stdout
    (one,) = objects("energy", "--db", db, "--by", "day")
    assert set(one) == {
        *("envoy_serial", "start", "end", "eqid", "energy_j", "estimated_j")
    }
    assert one["energy_j"] == 2 * 65439
    rows = list(csv.DictReader(io.StringIO(run("energy", "--db", db, "--csv").stdout)))
    assert rows == [
        {
            "envoy_serial": SERIAL,
            "eqid": f"{PANEL}.1",
            "start": "2023-11-14T00:00:00-05:00",
            "end": "2023-11-15T00:00:00-05:00",
            "kwh": "0.036355",
            "estimated_kwh": "0.000000",
        }
    ]
    assert "0.036" in run("energy", "--db", db).stdout


def test_export(db: Path) -> None:
    lines = run("export", "--jsonl", "--db", db).stdout.splitlines()
    found = [json.loads(line) for line in lines]
    assert [one["kind"] for one in found] == [
        *("interval", "interval", "reading", "event"),
        *("device", "device", "channel", "channel"),
    ]
    assert all(one["envoy_serial"] == SERIAL for one in found)
    assert (found[1]["estimated"], found[1]["phase"]) == (False, "A")
    assert found == objects("export", "--db", db)
    rows = list(csv.DictReader(io.StringIO(run("export", "--csv", "--db", db).stdout)))
    assert [row["kind"] for row in rows] == [one["kind"] for one in found]
    assert json.loads(rows[1]["extra"]) == {"phase": "A"}


def test_export_is_private_unless_asked(db: Path) -> None:
    secrets = [str(ENVOY[name]) for name in ("latitude", "longitude", "mac_addr")]
    text = run("export", "--jsonl", "--db", db).stdout
    assert not [one for one in secrets if one in text]
    text = run("export", "--jsonl", "--db", db, "--private").stdout
    assert [one for one in secrets if one in text] == secrets


def test_capture_has_nothing_private(db: Path) -> None:
    digest = objects("list", "--db", db)[0]["sha256"]
    for text in (
        run("capture", digest, "--db", db).stdout,
        run("capture", digest, "--db", db, "--json").stdout,
    ):
        for name in ("latitude", "longitude", "mac_addr", "ip_addr", "serial_num"):
            assert str(ENVOY[name]) not in text
        assert PANEL not in text
        assert "secret" not in text
        assert "webcomm_version" in text
    assert "garbage" not in run("capture", "--db", db).stdout


def test_import_of_all_kinds_of_files(tmp_path: Path) -> None:
    folder = tmp_path / "spool" / "inner"
    folder.mkdir(parents=True)
    text = xml(*FULL).encode()
    (folder / "a.bin").write_bytes(body(*FULL))
    (folder / "b.xml").write_bytes(text)
    (folder / "c.xml.gz").write_bytes(gzip.compress(text))
    (folder / "d.bin.gz").write_bytes(gzip.compress(body(*FULL)))
    (folder / ".hidden").write_bytes(b"no report")
    db = tmp_path / "r.db"
    done = run("import", folder.parent, "--db", db)
    assert done.stdout == "2 new, 2 known, 0 not imported\n"
    assert done.stderr == ""
    before = run("export", "--jsonl", "--db", db).stdout
    done = run("import", folder / "a.bin", folder / "b.xml", "--db", db)
    assert done.stdout == "0 new, 2 known, 0 not imported\n"
    assert run("export", "--jsonl", "--db", db).stdout == before


def test_import_names_what_is_no_report(tmp_path: Path) -> None:
    (tmp_path / "bad\x1b[2J").write_bytes(b"no report")
    (tmp_path / "big").write_bytes(bytes(9 << 20))
    (tmp_path / "good").write_bytes(body())
    done = run("import", tmp_path, tmp_path / "gone", "--db", tmp_path / "r", code=1)
    assert done.stdout == "1 new, 0 known, 3 not imported\n"
    assert len(done.stderr.splitlines()) == 3
    assert "\x1b" not in done.stderr
    assert "no such file" in done.stderr


def test_import_holds_few_large_bodies_at_a_time(tmp_path: Path) -> None:
    """Each of the largest takes 40 MB until it is stored."""
    groups = []

    class Watched(Store):
        def add(self, found: Any) -> list[bool]:
            groups.append(len(found))
            return super().add(found)

    files = [tmp_path / str(number) for number in range(4)]
    for number, path in enumerate(files):
        rows = [event(id=n, event_date=NOW + number) for n in range(6000)]
        path.write_bytes(body(*rows))
    store = Watched.open(f"{tmp_path}/r.db")
    outcome = import_files(store, files, lambda _: None)
    store.close()
    assert (outcome.added, groups) == (4, [2, 2])


def test_import_goes_on_beside_a_collector(tmp_path: Path) -> None:
    """Both write; neither fails, nothing is missing."""
    files = tmp_path / "files"
    files.mkdir()
    for number in range(60):
        (files / f"{number}").write_bytes(body(event(id=number)))
    store = Store.open(f"{tmp_path}/r.db")
    process = subprocess.Popen(
        [*COMMAND, "import", str(files), "--db", f"{tmp_path}/r.db"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env=ENVIRON,
    )
    number = 1000
    while process.poll() is None:
        number += 1
        put(store, body(event(id=number)))
    assert process.communicate()[0] == b"60 new, 0 known, 0 not imported\n"
    store.close()
    found = [one["id"] for one in objects("export", "--db", tmp_path / "r.db")]
    assert sorted(found) == [*range(60), *range(1001, number + 1)]


def test_bar_is_for_terminals_only(tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(body())
    ours, theirs = pty.openpty()
    arguments = ["import", str(tmp_path / "good"), "--db", str(tmp_path / "r.db")]
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=ENVIRON,
    )
    assert process.communicate(timeout=60)[0] == b"1 new, 0 known, 0 not imported\n"
    os.close(theirs)
    assert b"1 of 1" in os.read(ours, 10_000)
    os.close(ours)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("list",), 2, "--db"),
        (("list", "--db", "/nowhere/r.db"), 74, "no database at /nowhere/r.db"),
        (("list", "--db", "mysql://a:secret@b/c"), 74, "only sqlite"),
        (("import", "x", "--db", "/proc/r.db"), 74, "/proc/r.db"),
        (("export", "--db", "{db}"), 2, "--jsonl"),
        (("export", "--csv", "--jsonl", "--db", "{db}"), 2, "only one"),
        (("energy", "--csv", "--json", "--db", "{db}"), 2, "only one"),
        (("show", "zz", "--db", "{db}"), 1, "SHA-256"),
        (("show", "0000000", "--db", "{db}"), 1, "no report"),
        (("list", "--db", "/etc/passwd"), 74, "not a database"),
    ],
)
def test_errors_are_one_line(
    db: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = run(*[one.format(db=db) for one in arguments], code=code)
    (line,) = done.stderr.splitlines()
    assert said in line
    assert "secret" not in line


def test_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    store = Store.open(f"{tmp_path}/r.db")
    put(store, body(*[event(id=n) for n in range(3000)]))
    store.close()
    process = subprocess.Popen(
        [*COMMAND, "export", "--jsonl", "--db", f"{tmp_path}/r.db"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRON,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 1


def test_hostile_texts_do_not_reach_the_terminal(tmp_path: Path) -> None:
    store = Store.open(f"{tmp_path}/r.db")
    put(store, body(device(part_num="&#x9b;2J&#10;x"), envoy={"sw_version": "&#x9b;"}))
    store.accept(raw(b"\x1b[2J", received=int(time.time())))
    store.close()
    for command in ("list", "devices", "show", "capture"):
        text = run(command, "--db", f"{tmp_path}/r.db").stdout
        assert not [char for char in text if not (char.isprintable() or char == "\n")]


@pytest.mark.parametrize(
    "words", [("energy", "--panel"), ("devices", "--serial"), ("list", "--serial")]
)
def test_number_of_odd_bytes(tmp_path: Path, words: tuple[str, str]) -> None:
    """No database takes them; nobody has such a number."""
    name, option = words
    done = run(name, "--db", tmp_path / "x.db", f"{option}=1\udcff", code=2)
    text = "nutbridge: 1\\udcff: not the number of an Envoy or panel\n"
    assert (done.stdout, done.stderr) == ("", text)
