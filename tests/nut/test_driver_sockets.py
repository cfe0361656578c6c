"""Where a running driver is looked for: everywhere NUT could put its socket."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from nutbridge.nut.driver import DriverSockets, driver_runs, socket_paths
from nutbridge.system.files import read_file


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A short one: the path of a socket has 107 bytes at most."""
    here = os.getcwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(here)


@pytest.fixture
def listens(folder: Path) -> Iterator[object]:
    with ExitStack() as stack:

        def at(name: str) -> None:
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            link = stack.enter_context(socket.socket(socket.AF_UNIX))
            link.bind(os.path.relpath(path))
            link.listen()

        yield at


def runs(folder: Path, **environ: str) -> bool:
    (folder / "conf").mkdir(exist_ok=True)
    named = {"NUT_CONFPATH": str(folder / "conf"), **environ}
    return DriverSockets("home", named, folder / "home.dev").answer()


def write(folder: Path, name: str, text: str) -> None:
    (folder / "conf").mkdir(exist_ok=True)
    (folder / "conf" / name).write_text(text)


def test_socket_nowhere(folder: Path) -> None:
    assert not runs(folder)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("ups.conf", 'statepath = "{}"\n[home]\ndriver = dummy-ups\n'),
        ("ups.conf", "statepath={}\n"),
        ("nut.conf", "MODE=standalone\nNUT_STATEPATH={}\n"),
        ("nut.conf", 'export NUT_STATEPATH="{}"\n'),
    ],
)
def test_socket_where_nut_is_told_to_put_it(
    folder: Path, listens: object, file: str, text: str
) -> None:
    """NUT 2.8.3 and later read ``statepath`` of ups.conf."""
    assert callable(listens)
    write(folder, file, text.format(folder / "state"))
    assert not runs(folder)
    listens("state/dummy-ups-home")
    assert runs(folder)


def test_socket_of_the_environment_does_not_hide_the_others(
    folder: Path, listens: object
) -> None:
    assert callable(listens)
    write(folder, "ups.conf", f"statepath = {folder}/state\n")
    listens("state/dummy-ups-home")
    assert runs(folder, NUT_STATEPATH="/nowhere")


@pytest.mark.parametrize("name", ["nut.conf", "ups.conf"])
def test_socket_place_that_is_told_later(
    folder: Path, listens: object, name: str
) -> None:
    """One that looks at each check sees what changed in the files meanwhile."""
    assert callable(listens)
    sockets = DriverSockets(
        "home", {"NUT_CONFPATH": str(folder / "conf")}, folder / "home.dev"
    )
    lines = {
        "nut.conf": "NUT_STATEPATH={}\n",
        "ups.conf": "statepath = {}\n",
    }
    listens("one/dummy-ups-home")
    listens("two/dummy-ups-home")
    assert [sockets.answer() for _ in range(2)] == [False] * 2
    write(folder, name, lines[name].format(folder / "one"))
    assert sockets.answer(), "a file that was not there"
    write(folder, name, lines[name].format(folder / "six"))
    assert not sockets.answer(), "as long as before"
    write(folder, name, lines[name].format(folder / "two"))
    assert sockets.answer()
    (folder / "conf" / name).unlink()
    assert not sockets.answer()


def test_socket_config_that_may_be_read_no_longer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "ups.conf", "")
    environ = {"NUT_CONFPATH": str(folder / "conf")}
    sockets = DriverSockets("home", environ, folder / "home.dev")
    assert not sockets.answer()

    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    with monkeypatch.context() as patch:
        patch.setattr("nutbridge.nut.driver.os.stat", refuse)
        assert sockets.answer(), "a folder closed to us proves nothing"
        patch.undo()
        patch.setattr("nutbridge.nut.driver.read_file", refuse)
        (folder / "conf" / "ups.conf").chmod(0o600)
        assert sockets.answer(), "its mode has changed: read again"
    assert not sockets.answer()


def test_socket_of_another_section_that_reads_the_file(
    folder: Path, listens: object
) -> None:
    assert callable(listens)
    conf = "statepath = {0}/state\n[house]\ndriver = dummy-ups\nport = {0}/home.dev\n"
    write(folder, "ups.conf", conf.format(folder))
    listens("state/dummy-ups-house")
    assert runs(folder)


def test_socket_config_that_may_not_be_read_proves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EACCES is not silence: the file could name the place of a live driver."""
    write(folder, "ups.conf", "")
    inner = read_file

    def refuse(path: Path, cap: int, *, trusting: bool) -> object:
        if path.name == "ups.conf":
            raise PermissionError(13, "Permission denied")
        return inner(path, cap, trusting=trusting)

    monkeypatch.setattr("nutbridge.nut.driver.read_file", refuse)
    assert runs(folder)
    environ = {"NUT_CONFPATH": str(folder / "conf")}
    assert socket_paths("home", environ), "doctor looks on"


def test_socket_nobody_listens_any_more(folder: Path, listens: object) -> None:
    assert callable(listens)
    path = folder / "gone"
    link = socket.socket(socket.AF_UNIX)
    link.bind(os.path.relpath(path))
    link.close()
    assert not driver_runs([Path(os.path.relpath(path))])
    assert not driver_runs([Path("/" + "x" * 200)])
