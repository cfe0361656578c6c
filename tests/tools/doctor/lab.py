"""A house in which everything holds: gateway, cloud, NUT and monitor on loopback."""

import contextlib
import json
import os
import pwd
import socket
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nutbridge.config.file import load
from nutbridge.simulator.cloud import SimulatedCloud
from nutbridge.simulator.gateway import SimulatedGateway
from nutbridge.system.clock import SystemClock
from nutbridge.tools.doctor.check import CheckOutcome, CheckVerdict, DoctorFacts
from nutbridge.tools.doctor.context import DoctorContext
from nutbridge.tools.doctor.run import examine
from tests.e2e.site import UPS, Done, Site
from tests.fakes.fixtures import RunningCloud, RunningGateway, running
from tests.nut.harness import Nut

NUTBRIDGE = Path(sys.executable).with_name("nutbridge")
PROBES_S = 10.0


class Lab:
    """One site with its NUT and its monitor; doctor looks at it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.nut = Nut(site.port, ups=UPS)
        self.units = site.folder / "units"
        self.guard: socket.socket | None = None
        state = self.nut.folder / "state"
        site.environ |= {
            "NUT_STATEPATH": str(state),
            "NUT_LOCALSTATE": str(site.state),
            "SYSTEMD_UNIT_PATH": str(self.units),
            "LANG": "C.UTF-8",
        }
        site.keys["PORT_FILE"] = str(site.port)
        user = pwd.getpwuid(os.getuid()).pw_name
        self.ups_conf = site.folder / "ups.conf"
        self.upsmon_conf = site.folder / "upsmon.conf"
        self.ups_conf.write_text(
            f"maxretry = 3\nuser = {user}\n[{UPS}]\n  driver = dummy-ups\n"
            f'  port = "{site.port}"\n  mode = dummy-once\n  pollinterval = 1\n'
        )
        self.upsmon_conf.write_text(
            f'MINSUPPLIES 1\nDEADTIME 25\nSHUTDOWNCMD "/bin/true"\n'
            f"MONITOR {UPS}@localhost 1 mon x primary\n"
        )
        (site.folder / "upsd.users").write_text("[mon]\npassword = x\nupsmon primary\n")
        self.units.mkdir()
        driver = self.units / "nut-driver@.service"
        driver.write_text("[Service]\nRestart=always\nRestartSec=15s\n")
        monitor = self.units / "enphase-monitor@.service"
        monitor.write_text(f"[Service]\nUser={user}\n")
        for name in ("nut-server", "nut-monitor"):
            unit = self.units / f"{name}.service"
            unit.write_text("[Service]\nRestart=on-failure\n")
        site.cache_token()

    def start(self) -> None:
        """Start monitor and NUT, and wait until clients see the house on line."""
        self.site.start()
        self.site.wait_status("OL")
        self.site.wait_for_one_name()
        self.nut.start()
        self.nut.wait_status("OL")
        self.nut.wait_variable("battery.charge", "92")
        self.log_in()

    def log_in(self) -> None:
        """Log in at upsd as upsmon does, so that it counts a guard."""
        self.guard = socket.create_connection(("127.0.0.1", self.nut.port), timeout=20)
        for word in ("USERNAME mon", "PASSWORD x", f"LOGIN {UPS}"):
            self.guard.sendall(f"{word}\n".encode())
            assert self.guard.recv(100) == b"OK\n", word

    @property
    def upsd(self) -> str:
        return f"127.0.0.1:{self.nut.port or 1}"

    def look(
        self,
        keys: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        upsd: str | None = None,
        probes_s: float = PROBES_S,
        mode: int = 0o600,
    ) -> dict[str, CheckVerdict]:
        """Run every check inside of this process; by name of the check.

        Args:
            keys: changes of the config; the running monitor does not see them.
            environ: changes of the environment.
            upsd: another upsd.
            probes_s: time for all.
            mode: of the config.
        """
        environ = {**self.site.environ, **(environ or {})}
        before = self.site.keys
        self.site.keys = {**before, **(keys or {})}
        try:
            self.site.write_config()
            self.site.config.chmod(mode)
            settings, notices = load(None, UPS, environ, account_needed=False)
            texts = tuple(notice.text for notice in notices)
            unknown = tuple(text for text in texts if "unknown key" in text)
            odd = tuple(text for text in texts if text not in unknown)
            clock = SystemClock()
            until = clock.boottime() + probes_s
            place = DoctorContext(settings, environ, clock, until, upsd or self.upsd)
            found = examine(DoctorFacts(settings, unknown, odd), place)
        finally:
            self.site.keys = before
            self.site.write_config()
        return {each.check: each.verdict for each in found}

    def doctor(self, *options: str, seconds: float = 20) -> Done:
        """Run the command."""
        command = [str(NUTBRIDGE), "doctor", "--upsd", self.upsd, *options]
        return self.site._run(command, seconds)

    def as_json(self, *options: str) -> list[dict[str, Any]]:
        """Run the command with --json."""
        found: list[dict[str, Any]] = json.loads(
            self.doctor("--json", *options, UPS).out
        )
        return found


@contextmanager
def running_lab() -> Iterator[Lab]:
    """Make a lab; monitor and NUT do not run yet."""
    gateway, cloud = SimulatedGateway(), SimulatedCloud()
    with (
        running(gateway) as (server, faults),
        running(cloud, idle_s=None) as (cloud_server, cloud_faults),
    ):
        site = Site(
            RunningGateway(server, faults, gateway),
            RunningCloud(cloud_server, cloud_faults, cloud),
        )
        lab = Lab(site)
        try:
            site.write_config()
            yield lab
            site.check_words()
        finally:
            if lab.guard is not None:
                lab.guard.close()
            lab.nut.stop()
            site.close()


def checks(found: Mapping[str, CheckVerdict], result: CheckOutcome) -> set[str]:
    """Return the names of the checks with this result."""
    return {check for check, verdict in found.items() if verdict.result is result}


@contextlib.contextmanager
def text_of(path: Path, text: str) -> Iterator[None]:
    """Let a file say something else for a while; one that was not there goes."""
    before = path.read_text() if path.exists() else None
    path.write_text(text)
    yield
    if before is None:
        path.unlink()
    else:
        path.write_text(before)


@contextlib.contextmanager
def mode_of(path: Path, mode: int) -> Iterator[None]:
    before = stat.S_IMODE(path.stat().st_mode)
    path.chmod(mode)
    yield
    path.chmod(before)


def asking(lab: Lab, other: RunningGateway) -> dict[str, str]:
    """Return the keys of a config that leads to the second gateway."""
    fresh = lab.site.folder / "other"
    fresh.mkdir(exist_ok=True)
    return {
        "ENVOY_HOST": other.host,
        "STATE_DIR": str(fresh),
        "TOKEN_FILE": str(lab.site.token_file),
    }


def token_file(lab: Lab, token: str) -> dict[str, str]:
    """Return the key of a config with another token."""
    path = lab.site.folder / "another.token"
    path.write_text(token)
    path.chmod(0o600)
    return {"TOKEN_FILE": str(path)}
