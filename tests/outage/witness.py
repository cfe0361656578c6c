"""Looks at everything that clients could see, all the time.

LIST VAR is asked as often as no client does; a single answer without a status
is what upsmon of NUT 2.8.1 and 2.8.2 takes for a dead UPS.
"""

import threading
import time
from dataclasses import dataclass, field

from tests.e2e.site import Site
from tests.nut.harness import Nut, wait_until
from tests.nut.upsd_client import NutError

#: Between two looks at the port file and the mark of SHUTDOWNCMD.
LOOK_S = 0.05
#: One LIST VAR for so many looks: every half second.
LOOKS_PER_ASK = 10
#: By then a look has come, on a busy machine too.
LOOKED_S = 30.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer to LIST VAR; ``error`` is what upsd said instead."""

    at: float
    values: dict[str, str] = field(default_factory=dict)
    error: str = ""


class Witness:
    """A thread that keeps what it saw, with time.monotonic().

    Attributes:
        answers: every LIST VAR.
        file: every change of ups.status in the port file; None: hidden.
        shutdown_at: when the mark of SHUTDOWNCMD was there, or None.
    """

    def __init__(self, site: Site, nut: Nut) -> None:
        self.answers: list[Seen] = []
        self.file: list[tuple[float, str | None]] = []
        self.shutdown_at: float | None = None
        self._site, self._nut = site, nut
        self._text: str | None = "never read"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; what was seen stays."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        looks = 0
        while not self._ended.wait(LOOK_S):
            self._look_at_files()
            if looks % LOOKS_PER_ASK == 0:
                self._ask()
            looks += 1

    def _look_at_files(self) -> None:
        text = self._site.text
        if text != self._text:
            self._text = text
            status = self._site.status
            if not self.file or self.file[-1][1] != status:
                self.file.append((time.monotonic(), status))
        if self.shutdown_at is None and self._nut.shutdown_mark():
            self.shutdown_at = time.monotonic()

    def _ask(self) -> None:
        at = time.monotonic()
        try:
            self.answers.append(Seen(at, self._nut.variables()))
        except (NutError, OSError) as exc:
            self.answers.append(Seen(at, error=str(exc) or type(exc).__name__))

    @property
    def failures(self) -> list[str]:
        """The errors that LIST VAR gave."""
        return [seen.error for seen in list(self.answers) if seen.error]

    def until(self, moment: float) -> list[Seen]:
        """The answers to what was asked before ``moment``."""
        return [seen for seen in list(self.answers) if seen.at < moment]

    def values(self, name: str) -> set[str | None]:
        """Every value that one variable had in the answers that were no errors."""
        return {seen.values.get(name) for seen in list(self.answers) if not seen.error}

    def file_first_said(self, status: str | None, after: float = 0.0) -> float:
        """When the port file first had this status; None: was hidden."""

        def found() -> list[float]:
            return [at for at, said in self.file if said == status and at >= after]

        # What a test has seen, the next look here will see.
        wait_until(lambda: bool(found()), LOOKED_S, f"a look at {status!r}")
        return found()[0]

    def story(self) -> str:
        """What happened, for whoever reads a failure."""
        lines = [f"{at:10.1f} file {said!r}" for at, said in self.file]
        before: tuple[str | None, str] | None = None
        for seen in self.answers:
            now = (seen.values.get("ups.status"), seen.error)
            if now != before:
                lines.append(f"{seen.at:10.1f} upsd {now[0]!r} {now[1]}")
            before = now
        if self.shutdown_at is not None:
            lines.append(f"{self.shutdown_at:10.1f} SHUTDOWNCMD")
        return "\n".join(sorted(lines))
