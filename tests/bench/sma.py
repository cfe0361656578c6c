"""What reading an SMA inverter costs: the decoder alone, and a whole command."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nutbridge.net.jsonfields import parse_json
from nutbridge.sources.sma.ennexos.readings import ChannelValues, live_reading
from nutbridge.sources.sma.webconnect.decode import decode
from nutbridge.sources.sma.webconnect.language import Language
from nutbridge.sources.sma.webconnect.objects import Model
from tests.bench.command import MEMORY
from tests.bench.table import Row

_DATA = Path(__file__).parents[2] / "test-data" / "sma"
_MODEL = "ObjectMetadata_Istl.json"
_TOOL = "import tests.bench.plain; from nutbridge.cli.tools import main; main()"

#: As many objects and texts as inverters have, and more values than any has sent.
_OBJECTS = 2900
_TEXTS = 12_000
_VALUES = 300
#: As many as a Tripower X has.
_CHANNELS = 92
_RUNS = 15
_MS = 1000.0


def sma(_ref: str | None, say: Callable[[str], None]) -> list[Row]:
    """Decode 300 values; run ``nutbridge sma tree`` on loopback."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=MEMORY) as base:
        folder = _device(Path(base))
        say(f"decoding {_VALUES} values against {_OBJECTS} objects")
        decoding = _decode(folder)
        say(f"{2 * _RUNS} times nutbridge sma tree")
        with _inverter(folder) as host:
            first = [_tree(Path(base), host, forget=True) for _ in range(_RUNS)]
            kept = [_tree(Path(base), host) for _ in range(_RUNS)]
    say(f"{_RUNS} times an ennexOS answer of {_CHANNELS} channels")
    return [
        Row(f"decoding {_VALUES} values", decoding * _MS, "ms", 20, digits=1),
        Row(
            f"reading {_CHANNELS} ennexOS channels", _ennexos() * _MS, "ms", 5, digits=2
        ),
        Row(
            "nutbridge sma tree, nothing cached",
            statistics.median(first),
            "s",
            0.6,
            digits=2,
        ),
        Row("  model and texts cached", statistics.median(kept), "s", 0.6, digits=2),
    ]


def _device(base: Path) -> Path:
    """Make a folder for the stand-in, as large as a real inverter's files."""
    folder = base / "device"
    (folder / "l10n").mkdir(parents=True)
    entries: dict[str, Any] = json.loads((_DATA / _MODEL).read_bytes())
    texts = json.loads((_DATA / "l10n" / "en-US.json").read_bytes())
    known = list(entries.values())
    for number in range(len(entries), _OBJECTS):
        entries[f"61FF_{number:08X}"] = known[number % len(known)]
    for number in range(len(texts), _TEXTS):
        texts[str(100_000 + number)] = f"made-up text number {number}"
    values = {
        key: {"9": [{"val": [{"tag": 307}] if entry["Typ"] == 1 else 12345}]}
        for key, entry in list(entries.items())[-_VALUES:]
    }
    online = {"result": {"01B8-B3251FA5": values}}
    shutil.copy(_DATA / "formats" / "online.json", folder / "params.json")
    for name, value in (
        (_MODEL, entries),
        ("l10n/en-US.json", texts),
        ("online.json", online),
    ):
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
    return folder


def _decode(folder: Path) -> float:
    model = Model.from_body((folder / _MODEL).read_bytes())
    language = Language.from_body((folder / "l10n" / "en-US.json").read_bytes())
    answer = parse_json((folder / "online.json").read_bytes())
    spent = []
    for _ in range(_RUNS):
        begun = time.perf_counter()
        rows = decode(answer, model, language)
        spent.append(time.perf_counter() - begun)
        if len(rows) != _VALUES:
            raise RuntimeError(f"{len(rows)} rows")
    return statistics.median(spent)


def _ennexos() -> float:
    """Read an answer as large as a device of 92 channels gives, 13 kB."""
    live = json.loads((_DATA / "ennexos-hybrid" / "live.json").read_bytes())
    more = [
        {**live[0], "channelId": f"Measurement.Made.Up.Channel{number}"}
        for number in range(_CHANNELS - len(live))
    ]
    body = json.dumps([*live, *more], separators=(",", ":")).encode()
    spent = []
    for _ in range(_RUNS):
        begun = time.perf_counter()
        reading = live_reading(ChannelValues.of_live(parse_json(body)))
        spent.append(time.perf_counter() - begun)
        if reading.soc_pct is None:
            raise RuntimeError("no charge")
    return statistics.median(spent)


@contextmanager
def _inverter(folder: Path) -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-m", "nutbridge.simulator", "sma", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("no pipes")
        try:
            yield process.stdout.readline().strip().removeprefix("SMA_HOST=")
        finally:
            process.stdin.close()


def _tree(base: Path, host: str, *, forget: bool = False) -> float:
    if forget:
        shutil.rmtree(base / "cache", ignore_errors=True)
    environ = {
        "PATH": os.environ["PATH"],
        "XDG_CACHE_HOME": str(base / "cache"),
        "SMA_PASSWORD": "user",
    }
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _TOOL, "sma", "tree", "--host", host],
        env=environ,
        capture_output=True,
        check=True,
    )
    wall_s = time.perf_counter() - begun
    if done.stdout.count(b": ") < _VALUES:
        raise RuntimeError("not all values in the tree")
    return wall_s
