"""The token file."""

import os
from pathlib import Path

import pytest

from nutbridge.errors import ConfigError, TokenError
from nutbridge.sources.enphase.token_store import TokenStore
from tests.sources.enphase.tokens import SERIAL, make_token, owner_token


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "enphase-home.token"


def _write(path: Path, data: bytes, mode: int = 0o600) -> None:
    path.write_bytes(data)
    path.chmod(mode)


def test_read_missing(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert TokenStore(path, SERIAL).read() is None
    assert caplog.records == []


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_read(path: Path, end: bytes) -> None:
    _write(path, owner_token().encode() + end)
    assert TokenStore(path, SERIAL).read() == owner_token()


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\x00\xff" * 99, b"a.b.c", b"x" * 9_000_000),
        owner_token(aud="122000000009").encode(),
        owner_token().rpartition(".")[0].encode(),
    ],
)
def test_read_garbage_is_ignored_and_kept(
    path: Path, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    _write(path, data)
    assert TokenStore(path, SERIAL).read() is None
    assert path.read_bytes() == data
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert str(path) in record.getMessage()


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602])
def test_world_readable_is_refused(path: Path, mode: int) -> None:
    _write(path, owner_token().encode(), mode)
    with pytest.raises(ConfigError, match="everybody may read"):
        TokenStore(path, SERIAL).read()


def test_group_readable_is_allowed(path: Path) -> None:
    _write(path, owner_token().encode(), 0o640)
    assert TokenStore(path, SERIAL).read() == owner_token()


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_world_writable_folder_is_refused(path: Path, mode: int) -> None:
    path.parent.chmod(mode)
    store = TokenStore(path, SERIAL)
    for action in (store.read, lambda: store.store(owner_token())):
        with pytest.raises(ConfigError, match="everybody may write here"):
            action()
    assert not path.exists()


def test_folder_in_place_of_the_file(path: Path) -> None:
    path.mkdir(mode=0o700)
    with pytest.raises(ConfigError, match="cannot be read"):
        TokenStore(path, SERIAL).read()


def test_store(path: Path) -> None:
    store = TokenStore(path, SERIAL)
    store.store(owner_token())
    assert store.read() == owner_token()
    assert path.stat().st_mode & 0o7777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_store_over_one_that_everybody_can_read(path: Path) -> None:
    """The new token is in a file of its own; the old one is not asked for again."""
    _write(path, owner_token().encode(), 0o644)
    TokenStore(path, SERIAL).store(owner_token())
    assert path.stat().st_mode & 0o7777 == 0o600


def test_fresh_sees_what_somebody_else_has_put_there(path: Path) -> None:
    store = TokenStore(path, SERIAL)
    assert store.read() is None
    assert store.fresh() is None
    TokenStore(path, SERIAL).store(owner_token())
    assert store.fresh() == owner_token()
    assert store.fresh() is None, "seen already"


def test_fresh_tells_once_of_a_file_that_everybody_can_read(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is asked at every check of the grid: no line every 10 s, for ever."""
    store = TokenStore(path, SERIAL)
    store.read()
    _write(path, owner_token().encode(), 0o644)
    assert [store.fresh() for _ in range(5)] == [None] * 5
    (record,) = caplog.records
    assert "chmod 600" in record.getMessage()
    path.chmod(0o600)
    assert store.fresh() == owner_token()


def test_fresh_through_a_link(path: Path) -> None:
    """What counts is the file that the link leads to."""
    target = path.parent / "elsewhere"
    path.symlink_to(target)
    store = TokenStore(path, SERIAL)
    assert store.read() is None
    TokenStore(target, SERIAL).store(owner_token())
    assert store.fresh() == owner_token()
    assert store.fresh() is None, "seen already"


def test_store_through_a_link(path: Path) -> None:
    target = path.parent / "elsewhere"
    path.symlink_to(target)
    TokenStore(path, SERIAL).store(owner_token())
    assert path.is_symlink()
    assert target.read_text().strip() == owner_token()


@pytest.mark.parametrize("text", ["", "a.b.c", owner_token(aud="122000000009")])
def test_store_refuses(path: Path, text: str) -> None:
    _write(path, b"old")
    with pytest.raises(TokenError):
        TokenStore(path, SERIAL).store(text)
    assert path.read_bytes() == b"old"


def test_any_serial_in_test_mode(path: Path) -> None:
    store = TokenStore(path, None)
    store.store(make_token(exp=1792000000))
    assert store.read() == make_token(exp=1792000000)


def test_leftovers_are_swept(path: Path) -> None:
    left = path.parent / f".{path.name}.abc.tmp"
    left.touch()
    TokenStore(path, SERIAL).read()
    assert not os.path.lexists(left)
