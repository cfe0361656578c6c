"""Who else may read or write the config, the secrets and the folders."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nutbridge.config.file import load
from nutbridge.errors import ConfigError

ACCOUNT = "USERNAME=me@example.net\nSERIAL=122000000001\nPORT_FILE=home.dev\n"


@pytest.fixture
def nut(tmp_path: Path) -> Path:
    """A system of its own with folders that only their owner may use."""
    for name in ("conf", "state", "other"):
        (tmp_path / name).mkdir(mode=0o750)
    config(tmp_path, "PASSWORD=hunter2")
    return tmp_path


def config(nut: Path, text: str, mode: int = 0o640) -> Path:
    path = nut / "conf/enphase-home.conf"
    path.write_text(f"{ACCOUNT}{text}\n", encoding="utf-8")
    path.chmod(mode)
    return path


def environ(nut: Path, **more: str) -> dict[str, str]:
    return {
        "NUT_CONFPATH": str(nut / "conf"),
        "NUT_STATEPATH": str(nut / "state"),
        **more,
    }


def password(nut: Path, **more: str) -> str:
    return load(None, "home", environ(nut, **more))[0].password


def refusal(nut: Path, **more: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(None, "home", environ(nut, **more))
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


def test_load_refuses_a_password_everybody_can_read(nut: Path) -> None:
    path = config(nut, "PASSWORD=hunter2", 0o644)
    assert refusal(nut) == (
        f"{path}: holds a password and everybody can read it; chmod o-r {path}"
    )


def test_load_takes_a_readable_config_without_password(nut: Path) -> None:
    """Nothing to hide: the password in a file of its own, or TEST mode."""
    (nut / "state/pw").write_text("x")
    (nut / "state/pw").chmod(0o600)
    config(nut, "PASSWORD_FILE=pw", 0o644)
    assert password(nut) == "x"
    config(nut, "TEST=1\nPASSWORD=some", 0o644)
    assert password(nut) == "some"


def test_load_refuses_a_config_everybody_can_write(nut: Path) -> None:
    config(nut, "TEST=1", 0o662)
    assert "everybody can write it" in refusal(nut)


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o702])
@pytest.mark.parametrize("name", ["conf", "state", "other"])
def test_load_refuses_folders_everybody_can_write_in(
    nut: Path, name: str, mode: int
) -> None:
    """Of the config, of STATE_DIR, of the token."""
    config(nut, f"PASSWORD=x\nTOKEN_FILE={nut}/other/t")
    (nut / name).chmod(mode)
    text = refusal(nut)
    assert f"{nut}/{name}: " in text
    # One like /tmp has to stay as it is.
    remedy = "another folder" if mode & 0o1000 else f"chmod o-w {nut}/{name}"
    assert remedy in text


def test_load_refuses_a_link_into_an_open_folder(nut: Path) -> None:
    path = config(nut, "PASSWORD=x")
    path.rename(nut / "other/real.conf")
    path.symlink_to(nut / "other/real.conf")
    assert password(nut) == "x"
    (nut / "other").chmod(0o777)
    assert f"{nut}/other: " in refusal(nut)


def test_load_state_dir_must_be_a_folder(nut: Path) -> None:
    config(nut, f"PASSWORD=x\nSTATE_DIR={nut}/none")
    assert f"{nut}/none: folder of STATE_DIR: No such file" in refusal(nut)
    (nut / "none").touch()
    assert "is not a folder" in refusal(nut)


def test_load_state_dir_must_be_writable(nut: Path) -> None:
    """/proc is read-only for root too."""
    config(nut, "PASSWORD=x\nSTATE_DIR=/proc/self")
    assert "/proc/self: STATE_DIR: must be writable" in refusal(nut)


#: Reads the config of UPS home beside a STATE_DIR ($1) whose disk has failed.
_ON_A_FAILED_DISK = """
mount -t tmpfs -o ro,mode=755 none "$1"
exec "$2" -c "
import os
from nutbridge.config.file import load
print(load(None, 'home', os.environ)[1][0].text)"
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone may mount; run as root")
def test_load_state_dir_may_be_on_a_disk_that_failed(nut: Path) -> None:
    """Linux mounts it read-only then: the house is still to be protected."""
    config(nut, f"PASSWORD=x\nSTATE_DIR={nut}/other")
    own = ("unshare", "--mount", "sh", "-ec", _ON_A_FAILED_DISK, "sh")
    done = subprocess.run(
        [*own, str(nut / "other"), sys.executable],
        env={**os.environ, **environ(nut)},
        capture_output=True,
        text=True,
        check=False,
    )
    told = f"{nut}/other: STATE_DIR: its file system is mounted read-only: "
    assert done.stdout.startswith(told), done.stderr


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"hunter2\n", "hunter2"),
        (b"hunter2\r\n", "hunter2"),
        (b"hunter2", "hunter2"),
        (b" a b \n", " a b "),
        ("gr\u00fcn\n".encode(), "gr\u00fcn"),
    ],
)
def test_password_file(nut: Path, data: bytes, text: str) -> None:
    """Only the line end falls away."""
    config(nut, "PASSWORD_FILE=pw")
    (nut / "state/pw").write_bytes(data)
    (nut / "state/pw").chmod(0o400)
    assert password(nut) == text


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"a\nb", b"\xff\xfe", b"a\0b", b"x" * 5000]
)
def test_password_file_refuses(nut: Path, data: bytes) -> None:
    config(nut, "PASSWORD_FILE=pw")
    (nut / "state/pw").write_bytes(data)
    (nut / "state/pw").chmod(0o400)
    assert refusal(nut) == (
        f"{nut}/state/pw: PASSWORD_FILE: must hold the password, in one line"
    )


def test_password_file_access(nut: Path) -> None:
    config(nut, "PASSWORD_FILE=pw")
    assert "No such file" in refusal(nut)
    (nut / "state/pw").write_text("hunter2")
    (nut / "state/pw").chmod(0o644)
    assert "everybody can read it" in refusal(nut)


def test_password_file_of_systemd(nut: Path) -> None:
    """LoadCredential=pw:... and PASSWORD_FILE=pw."""
    config(nut, "PASSWORD_FILE=pw")
    (nut / "other/pw").write_text("credential\n")
    (nut / "other/pw").chmod(0o400)
    assert password(nut, CREDENTIALS_DIRECTORY=str(nut / "other")) == "credential"


def test_password_file_open_folder(nut: Path) -> None:
    config(nut, f"PASSWORD_FILE={nut}/other/pw")
    (nut / "other/pw").write_text("x")
    (nut / "other/pw").chmod(0o400)
    (nut / "other").chmod(0o777)
    assert f"chmod o-w {nut}/other" in refusal(nut)


@pytest.mark.parametrize(
    "line",
    [
        "port = {}/state/home.dev",
        '  port="{}/state/home.dev"  # the battery',
        "port = {}/link.dev",
        "port = ../state/./home.dev",
    ],
)
def test_test_mode_refuses_the_port_file_of_a_real_ups(nut: Path, line: str) -> None:
    """TEST=1 on the port file of the house would shut it down."""
    (nut / "link.dev").symlink_to(nut / "state/home.dev")
    (nut / "conf/ups.conf").write_text(f"[home]\n{line.format(nut)}\n")
    config(nut, "TEST=1")
    assert "may not play with a real UPS" in refusal(nut)
    config(nut, "TEST=1\nPORT_FILE=test.dev")
    assert load(None, "home", environ(nut))[1] == []
    config(nut, "PASSWORD=x")
    assert password(nut) == "x"


def test_test_mode_without_a_readable_ups_conf(nut: Path) -> None:
    config(nut, "TEST=1")
    (nut / "conf/ups.conf").mkdir()
    (notice,) = load(None, "home", environ(nut))[1]
    assert "is not known" in notice.text
