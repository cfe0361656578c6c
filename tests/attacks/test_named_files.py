"""Files that root's commands read: named in a folder of another user, or handed open.

What root types may lie in a folder of somebody else's: a pipe does not hang it, and a
link there leads to nothing of root's.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nutbridge.cli.token import _read as token_of
from nutbridge.config.file import load, read_password, read_plain
from nutbridge.errors import NutbridgeError
from nutbridge.net.pins import PinStore
from nutbridge.nut.driver import socket_paths
from nutbridge.simulator.tokens import make_token
from nutbridge.sources.enphase.token_store import TokenStore
from nutbridge.system.files import read_file
from nutbridge.system.rights import NotPlainError
from nutbridge.tools.doctor.nut import _text, _ups_conf
from nutbridge.tools.doctor.systemd import _settings
from tests.attacks.command import LONG_S, PROGRAMS
from tests.attacks.stage import ATTACKER, GROUP, MONITOR, needs_root, stage

STRANGER = 61009
TOKEN = make_token("122000000001", 2e9)
#: Each reads a file that is there, and tells by a true value that it did.
READERS: dict[str, tuple[Callable[[Path], object], bytes]] = {
    "config": (lambda path: read_plain(str(path), 99), b"UPS=home\n"),
    "password": (lambda path: read_password(str(path)), b"secret\n"),
    "token": (lambda path: token_of(str(path)), TOKEN.encode()),
    "ups.conf": (lambda path: _ups_conf(path)[0], b"[home]\ndriver=dummy-ups\n"),
    "upsmon.conf": (_text, b"DEADTIME 77\n"),
    "unit": (_settings, b"User=nut\n"),
}


def does(name: str, path: Path) -> bool:
    try:
        return bool(READERS[name][0](path))
    except (NutbridgeError, OSError):
        return False


@needs_root
@pytest.mark.parametrize("name", READERS)
def test_root_reads_what_is_anybodys_own_and_no_link_to_roots(name: str) -> None:
    with stage(ATTACKER, "file") as place:
        data = READERS[name][1]
        path, roots = place.shared / "file", place.folder / "roots"
        roots.write_bytes(data)
        roots.chmod(0o600)
        path.write_bytes(data)
        path.chmod(0o640)
        own = place.shared / "link"
        own.symlink_to("file")
        os.lchown(own, ATTACKER, GROUP)
        trusted = place.folder / "link"
        trusted.symlink_to(roots)
        assert [does(name, each) for each in (path, own, trusted)] == [True] * 3
        path.unlink()
        path.symlink_to(roots)
        os.lchown(path, ATTACKER, GROUP)
        assert not does(name, path)


@needs_root
@pytest.mark.parametrize("name", READERS)
def test_a_pipe_in_place_of_a_file_does_not_hang(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not does(name, tmp_path / "pipe")


@needs_root
def test_a_pipe_in_place_of_ups_conf_hangs_no_monitor(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ups.conf")
    environ = {"NUT_CONFPATH": str(tmp_path)}
    assert socket_paths("home", environ)
    with pytest.raises(NotPlainError):
        socket_paths("home", environ, strict=True)


@needs_root
def test_a_monitor_finds_its_config_behind_any_link() -> None:
    """No refusal keeps it from an OB: that root runs it is odd, not an attack."""
    with stage(ATTACKER, "file") as place:
        config = place.folder / "real.conf"
        config.write_text("PASSWORD=x\nUSERNAME=x\nSERIAL=122000000001\nPORT_FILE=a\n")
        config.chmod(0o600)
        path = place.shared / "enphase-home.conf"
        path.symlink_to(config)
        os.lchown(path, ATTACKER, GROUP)
        environ = {"NUT_STATEPATH": str(place.shared)}
        with pytest.raises(NutbridgeError, match="link of another user"):
            load(str(path), None, environ)
        assert load(str(path), None, environ, trusting=True)[0].ups == "home"


@needs_root
@pytest.mark.parametrize("user", [0, MONITOR, ATTACKER, STRANGER])
def test_a_strangers_token_or_pin_is_none(user: int) -> None:
    """Only where a monitor has no other token it tries that one, and says so."""
    with stage(ATTACKER) as place:
        tokens, pins = place.put("token", TOKEN.encode(), 0o600), "ab" * 32
        pin = place.put("pin", pins.encode(), 0o600)
        os.chown(tokens, user, GROUP)
        os.chown(pin, user, GROUP)
        store = TokenStore(tokens, None, (MONITOR, GROUP))
        stranger = user == STRANGER
        assert store.peek() == (None if stranger else TOKEN)
        assert store.read() == TOKEN
        known = PinStore(pin, (MONITOR, GROUP)).load().known
        assert known == (None if stranger else pins)
        lent = place.folder / "lent"
        lent.write_text(make_token("122000000001", 1.9e9))
        lent.chmod(0o600)
        store = TokenStore(tokens, None, (MONITOR, GROUP), credential=str(lent))
        assert (store.read() == TOKEN) is not stranger


@pytest.mark.parametrize(
    "words", ["-f - <<< $T", "-f <(echo $T)", "-f /dev/stdin < <(echo $T)"]
)
def test_a_token_comes_through_what_the_shell_hands_over(words: str) -> None:
    code = (
        "import sys; from nutbridge.cli.token import _read; "
        "sys.exit(_read(sys.argv[2])[:2] != 'ey')"
    )
    done = subprocess.run(
        ["/bin/bash", "-c", f'"$0" -c "$1" {words}', PROGRAMS / "python", code],
        env={"T": TOKEN, "PATH": "/usr/bin:/bin"},
        check=False,
        timeout=LONG_S,
    )
    assert done.returncode == 0


def test_a_handed_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    with path.open("rb") as file:
        file.read(3)
        handed = Path(f"/dev/fd/{file.fileno()}")
        assert read_file(handed, 9).data == b"12345"
