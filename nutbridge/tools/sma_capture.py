"""Saves what an SMA inverter answers, without what is private.

The folder has the form that the simulator serves: ``online.json`` and ``params.json``
of Webconnect; ``system-info.json``, ``device.json``, ``devices.json``, ``live.json``
and ``params.json`` of ennexOS. Beside them lie ``asked.json`` (status, kind, size and
time of every answer, never a word of a login) and a README. Nothing is kept but what
is on a list: serial numbers, names, addresses, passwords and places are not.
"""

import json
import math
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from nutbridge import __version__
from nutbridge.errors import DeviceError
from nutbridge.net.jsonfields import BodyError, parse_json
from nutbridge.net.wire import Answer, Request
from nutbridge.sources.sma.ennexos import client as ennexos
from nutbridge.sources.sma.ennexos.channels import SELF
from nutbridge.sources.sma.ennexos.client import Ennexos
from nutbridge.sources.sma.inverter import SYSTEM_INFO
from nutbridge.sources.sma.pinned_wire import DeviceWire
from nutbridge.sources.sma.webconnect import keys, paths
from nutbridge.sources.sma.webconnect.client import Webconnect
from nutbridge.system.clock import Clock
from nutbridge.tools.capture import CannotSave

#: What of ennexOS is kept.
_CHANNELS = re.compile(
    r"Measurement\.(Operation|Bat|BatChrg|BatDsch|GridMs|ExtGridMs|EpsMs|BckOnGriMs|Bck"
    r"|Metering|PvGen|DcMs)\."
    r"|Parameter\.(Bat|BatUsDm|Bck)\.|Parameter\.(Inverter\.W|Operation\.Bck)"
    r"|Parameter\.Nameplate\.(Model|PkgRev)$"
)
_DEVICE_KEYS = (
    *("product", "productTagId", "productGroupTagId", "firmwareVersion", "vendor"),
    *("generatorPower", "clusterType", "plantId"),
)
#: Asked for by name: what becomes of arrays and of names that do not exist.
_FILTERED = (
    *("Measurement.Bat.ChaStt", "Measurement.Operation.BckStt"),
    *("Measurement.GridMs.TotW", "Measurement.Bat.Vol[]", "Measurement.No.Such"),
)
#: What a drill changes, of each family.
_WATCHED = re.compile(
    r"Measurement\.(Operation|Bat|BatChrg|BatDsch|GridMs|EpsMs|BckOnGriMs|Bck)\."
    r"|618[02]_|6100_00295A00|6100_0049|6100_4049|6100_0046[45]|6100_40263F00"
)
_SERIAL = "3000000001"
#: Larger numbers may be a serial number or an address.
_LARGEST = 10**7
_NOW_S = 120.0
#: Shorter texts stand everywhere.
_SHORTEST = 5
_LONGEST_LIST = 240
EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class _Asked:
    request: Request
    answer: Answer | None
    seconds: float

    @property
    def path(self) -> str:
        return self.request.path.partition("?")[0]

    @property
    def body(self) -> Any:
        try:
            return parse_json(self.answer.body if self.answer else b"")
        except BodyError:
            return None

    def as_json(self) -> dict[str, object]:
        """Return what may be told: of a login only the names and types of keys."""
        told: dict[str, object] = {
            "asked": f"{self.request.method} {self.path}",
            "seconds": round(self.seconds, 3),
        }
        if self.answer is None:
            return {**told, "status": None}
        body = self.body
        kind = "not JSON" if body is None else type(body).__name__
        if isinstance(body, dict):
            kind = ", ".join(f"{k}: {type(v).__name__}" for k, v in body.items())
        return {
            **told,
            "status": self.answer.status,
            "type": self.answer.headers.get("content-type", ""),
            "bytes": len(self.answer.body),
            "body": kind[:_LONGEST_LIST],
        }


class RecordingWire:
    """A ``DeviceWire`` that remembers every answer.

    Args:
        wire: to the inverter.
        clock: how long it takes.
    """

    def __init__(self, wire: DeviceWire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self.asked: list[_Asked] = []
        self.recording = True

    @property
    def fingerprint(self) -> str | None:
        """Of the certificate at the other end."""
        return self._wire.fingerprint

    def send(self, request: Request, until: float) -> Answer:
        """Send, and remember."""
        begun = self._clock.boottime()
        answer = None
        try:
            answer = self._wire.send(request, until)
        finally:
            if self.recording:
                seconds = self._clock.boottime() - begun
                self.asked.append(_Asked(request, answer, seconds))
        return answer

    def reconnect(self) -> None:
        """Drop the connection."""
        self._wire.reconnect()

    def close(self) -> None:
        """Drop the connection."""
        self._wire.close()

    def last(self, path: str) -> Any:
        """Return the newest JSON that came from a path, or None."""
        found = [one.body for one in self.asked if one.path == path]
        return next((body for body in reversed(found) if body is not None), None)


@dataclass(frozen=True, slots=True)
class CapturedFiles:
    """What is to be saved.

    Attributes:
        files: text by name.
        private: what must be in none of them.
    """

    files: dict[str, str]
    private: frozenset[str] = field(default=frozenset(), repr=False)


def new_folder(output: str) -> Path:
    """Return the folder to be made.

    Raises:
        CannotSave: there is one.
    """
    folder = Path(output)
    if folder.exists() or folder.is_symlink():
        raise CannotSave(f"{folder} is there already; give a folder that is not")
    return folder


def ask_everything(client: Webconnect | Ennexos) -> None:
    """Ask for all that is saved; the answers are with the wire.

    Raises:
        DeviceError: the values themselves are not answered.
    """
    if isinstance(client, Webconnect):
        client.online_values()
        asks: tuple[Callable[[], object], ...] = (
            client.param_values,
            lambda: client.get_values(keys.UPS_KEYS),
        )
    else:
        client.live()
        asks = (
            client.device_info,
            client.devices,
            client.parameters,
            lambda: client.live_of(_FILTERED),
        )
    for ask in asks:
        try:
            ask()
        except DeviceError:
            continue  # asked.json tells


def files_of(
    client: Webconnect | Ennexos, wire: RecordingWire, secrets: tuple[str, ...]
) -> CapturedFiles:
    """Return the files; what is on no list is in none of them."""
    if isinstance(client, Webconnect):
        files = _webconnect(wire)
        private = set(_texts_of(wire.last(paths.PARAM_VALUES), keys.SERIAL))
        family = "Webconnect"
    else:
        files = _ennexos(wire)
        found = [wire.last(ennexos.DEVICE), *_list_of(wire.last(ennexos.DEVICES))]
        private = {
            str(one[name])
            for one in found
            if isinstance(one, dict)
            for name in ("serial", "ipAddress", "wifiIpAddress")
            if one.get(name)
        }
        family = "ennexOS"
    told = [one.as_json() for one in wire.asked]
    files["asked"] = json.dumps(told, indent=1)
    texts = {f"{name}.json": text + "\n" for name, text in files.items()}
    texts["README"] = (
        f"Captured by nutbridge {__version__} from an SMA inverter ({family}).\n"
        "Kept: values of battery, grid, meter and backup. Not kept: serial numbers,\n"
        "names, addresses, passwords, places. Times are relative.\n\n"
        "What this house has, and what is odd about it: (please say)\n"
    )
    return CapturedFiles(texts, frozenset(private | set(secrets)))


def save(folder: Path, captured: CapturedFiles) -> None:
    """Make the folder with all of its files, or leave nothing behind.

    Raises:
        CannotSave: it cannot be made, or something private is left.
    """
    every = "\n".join(captured.files.values())
    if any(len(one) >= _SHORTEST and one in every for one in captured.private):
        raise CannotSave(
            "something private is left; nothing was saved. Please report this without "
            "the answers"
        )
    try:
        folder.mkdir()
    except OSError as error:
        raise CannotSave(f"{folder} cannot be made: {error.strerror}") from error
    try:
        for name, text in captured.files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise CannotSave(f"{folder} cannot be filled: {error.strerror}") from error


# Webconnect.


def _webconnect(wire: RecordingWire) -> dict[str, str]:
    return {
        name: json.dumps({"result": _without_texts(wire.last(path))}, indent=1)
        for name, path in (
            ("online", paths.ONLINE_VALUES),
            ("params", paths.PARAM_VALUES),
        )
    }


def _without_texts(body: Any) -> dict[str, Any]:
    result = body.get("result") if isinstance(body, dict) else None
    devices = result if isinstance(result, dict) else {}
    kept = {}
    for number, (name, values) in enumerate(devices.items(), start=1):
        model = name.partition("-")[0][:4]
        kept[f"{model}-xxxxx{number:03}"] = {
            key: _kept_payload(key, payload)
            for key, payload in (values if isinstance(values, dict) else {}).items()
        }
    return kept


def _kept_payload(key: str, payload: Any) -> Any:
    if isinstance(payload, dict):
        return {name: _kept_payload(key, one) for name, one in payload.items()}
    if isinstance(payload, list):
        return [_kept_payload(key, one) for one in payload]
    if key == keys.SERIAL and payload is not None:
        return int(_SERIAL)
    if isinstance(payload, str):
        return ""
    # The firmware's four bytes make a large number.
    large = isinstance(payload, int | float) and abs(payload) >= _LARGEST
    counted = key.startswith(("64", "6180_", "6182_")) or key == keys.FIRMWARE
    return None if large and not counted and payload != 16777213 else payload  # noqa: PLR2004


def _texts_of(body: Any, key: str) -> Iterator[str]:
    result = body.get("result") if isinstance(body, dict) else None
    for values in result.values() if isinstance(result, dict) else ():
        if isinstance(values, dict) and key in values:
            said = json.dumps(values[key])
            yield from re.findall(r'"val": "?([0-9]{6,})', said)


# ennexOS.


def _ennexos(wire: RecordingWire) -> dict[str, str]:
    ids: dict[str, str] = {SELF: SELF}
    info = wire.last(SYSTEM_INFO.path)
    live = [one.body for one in wire.asked if one.path == ennexos.LIVE]
    whole = max((one for one in live if isinstance(one, list)), key=len, default=[])
    found: dict[str, object] = {
        "system-info": {
            name: value if isinstance(value, int) else f"<{type(value).__name__}>"
            for name, value in (info if isinstance(info, dict) else {}).items()
        },
        "device": _kept_device(wire.last(ennexos.DEVICE), ids),
        "devices": [
            _kept_device(one, ids) for one in _list_of(wire.last(ennexos.DEVICES))
        ],
        "live": _kept_live(whole, ids),
        "params": _kept_params(wire.last(ennexos.PARAMETERS), ids),
    }
    return {name: json.dumps(value, indent=1) for name, value in found.items()}


def _list_of(body: Any) -> list[Any]:
    lists = body.values() if isinstance(body, dict) else (body,)
    return [one for found in lists if isinstance(found, list) for one in found]


def _id(found: Any, ids: dict[str, str]) -> str:
    return ids.setdefault(str(found), f"DEVICE{len(ids)}")


def _kept_device(body: Any, ids: dict[str, str]) -> dict[str, Any]:
    if not isinstance(body, dict):
        return {}
    kept = {name: body[name] for name in _DEVICE_KEYS if name in body}
    component = _id(body.get("deviceId", body.get("componentId")), ids)
    number = list(ids.values()).index(component)
    return {**kept, "deviceId": component, "serial": str(int(_SERIAL) + number)}


def _kept_live(body: list[Any], ids: dict[str, str]) -> list[dict[str, Any]]:
    times = [_epoch(each) for one in body for each in _values(one)]
    newest = max((one for one in times if one is not None), default=0.0)
    return [
        {
            "channelId": one["channelId"],
            "componentId": _id(one.get("componentId"), ids),
            "values": [
                {
                    "time": _relative(_epoch(each), newest),
                    **{
                        name: each[name] for name in ("value", "values") if name in each
                    },
                }
                for each in _values(one)
            ],
        }
        for one in body
        if isinstance(one, dict) and _CHANNELS.match(str(one.get("channelId")))
    ]


def _kept_params(body: Any, ids: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "componentId": _id(one.get("componentId"), ids),
            "values": [
                {
                    name: each[name]
                    for name in ("channelId", "value", "values", "state", "editable")
                    if name in each
                }
                for each in _values(one)
                if _CHANNELS.match(str(each.get("channelId")))
            ],
        }
        for one in (body if isinstance(body, list) else [])
        if isinstance(one, dict)
    ]


def _values(one: Any) -> list[dict[str, Any]]:
    found = one.get("values") if isinstance(one, dict) else None
    return [each for each in found or [] if isinstance(each, dict)]


def _epoch(value: Mapping[str, Any]) -> float | None:
    try:
        return datetime.fromisoformat(str(value.get("time"))).timestamp()
    except ValueError:
        return None


def _relative(epoch: float | None, newest: float) -> str:
    if epoch is None:
        return "none"
    age_s = newest - epoch
    return "now" if age_s <= _NOW_S else f"{age_s:.0f} s before"


# Watching a drill.


def watched(client: Webconnect | Ennexos) -> dict[str, Any]:
    """Return the values that a drill changes, by key or channel.

    Raises:
        DeviceError: no answer.
    """
    if isinstance(client, Webconnect):
        result = client.online_values()
        devices = result.values() if isinstance(result, dict) else ()
        found = [one for one in devices if isinstance(one, dict)]
        every = {key: payload for one in found for key, payload in one.items()}
    else:
        live = client.live()
        every = {
            str(one.get("channelId")): [
                each.get("values", each.get("value")) for each in _values(one)
            ]
            for one in (live if isinstance(live, list) else [])
            if isinstance(one, dict) and one.get("componentId") == SELF
        }
    return {
        key: _kept_payload(key, value)
        for key, value in every.items()
        if _WATCHED.match(key)
    }


class DrillRecord:
    """Writes what changes, a line of JSON each time, with the seconds since the start.

    Args:
        out: where to.
        clock: all times.
    """

    def __init__(self, out: TextIO, clock: Clock) -> None:
        self._out = out
        self._clock = clock
        self._begun = clock.boottime()
        self._last: dict[str, Any] = {}
        self._problem = ""
        self.lines = 0

    def look(self, ask: Callable[[], dict[str, Any]]) -> None:
        """Ask once; a failure is written too: it is part of what a drill shows."""
        try:
            found = ask()
        except DeviceError as error:
            if self._problem != type(error).__name__:
                self._write({"no answer": type(error).__name__})
            self._problem = type(error).__name__
            return
        changed = {k: v for k, v in found.items() if self._last.get(k, math.nan) != v}
        changed |= dict.fromkeys(self._last.keys() - found.keys(), "gone")
        if changed or self._problem:
            self._write(changed)
        self._problem, self._last = "", found

    def _write(self, what: Mapping[str, Any]) -> None:
        seconds = round(self._clock.boottime() - self._begun, 1)
        self._out.write(json.dumps({"s": seconds, **what}) + "\n")
        self._out.flush()
        self.lines += 1
