"""The command as a person, a script and a terminal see it."""

import json
import os
import pty
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nutbridge.system import services
from tests.e2e.site import UPS
from tests.nut.harness import wait_until
from tests.tools.doctor.lab import NUTBRIDGE, Lab, running_lab

pytestmark = pytest.mark.nut


@pytest.fixture
def alone() -> Iterator[Lab]:
    """A lab in which neither monitor nor NUT was started."""
    with running_lab() as found:
        yield found


def tree(*folders: Path) -> dict[str, tuple[object, ...]]:
    """Describe every file: what it says, mode, owner, time, inode."""
    found: dict[str, tuple[object, ...]] = {}
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            stat = path.lstat()
            data = path.read_bytes() if path.is_file() else None
            found[str(path)] = (
                *(stat.st_mode, stat.st_uid, stat.st_gid, stat.st_ino),
                *(stat.st_mtime_ns, stat.st_ctime_ns, data),
            )
    return found


def test_doctor_in_a_good_house_ends_with_0(lab: Lab) -> None:
    done = lab.doctor(UPS)
    assert (done.code, done.err) == (0, "")
    *lines, total = done.out.splitlines()
    assert all(line[:3] in ("\u2713  ", "-  ") for line in lines)
    assert total.endswith("0 warning, 0 failed, 10 skipped")
    assert "\x1b" not in done.out


def test_doctor_takes_a_config_instead_of_a_name(lab: Lab) -> None:
    assert lab.doctor("-c", str(lab.site.config)).code == 0


def test_doctor_json_has_one_object_per_check(lab: Lab) -> None:
    found = lab.as_json()
    names = [each["check"] for each in found]
    assert len(set(names)) == len(names) > 30
    for each in found:
        assert each.keys() == {"check", "result", "finding", "remedy"}
        assert each["result"] in {"ok", "warning", "failed", "skipped"}
        assert each["finding"]


def test_doctor_without_a_monitor_fails(lab: Lab) -> None:
    """The file claims a state and nobody keeps it true."""
    lab.site._daemons[-1].kill()
    try:
        done = lab.doctor(UPS)
    finally:
        lab.site.start()
        wait_until(lambda: bool(lab.doctor(UPS).code == 0), 20, "a good house")
    assert done.code == 1
    failed = [line for line in done.out.splitlines() if line.startswith("\u2717")]
    claim = "the port file claims OL and no monitor runs: nobody keeps it true"
    assert failed == [f"\u2717  {claim}"]
    start = services.here().to("restart", f"enphase-monitor@{UPS}")
    assert f"to do: {start}" in done.out


def test_doctor_finds_upsd_where_its_config_lets_it_listen(lab: Lab) -> None:
    """A port or an address of its own is no fault of upsd."""
    host, _, port = lab.upsd.partition(":")
    conf = lab.site.folder / "upsd.conf"
    conf.write_text(f"LISTEN {host} {port}\n")
    try:
        done = lab.site._run([str(NUTBRIDGE), "doctor", UPS], 20)
        assert "upsd shows OL 92 %; the gateway says OL 92 %" in done.out
        conf.write_text("LISTEN 127.0.0.1 1\n")
        done = lab.site._run([str(NUTBRIDGE), "doctor", UPS], 20)
        assert "upsd at 127.0.0.1:1: connection refused" in done.out
    finally:
        conf.unlink()


def test_doctor_changes_nothing(alone: Lab) -> None:
    """No file, no time of a file, no token, no pin, no session of the cloud."""
    site = alone.site
    site.show("ups.status: OL\n")
    left = site.state / ".home.dev.abcdefgh.tmp"
    left.touch()
    (site.state / f".enphase-{UPS}.token.abcdefgh.tmp").touch()
    before = tree(site.folder)
    done = alone.doctor("--upsd", "127.0.0.1:1", UPS)
    assert done.code == 1
    assert tree(site.folder) == before
    assert {asked.method for asked in alone.site.cloud.server.counts.recent} <= {"HEAD"}
    assert not any(asked.body for asked in alone.site.gateway.server.counts.recent)


@pytest.mark.slow(8)
def test_doctor_with_everything_silent_is_done_in_time(alone: Lab) -> None:
    """Gateway, cloud and upsd take connections and never say a word."""
    site = alone.site
    site.gateway.server.stalled = True
    site.cloud.server.stalled = True
    with socket.create_server(("127.0.0.1", 0)) as upsd:
        address = f"127.0.0.1:{upsd.getsockname()[1]}"
        # 20 s and what this machine needs to start a program under load.
        done = alone.doctor("--upsd", address, "--json", UPS, seconds=25)
    found = {each["check"]: each for each in json.loads(done.out)}
    assert done.code == 1
    for check in ("gateway-connects", "upsd"):
        assert found[check]["result"] == "failed"
        assert "within" in found[check]["finding"]
    assert found["cloud"]["result"] == "warning"


def test_doctor_without_a_config_ends_with_78(alone: Lab) -> None:
    alone.site.config.unlink()
    done = alone.doctor(UPS)
    assert done.code == 78
    assert "No such file" in done.out
    assert "to do: " in done.out
    assert done.err == "nutbridge: without a config nothing else was checked\n"
    done = alone.doctor("--json", UPS)
    assert (done.code, done.err) == (78, "")
    (found,) = json.loads(done.out)
    assert (found["check"], found["result"]) == ("config", "failed")


@pytest.mark.parametrize(
    ("text", "mode", "check"),
    [
        ("what is this?\n", 0o600, "config"),
        (None, 0o644, "config-permissions"),
        ("STATE_DIR=/nowhere\nSERIAL=1\nPORT_FILE=x\n", 0o600, "folders"),
    ],
)
def test_doctor_with_a_config_of_no_use_ends_with_78(
    alone: Lab, text: str | None, mode: int, check: str
) -> None:
    if text is not None:
        alone.site.config.write_text(text)
    alone.site.config.chmod(mode)
    done = alone.doctor("--json", UPS)
    assert done.code == 78
    assert [each["check"] for each in json.loads(done.out)] == [check]


@pytest.mark.parametrize("options", [(), ("--upsd", "a:b:c/d", UPS), ("a b",)])
def test_doctor_called_wrongly_ends_with_2(
    alone: Lab, options: tuple[str, ...]
) -> None:
    done = alone.doctor(*options)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") <= 3
    assert "nutbridge" in done.err


def test_doctor_in_test_mode_asks_nobody(alone: Lab) -> None:
    alone.site.keys["TEST"] = "1"
    alone.site.write_config()
    (alone.site.folder / "ups.conf").unlink()
    found = {each["check"]: each for each in alone.as_json()}
    assert found["gateway-grid"]["result"] == "skipped"
    assert "TEST=1" in found["gateway-grid"]["finding"]
    assert not alone.site.gateway.server.counts.recent


def on_a_terminal(lab: Lab, **environ: str) -> str:
    """Run it on a terminal; return what is drawn."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [str(NUTBRIDGE), "doctor", "--upsd", "127.0.0.1:1", UPS],
        env={**lab.site.environ, "TERM": "xterm", **environ},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    drawn = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # EIO: the last one has closed the terminal
            break
        if not piece:
            break
        drawn += piece
    os.close(leader)
    process.wait(20)
    return drawn.decode()


def test_doctor_on_a_terminal_has_colour_unless_told_not_to(alone: Lab) -> None:
    assert "\x1b[31m\u2717\x1b[0m  " in on_a_terminal(alone)
    assert "\x1b" not in on_a_terminal(alone, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(alone, TERM="dumb")


def test_doctor_in_a_plain_locale_has_words_for_marks(alone: Lab) -> None:
    alone.site.environ["LANG"] = "C"
    done = alone.doctor("--upsd", "127.0.0.1:1", UPS)
    assert "\nFAIL  " in done.out
    assert "\nskip  " in done.out
    assert done.out.startswith("ok    config ")
    assert done.out.isascii()


def test_doctor_interrupted_ends_quietly_with_130(alone: Lab) -> None:
    alone.site.gateway.server.stalled = True
    process = subprocess.Popen(
        [str(NUTBRIDGE), "doctor", "--upsd", "127.0.0.1:1", UPS],
        env=alone.site.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    server = alone.site.gateway.server
    wait_until(lambda: server.counts.connections > 0, 20, "a connection")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "")


def test_doctor_into_a_closed_pipe_says_nothing(alone: Lab) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [str(NUTBRIDGE), "doctor", "--upsd", "127.0.0.1:1", UPS],
        env=alone.site.environ,
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=20,
        check=False,
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode in (0, 1)
