"""The command line: the options of the bash script, short usage errors."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutbridge import __version__
from nutbridge.cli.command_line import read
from nutbridge.cli.options import Options, parse, plain


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ("home", Options(ups="home")),
        ("-c x.conf", Options(config="x.conf")),
        ("-cx.conf home", Options(config="x.conf", ups="home")),
        ("home -s", Options(ups="home", once=True)),
        ("-d home", Options(ups="home", debug=1)),
        ("-d -d home", Options(ups="home", debug=2)),
        ("-ddsv home", Options(ups="home", debug=2, once=True, verbose=True)),
        ("-x home", Options(ups="home", hide=1)),
        ("-x -x home", Options(ups="home", hide=2)),
        ("-v -- home", Options(ups="home", verbose=True)),
        ("--config x --debug --once --verbose", Options("x", None, 1, True, True)),
        ("--nocomms home", Options(ups="home", hide=1)),
    ],
)
def test_parse(argv: str, expected: Options) -> None:
    assert parse(argv.split(), {}) == expected


@given(
    st.lists(
        st.sampled_from(
            ("-c", "-cx", "-d", "-s", "-v", "-x", "-ddsv", "-sc", "-", "--", "", "home")
        ),
        max_size=5,
    )
)
def test_parse_without_the_library_reads_the_same(argv: list[str]) -> None:
    """Whatever it reads at all."""
    found = plain(argv)
    if found is not None:
        assert read(argv) == found


@pytest.mark.parametrize("environ", [{"UPS": "home"}, {"CONFIG_FILE": "x.conf"}])
def test_parse_environment_stands_for_arguments(environ: dict[str, str]) -> None:
    """load() takes the values from there, in its own order."""
    assert parse(["-s"], environ) == Options(once=True)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ([], "which UPS?"),
        (["-s"], "which UPS?"),
        ([""], "which UPS?"),
        (["-c", ""], "which UPS?"),
        (["-z", "home"], "-z"),
        (["--nope", "home"], "--nope"),
        (["-c"], "-c"),
        (["a", "b"], "(b)"),
        (["-s", "-x", "home"], "exclude"),
        (["--debug=3", "home"], "--debug"),
        (["a", "b\n\x1b[2J"], "\\x1b[2J"),
    ],
)
def test_parse_usage_error(
    argv: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, two lines on stderr."""
    with pytest.raises(SystemExit) as caught:
        parse(argv, {"UPS": "", "CONFIG_FILE": ""})
    shown = capsys.readouterr()
    assert caught.value.code == 2
    assert shown.out == ""
    assert shown.err.count("\n") == 2
    assert says in shown.err
    assert shown.err.startswith("enphase-monitor: ")
    assert shown.err.endswith("Try 'enphase-monitor -h' for help.\n")


@pytest.mark.parametrize("argv", [["-h"], ["--help"], ["-vh", "home"], ["-z", "-h"]])
def test_parse_help(
    argv: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """80 columns, no colour, every option, whatever the terminal is."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with pytest.raises(SystemExit) as caught:
        parse(argv, {})
    text = capsys.readouterr().out
    if "-z" in argv:  # an unknown option comes first
        assert caught.value.code == 2
        return
    assert caught.value.code == 0
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    wide = "  -d, --debug          Show details; twice: also the gateway's answers.\n"
    assert wide in text
    for word in ("-c,", "-d,", "-s,", "-v,", "-x,", "-h,", "--version", "UPS"):
        assert word in text
    for word in ("CONFIG_FILE", "NUT_SYSCONFIG", "NUT_LOCALSTATE", "Exit status"):
        assert word in text


def test_parse_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(["--version"], {})
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"enphase-monitor {__version__}\n"


def test_usage_error_with_a_broken_stderr() -> None:
    """Still exit 2, no traceback."""
    code = "from nutbridge.cli.options import parse; parse(['-z'], {})"
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stderr=write,
            stdout=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stdout) == (2, b"")
