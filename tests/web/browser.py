"""Debian's Chromium, driven by its own driver; one for a whole session."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
WIDTHS = (360, 1280)

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars"),
    # Nothing leaves this machine, whatever a page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)


class Browser:
    """A browser with a size and a colour scheme."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def look(self, url: str, width: int = 360, *, dark: bool = False) -> None:
        """Open a page at a width."""
        self._size(width, 800)
        value = "dark" if dark else "light"
        features = [{"name": "prefers-color-scheme", "value": value}]
        self._do("Emulation.setEmulatedMedia", features=features)
        self.driver.get(url)

    def _size(self, width: int, height: int) -> None:
        self._do(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def _do(self, command: str, **arguments: object) -> Any:
        return self.driver.execute_cdp_cmd(command, arguments)

    def run(self, script: str) -> Any:
        """Return what a script in the page returns."""
        return self.driver.execute_script(script)

    @property
    def text(self) -> str:
        """All text that is to be seen."""
        return str(self.run("return document.body.innerText"))

    def overflow(self) -> list[str]:
        """Return what is wider than the window, or cut."""
        found: list[str] = self.run(_OVERFLOW)
        return found

    def spoken(self) -> list[tuple[str, str]]:
        """Return role and name of all that a screen reader is told, in order."""
        self._do("Accessibility.enable")
        found = self._do("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in found
            if not node["ignored"]
        ]

    def print_look(self, url: str, width: int) -> None:
        """Open a page as it is put on paper of a width, at a dark screen."""
        self._size(width, 800)
        features = [{"name": "prefers-color-scheme", "value": "dark"}]
        self._do("Emulation.setEmulatedMedia", media="print", features=features)
        self.driver.get(url)

    def complaints(self) -> list[str]:
        """Return what the console has said since the last time."""
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING")
        ]

    def asked(self) -> list[str]:
        """Return the addresses that were asked for since the last time."""
        messages = (
            json.loads(entry["message"])["message"]
            for entry in self.driver.get_log("performance")
        )
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]

    def shoot(self, path: Path, width: int) -> None:
        """Write the whole page as a PNG."""
        height = self.run("return document.documentElement.scrollHeight")
        self._size(width, int(height))
        self.driver.save_screenshot(str(path))


_OVERFLOW = """
const wide = document.documentElement.clientWidth;
const bad = [];
if (document.documentElement.scrollWidth > wide) bad.push("the page scrolls sideways");
document.querySelectorAll("main *").forEach(function (one) {
  const box = one.getBoundingClientRect();
  if (one.closest(".scroll, defs, title") || !box.width) return;
  if (box.right > wide + 1 || box.left < -1) {
    bad.push(one.tagName + " " + one.textContent.slice(0, 40));
  }
});
return bad;
"""


@contextmanager
def started(profile: Path) -> Iterator[Browser]:
    """Start a browser with an empty profile, and end it."""
    options = Options()
    options.binary_location = str(CHROMIUM)
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability(
        "goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"}
    )
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
