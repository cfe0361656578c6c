"""What Prometheus is told: valid by its own tool, and enough for the dashboard."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from nutbridge import __version__
from nutbridge.daemon.history.file import history_path
from nutbridge.daemon.history.points import HistoryPoint, render_point
from nutbridge.system.clock import SystemClock
from nutbridge.web.house import HouseReader
from nutbridge.web.house_page import HouseLook
from nutbridge.web.metrics import CONTENT_TYPE, render
from nutbridge.web.model import Past
from nutbridge.web.past import PastReader
from tests.fakes.ports import free_port
from tests.web.scenes import Scene

CONF = Path(__file__).parents[2] / "conf"
WAIT_S = 60


def look(folder: Path, **scene: Any) -> HouseLook:
    """Write the files of a house, and look at it as the page does."""
    Scene(folder, **scene).write()
    clock = SystemClock()
    reader = HouseReader("home", (folder,), clock, None)
    return HouseLook(reader.read(), PastReader("home", (folder,), clock).read())


def values(text: bytes) -> dict[str, float]:
    lines = [line for line in text.decode().splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def tool(name: str) -> str:
    found = shutil.which(name)
    assert found, f"{name} is missing: apt-get install prometheus"
    return found


def test_on_line(tmp_path: Path) -> None:
    found = values(render({"home": look(tmp_path)}))
    assert found['nutbridge_ups_up{ups="home"}'] == 1
    assert found['nutbridge_ups_status{flag="OL",ups="home"}'] == 1
    assert found['nutbridge_ups_status{flag="OB",ups="home"}'] == 0
    assert found['nutbridge_ups_battery_charge_ratio{ups="home"}'] == 0.92
    assert found['nutbridge_ups_load_watts{ups="home"}'] == 640
    assert found['nutbridge_ups_outage_seconds{ups="home"}'] == 0
    assert (
        0 <= found['nutbridge_ups_value_age_seconds{ups="home",value="charge"}'] < 600
    )


def test_low_battery_in_a_silence(tmp_path: Path) -> None:
    scene = look(
        tmp_path,
        status="OB LB",
        since_s=1800.0,
        charge_pct=9.0,
        reckoned=True,
        silent_s=900.0,
    )
    found = values(render({"home": scene}))
    assert found['nutbridge_ups_status{flag="LB",ups="home"}'] == 1
    assert found['nutbridge_ups_battery_charge_estimated{ups="home"}'] == 1
    assert found['nutbridge_ups_silent_seconds{ups="home"}'] == pytest.approx(
        900, abs=60
    )
    assert found['nutbridge_ups_outage_seconds{ups="home"}'] == pytest.approx(
        1800, abs=60
    )
    # What is not known is absent, never 0.
    assert 'nutbridge_ups_load_watts{ups="home"}' not in found


def test_house_that_nobody_watches(tmp_path: Path) -> None:
    found = values(render({"home": look(tmp_path, runs=False), "shed": None}))
    assert found['nutbridge_ups_up{ups="home"}'] == 0
    assert found['nutbridge_ups_up{ups="shed"}'] == 0


@pytest.mark.parametrize("status", ["OL", "OB", "OB LB"])
def test_promtool_finds_no_fault(status: str, tmp_path: Path) -> None:
    text = render({"home": look(tmp_path, status=status), 'odd "name"\\': None})
    done = subprocess.run(
        [tool("promtool"), "check", "metrics"],
        input=text,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_rules_are_valid() -> None:
    done = subprocess.run(
        [tool("promtool"), "check", "rules", str(CONF / "prometheus-rules.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_are_about_what_the_page_alone_has() -> None:
    """The collector's /metrics must not pass for a page that is gone."""
    text = (CONF / "prometheus-rules.yml").read_text(encoding="utf-8")
    asked = re.findall(r"^ +expr: ([^#\n]*)", text, re.MULTILINE)
    assert len(asked) >= 6
    assert [one for one in asked if "nutbridge_ups_" not in one] == []


def expressions() -> dict[str, str]:
    """Return the expressions of the dashboard by what they draw."""
    board = json.loads((CONF / "grafana-nutbridge.json").read_text(encoding="utf-8"))
    return {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in board["panels"]
        for target in panel["targets"]
    }


@contextlib.contextmanager
def serving(text: bytes) -> Iterator[int]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def prometheus(folder: Path, target: int) -> Iterator[str]:
    """Run Debian's Prometheus on the rules of conf/; yields its address."""
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
        f"rule_files: [{CONF}/prometheus-rules.yml]\n"
        "scrape_configs:\n- job_name: nutbridge\n"
        f"  static_configs: [{{targets: ['127.0.0.1:{target}']}}]\n",
        encoding="utf-8",
    )
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                tool("prometheus"),
                f"--config.file={config}",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
            env={"PATH": os.environ["PATH"], "GOMAXPROCS": "1"},
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def test_prometheus_has_what_the_dashboard_draws(tmp_path: Path) -> None:
    (tmp_path / "house").mkdir()
    texts = {"battery.runtime": "12000"}
    scene = look(tmp_path / "house", status="OB", since_s=600.0, texts=texts)
    page = render({"home": scene})
    with (
        serving(page) as target,
        prometheus(tmp_path, target) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):

        def ask(expression: str) -> list[Any]:
            with contextlib.suppress(httpx.TransportError):
                answer = client.get("/api/v1/query", params={"query": expression})
                if answer.status_code == 503:
                    return []
                assert answer.json()["status"] == "success", answer.text
                return list(answer.json()["data"]["result"])
            return []

        end = time.monotonic() + WAIT_S
        while not ask("nutbridge_build_info") and time.monotonic() < end:
            time.sleep(0.2)
        empty = [
            name
            for name, expression in expressions().items()
            if not ask(expression.replace("$ups", ".*"))
        ]
        # upsd was not asked for its clients.
        assert empty == ["Machines at upsd A"]
        assert ask('nutbridge_ups_status{flag="OB"} == 1')


def test_what_nobody_knows_is_absent(tmp_path: Path) -> None:
    """Without a monitor nobody knows of a silence or a generator, or of none."""
    found = values(render({"home": look(tmp_path, runs=False)}))
    assert 'nutbridge_ups_silent_seconds{ups="home"}' not in found
    assert 'nutbridge_ups_generator{ups="home"}' not in found
    (tmp_path / "enphase-home.state").unlink()
    clock = SystemClock()
    gone = HouseLook(HouseReader("home", (tmp_path,), clock, None).read(), Past())
    found = values(render({"home": gone}))
    del found[f'nutbridge_build_info{{version="{__version__}"}}']
    assert found == {'nutbridge_ups_up{ups="home"}': 0}


def test_all_outages_are_counted_not_those_of_the_page(tmp_path: Path) -> None:
    now = time.time()
    points = [
        HistoryPoint(now - 86400 + at, float(at), "m.b", status=status)
        for at in range(0, 80_000, 800)
        for at, status in ((at, "OL"), (at + 300, "OB"), (at + 600, "OL"))
    ]
    history_path(str(tmp_path), "home").write_bytes(b"".join(map(render_point, points)))
    found = values(render({"home": look(tmp_path)}))
    assert found['nutbridge_ups_outages_kept{ups="home"}'] == 100
    assert found['nutbridge_ups_outages_kept_seconds{ups="home"}'] == 30_000
