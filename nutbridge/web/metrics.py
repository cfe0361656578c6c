"""What Prometheus is told of the houses, at each scrape.

Source: Prometheus, "Metric and label naming" and "Writing exporters": base units
(seconds, watts, joules, celsius, ratios from 0 to 1). What is not known is absent.
"""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nutbridge import __version__
from nutbridge.errors import NutbridgeError
from nutbridge.web.house_page import HouseLook
from nutbridge.web.kept import Kept
from nutbridge.web.model import House, HouseState, Reading

#: Name, help, further labels, value.
Sample = tuple[str, str, Mapping[str, str], float | None]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
#: Words of ups.status; each is a series of its own, 0 or 1.
FLAGS = ("OL", "OB", "LB", "CHRG", "DISCHRG")
#: States in which clients of NUT see a status, and somebody keeps it true.
_SEEN = frozenset({HouseState.ON_LINE, HouseState.ON_BATTERY, HouseState.LOW})
#: States in which a monitor tells what the gateway does.
_WATCHED = _SEEN | {HouseState.HIDDEN, HouseState.NO_STATUS}

_UP = "1: clients of NUT see a status that is kept true"
_RATIO = 100.0
_J_PER_WH = 3600.0


def samples(look: HouseLook) -> Iterator[Sample]:
    """Yield name, help, further labels and value of each sample of a house."""
    house = look.house
    yield "up", _UP, {}, house.state in _SEEN
    words = None if house.status is None else house.status.split()
    for flag in FLAGS:
        shown = None if words is None else flag in words
        yield "status", "Words of ups.status, 1: it is there", {"flag": flag}, shown
    for name, text, value in _values(house):
        yield name, text, {}, value
    for name, reading in _readings(house).items():
        age = None if reading.at is None else max(0.0, house.time - reading.at)
        yield "value_age_seconds", "Since the value was read", {"value": name}, age
    yield from _times(look)


def _values(house: House) -> Iterator[tuple[str, str, float | None]]:
    charge, load = house.charge_pct.value, house.load_pct
    yield "battery_charge_ratio", "battery.charge, 0 to 1", _ratio(charge)
    yield (
        "battery_charge_low_ratio",
        "Below it the battery is low",
        _ratio(house.low_pct),
    )
    yield (
        "battery_charge_estimated",
        "1: reckoned, the gateway is silent",
        None if charge is None else house.charge_pct.reckoned,
    )
    yield "battery_runtime_seconds", "battery.runtime", house.runtime_s.value
    capacity = house.capacity_wh
    yield (
        "battery_capacity_joules",
        "Energy of a full battery",
        None if capacity is None else capacity * _J_PER_WH,
    )
    yield "battery_temperature_celsius", "The warmest battery", house.temperature_c
    yield (
        "battery_power_watts",
        "From the battery; negative: charging",
        house.battery_w.value,
    )
    yield "load_watts", "What the house draws", house.load_w.value
    yield "load_ratio", "ups.load, 0 to 1 and more", _ratio(load)
    yield "nominal_watts", "ups.realpower.nominal", house.nominal_w
    yield "grid_power_watts", "From the grid; negative: to it", house.grid_w.value
    yield "pv_power_watts", "From the sun", house.pv_w.value
    runs = house.generator if house.state in _WATCHED else None
    yield "generator", "1: a generator runs", runs
    clients = house.clients
    yield (
        "clients",
        "Machines logged in at upsd",
        None if clients is None else len(clients),
    )


def _readings(house: House) -> dict[str, Reading]:
    return {
        "relay": Reading(None, house.grid_asked),
        "charge": house.charge_pct,
        "runtime": house.runtime_s,
        "load": house.load_w,
    }


def _times(
    look: HouseLook,
) -> Iterator[Sample]:
    house, past = look.house, look.past
    silent_s = None
    if house.silent_since is not None:
        silent_s = max(0.0, house.time - house.silent_since)
    elif house.state in _WATCHED:
        silent_s = 0.0
    text = "Since when the gateway tells nothing; 0: it tells"
    yield "silent_seconds", text, {}, silent_s
    on_battery = house.state in {HouseState.ON_BATTERY, HouseState.LOW}
    lasts = None
    if not on_battery:
        lasts = 0.0 if house.state is HouseState.ON_LINE else None
    elif house.since is not None:
        lasts = max(0.0, house.time - house.since)
    yield "outage_seconds", "Length of this outage so far; 0: none", {}, lasts
    if past.since is not None:
        kept = float(past.outages_kept)
        yield "outages_kept", "Outages in the history", {}, kept
        yield "outages_kept_seconds", "Their length together", {}, past.outages_kept_s
    yield "token_end_timestamp_seconds", "When the token ends", {}, house.token_ends


def _ratio(pct: float | None) -> float | None:
    return None if pct is None else pct / _RATIO


class _Scrape:
    """All houses at one moment, as prometheus_client asks for them."""

    def __init__(self, looks: Mapping[str, HouseLook | None]) -> None:
        self._looks = looks

    def collect(self) -> Iterable[Metric]:
        """Return the families."""
        build = GaugeMetricFamily("nutbridge_build_info", "Version", labels=["version"])
        build.add_metric([__version__], 1)
        found = {"": build}
        for ups, look in self._looks.items():
            rows: Iterable[Sample]
            rows = [("up", _UP, {}, 0)] if look is None else samples(look)
            for name, text, more, value in rows:
                if value is None:
                    continue
                labels = ["ups", *more]
                family = found.setdefault(
                    name,
                    GaugeMetricFamily(f"nutbridge_ups_{name}", text, labels=labels),
                )
                family.add_metric([ups, *more.values()], float(value))
        return found.values()


def render(looks: Mapping[str, HouseLook | None]) -> bytes:
    """Return the page; None for a house that cannot be looked at."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Scrape(looks))
    return generate_latest(registry)


def route(houses: Mapping[str, Kept[HouseLook]]) -> Route:
    """Return the route of ``/metrics``."""

    async def metrics(_request: Request) -> Response:
        looks: dict[str, HouseLook | None] = {}
        for ups, kept in houses.items():
            try:
                looks[ups] = await kept.get()
            except NutbridgeError:
                looks[ups] = None
        return Response(render(looks), media_type=CONTENT_TYPE)

    return Route("/metrics", metrics)
