"""``nutbridge demo --web``: the page behind the demo, from one command."""

import json
import re
import signal
import urllib.request
from pathlib import Path

import pytest

from tests.tools.demo.running import DEMO, place, processes_of, started

__all__ = ["place"]

pytestmark = [pytest.mark.nut, pytest.mark.slow(15)]

_SAID = re.compile(r"The page of the house and its panels: (http://\S+)")


def answer(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as found:
        text: str = found.read().decode()
    return text


def test_page_of_the_demo(place: Path) -> None:
    """A stranger sees the house, a month of it, and a dead panel; then all is gone."""
    with started(place, *DEMO, "--web") as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if found := _SAID.search(line):
                break
        else:
            pytest.fail("".join(lines))
        url = found[1].rstrip("/")
        assert '<div class="big' in answer(f"{url}/")
        history = json.loads(answer(f"{url}/api/history/demo"))
        panels = json.loads(answer(f"{url}/api/panels"))
        running = " ".join(processes_of(place))
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert len(history["outages"]) >= 2
    states = [one["state"] for one in panels["panels"]]
    assert (len(states), states.count("dead")) == (12, 1)
    assert " web " in running
    assert process.returncode == 130, "".join(lines) + rest
    assert rest.endswith("interrupted; everything is stopped and removed\n")
