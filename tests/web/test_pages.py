"""The pages as a real browser shows them. Pictures stay in .pytest_cache/pages.

One test with parts: one browser for all of them, whatever worker runs it.
"""

import contextlib
import importlib.resources
import time
from pathlib import Path

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from nutbridge.simulator.legacy_envoy import DEAD
from tests.web import scenes, sunshine
from tests.web.browser import WIDTHS, Browser
from tests.web.conftest import Served, served

AXE = importlib.resources.files("axe_core_python") / "axe.min.js"
_RUN_AXE = "axe.run().then(arguments[arguments.length - 1])"

PANELS = {"panels": "panels", "panel": f"panels/{DEAD.eqid}"}
PAGES = {**{name: f"house/{name}" for name in scenes.SCENES}, **PANELS}
WORDS = {
    "on-line": "On line since",
    "on-battery": "On battery since",
    "low": "Low battery, 17 %",
    "reckoned": "reckoned, silent since 21:14",
    "stale": "no answer",
    "nocomms": "No communication",
    "no-monitor": "Not protected: no monitor runs",
    "panels": "11 of 12 panels",
    "panel": "dead",
}
#: Colours that only somebody who has to act may see.
TO_ACT = {"low", "nocomms", "no-monitor", "panels", "panel"}


@pytest.mark.slow(40)
def test_pages(
    site: Served,
    evil_site: str,
    browser: Browser,
    shots: Path,
    tmp_path: Path,
    subtests: pytest.Subtests,
) -> None:
    for name in PAGES:
        with subtests.test(page=name):
            see_page(site, browser, shots, name)
    for name in ("low", "reckoned", "nocomms", "panels", "panel"):
        for dark in (False, True):
            with subtests.test(access=name, dark=dark):
                see_no_fault_of_access(site, browser, name, dark=dark)
    for see in (
        see_curve,
        see_large_word,
        see_dead_panel,
        see_new_numbers,
        see_one_question_at_a_time,
        see_that_answers_are_lost,
        see_what_is_spoken,
        see_where_the_keyboard_leads,
        see_that_a_link_in_use_grows_not_old,
        see_paper,
    ):
        with subtests.test(see=see.__name__):
            see(site, browser)
    with subtests.test(see="evil"):
        see_only_text(evil_site, browser)
    with subtests.test(see="come back"):
        see_page_that_comes_back(tmp_path, browser)


def see_page(site: Served, browser: Browser, shots: Path, name: str) -> None:
    """At a phone's and a screen's width, dark and light: nothing is cut or missing."""
    for width in WIDTHS:
        browser.look(f"{site.url}/{PAGES[name]}", width, dark=width > 1000)
        assert browser.overflow() == []
        assert WORDS[name] in browser.text
        classes = browser.run("return document.getElementById('hero').className")
        assert ("act" in classes.split()) == (name in TO_ACT)
        browser.shoot(shots / f"{name}-{width}.png", width)
    assert browser.complaints() == []
    strangers = [url for url in browser.asked() if not url.startswith(site.url)]
    assert [url for url in strangers if url.startswith(("http", "ws", "//"))] == []


def see_no_fault_of_access(
    site: Served, browser: Browser, name: str, *, dark: bool
) -> None:
    """Contrast, names, roles, order: by axe-core."""
    browser.look(f"{site.url}/{PAGES[name]}", 1280, dark=dark)
    browser.run(AXE.read_text(encoding="utf-8"))
    found = browser.driver.execute_async_script(_RUN_AXE)["violations"]
    serious = [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []


def see_curve(site: Served, browser: Browser) -> None:
    browser.look(f"{site.url}/house/on-battery")
    curves = browser.run(
        "return [...document.querySelectorAll('svg.outage-curve path.curve')]"
        ".map(one => one.getBBox().width)"
    )
    assert len(curves) >= 3
    assert max(curves) > 300
    assert "low battery: machines that listen shut down from" in browser.text


def see_large_word(site: Served, browser: Browser) -> None:
    browser.look(f"{site.url}/house/low", 1280)
    size = browser.run(
        "return parseFloat(getComputedStyle(document.querySelector('.big')).fontSize)"
    )
    assert size >= 100
    assert browser.run("return document.querySelector('.big').innerText") == "OB LB"


def see_dead_panel(site: Served, browser: Browser) -> None:
    browser.look(f"{site.url}/panels")
    (dead,) = browser.run(
        "return [...document.querySelectorAll('a.panel')]"
        ".filter(one => /dead/.test(one.innerText))"
        ".map(one => one.getAttribute('href'))"
    )
    assert dead == f"/panels/{DEAD.eqid}"
    assert "West 6: dead" in browser.text


def see_new_numbers(site: Served, browser: Browser) -> None:
    """Without a reload; what has the focus stays."""
    scene = site.houses["on-line"]
    browser.look(f"{site.url}/house/on-line")
    assert "92 %" in browser.text
    browser.run("document.body.dataset.marked = 'the same page'")
    scene.status, scene.charge_pct, scene.since_s = "OB", 77.0, 5.0
    scene.write()
    try:
        until = time.monotonic() + 60
        while "On battery since" not in browser.text:
            assert time.monotonic() < until, browser.text
            time.sleep(0.2)
        assert "77 %" in browser.text
        assert browser.run("return document.body.dataset.marked") == "the same page"
    finally:
        scene.status, scene.charge_pct, scene.since_s = "OL", 92.0, 3 * scenes.DAY
        scene.write()


_SHOWN_AGAIN = "document.dispatchEvent(new Event('visibilitychange'));"


def see_one_question_at_a_time(site: Served, browser: Browser) -> None:
    """A tab that is shown again and again asks no more often than another."""
    browser.look(f"{site.url}/house/low")
    asked = browser.run(
        "let asked = 0;"
        "window.fetch = () => { asked += 1; return new Promise(() => 0) };"
        f"{_SHOWN_AGAIN * 5} return asked"
    )
    assert asked == 1


def see_that_answers_are_lost(site: Served, browser: Browser) -> None:
    """A page that only gets errors says that it is old."""
    browser.look(f"{site.url}/house/low")
    note = "return document.getElementById('lost').hidden"
    assert browser.run(note)
    browser.run(
        "window.fetch = () => Promise.resolve(new Response('', { status: 503 }))"
    )
    until = time.monotonic() + 60
    while browser.run(f"{_SHOWN_AGAIN} {note}"):
        assert time.monotonic() < until
        time.sleep(0.1)


def see_what_is_spoken(site: Served, browser: Browser) -> None:
    """One first heading, landmarks, drawings with words; news are told once."""
    for name in ("on-battery", *PANELS):
        browser.look(f"{site.url}/{PAGES[name]}", 1280)
        told = browser.spoken()
        roles = [role for role, _ in told]
        assert {"banner", "navigation", "main", "contentinfo"} <= set(roles)
        heads = browser.run(
            "return [...document.querySelectorAll('h1, h2, h3')]"
            ".map(one => [one.tagName, one.innerText])"
        )
        assert [each[0] for each in heads].count("H1") == 1
        assert heads[0][0] == "H1"
        assert {text for _, text in heads} <= {
            text for role, text in told if role == "heading"
        }
        assert all(text for role, text in told if role in ("image", "region", "link"))
    browser.look(f"{site.url}/house/on-battery", 1280)
    said = browser.run("return document.getElementById('said').textContent")
    # No number in it: it is not spoken again with each look.
    assert said.strip().startswith("On battery since")
    assert "%" not in said


def see_where_the_keyboard_leads(site: Served, browser: Browser) -> None:
    """The first step skips the navigation, and each step is to be seen."""
    browser.look(f"{site.url}/panels", 1280)
    steps = []
    for _ in range(25):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        steps.append(
            browser.run(
                "const one = document.activeElement; return [one.innerText,"
                "one === document.body || getComputedStyle(one).outlineStyle != 'none',"
                "one.getBoundingClientRect().left >= 0]"
            )
        )
    assert steps[0][0] == "To the content"
    assert all(outlined and inside for _, outlined, inside in steps)
    assert any("West 6" in text for text, _, _ in steps)


def see_that_a_link_in_use_grows_not_old(site: Served, browser: Browser) -> None:
    """Who came back from the page of a panel still has the focus on its link."""
    browser.look(f"{site.url}/panels")
    browser.run(
        "document.querySelector('a.panel').focus();"
        "const page = document.documentElement.outerHTML.replace('East 1', 'Far East');"
        "window.fetch = () => Promise.resolve(new Response(page))"
    )
    at = "return document.activeElement.innerText"
    assert browser.run(at).startswith("East 1")
    until = time.monotonic() + 60
    while not browser.run(f"{_SHOWN_AGAIN} {at}").startswith("Far East"):
        assert time.monotonic() < until
        time.sleep(0.1)


def see_paper(site: Served, browser: Browser) -> None:
    """Dark words on white whatever the screen is; nothing that would have to scroll."""
    for name in ("low", *PANELS):
        browser.print_look(f"{site.url}/{PAGES[name]}", 720)
        assert browser.run("return getComputedStyle(document.body).color") == (
            "rgb(0, 0, 0)"
        )
        assert browser.run(_CUT_ON_PAPER) == []
        assert "As of " in browser.text  # on paper an age alone tells nothing
        assert browser.run(_LIGHT_WITHOUT_GROUND) == []


_CUT_ON_PAPER = """
return [...document.querySelectorAll("main *")]
  .filter(one => one.getBoundingClientRect().right > window.innerWidth + 1)
  .map(one => one.outerHTML.slice(0, 80))
"""
#: Light words on a ground that a printer leaves out.
_LIGHT_WITHOUT_GROUND = """
return [...document.querySelectorAll("main *")].filter(one => {
  if (one.closest("svg") || !one.innerText) return false;
  const [r, g, b] = getComputedStyle(one).color.match(/[0-9]+/g).map(Number);
  if (r + g + b < 480) return false;
  return getComputedStyle(one).printColorAdjust != "exact";
}).map(one => one.outerHTML.slice(0, 80))
"""


def see_page_that_comes_back(folder: Path, browser: Browser) -> None:
    """Opened while nothing could be read, it shows itself what can be read again."""
    path = folder / "reports.db"
    sunshine.fill(path, time.time(), days=1)
    good = path.read_bytes()
    path.write_bytes(b"no database at all" * 1000)
    with served(folder, "--ups=home", "--db", str(path), "--upsd=off") as (url, _, _):
        browser.look(f"{url}/panels")
        assert "This cannot be read now" in browser.text
        path.write_bytes(good)
        until = time.monotonic() + 60
        text = ""
        while "of 12 panels" not in text:
            assert time.monotonic() < until, text
            time.sleep(0.1)
            # It is just being loaded.
            with contextlib.suppress(WebDriverException):
                browser.run(_SHOWN_AGAIN)
                text = browser.text


def see_only_text(evil_site: str, browser: Browser) -> None:
    """Names of devices, serial numbers and events are never taken for HTML."""
    for page in ("", "panels"):
        browser.look(f"{evil_site}/{page}")
        assert browser.run("return document.querySelectorAll('img').length") == 0
        assert browser.run("return document.querySelectorAll('script').length") == 1
        assert browser.overflow() == []
        shown = browser.text + browser.run(
            "return [...document.querySelectorAll('[title]')].map(e => e.title).join()"
        )
        assert "onerror=alert(1)" in shown
    assert browser.complaints() == []
