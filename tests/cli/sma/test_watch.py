"""nutbridge sma values --watch: round after round in one session."""

import csv
import json
import signal
import subprocess

import pytest

from nutbridge.simulator.sma.inverter import err
from tests.cli.sma.tool import LONGEST_S, Site, wait_until


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def end(process: "subprocess.Popen[str]") -> str:
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 130
    return stderr


def test_watch_json(hybrid: Site) -> None:
    """One array per round on one line, all in one session."""
    with hybrid.tool.start("values", "--watch", "0.1", "--json", "charge*") as process:
        assert [row["value"] for row in json.loads(line_of(process))] == [62]
        hybrid.inverter.set("6100_00295A00", 61)
        wait_until(lambda: json.loads(line_of(process))[0]["value"] == 61)
        end(process)
    assert hybrid.asked.count("login") == 1
    assert hybrid.asked.count("/data/") == 2


def test_watch_csv(hybrid: Site) -> None:
    """The names of the columns once, and the time of each round."""
    with hybrid.tool.start("values", "--watch", "0.1", "--csv", "charge*") as process:
        lines = [line_of(process) for _ in range(3)]
        end(process)
    rows = list(csv.DictReader(lines))
    assert [row["value"] for row in rows] == ["62", "62"]
    assert all(row["time"][4] == "-" for row in rows)


def test_watch_list(hybrid: Site) -> None:
    with hybrid.tool.start("values", "--watch", "0.1", "charge*") as process:
        lines = [line_of(process) for _ in range(5)]
        end(process)
    assert lines[2] == "\n"
    assert lines[1] == lines[4]


def test_watch_goes_on_after_a_failure(hybrid: Site) -> None:
    """Told once, told again when it is over; values go on."""
    path = "/dyn/getAllOnlValues.json"
    with hybrid.tool.start("values", "--watch", "0.1", "--json", "charge*") as process:
        line_of(process)
        hybrid.inverter.replies[path] = err(500)
        begun = hybrid.asked.count(path)
        wait_until(lambda: hybrid.asked.count(path) > begun + 3)
        hybrid.inverter.replies.clear()
        hybrid.inverter.set("6100_00295A00", 60)
        wait_until(lambda: json.loads(line_of(process))[0]["value"] == 60)
        complaints = end(process).splitlines()[1:]
    assert len(complaints) == 2
    assert "err 500; the next rounds try again" in complaints[0]
    assert complaints[1] == "nutbridge: values are back"


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1e9", "x"])
def test_watch_usage(hybrid: Site, seconds: str) -> None:
    done = hybrid.run("values", "--watch", seconds)
    assert done.code == 2
    assert "--watch" in done.err
    assert hybrid.asked.paths == []
