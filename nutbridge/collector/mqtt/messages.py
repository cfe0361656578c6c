"""What a broker is told of Envoys and panels: topics and payloads. Pure.

Source: the documentation of Home Assistant, "MQTT" (discovery messages, birth and
last will, availability) and "MQTT sensor" (2024.11 and later). Nothing of place,
address or account is among it.

Each Envoy and each panel is a device with a few sensors, which all read one state::

    nutbridge/status                              online, offline (last will)
    nutbridge/ENVOY/state                         {"power_w": 2130, ...}
    nutbridge/ENVOY/PANEL/state                   {"power_w": 71.5, ...}
    homeassistant/sensor/nutbridge_ENVOY/PANEL_power_w/config

``energy_today_wh`` begins anew at each midnight of the Envoy: what arrives late for
an earlier day changes the sums of that day, and is never credited to today.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from nutbridge.collector.queries.now import EnvoyNow, PanelNow
from nutbridge.collector.queries.panel_states import PanelState

#: As an option's default: the topics of ours, and those that Home Assistant reads.
TOPIC = "nutbridge"
DISCOVERY = "homeassistant"
ONLINE, OFFLINE = b"online", b"offline"
#: Envoys and panels told one by one; more would flood Home Assistant (chosen).
MOST_DEVICES = 1000

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ODD = re.compile(r"[^A-Za-z0-9_-]+")


class Message(NamedTuple):
    """One message; all are retained. An empty payload takes back an earlier one."""

    topic: str
    payload: bytes


class Topics(NamedTuple):
    """Where messages go.

    Attributes:
        base: of our states, such as ``nutbridge``.
        discovery: where Home Assistant looks for devices.
    """

    base: str = TOPIC
    discovery: str = DISCOVERY

    @property
    def status(self) -> str:
        """Whether this process lives: birth and last will."""
        return f"{self.base}/status"

    def state(self, *path: str) -> str:
        """Return the topic of the state of an Envoy or a panel."""
        return "/".join((self.base, *(segment(one) for one in path), "state"))

    def config(self, key: str, *path: str) -> str:
        """Return the topic of the discovery message of one sensor."""
        envoy, *panel = (segment(one) for one in path)
        name = "_".join((*panel, key))
        return f"{self.discovery}/sensor/nutbridge_{envoy}/{name}/config"


class Sensor(NamedTuple):
    """One value of a state, and what Home Assistant is told of it."""

    key: str
    name: str
    told: Mapping[str, Any]
    template: str = "{{{{ value_json.{key} }}}}"


_POWER = {
    "device_class": "power",
    "state_class": "measurement",
    "unit_of_measurement": "W",
}
_ENERGY = {
    "device_class": "energy",
    "unit_of_measurement": "Wh",
    "suggested_display_precision": 0,
}
_TODAY = _ENERGY | {"state_class": "total_increasing"}
# Without a state class: Home Assistant would credit a day that arrives late to now.
_ALL = _ENERGY | {"entity_category": "diagnostic"}
_TIME = {"device_class": "timestamp", "entity_category": "diagnostic"}
_COUNT = {"entity_category": "diagnostic", "state_class": "measurement"}
_AS_TIME = (
    "{{% if value_json.{key} %}}{{{{ value_json.{key} | timestamp_custom"
    "('%Y-%m-%dT%H:%M:%SZ', false) }}}}{{% else %}}None{{% endif %}}"
)

PANEL_SENSORS = (
    Sensor("power_w", "Power", _POWER),
    Sensor("energy_today_wh", "Energy today", _TODAY),
    Sensor("energy_wh", "Energy kept", _ALL),
    Sensor(
        "state",
        "State",
        {"device_class": "enum", "options": [str(state) for state in PanelState]},
    ),
    Sensor("last_energy", "Last energy", _TIME, _AS_TIME),
)
ENVOY_SENSORS = (
    Sensor("power_w", "Power", _POWER),
    Sensor("energy_today_wh", "Energy today", _TODAY),
    Sensor("energy_wh", "Energy kept", _ALL),
    Sensor("last_report", "Last report", _TIME, _AS_TIME),
    Sensor("panels", "Panels", _COUNT),
    *(Sensor(f"panels_{state}", f"Panels {state}", _COUNT) for state in PanelState),
    Sensor("waiting", "Reports waiting", _COUNT),
)


def segment(text: str) -> str:
    """Return a text as one level of a topic: letters, digits, ``_`` and ``-``.

    What is replaced is told apart by a checksum: two names stay two.
    """
    if _PLAIN.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{_ODD.sub('_', text)[:48]}-{digest}"


class Told(NamedTuple):
    """An Envoy, and those of its panels that are told one by one."""

    envoy: EnvoyNow
    panels: tuple[PanelNow, ...]


def bounded(envoys: Sequence[EnvoyNow], most: int = MOST_DEVICES) -> list[Told]:
    """Choose what is told: all Envoys first, then panels, ``most`` devices at most."""
    chosen = envoys[:most]
    left = most - len(chosen)
    found = []
    for envoy in chosen:
        found.append(Told(envoy, envoy.panels[:left]))
        left -= len(found[-1].panels)
    return found


def states(told: Iterable[Told], topics: Topics) -> Iterator[Message]:
    """Yield the state of each Envoy and each panel."""
    for envoy, panels in told:
        yield Message(topics.state(envoy.serial), _json(_envoy_state(envoy)))
        for panel in panels:
            values = {name: _round(value) for name, value in panel._asdict().items()}
            topic = topics.state(envoy.serial, panel.eqid)
            yield Message(topic, _json(values))


def discovery(told: Iterable[Told], topics: Topics, version: str) -> Iterator[Message]:
    """Yield what Home Assistant is told once of each sensor.

    Args:
        told: Envoys and panels.
        topics: where.
        version: of this program.
    """
    for envoy, panels in told:
        serial = segment(envoy.serial)
        device = {
            "identifiers": [f"nutbridge_{serial}"],
            "manufacturer": "Enphase",
            "model": "Envoy",
            "name": f"Envoy {envoy.serial}",
            "serial_number": envoy.serial,
        }
        for sensor in ENVOY_SENSORS:
            yield _config(sensor, topics, version, device, envoy.serial)
        for panel in panels:
            one = {
                "identifiers": [f"nutbridge_{serial}_{segment(panel.eqid)}"],
                "manufacturer": "Enphase",
                "model": "Microinverter",
                "name": f"Panel {panel.eqid}",
                "serial_number": panel.eqid,
                "via_device": f"nutbridge_{serial}",
            }
            for sensor in PANEL_SENSORS:
                path = (envoy.serial, panel.eqid)
                yield _config(sensor, topics, version, one, *path)


def removals(
    seen: Iterable[str], told: Iterable[Told], topics: Topics
) -> Iterator[Message]:
    """Yield what takes back all of panels and Envoys that are no more.

    Args:
        seen: topics of states that the broker holds.
        told: what there is now.
        topics: where.
    """
    alive = {message.topic for message in states(told, topics)}
    for topic in sorted(set(seen) - alive):
        path = _path_of(topic, topics)
        if path is None:
            continue
        for sensor in ENVOY_SENSORS if len(path) == 1 else PANEL_SENSORS:
            yield Message(topics.config(sensor.key, *path), b"")
        # Last: as long as it is there, a later run knows what is to be taken back.
        yield Message(topic, b"")


def _path_of(topic: str, topics: Topics) -> list[str] | None:
    """Return the names in the topic of a state of ours."""
    inner = topic.removeprefix(f"{topics.base}/").removesuffix("/state")
    path = inner.split("/")
    fits = topic == "/".join((topics.base, *path, "state"))
    return path if fits and all(map(_PLAIN.fullmatch, path)) and len(path) < 3 else None  # noqa: PLR2004 - Envoy, panel


def _envoy_state(envoy: EnvoyNow) -> dict[str, Any]:
    powers = [one.power_w for one in envoy.panels if one.power_w is not None]
    return {
        "power_w": _round(sum(powers)) if powers else None,
        "energy_today_wh": _round(sum(one.energy_today_wh for one in envoy.panels)),
        "energy_wh": _round(sum(one.energy_wh for one in envoy.panels)),
        "last_report": envoy.last_report,
        "panels": len(envoy.panels),
        **{
            f"panels_{state}": sum(one.state is state for one in envoy.panels)
            for state in PanelState
        },
        "waiting": envoy.waiting,
    }


def _config(
    sensor: Sensor, topics: Topics, version: str, device: dict[str, Any], *path: str
) -> Message:
    told = {
        "name": sensor.name,
        "unique_id": "_".join(
            ("nutbridge", *(segment(one) for one in path), sensor.key)
        ),
        "state_topic": topics.state(*path),
        "value_template": sensor.template.format(key=sensor.key),
        "availability_topic": topics.status,
        "device": device,
        "origin": {"name": "nutbridge", "sw_version": version},
        **sensor.told,
    }
    return Message(topics.config(sensor.key, *path), _json(told))


def _round(value: object) -> object:
    return round(value, 1) if isinstance(value, float) else value


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
