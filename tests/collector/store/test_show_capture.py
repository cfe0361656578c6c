"""What show and capture tell of bodies that are not as usual."""

import zlib
from pathlib import Path
from urllib.parse import quote

import pytest

from nutbridge.collector.store.api import Store
from tests.collector.parse.samples import (
    ENVOY,
    body,
    device,
    event,
    interval,
    reading,
    xml,
)
from tests.collector.store.using import objects, put, run

FULL = (interval(), reading(), event(), device())


@pytest.mark.parametrize(
    "sent",
    [
        f"data={quote(xml(*FULL))}",
        f"body={quote(quote(xml(*FULL)))}",
        xml(*FULL).replace("UTF-8", "UTF-16").encode("utf-16"),
        xml(*FULL).encode("utf-16-le"),
        xml(*FULL)[: -len("</perf_report>") - 100],
    ],
    ids=["other field", "escaped twice", "utf-16", "utf-16 without mark", "cut"],
)
def test_capture_hides_what_could_not_be_parsed(
    tmp_path: Path, sent: str | bytes
) -> None:
    store = Store.open(f"{tmp_path}/r.db")
    put(store, zlib.compress(sent.encode() if isinstance(sent, str) else sent))
    store.close()
    text = run("capture", "--db", tmp_path / "r.db").stdout
    assert "perf_report" in text
    for name in ("latitude", "longitude", "mac_addr", "ip_addr", "serial_num"):
        assert str(ENVOY[name]) not in text


def test_show_names_what_is_unknown(tmp_path: Path) -> None:
    store = Store.open(f"{tmp_path}/r.db")
    put(store, body('<roof angle="9" lat="12.3"/>', region="EU", gps="12.3"))
    store.close()
    (one,) = objects("show", "--db", tmp_path / "r.db")
    assert one["extra"] == {"region": "EU", "gps": "(hidden)"}
    (roof,) = one["unknown"]
    assert roof["element"] == "perf_report/roof"
    assert roof["attributes"] == {"angle": "9", "lat": "(hidden)"}
    assert one["unknown_count"] == 3


def test_show_says_nothing_where_nothing_is_known(tmp_path: Path) -> None:
    store = Store.open(f"{tmp_path}/r.db")
    put(store, body(interval(stats=None), reading(stats=None)))
    store.close()
    text = run("show", "--db", tmp_path / "r.db").stdout
    assert "300 s  - J" in text
    assert "None" not in text
