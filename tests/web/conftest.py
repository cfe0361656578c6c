"""One page server, one browser, and the houses that they show."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from nutbridge.simulator.legacy_envoy import reports
from nutbridge.tools.demo.month import place_where
from nutbridge.ups.model import DeviceHealth
from tests.web import browser as chromium
from tests.web import scenes, sunshine

ROOT = Path(__file__).parents[2]
_READY = re.compile(r"the page is at (http://\S+)/")
#: Would be run, or would break the page, if it were taken for HTML.
EVIL = "</text><script>document.title=1</script><img src=x onerror=alert(1)>"


@dataclass(frozen=True)
class Served:
    """A running ``nutbridge web``."""

    url: str
    folder: Path
    houses: dict[str, scenes.Scene]
    log: Path


@contextmanager
def served(folder: Path, *options: str) -> Iterator[tuple[str, Path, int]]:
    """Start the command; yield its address, its log and its pid."""
    log = folder / "web.log"
    command = [sys.executable, "-m", "nutbridge", "web", "--listen", "127.0.0.1:0"]
    with log.open("wb") as file:
        server = subprocess.Popen(
            [*command, *options], cwd=ROOT, stdout=file, stderr=file
        )
    try:
        until = time.monotonic() + 60
        while not (found := _READY.search(log.read_text(encoding="utf-8"))):
            assert server.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < until
            time.sleep(0.05)
        yield found[1], log, server.pid
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Yield a page with a house in each state, and a day of panels."""
    folder = tmp_path_factory.mktemp("web")
    houses = {}
    for name, make in scenes.SCENES.items():
        scene = make(folder)
        scene.ups = name
        houses[name] = scene.write()
        lasts_s = scene.since_s if "OB" in scene.status else None
        scenes.write_history(folder, name, lasts_s=lasts_s)
    url = sunshine.fill(folder / "reports.db", time.time())
    layout = folder / "layout"
    layout.write_text(sunshine.LAYOUT)
    options = [f"--ups={name}" for name in houses]
    with served(
        folder,
        *options,
        *("--state-dir", str(folder), "--db", url, "--layout", str(layout)),
        *("--upsd", "off"),
    ) as (address, log, _):
        yield Served(address, folder, houses, log)
    for scene in houses.values():
        scene.close()


@pytest.fixture(scope="session")
def evil_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield a page whose gateway and Envoy send what no browser may take for HTML."""
    folder = tmp_path_factory.mktemp("evil")
    scene = scenes.Scene(
        folder,
        texts={"device.serial": EVIL.replace("<", "&lt;"), "ups.firmware": "<b>8</b>"},
        devices=(DeviceHealth(EVIL, (EVIL,)),),
    ).write()
    now = time.time()
    midnight, zone = place_where(now, 15.0)
    *_, (made, body) = reports(midnight, int(now), zone=zone)
    text = chromium_safe(body)
    sunshine.add(folder / "reports.db", [(made, text)])
    with served(
        folder, "--state-dir", str(folder), "--db", str(folder / "reports.db"),
        "--upsd", "off",
    ) as (address, _, _):  # fmt: skip
        yield address
    scene.close()


def chromium_safe(body: bytes) -> bytes:
    """Return a report whose panels have names that a browser could run."""
    import zlib
    from urllib.parse import quote, unquote

    xml = unquote(zlib.decompress(body).decode().removeprefix("body="))
    evil = "x&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"
    xml = xml.replace("990000001203", evil)
    return zlib.compress(f"body={quote(xml, safe='')}".encode())


@pytest.fixture(scope="session")
def shots() -> Path:
    """Return the folder of the pictures; it stays, to be looked at."""
    folder = ROOT / ".pytest_cache" / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def browser(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[chromium.Browser]:
    """Yield the browser of Debian's packages chromium and chromium-driver."""
    assert chromium.CHROMIUM, "chromium is missing: make system-packages"
    assert chromium.DRIVER, "chromedriver is missing: make system-packages"
    with chromium.started(tmp_path_factory.mktemp("profile")) as found:
        yield found
