"""What a daemon does for history and house memory, after each check."""

import contextlib
from pathlib import Path

from nutbridge.config.file import Salvage
from nutbridge.config.settings import Settings, history_name, memory_name
from nutbridge.daemon.history.background import BackgroundWriter
from nutbridge.daemon.history.recorder import AfterCheck, HistoryRecorder
from nutbridge.daemon.monitor import Monitor
from nutbridge.system.clock import Host, machine_name
from nutbridge.ups.status.house import HouseMemory, is_of, without_size


class Recording:
    """Notes what one monitor does; in TEST mode nothing, for all is played.

    Args:
        settings: of the config, or what is left of one that cannot be used: then what
            is known of the house is not renewed.
        monitor: started.
        host: what this process runs on.
        house: what was known of the house at the start.
    """

    def __init__(
        self,
        settings: Settings | Salvage,
        monitor: Monitor,
        host: Host,
        house: HouseMemory | None = None,
    ) -> None:
        self._monitor = monitor
        self._house = house
        folder, ups = Path(settings.state_dir), settings.ups or ""
        usable = settings if isinstance(settings, Settings) else None
        memory = folder / memory_name(ups) if usable else None
        writer = BackgroundWriter(folder / history_name(ups), memory, host.owner)
        serial = usable.serial if usable else ""
        self._recorder = HistoryRecorder(
            writer, host.clock, machine_name(), serial, house
        )
        self._played = usable is not None and usable.test is not None

    def note(self) -> None:
        """Take note of what is true after a check."""
        if not self._played:
            self._see_battery()
            self._recorder.note(self._seen())

    def end(self) -> None:
        """Note that the monitor stops; what a disk does not take now is lost."""
        if not self._played:
            with contextlib.suppress(Exception):
                self._recorder.stop(self._seen())
                self._recorder.flush()

    def flush(self) -> None:
        """Wait a moment until all is written; nothing is noted after that."""
        self._recorder.flush()

    def _seen(self) -> AfterCheck:
        monitor = self._monitor
        return AfterCheck(monitor.memory, monitor.verdict, monitor.facts)

    def _see_battery(self) -> None:
        """Forget, once, the size of a battery that is no longer there."""
        house = self._house
        known = None if house is None else is_of(house, self._monitor.facts)
        if house is None or known is None:
            return
        self._house = None
        if not known:
            self._monitor.memory = without_size(self._monitor.memory, house)
