"""Every command that root types, in a folder where somebody else flips the names."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.attacks.command import run
from tests.attacks.stage import GROUP, MONITOR, Stage, needs_root
from tests.fakes.fixtures import RunningCloud, RunningGateway

UPS = "home"
PORT, TWIN = "home.dev", "home.dev-nocomms"
TEXT = b"battery.charge.low: 20\nups.status: OL\n"
KEPT = (
    ".home.dev.lock",
    ".home.dev.spare",
    ".home.dev.released",
    "enphase-home.token",
    "enphase-home.fingerprint",
    "enphase-home.state",
)
ROUNDS = 3

COMMANDS = {
    "import": ("nutbridge", "token", "import", UPS),
    "show": ("nutbridge", "token", "show", UPS),
    "trust": ("nutbridge", "gateway", "trust", UPS),
    "set": ("nutbridge", "set", UPS, "battery.charge.low=31"),
    "status": ("nutbridge", "status", UPS),
    "release": ("nutbridge", "release", UPS, "--yes"),
    "doctor": ("nutbridge", "doctor", UPS),
    "once": ("enphase-monitor", "-s", UPS),
    "hide": ("enphase-monitor", "-x", UPS),
}


class Site(Stage):
    """A stage with a config of root's for a stand-in gateway."""

    def __init__(
        self, owner: int, gateway: RunningGateway, cloud: RunningCloud
    ) -> None:
        super().__init__(owner, (PORT, TWIN, *KEPT))
        self.gateway = gateway
        ca_file = self.folder / "ca.pem"
        ca_file.write_bytes(cloud.server.ca_pem)
        keys = {
            "USERNAME": cloud.account.email,
            "PASSWORD": cloud.account.password,
            "SERIAL": gateway.house.serial,
            "PORT_FILE": PORT,
            "STATE_DIR": str(self.shared),
            "ENVOY_HOST": gateway.host,
            "ENPHASE_LOGIN": cloud.login_url,
            "ENPHASE_TOKENS": cloud.tokens_url,
            "API_TIMEOUT": "2",
        }
        config = self.folder / f"enphase-{UPS}.conf"
        config.write_text("".join(f"{key}='{value}'\n" for key, value in keys.items()))
        config.chmod(0o600)
        self.environ = {
            "SSL_CERT_FILE": str(ca_file),
            "NUT_SYSCONFIG": str(self.folder),
            "NUT_STATEPATH": str(self.shared),
            "RUNTIME_DIRECTORY": str(self.shared),
            "HOME": str(self.folder),
        }

    def command(self, name: str) -> int:
        """Type one; it ends, and shows no secret."""
        done = run(*COMMANDS[name], environ=self.environ, said=self.gateway.token)
        assert self.gateway.token not in done.stdout + done.stderr
        return done.returncode

    def reset(self) -> None:
        """Put good files everywhere."""
        for path in self.shared.iterdir():
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()
        self.put(PORT, TEXT)
        self.put("enphase-home.token", self.gateway.token.encode(), 0o600)


@pytest.fixture
def site(
    standin_gateway: RunningGateway, standin_cloud: RunningCloud
) -> Iterator[Site]:
    # As Debian's /var/lib/nut: nothing in it is protected by its owner's rights.
    found = Site(0, standin_gateway, standin_cloud)
    try:
        yield found
    finally:
        found.close()


@needs_root
@pytest.mark.slow(40)
def test_flipping_attacker_gains_nothing(site: Site) -> None:
    site.reset()
    with site.under_attack():
        for name in COMMANDS:
            for _ in range(ROUNDS if name in ("import", "set", "once", "hide") else 1):
                site.command(name)
                site.assert_roots_are_untouched()


def fifo(site: Site, path: Path) -> None:
    os.mkfifo(path, 0o660)
    os.chown(path, MONITOR, GROUP)


def link(site: Site, path: Path) -> None:
    path.symlink_to(site.roots / path.name)
    os.lchown(path, MONITOR, GROUP)


def hard_link(site: Site, path: Path) -> None:
    path.hardlink_to(site.roots / path.name)


def device(site: Site, path: Path) -> None:
    os.mknod(path, stat.S_IFCHR | 0o660, os.makedev(1, 5))  # /dev/zero
    os.chown(path, MONITOR, GROUP)


def folder(site: Site, path: Path) -> None:
    path.mkdir()
    os.chown(path, MONITOR, GROUP)


KINDS: tuple[Callable[[Site, Path], None], ...] = (
    fifo,
    link,
    hard_link,
    device,
    folder,
)


@needs_root
@pytest.mark.slow(60)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_odd_things_in_place_of_all_files(
    kind: Callable[[Site, Path], None], site: Site
) -> None:
    """No command hangs or harms, whichever file it is."""
    # Of the port file read ("status"), edited, written, hidden by the daemon's way.
    few = ("status", "set", "once", "hide")
    for names, commands in ((KEPT, COMMANDS), ((PORT,), few), ((TWIN,), few)):
        for name in commands:
            site.reset()
            for each in names:
                (site.shared / each).unlink(missing_ok=True)
            if names == (TWIN,):
                (site.shared / PORT).unlink()
            for each in names:
                kind(site, site.shared / each)
            site.command(name)
            site.assert_roots_are_untouched()
