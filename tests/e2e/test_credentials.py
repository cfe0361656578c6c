"""The daemon with systemd's credentials: they can be read and never written."""

import stat
import time
from pathlib import Path

import pytest

from nutbridge.simulator.tokens import make_token
from tests.e2e.site import PASSWORD, Site

DAY_S = 86400.0


@pytest.fixture
def lent(site: Site) -> Path:
    """What LoadCredential= makes: a folder and files for reading only."""
    folder = site.folder / "lent"
    folder.mkdir()
    (folder / "pw").write_text(f"{PASSWORD}\n")
    site.keys["PASSWORD_FILE"] = "pw"
    del site.keys["PASSWORD"]
    site.keys["TOKEN_FILE"] = "token"
    site.token_file = site.state / "token"
    site.environ["CREDENTIALS_DIRECTORY"] = str(folder)
    return folder


def lend(site: Site, lent: Path, days: float) -> None:
    text = make_token(site.gateway.house.serial, time.time() + days * DAY_S)
    (lent / "token").write_text(text, encoding="ascii")
    for path in (*lent.iterdir(), lent):
        path.chmod(0o500 if path.is_dir() else 0o400)


def test_token_lent_needs_no_login(site: Site, lent: Path) -> None:
    lend(site, lent, days=300)
    site.cloud.server.refuse()
    daemon = site.start()
    site.wait_status("OL")
    assert daemon.stop() == 0
    assert not site.token_file.exists()


def test_renewed_token_is_stored_and_wins(site: Site, lent: Path) -> None:
    """At the next start the old credential is still there."""
    lend(site, lent, days=-1)
    daemon = site.start()
    site.wait_status("OL")
    assert daemon.stop() == 0
    assert site.cloud.account.logins == 1
    assert stat.S_IMODE(site.token_file.stat().st_mode) == 0o600
    site.port.unlink()
    site.twin.touch()
    site.cloud.server.refuse()
    assert site.run("-s").code == 0
    assert site.status == "OL"
