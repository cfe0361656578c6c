"""The port file as the monitor publishes it: made anew whenever anything differs."""

from pathlib import Path

import pytest

from nutbridge.nut.port_file import PortFile, PortFilePublisher, Value
from nutbridge.nut.variables import SMA
from tests.fakes.clock import FakeClock

VALUES: dict[str, Value] = {"ups.status": "OL", "battery.charge": 80.0}


@pytest.fixture
def port(tmp_path: Path) -> PortFile:
    port = PortFile(tmp_path / "home.dev", FakeClock(wall_s=1000.0))
    port.twin.touch()
    return port


@pytest.fixture
def publisher(port: PortFile) -> PortFilePublisher:
    publisher = PortFilePublisher(port)
    publisher.load()
    return publisher


def test_publish_writes_nothing_where_nothing_changed(
    port: PortFile, publisher: PortFilePublisher
) -> None:
    assert publisher.publish(VALUES, 20.0, 2)
    first = port.read()
    assert [publisher.publish(dict(VALUES), 20.0, 2) for _ in range(3)] == [False] * 3
    assert (port.read(), publisher.writes) == (first, 1)
    assert not publisher.refresh()


@pytest.mark.parametrize(
    ("values", "low_pct", "phases"),
    [
        ({**VALUES, "ups.status": "OB"}, 20.0, 2),
        ({**VALUES, "battery.charge": 79.9}, 20.0, 2),
        ({**VALUES, "battery.charge": None}, 20.0, 2),
        ({**VALUES, "ups.load": 3.0}, 20.0, 2),
        (VALUES, 35.0, 2),
        (VALUES, 20.0, 3),
    ],
)
def test_publish_writes_what_differs(
    publisher: PortFilePublisher,
    port: PortFile,
    values: dict[str, Value],
    low_pct: float,
    phases: int,
) -> None:
    """As one does that has written nothing before."""
    for _ in range(2):
        publisher.publish(VALUES, 20.0, 2)
    assert publisher.publish(values, low_pct, phases)
    found = port.read()
    other = PortFilePublisher(PortFile(port.path, FakeClock(wall_s=1000.0)))
    other.load()
    other.publish(values, low_pct, phases)
    assert port.read() == found
    assert publisher.refresh(), "of which this one knew nothing"
    assert publisher.publish(VALUES, 20.0, 2), "and back again"


def test_publish_after_a_user_changed_a_line(
    publisher: PortFilePublisher, port: PortFile
) -> None:
    """The values are those of before, the file around them is not."""
    for _ in range(2):
        publisher.publish(VALUES, 20.0, 2)
    for own in (b"# mine\n", b"battery.charge.low: 30\n"):
        port.real.write_bytes(own + port.read())
        assert publisher.refresh()
        assert publisher.publish(VALUES, 20.0, 2)
        assert own in port.read()


def test_publish_after_a_change_unseen(
    publisher: PortFilePublisher, port: PortFile
) -> None:
    """Somebody's OB between the look and the writing is written over."""
    publisher.publish(VALUES, 20.0, 2)
    port.real.write_bytes(b"ups.status: OB LB\n")
    assert publisher.publish(VALUES, 20.0, 2)
    assert port.read().endswith(b"ups.status: OL\n")
    port.hide()
    assert publisher.publish(VALUES, 20.0, 2)
    port.twin.write_bytes(b"")
    assert not publisher.publish(VALUES, 20.0, 2)
    assert not port.twin.exists(), "the port file wins, and the twin goes"


def test_publish_with_another_makers_defaults(port: PortFile) -> None:
    for maker, mfr in ((None, b"Enphase"), (SMA, b"SMA")):
        publisher = PortFilePublisher(port, *([maker] if maker else []))
        publisher.load()
        publisher.publish(VALUES, 20.0, None)
        assert b"ups.mfr: " + mfr in port.read().replace(b'"', b"")
