"""Houses as their monitors left them: port file, state, history, and a held lock."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nutbridge.daemon.history.file import history_path
from nutbridge.daemon.history.points import render_point
from nutbridge.system.clock import SystemClock
from nutbridge.system.lock import PortLock
from nutbridge.tools.demo.month import OUTAGES, PastOutage, month
from nutbridge.ups.model import DeviceHealth, Flows, Grid
from nutbridge.ups.status.memory import (
    BatteryMemory,
    Charge,
    FlowMemory,
    Memory,
    RelayMemory,
    ShownStatus,
)
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.saved import SavedState, render

HOUR, DAY = 3600.0, 86400.0
CAPACITY_WH = 10000.0


@dataclass
class Scene:
    """A folder with one UPS; what is not given is as on an ordinary day."""

    folder: Path
    ups: str = "home"
    status: str = "OL"
    hidden: bool = False
    since_s: float = 3 * DAY
    charge_pct: float | None = 92.0
    read_s: float = 8.0
    reckoned: bool = False
    silent_s: float | None = None
    noted_s: float = 8.0
    runs: bool = True
    flows: Mapping[str, float | None] = field(
        default_factory=lambda: {
            "load_w": 640.0,
            "grid_w": -1850.0,
            "pv_w": 2490.0,
            "battery_w": 0.0,
        }
    )
    texts: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[DeviceHealth, ...] = (
        DeviceHealth("battery 122000000011", (), 92.0, 24.0),
        DeviceHealth("controller 122000000021"),
    )
    token_ends: float | None = None
    lock: PortLock | None = None

    @property
    def port_file(self) -> Path:
        return self.folder / f"{self.ups}.dev"

    def write(self) -> "Scene":
        """Write all files as they are now."""
        clock = SystemClock()
        boot, wall = clock.boottime(), clock.wall()
        known = self.flows if self.silent_s is None else {}
        memory = Memory(
            noted_at=boot - self.noted_s,
            devices=self.devices,
            relay=RelayMemory(
                at=boot - (self.silent_s or min(self.read_s, 8.0)),
                grid=Grid.CLOSED if self.status == "OL" else Grid.OPEN,
                silent_since=None if self.silent_s is None else boot - self.silent_s,
            ),
            shown=ShownStatus(
                "" if self.hidden else self.status, max(1.0, boot - self.since_s)
            ),
            battery=BatteryMemory(
                charge=None
                if self.charge_pct is None
                else Charge(boot - self.read_s, self.charge_pct),
                capacity_wh=CAPACITY_WH,
                floor_pct=10.0,
            ),
            flow=FlowMemory(last=Flows(boot - self.read_s, **known) if known else None),
        )
        saved = SavedState(
            clock.boot_id(),
            str(self.port_file.resolve()),
            memory,
            policy=Policy(),
            token_ends_epoch=self.token_ends or wall + 200 * DAY,
        )
        state = self.folder / f"enphase-{self.ups}.state"
        state.with_suffix(".tmp").write_bytes(render(saved))
        state.with_suffix(".tmp").rename(state)
        self._write_port()
        if self.runs and self.lock is None:
            self.lock = PortLock(self.port_file)
            self.lock.acquire()
        return self

    def _write_port(self) -> None:
        texts = {"battery.charge.low": "20", **self.texts}
        if self.charge_pct is not None:
            texts["battery.charge"] = f"{self.charge_pct:g}"
        if self.reckoned:
            texts["experimental.nutbridge.source"] = "reckoned, silent since 21:14"
        elif self.flows.get("load_w"):
            texts |= {
                "ups.realpower": f"{self.flows['load_w']:.0f}",
                "ups.load": f"{(self.flows['load_w'] or 0) / 76.8:.1f}",
                "ups.realpower.nominal": "7680",
                "battery.temperature": "24",
            }
        lines = [f'{name}: "{text}"' for name, text in texts.items()]
        data = "\n".join([*lines, f"ups.status: {self.status}", ""])
        name = f"{self.port_file.name}-nocomms" if self.hidden else self.port_file.name
        path = self.folder / f".{name}"
        path.write_text(data, encoding="utf-8")
        path.rename(self.folder / name)
        other = self.port_file if self.hidden else Path(f"{self.port_file}-nocomms")
        other.unlink(missing_ok=True)

    def close(self) -> None:
        """Let the monitor end."""
        if self.lock is not None:
            self.lock.release()
            self.lock = None


def on_battery(folder: Path, **more: object) -> Scene:
    """An outage that has lasted since two hours ago."""
    values: dict[str, object] = {
        "status": "OB",
        "since_s": 2 * HOUR,
        "charge_pct": 62.0,
        "texts": {"battery.runtime": "20400"},
        "flows": {"load_w": 920.0, "grid_w": 0.0, "pv_w": 0.0, "battery_w": 920.0},
    }
    return Scene(folder, **(values | more))  # type: ignore[arg-type]


def low(folder: Path) -> Scene:
    """The same at its end."""
    return on_battery(
        folder,
        status="OB LB",
        since_s=7.5 * HOUR,
        charge_pct=17.0,
        texts={"battery.runtime": "2740"},
    )


def silent(folder: Path) -> Scene:
    """An outage in which the gateway does not answer: all is reckoned."""
    return on_battery(
        folder, reckoned=True, silent_s=2400.0, read_s=2400.0, charge_pct=55.0
    )


def stale(folder: Path) -> Scene:
    """On line; nothing was read for a while."""
    return Scene(folder, read_s=1500.0, silent_s=240.0, noted_s=30.0)


def nocomms(folder: Path) -> Scene:
    """On line, and no answer for so long that the file is hidden."""
    return Scene(
        folder,
        hidden=True,
        silent_s=1300.0,
        since_s=1000.0,
        read_s=1300.0,
    )


SCENES: Mapping[str, Callable[[Path], Scene]] = {
    "on-line": Scene,
    "on-battery": on_battery,
    "low": low,
    "reckoned": silent,
    "stale": stale,
    "nocomms": nocomms,
    "no-monitor": lambda folder: Scene(folder, runs=False),
}


def write_history(
    folder: Path, ups: str = "home", *, lasts_s: float | None = None
) -> None:
    """Write a month with two outages, and one under way.

    Args:
        folder: STATE_DIR.
        ups: name.
        lasts_s: how long that one has lasted; None: there is none.
    """
    now = () if lasts_s is None else (PastOutage(lasts_s, lasts_s, 90.0, 62.0),)
    points = month(time.time(), (*OUTAGES, *now), CAPACITY_WH)
    history_path(str(folder), ups).write_bytes(b"".join(map(render_point, points)))
