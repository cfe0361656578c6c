"""Questions as a person asks them: filters, several Envoys, copies, what is told."""

import csv
import gzip
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.model import RawReport
from nutbridge.collector.queries.panels import panels
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.chores import backup, opened
from nutbridge.collector.store.reading import reading
from nutbridge.simulator.legacy_envoy import (
    DAY,
    PANELS,
    SERIAL,
    SUNSET_S,
    energy_j,
    sample,
)
from tests.collector.parse.samples import SERIAL as OTHER
from tests.collector.parse.samples import body, event, interval, xml
from tests.collector.store.using import objects, put, run

#: 2026-06-21 00:00 UTC.
MIDNIGHT = 1_782_000_000
NOBODY = 65534


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with two Envoys: three days, and one slot."""
    path = tmp_path_factory.mktemp("asking") / "reports.db"
    store = Store.open(str(path))
    data, received = sample(MIDNIGHT), MIDNIGHT + SUNSET_S
    store.add([(RawReport(received, "", "", "", (), data), parse(data))])
    put(store, body(interval()))
    store.close()
    return path


def kwh(*days: int, panel: int | None = None) -> str:
    some = PANELS if panel is None else (PANELS[panel],)
    whole = sum(
        energy_j(one, MIDNIGHT + day * DAY, 0, DAY) for day in days for one in some
    )
    return f"{whole / 3.6e6:.3f}"


def test_each_envoy_has_its_table(db: Path) -> None:
    text = run("energy", "--db", db).stdout
    one, two = text.split("\n\n")
    assert one.splitlines()[0] == f"Envoy {OTHER}, US/Eastern"
    assert two.splitlines() == [
        f"Envoy {SERIAL}, UTC",
        "DAY                  kWh   ESTIMATED kWh  PANELS",
        *(
            f"2026-06-{21 + day}  {kwh(day):>12}           0.000      11"
            for day in (-2, -1, 0)
        ),
    ]
    rows = list(csv.DictReader(io.StringIO(run("energy", "--db", db, "--csv").stdout)))
    assert {row["envoy_serial"] for row in rows} == {OTHER, SERIAL}
    assert {row["envoy_serial"] for row in objects("energy", "--db", db)} == {
        *(OTHER, SERIAL)
    }


def test_days_and_panels(db: Path) -> None:
    days = ("--from", "2026-06-20", "--to", "2026-06-20")
    (line,) = run("energy", "--db", db, *days).stdout.splitlines()[2:]
    assert line.split() == ["2026-06-20", kwh(-1), "0.000", "11"]
    for name in (PANELS[3].serial, PANELS[3].eqid):
        lines = run("energy", "--db", db, *days, "--panel", name).stdout.splitlines()
        assert lines[0] == f"Envoy {SERIAL}, panel {PANELS[3].eqid}, UTC"
        assert lines[2].split() == ["2026-06-20", kwh(-1, panel=3), "0.000"]
    tables = run("energy", "--db", db, "--panels", "--serial", SERIAL).stdout
    assert tables.count("ESTIMATED kWh") == 11
    (row,) = csv.DictReader(
        io.StringIO(
            run(
                "energy", "--db", db, "--csv", "--panel", PANELS[3].serial, *days
            ).stdout
        )
    )
    assert (row["start"], row["end"]) == (
        *("2026-06-20T00:00:00+00:00", "2026-06-21T00:00:00+00:00"),
    )
    assert f"{float(row['kwh']):.3f}" == kwh(-1, panel=3)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("list", "--serial", "1"), f"no Envoy 1; there is {OTHER}, {SERIAL}"),
        (("devices", "--serial", "1"), f"no Envoy 1; there is {OTHER}, {SERIAL}"),
        (("outbox", "--serial", "1"), f"no Envoy 1; there is {OTHER}, {SERIAL}"),
        (("export", "--csv", "--serial", "1"), f"no Envoy 1; there is {OTHER}"),
        (("energy", "--serial", "1"), f"no Envoy 1; there is {OTHER}, {SERIAL}"),
        (("energy", "--panel", "7"), "no panel 7; there is 990000000101, 99000000120"),
        (
            ("energy", "--panel", "7", "--serial", OTHER),
            f"no panel 7 of Envoy {OTHER};",
        ),
        (
            ("energy", "--from", "2026-07-01", "--serial", SERIAL),
            "no energy there; there is energy from 2026-06-19 to 2026-06-21",
        ),
        (("energy", "--to", "2001-01-01"), "there is energy from 2023-11-14 to 2026"),
        (("energy", "--panel", PANELS[-1].serial), "there is none of any day"),
    ],
)
def test_filter_that_fits_nothing(db: Path, words: tuple[str, ...], told: str) -> None:
    done = run(*words, "--db", db, code=1)
    assert done.stdout == ""
    assert told in done.stderr.replace("\n", " ")


def test_days_that_are_none(db: Path) -> None:
    for words in (("--from", "yesterday"), ("--to", "2026-13-01")):
        told = run("energy", "--db", db, *words, code=2).stderr
        assert "a day is needed, as 2026-06-21" in told
    days = ("--from", "2026-06-22", "--to", "2026-06-21")
    told = run("energy", "--db", db, *days, code=2).stderr
    assert "--from 2026-06-22 is after --to 2026-06-21" in told


def test_devices_have_a_state_and_a_zone(db: Path) -> None:
    text = run("devices", "--db", db, "--serial", SERIAL).stdout
    lines = text.splitlines()
    assert lines[0] == f"Envoy {SERIAL}, UTC"
    assert lines[2].split() == [
        *(PANELS[0].serial, "800-00103-r05", "ok"),
        *("2026-06-21", "20:00", "UTC"),
    ]
    assert lines[-2].split()[:4] == [PANELS[-1].serial, "800-00103-r05", "dead", "-"]
    assert lines[-1].endswith("UTC: Microinverter failed to report")
    found = objects("devices", "--db", db, "--serial", SERIAL)
    assert [one["state"] for one in found] == ["ok"] * 11 + ["dead"]


def test_unknown_zone_is_told(tmp_path: Path) -> None:
    store = Store.open(f"{tmp_path}/r.db")
    put(store, body(interval(), envoy={"timezone": "Mars/Base"}))
    store.close()
    for command in ("devices", "energy"):
        text = run(command, "--db", tmp_path / "r.db").stdout
        assert "timezone Mars/Base is not known: UTC" in text
    (row,) = (row for row in objects("list", "--db", tmp_path / "r.db"))
    assert row["timezone"] == "Mars/Base"


def test_lists_of_webcomm_3_are_shown(tmp_path: Path) -> None:
    store = Store.open(f"{tmp_path}/r.db")
    put(store, body(interval(stats="1,2,3,4,5,6,7,8")))
    store.close()
    assert (
        "300 s  values 1, 2, 3, 4, 5, 6, 7, 8"
        in run("show", "--db", tmp_path / "r.db").stdout
    )


def test_units(tmp_path: Path, db: Path) -> None:
    text = run("show", "--db", db).stdout
    assert "300 s  65439 J" in text
    digest = objects("list", "--db", db, "--serial", SERIAL)[0]["sha256"]
    text = run("show", digest, "--db", db).stdout
    assert "AC 244.0 V, 60.00 Hz, DC 33.0 V, 0." in text
    assert " deg C, " in text


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """Yield a folder that everybody may look into."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize("ends", [("",), ("", "-wal"), ("", "-wal", "-shm")])
def test_copy_that_nobody_can_write(
    db: Path, tmp_path: Path, elsewhere: Path, ends: tuple[str, ...]
) -> None:
    """With the log of a collector that serves, and without it."""
    shutil.copyfile(db, tmp_path / "reports.db")
    db = tmp_path / "reports.db"
    store = Store.open(str(db))
    put(store, body(interval(id=1), envoy={"serial_num": "990000000099"}))
    for end in ends:
        copy = elsewhere / f"reports.db{end}"
        shutil.copyfile(f"{db}{end}", copy)
        copy.chmod(0o444)
    store.close()
    saved = elsewhere / "mine" / "saved.db"
    saved.parent.mkdir()
    saved.parent.chmod(0o777)
    elsewhere.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        with reading(str(elsewhere / "reports.db")) as database:
            found = list(panels(database, MIDNIGHT))
        with opened(str(elsewhere / "reports.db")) as live:
            backup(live, str(saved))
    finally:
        if root:
            os.seteuid(0)
    assert len(found) == (14 if len(ends) > 1 else 13)
    with reading(str(saved)) as database:
        assert list(panels(database, MIDNIGHT)) == found
    assert len(os.listdir(elsewhere)) == len(ends) + 1


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (gzip.compress(body())[:-20], "ends too early"),
        (gzip.compress(body())[:-8] + b"12345678", "incorrect data check"),
        (b"garbage", "other bytes follow"),
        (gzip.compress(bytes(9 << 20)), "more than 8388608 bytes"),
        (gzip.compress(b"nothing"), "cannot be inflated"),
    ],
    # Not by its bytes, in which gzip notes the time: every worker finds the same tests.
    ids=["cut", "wrong sum", "garbage", "large", "no report"],
)
def test_import_takes_what_is_whole(tmp_path: Path, end: bytes, told: str) -> None:
    """An archive that grows report by report may be cut in the last one."""
    many = [
        gzip.compress(body(interval(id=n), report_timestamp=1_700_000_000 + n))
        for n in range(40)
    ]
    (tmp_path / "a.gz").write_bytes(b"".join(many) + end)
    db = tmp_path / "r.db"
    done = run("import", tmp_path / "a.gz", "--db", db, code=1)
    assert done.stdout == "40 new, 0 known, 1 not imported\n"
    assert told in done.stderr


def test_import_of_an_archive_of_many_reports(tmp_path: Path) -> None:
    """Together they are larger than any report may be."""
    rows = [event(f"<message_params>{'x' * 60_000}</message_params>")] * 15
    whole = (
        gzip.compress(xml(*rows, report_timestamp=n).encode())
        for n in range(1_700_000_000, 1_700_000_010)
    )
    (tmp_path / "a.gz").write_bytes(b"".join(whole))
    done = run("import", tmp_path / "a.gz", "--db", tmp_path / "r.db")
    assert done.stdout == "10 new, 0 known, 0 not imported\n"


def test_import_of_gzip_with_several_members(tmp_path: Path) -> None:
    text = xml(interval()).encode()
    (tmp_path / "a.xml.gz").write_bytes(
        gzip.compress(text[:100]) + gzip.compress(text[100:])
    )
    two = [body(interval(id=n), report_timestamp=1_700_000_000 + n) for n in (1, 2)]
    (tmp_path / "b.gz").write_bytes(b"".join(map(gzip.compress, two)))
    db = tmp_path / "r.db"
    done = run("import", tmp_path / "a.xml.gz", tmp_path / "b.gz", "--db", db)
    assert done.stdout == "3 new, 0 known, 0 not imported\n"
