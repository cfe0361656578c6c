"""nutbridge sma capture: a folder for a bug report, and the record of a drill."""

import time
from pathlib import Path

from nutbridge.cli.sma.output import guard_encoding, write_lines
from nutbridge.cli.sma.session import Target, interruptible, say, session
from nutbridge.errors import UsageError
from nutbridge.sources.sma.ennexos.client import Ennexos
from nutbridge.sources.sma.login_gate import LoginGate
from nutbridge.sources.sma.pinned_wire import DeviceWire
from nutbridge.sources.sma.webconnect.client import Webconnect
from nutbridge.system.clock import SystemClock
from nutbridge.tools.sma_capture import (
    EVERY_S,
    DrillRecord,
    RecordingWire,
    ask_everything,
    files_of,
    new_folder,
    save,
    watched,
)
from nutbridge.ups.status.saved import RetryState

_MINUTE_S = 60.0
#: A night is enough.
_LONGEST_MIN = 1440.0


def capture_inverter(target: Target, output: str, watch_min: float | None) -> None:
    """Save what the inverter answers; then watch it for some minutes.

    Raises:
        UsageError: no folder, or a time that is none.
        CannotSave: the folder is there, or cannot be made.
        DeviceError: the inverter does not answer; nothing was saved.
    """
    guard_encoding()
    if not output:
        raise UsageError("where to? Give --output DIR, a folder that is not there yet")
    if watch_min is not None and not 0 < watch_min <= _LONGEST_MIN:
        raise UsageError(f"--watch takes more than 0, up to {_LONGEST_MIN:g} minutes")
    folder = new_folder(output)
    clock = SystemClock()
    record: list[RecordingWire] = []

    def wrap(wire: DeviceWire) -> RecordingWire:
        record.append(RecordingWire(wire, clock))
        return record[-1]

    with (
        interruptible() as interrupts,
        session(target, interrupts, wrap=wrap) as inverter,
    ):
        # A drill may end the session, and a login every 5 s would do no good.
        interrupts.gate = LoginGate(target.host, clock, RetryState())
        client = inverter.client()
        if not isinstance(client, Webconnect | Ennexos):
            raise TypeError("no third family")
        ask_everything(client)
        (wire,) = record
        wire.recording = False
        secrets = (target.password, target.host.partition(":")[0])
        captured = files_of(client, wire, secrets)
        save(folder, captured)
        names = ", ".join(sorted(captured.files))
        write_lines(
            [f"Saved in {folder}: {names}", "Look through it before you send it."]
        )
        if watch_min is not None:
            _watch(folder / "watch.jsonl", client, watch_min, clock)


def _watch(
    file: Path, client: Webconnect | Ennexos, minutes: float, clock: SystemClock
) -> None:
    until = clock.boottime() + minutes * _MINUTE_S
    say(f"watching for {minutes:g} min, every {EVERY_S:g} s; ^C ends it")
    with file.open("w", encoding="ascii") as out:
        drill = DrillRecord(out, clock)
        while True:
            drill.look(lambda: watched(client))
            left_s = until - clock.boottime()
            if left_s <= 0:
                break
            time.sleep(min(EVERY_S, left_s))
    write_lines([f"Watched: {drill.lines} lines in {file}"])
