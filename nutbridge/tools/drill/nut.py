"""dummy-ups, upsd and upsmon of our own, apart from the system's."""

import contextlib
import os
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

from nutbridge.tools.demo.nut import (
    Nut,
    Programs,
    as_ourselves,
    end,
    find_beside,
    find_programs,
)
from nutbridge.tools.drill.times import UpsmonTimes

#: upsmon 2.8.0 writes its pid under /run/nut whatever it is told: it gets a /run
#: of its own, that of the system is not seen. "$@" is upsmon with its options.
_APART = 'mount -t tmpfs none /run && mkdir -p /run/nut && exec "$@"'

#: In the order in which one outage brings them: upsmon starts a process for each
#: notice, and those may end in any order.
NOTICES = (
    *("COMMOK", "ONLINE", "ONBATT", "COMMBAD", "NOCOMM", "LOWBATT"),
    *("FSD", "SHUTDOWN", "REPLBATT", "NOPARENT"),
)
_USER = "drill"


class DrillNut(Nut):
    """NUT for one drill.

    Args:
        programs: dummy-ups, upsd and upsc.
        upsmon: path of upsmon.
        folder: an empty folder of our own, short and without blanks.
        ups: name of the UPS.
    """

    def __init__(self, programs: Programs, upsmon: str, folder: Path, ups: str) -> None:
        users = f"[{_USER}]\npassword = {_USER}\nupsmon primary\n"
        super().__init__(programs, folder, ups, users=users)
        self._upsmon_path = upsmon
        self._upsmon: subprocess.Popen[bytes] | None = None
        self._events = folder / "events"
        self._mark = folder / "shutdown"

    def start_upsmon(self, times: UpsmonTimes) -> None:
        """Start upsmon; its SHUTDOWNCMD only makes a file, and it calls nobody."""
        notify = self._folder / "notify"
        notify.write_text(f'#!/bin/sh\necho "$NOTIFYTYPE" >> {self._events}\n')
        notify.chmod(0o700)
        user = as_ourselves()
        lines = [
            f"MONITOR {self._ups}@127.0.0.1:{self.port} 1 {_USER} {_USER} primary",
            "MINSUPPLIES 1",
            f'SHUTDOWNCMD "touch {self._mark}"',
            f"POWERDOWNFLAG {self._folder}/killpower",
            f"NOTIFYCMD {notify}",
            *(f"RUN_AS_USER {name}" for name in user[1:]),
            *times.lines(),
            # Neither syslog nor a word on every terminal.
            *(f"NOTIFYFLAG {notice} EXEC" for notice in NOTICES),
        ]
        self._write("upsmon.conf", "\n".join(lines) + "\n")
        apart = ("unshare", "-m") if os.geteuid() == 0 else ("unshare", "-rm")
        command = (*apart, "sh", "-c", _APART, "sh", self._upsmon_path)
        self._upsmon = self._spawn("upsmon", *command, "-F", "-p", "-D")

    def stop(self) -> None:
        """Stop all three."""
        if self._upsmon is not None:
            end(self._upsmon)
        super().stop()

    @property
    def upsmon_listens(self) -> bool:
        """Whether upsmon has logged in at upsd."""
        return "Logged into UPS" in self.log("upsmon")

    @property
    def upsmon_failed(self) -> str | None:
        """Why upsmon ended before it shut anything down, or None."""
        if self._upsmon is None or self._upsmon.poll() is None or self.shut_down:
            return None
        return self._last_words("upsmon")

    @property
    def events(self) -> list[str]:
        """What upsmon has told so far: ONBATT, LOWBATT, ..."""
        with contextlib.suppress(FileNotFoundError):
            return self._events.read_text(encoding="ascii", errors="replace").split()
        return []

    @property
    def shut_down(self) -> bool:
        """Whether SHUTDOWNCMD ran."""
        with contextlib.suppress(OSError):
            return stat.S_ISREG(self._mark.stat().st_mode)
        return False


def find_all(environ: Mapping[str, str]) -> tuple[Programs, str] | None:
    """Return NUT's programs with upsmon, or None unless all four are there."""
    programs = find_programs(environ)
    upsmon = find_beside(programs.driver, "upsmon", environ) if programs else None
    return (programs, upsmon) if programs and upsmon else None
