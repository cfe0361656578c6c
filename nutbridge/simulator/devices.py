"""The inventory of the stand-in gateway: batteries and what islands the house.

Shape: GET /ivp/ensemble/inventory, firmware 8.3. Serial numbers are invented.
"""

from typing import Final

from nutbridge.simulator.house import SimulatedController, SimulatedHouse

Device = dict[str, object]

_FIRST_BATTERY: Final = 122000001001
_CONTROLLER: Final = "122000002001"
_COLLAR: Final = "122000003001"
_INSTALLED: Final = 1_700_000_000
#: The gateway hears from its devices every few minutes only.
_REPORT_AGE_S: Final = 170
_CONTROLLER_AGE_S: Final = 6
#: led_status
_LED_CHARGING, _LED_DISCHARGING, _LED_IDLE = 12, 13, 14
#: (admin_state, its word, Enpwr_curr_state_id, Enpwr_relay_state_bm)
_ON_GRID = (24, "ENPWR_STATE_OPER_CLOSED", 16, 496)
_NO_GRID = (21, "ENPWR_STATE_OPER_NO_GRID", 256, 255)
_ON_GENERATOR = (30, "ENPWR_STATE_OPER_GEN_CLOSE", 128, 248)
_OFF_ON_PURPOSE = (10, "ENPWR_STATE_OPER_GRIDMODE_CONFIRM", 64, 247)


def battery_serials(house: SimulatedHouse) -> list[str]:
    """Return the serial number of each battery."""
    return [str(_FIRST_BATTERY + number) for number in range(house.batteries)]


def inventory(house: SimulatedHouse, now: float) -> list[Device]:
    """Return the list behind /ivp/ensemble/inventory.

    A gateway that has just started shows an empty one until its batteries and
    its controller have answered.
    """
    if not house.ready:
        return []
    groups: list[Device] = []
    if house.batteries:
        batteries = [_battery(house, serial, now) for serial in battery_serials(house)]
        groups.append({"type": "ENCHARGE", "devices": batteries})
    if house.controller is SimulatedController.ENPOWER:
        groups.append({"type": "ENPOWER", "devices": [_enpower(house, now)]})
    if house.controller is SimulatedController.COLLAR:
        groups.append({"type": "COLLAR", "devices": [_collar(house)]})
    return groups


def _common(serial: str, part: str, reported: float) -> Device:
    return {
        "part_num": part,
        "installed": _INSTALLED,
        "serial_num": serial,
        "device_status": ["envoy.global.ok", "prop.done"],
        "last_rpt_date": int(reported),
    }


def _battery(house: SimulatedHouse, serial: str, now: float) -> Device:
    return _common(serial, "830-01760-r37", now - _REPORT_AGE_S) | {
        "admin_state": 6,
        "admin_state_str": "ENCHG_STATE_READY",
        "created_date": _INSTALLED,
        "communicating": True,
        "sleep_enabled": False,
        "percentFull": round(house.soc_pct),
        "temperature": house.temperature_c,
        "maxCellTemp": house.temperature_c + 1,
        # Says so while islanded too.
        "reported_enc_grid_state": "grid-tied",
        "comm_level_sub_ghz": 5,
        "comm_level_2_4_ghz": 5,
        "led_status": _led(house.storage_w),
        "dc_switch_off": False,
        "encharge_rev": 3,
        "encharge_capacity": round(house.capacity_wh / house.batteries),
        "phase": "ph-all" if house.phases > 1 else "ph-a",
        "der_index": 1,
    }


def _led(storage_w: float) -> int:
    if storage_w > 0:
        return _LED_DISCHARGING
    return _LED_CHARGING if storage_w < 0 else _LED_IDLE


def _enpower(house: SimulatedHouse, now: float) -> Device:
    state, word, current, relays = _controller_state(house)
    return _common(_CONTROLLER, "860-00393-r04", now - _CONTROLLER_AGE_S) | {
        "admin_state": state,
        "admin_state_str": word,
        "created_date": _INSTALLED,
        "communicating": True,
        "temperature": 79,
        "comm_level_sub_ghz": 5,
        "comm_level_2_4_ghz": 5,
        "mains_admin_state": house.admin,
        "mains_oper_state": house.relay,
        "Enpwr_grid_mode": house.grid_mode,
        "Enchg_grid_mode": house.grid_mode,
        "Enpwr_relay_state_bm": relays,
        "Enpwr_curr_state_id": current,
        "isMidDevice": True,
    }


def _controller_state(house: SimulatedHouse) -> tuple[int, str, int, int]:
    if not house.islanded:
        return _ON_GRID
    if house.generator:
        return _ON_GENERATOR
    return _OFF_ON_PURPOSE if house.admin.startswith("open") else _NO_GRID


def _collar(house: SimulatedHouse) -> Device:
    off = house.collar_off_grid
    return _common(_COLLAR, "865-00400-r22", _INSTALLED) | {
        # Only the number for "on" is known from a real one.
        "admin_state": 89 if off else 88,
        "admin_state_str": "ENCMN_MDE_OFF_GRID" if off else "ENCMN_MDE_ON_GRID",
        "created_date": _INSTALLED,
        "communicating": True,
        "temperature": 41,
        "mid_state": "open" if off else "close",
        # Does not follow the grid.
        "grid_state": "on_grid",
        "control_error": 0,
        "collar_state": "Installed",
    }
