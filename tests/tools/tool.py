"""The command nutbridge in a process of its own, on the folders of a Site."""

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.e2e.site import UPS, Done, Site
from tests.nut.harness import wait_until

TOOL = str(Path(sys.executable).with_name("nutbridge"))
#: Where the tests themselves run in the background, children inherit that ^C is
#: ignored (env(1) of coreutils takes it back).
HEEDS_INT = ("env", "--default-signal=INT")
SOON_S = 40.0
WIDTH = 80


def tool(site: Site, *arguments: str, stdin: str = "") -> Done:
    """Run one command on the site's UPS; what it says may hold no secret."""
    site.write_config()
    words = list(arguments)
    if UPS not in words and "-c" not in words:
        words += ["-c", str(site.config)]
    done = subprocess.run(
        [TOOL, *words],
        env=site.environ,
        cwd=site.folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SOON_S + 40,
        check=False,
    )
    site._said += [done.stdout, done.stderr]
    return Done(done.returncode, done.stdout, done.stderr)


def plain(text: str, site: Site) -> str:
    """Return what was said with the words that differ from run to run replaced."""
    text = text.replace(site.gateway.host, "HOST").replace(str(site.folder), "DIR")
    text = re.sub(r"\d\d:\d\d(?= \()", "HH:MM", text)
    text = re.sub(r"\b\d+ s\b(?= ago|\))", "N s", text)
    text = re.sub(r"pid \d+", "pid N", text)
    return re.sub(r"\d{4}-\d\d-\d\d", "DATE", text)


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Describe every file below a folder: mode, mtime, content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            info = path.stat()
            found[str(path)] = (info.st_mode, info.st_mtime_ns, path.read_bytes())
    return found


class Terminal:
    """A command on a pseudo terminal of 80 columns."""

    def __init__(self, site: Site, *arguments: str, term: str = "xterm") -> None:
        site.write_config()
        self._site = site
        self._master, slave = pty.openpty()
        # Known in advance: 24 rows, 80 columns.
        subprocess.run(["stty", "rows", "24", "cols", "80"], stdin=slave, check=True)
        self.process = subprocess.Popen(
            [*HEEDS_INT, TOOL, *arguments, "-c", str(site.config)],
            env={**site.environ, "TERM": term},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=site.folder,
            start_new_session=True,
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        self.out = ""

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # nothing now, or the other end is closed
                return
            if not data:
                return
            self.out += data.decode()

    def shows(self, text: str, times: int = 1) -> None:
        """Wait until a text was written so many times."""

        def there() -> bool:
            self._read()
            return self.out.count(text) >= times

        wait_until(there, SOON_S, f"{text!r} {times} times in {self.out!r}")

    def interrupt(self) -> int:
        """Send ^C; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(SOON_S)
        self._read()
        os.close(self._master)
        return code
