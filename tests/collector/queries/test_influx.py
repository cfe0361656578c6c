"""Rows as InfluxDB's line protocol, and the mark of what it has already."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge.collector.parse.body import parse
from nutbridge.collector.queries.influx import line, points
from nutbridge.collector.store.api import Store
from nutbridge.collector.store.reading import reading
from nutbridge.simulator.legacy_envoy import PANELS, reports
from tests.collector.queries.house import MIDNIGHT, NOON, add
from tests.collector.store.using import raw, run


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        ("a b", r"a\ b"),
        ("a,b", r"a\,b"),
        ("a=b", r"a\=b"),
        ("ends\\", "ends/"),
        ("two\nlines", "two/nlines"),
        ('quote"', 'quote"'),
        ("Küche", "Küche"),
    ],
)
def test_tag_is_escaped(tag: str, written: str) -> None:
    assert line("m", {"t": tag}, {"f": 1}, 5) == f"m,t={written} f=1i 5000000000"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1, "1i"),
        (-1, "-1i"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        ('say "x"\\', '"say \\"x\\"\\\\"'),
        ("a, b=c", '"a, b=c"'),
    ],
)
def test_field_has_its_type(value: float | str, written: str) -> None:
    assert line("m", {}, {"f": value, "none": None}, 5) == f"m f={written} 5000000000"


def test_without_a_field_there_is_no_point() -> None:
    assert line("m", {"t": "x"}, {"f": None}, 5) is None


@given(st.text(), st.text())
def test_line_is_one_line(tag: str, field: str) -> None:
    found = line("m", {"t": tag}, {"f": field}, 5)
    assert found is not None
    assert len(found.splitlines()) == 1


def test_points_of_a_day(store: Store, url: str) -> None:
    (first, second, *_) = reports(MIDNIGHT)
    add(store, first, second)
    with reading(url) as database:
        found = list(points(database))
        assert list(points(database, serial="1")) == []
    kinds = [one.partition(",")[0] for one in found]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "envoy_interval": 22,
        "envoy_reading": 22,
        "envoy_event": 12,
    }
    (one, _) = [
        text
        for text in found
        if text.startswith(f"envoy_interval,envoy=990000000012,panel={PANELS[0].eqid} ")
    ]
    assert "duration_s=300i,estimated=false,counted=true" in one
    assert one.endswith(f" {first[0]}000000000")


def test_last_is_what_came_after_what_was_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setattr("nutbridge.cli.reports.influx._AGAIN", 0)
    url = f"sqlite:///{tmp_path}/reports.db"

    def export(*options: str, code: int = 0) -> list[str]:
        done = run("export", "--db", url, *options, code=code)
        return done.stdout.splitlines()

    store = Store.open(url)
    bodies = [data for _, data in reports(MIDNIGHT, NOON)][:3]
    try:
        add(store, (NOON, bodies[0]))
        assert export("--taken", code=2) == []
        first = export("--influx", "--since", "last")
        assert len(first) == 11 + 11 + 12
        # It got lost on the way: it is written again.
        assert export("--influx", "--since", "last") == first
        assert export("--taken") == []
        assert export("--influx", "--since", "last") == []
        add(store, (NOON, bodies[1]))
        # What was only stored has no rows yet, and is not passed over.
        waiting = store.accept(raw(bodies[2]))
        assert len(export("--influx", "--since", "last")) == 22
        assert export("--taken") == []
        store.parsed(waiting.raw_id, parse(bodies[2]), queue=False)
        assert len(export("--influx", "--since", "last")) == 22
        assert len(export("--influx")) == 34 + 22 + 22
    finally:
        store.close()


#: The last one is of a database in whose place an older backup was put.
ODD_MARKS = (
    *("", "{}", '{"given": 1, "taken": 9}', "[1]", "{", '{"given": 1e999, "taken": 1}'),
    '{"given": 999, "taken": 999}',
)


@pytest.mark.parametrize("held", ODD_MARKS)
def test_mark_that_is_damaged_means_all(
    held: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    url = f"sqlite:///{tmp_path}/reports.db"
    store = Store.open(url)
    add(store, next(reports(MIDNIGHT)))
    store.close()
    options = ["export", "--db", url, "--influx", "--since", "last"]
    run(*options)
    (file,) = tmp_path.glob("influx-*.json")
    assert json.loads(file.read_text()) == {"given": 1, "taken": 0}
    file.write_text(held)
    done = run(*options)
    assert len(done.stdout.splitlines()) == 34
    assert ("damaged" in done.stderr) == ("999}" not in held)


@pytest.mark.parametrize(
    "options",
    [
        ["--since", "last"],
        ["--influx", "--csv"],
        ["--influx", "--taken"],
        ["--influx", "--since", "last", "--serial", "1"],
        ["--influx", "--since", "yesterday"],
        ["--csv", "--since", "last"],
    ],
)
def test_options_that_do_not_fit(options: list[str], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/reports.db"
    Store.open(url).close()
    run("export", "--db", url, *options, code=2)
