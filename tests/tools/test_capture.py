"""nutbridge gateway capture: a fixture that works, and names nobody."""

import json
import os
from pathlib import Path

import pytest

from nutbridge.config.file import load
from nutbridge.net.worker import ThreadWaiter
from nutbridge.simulator.server import LOOPBACK
from nutbridge.simulator.tokens import make_token
from nutbridge.system.clock import SystemClock
from nutbridge.tools.capture import FILES, capture_to
from tests.e2e.site import Site
from tests.fakes import failures
from tests.fakes.fixtures import ENPHASE_DATA, FOLDERS, running
from tests.fakes.folder import FILES as SERVED
from tests.fakes.folder import FolderGateway
from tests.fakes.inside import Inside
from tests.nut.harness import wait_until
from tests.tools.tool import SOON_S, tool


def capture(site: Site, *options: str) -> Path:
    folder = site.folder / "captured"
    done = tool(site, "gateway", "capture", "--output", str(folder), *options)
    assert (done.code, done.err) == (0, "")
    return folder


def texts(folder: Path) -> str:
    return "\n".join(path.read_text() for path in sorted(folder.iterdir()))


def test_capture_asks_what_the_stand_in_can_serve() -> None:
    assert all(SERVED[path] == name for path, name in FILES.items())


def test_capture_names_nobody(site: Site) -> None:
    site.cache_token()
    folder = capture(site)
    said = texts(folder)
    for secret in (
        site.keys["SERIAL"],
        site.keys["USERNAME"],
        site.keys["ENVOY_HOST"],
        LOOPBACK,
        site.gateway.token,
        *site.gateway.gateway.sessions.used,
    ):
        assert secret not in said
    house = site.gateway.house
    assert house.serial not in said
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*FILES.values(), "README", "gateway.json"]
    )


def test_capture_posts_nothing_and_uses_one_session(site: Site) -> None:
    site.cache_token()
    capture(site)
    asked = site.gateway.server.counts.recent
    assert {one.method for one in asked} == {"GET"}
    assert len(site.gateway.gateway.sessions.used) == 1


def test_capture_where_a_token_needs_a_session(site: Site) -> None:
    """Some firmware wants the cookie of check_jwt beside the Bearer."""
    site.cache_token()
    site.gateway.house.needs_session = True
    folder = capture(site)
    assert {path.name for path in folder.iterdir()} == {
        *FILES.values(),
        *("README", "gateway.json"),
    }
    asked = [one.path for one in site.gateway.server.counts.recent]
    assert asked.count("/auth/check_jwt") == 1


@pytest.mark.parametrize("name", FOLDERS)
def test_capture_of_a_fixture_gives_the_same_port_file(
    name: str, tmp_path: Path
) -> None:
    """Captured, replaced and served again, a monitor reads the same from it."""
    original = FolderGateway(ENPHASE_DATA / name)
    folder = tmp_path / "captured"
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with running(original) as (server, _):
        host = f"{LOOPBACK}:{server.port}"
        before = _port_file(tmp_path / "one", original, host)
        settings, _notices = load(
            str(tmp_path / "one" / "enphase-inside.conf"), "inside", {}
        )
        settings = settings._replace(username="someone@example.org")
        capture_to(str(folder), settings, SystemClock(), ThreadWaiter())
    again = FolderGateway(folder)
    assert again.serial != original.serial
    assert original.serial not in texts(folder)
    with running(again) as (server, _):
        after = _port_file(tmp_path / "two", again, f"{LOOPBACK}:{server.port}")
    assert after.replace(again.serial, original.serial) == before


def _port_file(folder: Path, gateway: FolderGateway, host: str) -> str:
    token = make_token(gateway.serial, 4.0e9)
    inside = Inside(folder, host, token, gateway.serial)
    try:
        for _ in range(3):
            inside.monitor.tick()
    finally:
        inside.monitor.close()
    return inside.text if inside.visible else "hidden"


def test_capture_notes_an_endpoint_that_fails(site: Site) -> None:
    site.cache_token()
    site.gateway.faults.always(failures.status(404), "/ivp/meters")
    folder = capture(site)
    about = json.loads((folder / "gateway.json").read_text())
    assert about["answers"] == {"/ivp/meters": {"status": 404}}
    assert not (folder / "meters.json").exists()
    assert "/ivp/meters: 404" in (folder / "README").read_text()


def test_capture_overwrites_nothing(site: Site) -> None:
    site.cache_token()
    folder = site.folder / "there"
    folder.mkdir()
    done = tool(site, "gateway", "capture", "--output", str(folder))
    assert done.code == 73
    assert list(folder.iterdir()) == []
    assert len(done.err.splitlines()) == 1
    assert list(site.gateway.server.counts.recent) == []


def test_capture_of_a_silent_gateway_makes_no_folder(site: Site) -> None:
    site.cache_token()
    site.gateway.server.refuse()
    folder = site.folder / "captured"
    done = tool(site, "gateway", "capture", "--output", str(folder))
    assert done.code == 69
    assert not folder.exists()


def test_capture_without_a_folder_or_a_token_says_what_is_needed(site: Site) -> None:
    assert tool(site, "gateway", "capture").code == 2
    done = tool(site, "gateway", "capture", "--output", str(site.folder / "x"))
    assert done.code == 78
    assert "nutbridge token show" in done.err


def test_capture_beside_a_monitor_leaves_it_alone(site: Site) -> None:
    site.cache_token()
    daemon = site.start()
    daemon.says("the gateway answers: on line")
    site.wait_for_one_name()
    capture(site)
    wait_until(lambda: site.status == "OL", SOON_S, "OL")
    assert daemon.stop() == 0
    assert "WARNING" not in daemon.err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away; run as root")
def test_trust_before_there_is_a_port_file_is_for_the_monitor(site: Site) -> None:
    """A fingerprint that it cannot read would make it trust the next one it sees."""
    site.twin.unlink()
    os.chown(site.state, 65534, 65534)
    done = tool(site, "gateway", "trust")
    assert done.code == 0, done.err
    (pin,) = site.state.glob("*.fingerprint")
    assert (pin.stat().st_uid, pin.stat().st_mode & 0o777) == (65534, 0o600)
