"""nutbridge setup asks; whoever goes away at a question leaves nothing behind."""

import os
import pty
import select
import signal
import sys
import time
from dataclasses import replace

import pytest

from nutbridge.errors import EX_CONFIG
from nutbridge.tools.setup.context import SetupOptions
from tests.tools.setup.site import PASSWORD, SOON_S, UPS_CONF, Machine

#: Question (its beginning) and answer.
QUESTIONS = (
    "Name of the UPS",
    "Enphase account",
    "Password",
    "Append this to",
    "Write this?",
)


def answers(machine: Machine) -> list[str]:
    return ["", machine.cloud.account.email, PASSWORD, "y", "yes"]


def wishes_of(machine: Machine) -> SetupOptions:
    return SetupOptions(host=machine.gateway.host, root=str(machine.root))


def test_all_answered(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = "".join(f"{answer}\n" for answer in answers(machine))
    done = machine.run_here(monkeypatch, wishes_of(machine), stdin)
    assert (done.code, done.err) == (0, "")
    places = [done.out.index(question) for question in QUESTIONS]
    assert places == sorted(places)
    assert machine.config.exists()
    assert "[home]" in machine.ups_conf.read_text(encoding="ascii")


@pytest.mark.parametrize("answered", range(len(QUESTIONS)))
def test_end_of_input_at_a_question(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, answered: int
) -> None:
    """EOF at any question: one line, nothing written."""
    before = machine.tree()
    stdin = "".join(f"{answer}\n" for answer in answers(machine)[:answered])
    done = machine.run_here(monkeypatch, wishes_of(machine), stdin)
    assert (done.code, machine.tree()) == (1, before)
    assert done.err.startswith(QUESTIONS[answered])
    assert done.err.endswith("the input has ended, nothing was done")


def test_no_leaves_everything(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = machine.tree()
    stdin = "".join(f"{answer}\n" for answer in [*answers(machine)[:-1], "n"])
    done = machine.run_here(monkeypatch, wishes_of(machine), stdin)
    assert (done.code, machine.tree()) == (1, before)
    assert done.err == "nothing was written"


def test_section_is_not_appended_against_the_answer(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = "".join(
        f"{answer}\n" for answer in [*answers(machine)[:3], "maybe", "n", "y"]
    )
    done = machine.run_here(monkeypatch, wishes_of(machine), stdin)
    assert done.code == 0
    assert "please answer y or n" in done.out
    assert machine.ups_conf.read_text(encoding="ascii") == UPS_CONF
    assert machine.config.exists()


def test_password_in_a_file_of_this_folder(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for no more, and a file that others read is refused."""
    file = machine.root.parent / "password"
    file.write_text(f"{PASSWORD}\n", encoding="ascii")
    file.chmod(0o604)
    monkeypatch.chdir(file.parent)
    wishes = replace(
        wishes_of(machine),
        ups="home",
        username=machine.cloud.account.email,
        password_file=file.name,
        yes=True,
    )
    refused = machine.run_here(monkeypatch, wishes)
    assert (refused.code, machine.config.exists()) == (EX_CONFIG, False)
    assert f"chmod o-r {file}" in refused.err
    file.chmod(0o600)
    done = machine.run_here(monkeypatch, wishes)
    assert (done.code, done.err) == (0, "")
    assert machine.cloud.account.login_attempts == 1


def test_wrong_password_is_asked_again_a_few_times(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = answers(machine)
    # Either may be mistyped: Enter alone keeps the e-mail.
    tries = ["x@example.net", PASSWORD, given[1], "no", "", PASSWORD]
    stdin = "".join(f"{each}\n" for each in [given[0], *tries, *given[3:]])
    done = machine.run_here(monkeypatch, wishes_of(machine), stdin)
    assert (done.code, machine.cloud.account.login_attempts) == (0, 3)
    assert f"Enphase account (e-mail) [{given[1]}]: " in done.out


def test_wrong_password_is_not_asked_for_ever(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = answers(machine)
    stdin = "".join(f"{each}\n" for each in [*given[:2], *(["no", ""] * 9)])
    assert machine.run_here(monkeypatch, wishes_of(machine), stdin).code == 69
    assert machine.cloud.account.login_attempts == 3


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, machine: Machine) -> None:
        self.out = ""
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            command = [sys.executable, "-m", "nutbridge", "setup"]
            command += ["--host", machine.gateway.host, "--root", str(machine.root)]
            os.execve(sys.executable, command, machine.environ)

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + SOON_S
        while text not in self.out:
            assert time.monotonic() < end, self.out
            self._read()

    def _read(self) -> bool:
        ready, _, _ = select.select([self._fd], [], [], 0.1)
        try:
            data = os.read(self._fd, 4096) if ready else b"\0"
        except OSError:  # EIO: the other side has ended
            return False
        self.out += data.decode().replace("\0", "")
        return bool(data)

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def end(self) -> int:
        """Return the exit code."""
        end = time.monotonic() + SOON_S
        while self._read():
            assert time.monotonic() < end, self.out
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


def test_terminal_hides_the_password(machine: Machine) -> None:
    """As a person would: nothing of the password appears on the screen."""
    screen = Terminal(machine)
    for question, answer in zip(QUESTIONS, answers(machine), strict=True):
        screen.wait_for(question)
        screen.type(f"{answer}\r")
    assert screen.end() == 0
    machine.said.append(screen.out)
    assert "\x1b" not in screen.out
    assert machine.config.exists()


@pytest.mark.parametrize("answered", [1, 2, 4])
def test_interrupted_on_a_terminal(machine: Machine, answered: int) -> None:
    """^C ends quietly with 130, wherever it comes, and nothing was written."""
    before = machine.tree()
    screen = Terminal(machine)
    for question, answer in zip(
        QUESTIONS[:answered], answers(machine)[:answered], strict=True
    ):
        screen.wait_for(question)
        screen.type(f"{answer}\r")
    screen.wait_for(QUESTIONS[answered])
    screen.type("\x03")
    assert screen.end() == 128 + signal.SIGINT
    assert screen.out.endswith("\n")  # the shell begins a line of its own
    assert machine.tree() == before
    machine.said.append(screen.out)
