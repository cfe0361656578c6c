"""Questions to a person: on a terminal, or answered line by line from a pipe."""

import contextlib
import getpass
import sys
from collections.abc import Callable, Iterator

from nutbridge.errors import NutbridgeError, UsageError
from nutbridge.system.text import printable

#: Wrong answers to one question, before it is given up.
TRIES = 3
_LONGEST = 4096


class NoAnswer(NutbridgeError):
    """The input ended at a question."""


def ask(
    question: str,
    default: str = "",
    *,
    check: Callable[[str], str] = lambda answer: answer,
) -> str:
    """Ask until the answer is usable.

    Args:
        question: without mark and default.
        default: for an empty answer.
        check: returns the answer to use, or raises UsageError.

    Raises:
        NoAnswer: end of input.
        UsageError: ``TRIES`` unusable answers.
    """
    shown = f" [{default}]" if default else ""
    problem = ""
    for _ in range(TRIES):
        answer = _line(f"{question}{shown}: ", question).strip() or default
        try:
            if answer:
                return check(answer)
            problem = "an answer is needed"
        except UsageError as exc:
            problem = str(exc)
        sys.stdout.write(f"{printable(problem)}\n")
    raise UsageError(f"{question}: {problem}")


def ask_secret(question: str) -> str:
    """Ask for a password; what is typed is not shown.

    Raises:
        NoAnswer: end of input.
        UsageError: ``TRIES`` empty answers.
    """
    for _ in range(TRIES):
        if answer := _secret_line(f"{question}: ", question):
            return answer
        sys.stdout.write("an answer is needed\n")
    raise UsageError(f"{question}: an answer is needed")


def ask_yes(question: str) -> bool:
    """Ask for yes or no; Enter alone is neither.

    Raises:
        NoAnswer: end of input.
        UsageError: ``TRIES`` answers that are neither.
    """
    answer = ask(f"{question} (y/n)", check=_yes_or_no)
    return answer == "y"


def _yes_or_no(answer: str) -> str:
    first = answer.lower()
    if first in ("y", "yes"):
        return "y"
    if first in ("n", "no"):
        return "n"
    raise UsageError("please answer y or n")


@contextlib.contextmanager
def _left_by_a_signal() -> Iterator[None]:
    """End the line of a question that ^C ends, so that the shell begins a new one."""
    try:
        yield
    except KeyboardInterrupt:
        sys.stdout.write("\n")
        sys.stdout.flush()
        raise


def _line(prompt: str, question: str) -> str:
    with _left_by_a_signal():
        sys.stdout.write(prompt)
        sys.stdout.flush()
        line = sys.stdin.readline(_LONGEST)
    if not line.endswith("\n"):
        sys.stdout.write("\n")
        if not line:
            raise NoAnswer(f"{question}: the input has ended, nothing was done")
    elif not sys.stdin.isatty():
        sys.stdout.write("\n")
    return line.rstrip("\r\n")


def _secret_line(prompt: str, question: str) -> str:
    if not sys.stdin.isatty():
        return _line(prompt, question)
    try:
        with _left_by_a_signal():
            return getpass.getpass(prompt, stream=sys.stdout)
    except EOFError:
        raise NoAnswer(f"{question}: the input has ended, nothing was done") from None
