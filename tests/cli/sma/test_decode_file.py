"""nutbridge sma decode: saved answers."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.sma.tool import DATA, LANGUAGE, MODEL, Tool

FILES = ("--model", str(MODEL), "--language", str(LANGUAGE))
FORMATS = str(DATA / "formats" / "online.json")


def saved(tool: Tool, value: Any) -> str:
    file = tool.folder / "answer.json"
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    file.write_bytes(body)
    return str(file)


def test_decode_tree(tool: Tool) -> None:
    done = tool.run("decode", FORMATS, *FILES)
    assert (done.code, done.err) == (0, "")
    assert done.out == (DATA / "formats" / "expected.tree").read_text()


def test_decode_json(tool: Tool) -> None:
    done = tool.run("decode", FORMATS, *FILES, "--json", "--class", "1")
    assert done.code == 0
    assert [row["value"] for row in done.rows] == [16.999, 0]
    assert '"value": 16.999,' in done.out


def test_decode_csv(tool: Tool) -> None:
    done = tool.run("decode", FORMATS, *FILES, "--csv")
    rows = list(csv.DictReader(done.out.splitlines()))
    volts = next(row for row in rows if row["key"] == "6100_00495C00")
    assert (volts["name"], volts["value"], volts["unit"]) == (
        "Battery voltage",
        "429",
        "V",
    )


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ((), "no usable model and no usable language"),
        (("--model", str(MODEL)), "no usable language"),
        (("--language", str(LANGUAGE)), "no usable model"),
        (("--model", "/nonexistent", "--language", FORMATS), "/nonexistent: No such"),
    ],
)
def test_decode_without_files(
    tool: Tool, options: tuple[str, ...], missing: str
) -> None:
    """Exit 0, numbers, and one warning."""
    done = tool.run("decode", FORMATS, *options)
    assert done.code == 0
    assert missing in done.err
    assert len(done.complaints) == 1
    assert "429" in done.out
    assert "hush" not in done.out


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (b"", "empty body"),
        (b"<html></html>", "HTML"),
        (b"{", "damaged JSON"),
        (b"[" * 200000, "nested too deeply"),
        (b'{"result": ' + b"9" * 5000 + b"}", "endless number"),
        (b"\xff", "UTF-8"),
        (b" " * (17 * 2**20), "larger than 16 MiB"),
        ({"err": 401}, "an error instead of values"),
        ({"result": {}}, "no values"),
        ({"deviceId": "IGULD:SELF", "vendor": "SMA"}, "ennexOS"),
    ],
)
def test_decode_nothing(tool: Tool, value: Any, problem: str) -> None:
    """Exit not 0, one line on stderr, nothing on stdout."""
    done = tool.run("decode", saved(tool, value), *FILES)
    assert done.code == 65
    assert done.out == ""
    assert problem in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("file", ["nothing-here.json", "."])
def test_decode_no_file(tool: Tool, file: str) -> None:
    done = tool.run("decode", file)
    assert (done.code, len(done.err.splitlines())) == (65, 1)


def test_decode_control_characters(tool: Tool) -> None:
    """What a device names so must not reach a terminal in any form."""
    evil = "\x1b[2J\r\n\x07\x9b31m\u202e"
    value = {"result": {evil: {evil: {"1": [{"val": evil}]}}}}
    file = saved(tool, value)
    texts = tool.folder / "texts.json"
    texts.write_text(json.dumps({"303": evil}), encoding="utf-8")
    for options in ((), ("--raw",), ("--json",), ("--csv",)):
        done = tool.run("decode", file, "--language", str(texts), *options)
        assert done.code == 0
        shown = done.out.replace("\n", "") + done.err.replace("\n", "")
        assert shown.isprintable(), options


def test_decode_values_of_odd_types(tool: Tool) -> None:
    sent = b'{"result": {"d": {"k_1": {"1": [{"val": true}, {"val": 1e999}, '
    sent += b'{"val": {"a": 1}}, {"val": 5}]}}}}'
    done = tool.run("decode", saved(tool, sent), "--json")
    assert [row["value"] for row in done.rows] == [None, None, None, 5]
    assert [row["raw"] for row in done.rows] == [True, None, {"a": 1}, 5]
    assert "Infinity" not in done.out


def test_decode_no_such_class(tool: Tool) -> None:
    done = tool.run("decode", FORMATS, *FILES, "--class", "65")
    assert done.code != 0
    assert done.err == "nutbridge: no value fits class 65\n"


def test_decode_closed_pipe(tool: Tool) -> None:
    """No traceback when nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    with tool.start("decode", FORMATS, *FILES, stdout=writing) as process:
        os.close(writing)
        _, err = process.communicate(timeout=30)
    assert err == ""
    assert process.returncode != 0


@pytest.mark.parametrize("options", [(), ("--json",), ("--csv",)])
def test_decode_full_disk(tool: Tool, options: tuple[str, ...]) -> None:
    """One line that says so, no traceback."""
    with (
        Path("/dev/full").open("w", encoding="utf-8") as full,
        tool.start("decode", FORMATS, *FILES, *options, stdout=full) as process,
    ):
        _, err = process.communicate(timeout=30)
    assert err == "nutbridge: standard output: No space left on device\n"
    assert process.returncode == 1


def test_decode_narrow_encoding(tool: Tool) -> None:
    tool.environ |= {"PYTHONIOENCODING": "ascii"}
    done = tool.run("decode", FORMATS, *FILES)
    assert done.code == 0
    assert "17.0 \\xb0C" in done.out


def test_decode_stdin(tool: Tool) -> None:
    with (
        Path(FORMATS).open("rb") as source,
        tool.start("decode", "-", *FILES, stdin=source) as process,
    ):
        out, _ = process.communicate(timeout=30)
    assert "Battery voltage: 429.00 V" in out
