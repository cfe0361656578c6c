"""Finding and reading the config, and who else may read or write it."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nutbridge.config.file import folders, load
from nutbridge.errors import (
    EX_CONFIG,
    EX_USAGE,
    ConfigError,
    UsageError,
)

NOBODY = 65534


@pytest.fixture
def nut(tmp_path: Path) -> Path:
    """A system of its own: conf/ and state/, one usable config."""
    for name in ("conf", "state"):
        (tmp_path / name).mkdir(mode=0o750)
    write(tmp_path / "conf/enphase-home.conf", "")
    return tmp_path


def write(path: Path, text: str, mode: int = 0o640) -> Path:
    path.write_text(
        "USERNAME=me@example.net\nPASSWORD=hunter2\nSERIAL=122000000001\n"
        f"PORT_FILE=home.dev\n{text}\n",
        encoding="utf-8",
    )
    path.chmod(mode)
    return path


def environ(nut: Path, **more: str) -> dict[str, str]:
    return {
        "NUT_SYSCONFIG": str(nut / "conf"),
        "NUT_LOCALSTATE": str(nut / "state"),
        **more,
    }


def refusal(nut: Path, config: Path | None = None, **more: str) -> ConfigError:
    """Return how the config is refused: one line, exit 78, no password."""
    with pytest.raises(ConfigError) as caught:
        load(str(config) if config else None, "home", environ(nut, **more))
    text = str(caught.value)
    assert caught.value.exit_code == EX_CONFIG
    assert "\n" not in text
    assert "hunter2" not in text
    return caught.value


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything; take that away for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_load_by_name(nut: Path) -> None:
    found, notices = load(None, "home", environ(nut))
    assert notices == []
    assert found.config_path == str(nut / "conf/enphase-home.conf")
    assert (found.ups, found.password) == ("home", "hunter2")
    assert found.port_file == str(nut / "state/home.dev")


@pytest.mark.parametrize(
    ("file", "in_file", "argument", "variable", "name"),
    [
        ("enphase-home.conf", "", None, None, "home"),
        ("enphase-home-2.conf", "", None, None, "home-2"),
        ("enphase-home.conf", "", None, "env", "env"),
        ("enphase-home.conf", "file", None, "env", "file"),
        ("enphase-home.conf", "file", "arg", "env", "arg"),
        ("any.conf", "file", None, None, "file"),
    ],
)
def test_load_name_of_the_ups(
    nut: Path,
    file: str,
    in_file: str,
    argument: str | None,
    variable: str | None,
    name: str,
) -> None:
    """Argument, then the file, then the environment, then the file's name."""
    config = write(nut / "conf" / file, f"UPS={in_file}")
    more = {"UPS": variable} if variable else {}
    found, notices = load(str(config), argument, environ(nut, **more))
    assert found.ups == name
    assert found.token_file.endswith(f"/state/enphase-{name}.token")
    overruled = bool(argument) and argument != in_file
    assert [f"UPS: {in_file} is not used" in n.text for n in notices] == [
        True
    ] * overruled


def test_load_config_file_variable(nut: Path) -> None:
    """$CONFIG_FILE stands for -c; -c comes first."""
    other = write(nut / "conf/other.conf", "UPS=other")
    more = environ(nut, CONFIG_FILE=str(other))
    assert load(None, None, more)[0].ups == "other"
    home = nut / "conf/enphase-home.conf"
    assert load(str(home), None, more)[0].ups == "home"


def test_load_ups_variable(nut: Path) -> None:
    assert load(None, None, environ(nut, UPS="home"))[0].ups == "home"


@pytest.mark.parametrize(
    "name", [None, "", "a/b", "a b", "../x", "\n", "-x", ".x", "a" * 65]
)
def test_load_without_a_usable_name(nut: Path, name: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        load(None, name, environ(nut))
    assert caught.value.exit_code == EX_USAGE


def test_load_config_without_a_name(nut: Path) -> None:
    config = write(nut / "conf/any.conf", "")
    with pytest.raises(UsageError, match="has no UPS="):
        load(str(config), None, environ(nut))
    write(config, "UPS=a/b")
    assert refusal(nut, config).where == f"{config}:5"


def test_load_relative_paths(nut: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """conf/test.conf runs from a checkout: STATE_DIR=. is the current folder."""
    monkeypatch.chdir(nut)
    write(nut / "conf/t.conf", "UPS=t\nSTATE_DIR=.")
    found, _ = load("conf/t.conf", None, {})
    assert found.config_path == str(nut / "conf/t.conf")
    assert (found.state_dir, found.port_file) == (str(nut), str(nut / "home.dev"))


def test_load_missing(nut: Path) -> None:
    assert "No such file" in refusal(nut, nut / "conf/none.conf").problem


def test_load_unreadable(nut: Path) -> None:
    (nut / "conf/enphase-home.conf").chmod(0)
    with as_nobody():
        assert "Permission denied" in refusal(nut).problem


def test_load_says_what_makes_a_config_that_is_not_there(nut: Path) -> None:
    """Most often the name of the UPS is misspelt."""
    problem = refusal(nut, nut / "conf/enphase-hone.conf").problem
    assert problem.startswith("cannot be read: No such file")
    assert "name of the UPS" in problem
    assert "nutbridge setup" in problem
    assert "There is home." in problem


def test_load_names_the_upses_that_there_are(nut: Path) -> None:
    """Whoever gives no name may have forgotten it."""
    write(nut / "conf/enphase-garage.conf", "")
    environ = {"NUT_SYSCONFIG": str(nut / "conf")}
    with pytest.raises(UsageError, match=r"which UPS\? Give its name \(garage, home\)"):
        load(None, None, environ)
    with pytest.raises(UsageError, match="Give its name, or -c CONFIG"):
        load(None, None, {"NUT_SYSCONFIG": str(nut / "none")})


def test_load_says_that_no_shell_reads_it(nut: Path) -> None:
    """The bash script ran its config: $STATE_DIR/token was a path."""
    line = f"STATE_DIR={nut}\nTOKEN_FILE=$STATE_DIR/token\n"
    write(nut / "conf/enphase-home.conf", line)
    error = refusal(nut)
    assert error.where == f"{nut}/$STATE_DIR"
    assert "$NAME stands for itself, write the path out" in error.problem


def test_load_no_plain_file(nut: Path) -> None:
    """A folder, a device, a FIFO that nobody writes to (must not hang), a socket."""
    assert "is a folder" in refusal(nut, nut / "conf").problem
    assert "no plain file" in refusal(nut, Path("/dev/null")).problem
    os.mkfifo(nut / "conf/fifo")
    assert "no plain file" in refusal(nut, nut / "conf/fifo").problem
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(nut / "conf/sock"))
        problem = refusal(nut, nut / "conf/sock").problem
        # Root looks before it opens; for others open(2) fails.
        assert "no plain file" in problem or "cannot be read" in problem
    (nut / "conf/loop").symlink_to("loop")
    assert "cannot be read" in refusal(nut, nut / "conf/loop").problem


@pytest.mark.parametrize(
    "junk",
    [b"\x7fELF\x02\x01\x00", b"\xff\xfeU\x00", b"\x00" * 99, bytes(range(256))[::-1]],
)
def test_load_binary_junk(nut: Path, junk: bytes) -> None:
    path = nut / "conf/enphase-home.conf"
    path.write_bytes(junk)
    found = refusal(nut)
    assert found.where.startswith(str(path))


def test_load_bad_number_names_file_line_key_and_what_is_allowed(nut: Path) -> None:
    path = write(nut / "conf/enphase-home.conf", "# c\nPOLLFREQ=often")
    assert str(refusal(nut)) == (
        f"{path}:6: POLLFREQ: 'often' is no number; allowed: 5 to 3600 s"
    )


def test_load_unknown_key_is_a_warning(nut: Path) -> None:
    write(nut / "conf/enphase-home.conf", "POLLFREK=5")
    _, notices = load(None, "home", environ(nut))
    assert "is POLLFREQ meant?" in notices[0].text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"NUT_SYSCONFIG": "/a", "NUT_CONFPATH": "/b"}, "/a"),
        ({"NUT_CONFPATH": "/b"}, "/b"),
        ({"NUT_SYSCONFIG": "", "NUT_CONFPATH": "/b"}, "/b"),
    ],
)
def test_folders_of_config(given: dict[str, str], expected: str) -> None:
    assert folders(given).sysconfig == expected
    states = {k.replace("SYSCONFIG", "LOCALSTATE"): v for k, v in given.items()}
    states = {k.replace("CONFPATH", "STATEPATH"): v for k, v in states.items()}
    assert folders(states).localstate == expected


def test_folders_default() -> None:
    """Fedora's folders where they exist, else Debian's."""
    found = folders({})
    fedora = Path("/etc/ups").is_dir(), Path("/var/lib/ups").is_dir()
    assert found.sysconfig == ("/etc/ups" if fedora[0] else "/etc/nut")
    assert found.localstate == ("/var/lib/ups" if fedora[1] else "/var/lib/nut")
