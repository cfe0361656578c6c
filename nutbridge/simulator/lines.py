"""Lines on stdin that change a stand-in while it runs."""

import sys
from collections.abc import Callable

from nutbridge.simulator.house import SimulatedHouse
from nutbridge.simulator.server import Server
from nutbridge.simulator.sma.ennexos import EnnexosDevice
from nutbridge.simulator.sma.inverter import SimulatedInverter

HOUSE = """\
lines on stdin:
  grid off | grid on        the grid goes, or comes back
  gateway off | hang | on   the gateway refuses connections, hangs, or answers
  soc PERCENT               charge of the batteries
  load W | pv W             what the house uses, and what the panels give
"""
INVERTER = """\
lines on stdin:
  KEY tag NUMBER...   what an object says, e.g. 6180_08412B00 tag 1463, or of
                      ennexOS Operation.RunStt tag 1463
  KEY val NUMBER...   the same for numbers, e.g. 6100_00295A00 val 15, or of
                      ennexOS Measurement.Bat.ChaStt val 15
  expire              all sessions (tokens) end
  sleep               ennexOS: the values of the night
"""


def _within(text: str, highest: float = 1e6) -> float:
    value = float(text)
    if not 0.0 <= value <= highest:
        raise ValueError(f"{text}, a number from 0 to {highest:g} is needed")
    return value


def change_house(house: SimulatedHouse, gateway: Server, words: list[str]) -> None:
    """Do what one line says.

    Raises:
        ValueError: it says nothing that is known.
    """
    match words:
        case ["grid", "off"]:
            house.lose_grid()
        case ["grid", "on"]:
            house.regain_grid()
        case ["gateway", "off"]:
            gateway.refuse()
        case ["gateway", "hang"]:
            gateway.refuse()
            gateway.stalled = True
            gateway.listen()
        case ["gateway", "on"]:
            gateway.stalled = False
            gateway.refuse()
            gateway.listen()
        case ["soc", value]:
            house.soc_pct = _within(value, 100.0)
        case ["load", value]:
            house.load_w = _within(value)
        case ["pv", value]:
            house.pv_w = _within(value)
        case _:
            raise ValueError(" ".join(words))


def change_inverter(inverter: SimulatedInverter, words: list[str]) -> None:
    """Do what one line says.

    Raises:
        ValueError: it says nothing that is known.
    """
    match words:
        case ["expire"]:
            inverter.sessions.entries.clear()
        case [key, "tag", *tags] if tags:
            inverter.say(key, *(int(tag) for tag in tags))
        case [key, "val", *values] if values:
            inverter.set(key, *(float(value) for value in values))
        case _:
            raise ValueError(" ".join(words))


def change_ennexos(device: EnnexosDevice, words: list[str]) -> None:
    """Do what one line says.

    Raises:
        ValueError: it says nothing that is known.
    """
    match words:
        case ["expire"]:
            device.expire()
        case ["sleep"]:
            device.sleep()
        case [name, "tag", *tags] if tags:
            device.say(name, *(int(tag) for tag in tags))
        case [channel, "val", *values] if values:
            device.set(channel, *(float(value) for value in values))
        case _:
            raise ValueError(" ".join(words))


def obey(change: Callable[[list[str]], None]) -> None:
    """Read lines until the end of stdin; what is not understood is said."""
    for line in sys.stdin:
        if words := line.split():
            try:
                change(words)
            except ValueError as error:
                print(f"not understood: {error}", file=sys.stderr)  # noqa: T201
