"""Bodies made to cost much: each has a bound on memory, and ends."""

import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from nutbridge.collector.parse.body import parse
from nutbridge.collector.parse.envelope import MAX_INFLATED
from tests.collector.parse.samples import NOW, big, event, form, xml

ROOT = Path(__file__).parents[3]
#: In a process of its own: the peak of memory above that of its start.
MEASURE = """
import sys
from pathlib import Path
from nutbridge.collector.errors import TooLarge
from nutbridge.collector.parse.body import inflated_size, parse
def peak_kb():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])
body = Path(sys.argv[1]).read_bytes()
before = peak_kb()
try:
    inflated_size(body)
    result = parse(body)
    said = "parsed" if result.parsed else result.problem
except TooLarge:
    said = "too large"
print((peak_kb() - before) // 1024, said)
"""


def bomb() -> bytes:
    """Return 1 GiB of zeros in 1 MB: one block, a thousand times."""
    engine = zlib.compressobj(9)
    start = engine.compress(bytes(1 << 20)) + engine.flush(zlib.Z_FULL_FLUSH)
    block = engine.compress(bytes(1 << 20)) + engine.flush(zlib.Z_FULL_FLUSH)
    return start + block * 1023 + engine.flush()


def many(piece: str, start: str = "", end: str = "") -> bytes:
    """Return as many pieces as fit; ``{n}`` counts."""
    inner = "".join(piece.replace("{n}", f"{n:x}") for n in range(400_000))
    return f"{start}{inner[: MAX_INFLATED - len(start) - len(end)]}{end}".encode()


def tags() -> bytes:
    inner = []
    for number in range(100):
        names = range(number * 4000, number * 4000 + 4000)
        inner.append("<e" + "".join(f' a{name:x}=">"' for name in names) + "/>")
    return f"<perf_report>{''.join(inner)}</perf_report>".encode()


def odd_rows() -> bytes:
    rows = "".join(f'<event a="{n}" b="" c="" d="" e="" f=""/>' for n in range(99_000))
    return f'<perf_report><envoy serial_num="1"/>{rows}</perf_report>'.encode()


HOSTILE: list[tuple[str, Callable[[], bytes], int, str]] = [
    ("1 GiB of zeros", bomb, 50, "too large"),
    ("escapes", lambda: zlib.compress(b"body=" + b"%41" * 2_700_000), 100, "tag"),
    ("pairs", lambda: zlib.compress(b"&" * (MAX_INFLATED - 1)), 100, "field"),
    ("depth", lambda: zlib.compress(b"<perf_report>" * 200_000), 100, "deep"),
    ("one tag", lambda: zlib.compress(many(' a{n}=""', "<perf_report")), 100, "tag"),
    ("attributes", lambda: zlib.compress(tags()), 100, "0 Envoys"),
    ("names", lambda: zlib.compress(many("<e{n}/>", "<perf_report>")), 100, "more"),
    ("text", lambda: zlib.compress(b"<a>" + b"x" * 8_000_000), 100, "text"),
    ("odd rows", lambda: zlib.compress(odd_rows()), 100, "parsed"),
    ("20,000 rows", lambda: big(10_000, 9_000, 1_000), 100, "parsed"),
]


@pytest.mark.parametrize(
    ("make", "most_mb", "said"),
    [row[1:] for row in HOSTILE],
    ids=[row[0] for row in HOSTILE],
)
def test_hostile_body_costs_little_memory(
    tmp_path: Path, make: Callable[[], bytes], most_mb: int, said: str
) -> None:
    """No body within the caps costs more than 100 MB, a bomb less than 50 MB."""
    file = tmp_path / "body"
    file.write_bytes(make())
    assert file.stat().st_size < 2 << 20
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        timeout=100,
    )
    spent, _, result = done.stdout.strip().partition(" ")
    assert int(spent) < most_mb
    assert said in result


@pytest.mark.parametrize(
    "start",
    [
        "<!DOCTYPE perf_report>",
        '<!DOCTYPE perf_report SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE perf_report [<!ENTITY a "b">]>',
        '<!DOCTYPE p [<!ENTITY a SYSTEM "http://127.0.0.1:1/">]>',
    ],
)
def test_doctype_is_refused(start: str) -> None:
    text = xml().replace("<perf_report", f"{start}<perf_report", 1)
    result = parse(zlib.compress(form(text)))
    assert result.problem == "the XML has a DOCTYPE"


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("utf-8", "utf-8"),
        ("utf-16", "utf-16"),
        ("iso-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
    ],
)
def test_declared_encodings_are_read(name: str, codec: str) -> None:
    text = xml(envoy={"part_num": "é"}).replace("UTF-8", name)
    report = parse(zlib.compress(text.encode(codec))).report
    assert report is not None
    assert report.envoy.part_num == "é"


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("utf-7", "ascii"),
        ("no-such-code", "ascii"),
        ("cp037", "ascii"),
        ("utf-16", "ascii"),
        ("utf-8", "utf-16-le"),
        ("utf-8", "utf-32"),
        ("utf-8", "latin-1"),
    ],
)
def test_wrong_encoding_is_no_report(name: str, codec: str) -> None:
    accent = "e" if codec == "ascii" else "é"
    text = xml(envoy={"part_num": accent}).replace("UTF-8", name)
    assert not parse(zlib.compress(text.encode(codec))).parsed


def test_long_parameters_are_refused() -> None:
    inner = f"<message_params><![CDATA[{'<' * 70_000}]]></message_params>"
    assert not parse(zlib.compress(xml(event(inner)).encode())).parsed


def test_rows_far_in_the_future_have_no_key() -> None:
    report = parse(zlib.compress(xml(event(event_date=NOW * 100)).encode())).report
    assert report is not None
    assert [row.kind for row in report.odd_rows] == ["event"]
