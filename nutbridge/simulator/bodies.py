"""Bodies of the stand-in gateway that show the whole system.

Each function renders one endpoint from a House; ``now`` is the gateway's clock.
Shapes: firmware 8.3. Milliwatts on the wire, as there.
"""

import json
from collections.abc import Mapping, Sequence

from nutbridge.simulator.devices import battery_serials
from nutbridge.simulator.house import SimulatedHouse
from nutbridge.ups.units import MILLI

#: How a phase shares the power of the house, by number of phases.
SHARES: Mapping[int, Sequence[float]] = {
    1: (1.0,),
    2: (0.56, 0.44),
    3: (0.42, 0.33, 0.25),
}
_STREAM_OFF = "Last available status data shown. Live stream not enabled."
#: Shown while no stream has run yet, s: the values are from an hour before.
_OLD_S = 3600.0
_MAX_PHASES = 3
#: livedata codes: 0 open and 1 closed for the main relay, 5 and 6 for the
#: generator's.
_MAIN_OPEN, _MAIN_CLOSED, _GEN_OPEN, _GEN_CLOSED = 0, 1, 5, 6
_SPLIT = 2


def compact(value: object) -> bytes:
    """Render JSON as the gateway's native endpoints do, without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()


def relay(house: SimulatedHouse) -> bytes:
    """GET /ivp/ensemble/relay."""
    return compact(
        {
            "mains_admin_state": house.admin,
            "mains_oper_state": house.relay,
            "srt12_state": "open",
            "srt13_state": "open",
            "der1_state": 2 if house.batteries else 0,
            "der2_state": 2,
            "der3_state": 0,
            "Enchg_grid_mode": house.grid_mode,
            "Solar_grid_mode": house.grid_mode,
        }
    )


def secctrl(house: SimulatedHouse) -> bytes:
    """GET /ivp/ensemble/secctrl; zeros for half a minute after a restart."""
    known = house.ready and house.batteries > 0
    soc = round(house.soc_pct) if known else 0
    capacity = round(house.capacity_wh) if known else 0
    reserve = house.reserve_pct if known else 0
    return compact(
        {
            "shutdown": False,
            "freq_bias_hz": 0.0,
            "voltage_bias_v": 0.0,
            "offgrid_secctrl": {"freq_bias_hz": 0.0, "is_active": False},
            "configured_backup_soc": reserve,
            "adjusted_backup_soc": reserve,
            "agg_soc": soc,
            "Max_energy": capacity,
            "ENC_agg_soc": soc,
            "ENC_agg_soh": 100 if known else 0,
            "ENC_agg_backup_energy": round(capacity * reserve / 100),
            "ENC_agg_avail_energy": round(capacity * soc / 100),
            "Enc_commissioned_capacity": capacity,
            "Enc_max_available_capacity": capacity,
            "ACB_agg_soc": 0,
            "ACB_agg_energy": 0,
            "VLS_Limit": house.vls_pct,
            "soc_rec_enabled": True,
            "soc_recovery_entry": house.vls_pct,
            "soc_recovery_exit": house.restart_pct,
        }
    )


def power(house: SimulatedHouse) -> bytes:
    """GET /ivp/ensemble/power; the key really ends with a colon."""
    serials = battery_serials(house) if house.ready else []
    each_mw = round(house.storage_w * MILLI / len(serials)) if serials else 0
    return compact(
        {
            "devices:": [
                {
                    "serial_num": serial,
                    "real_power_mw": each_mw,
                    "apparent_power_mva": abs(each_mw),
                    "soc": round(house.soc_pct),
                }
                for serial in serials
            ]
        }
    )


def status(house: SimulatedHouse) -> bytes:
    """GET /ivp/ensemble/status: the part that tells what each battery reports."""
    serials = battery_serials(house) if house.ready else []
    return compact(
        {
            "inventory": {
                "serial_nums": {
                    serial: {
                        "device_type": 13,
                        "admin_state_str": "ENCHG_STATE_READY",
                        "reported_grid_mode": house.grid_mode,
                        "encharge_revision": 3,
                        "encharge_capacity": round(house.capacity_wh / len(serials)),
                        "encharge_rated_power": 3840,
                        "reported_enc_grid_state": "grid-tied",
                    }
                    for serial in serials
                }
            }
        }
    )


def info(house: SimulatedHouse, now: float) -> bytes:
    """GET /info and /info.xml."""
    metered = str(house.production_ct or house.consumption_ct).lower()
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n<envoy_info>\n"
        f"  <time>{int(now)}</time>\n  <device>\n"
        f"    <sn>{house.serial}</sn>\n    <pn>800-00654-r08</pn>\n"
        f"    <software>{house.firmware}</software>\n    <euaid>4c8675</euaid>\n"
        "    <seqnum>0</seqnum>\n    <apiver>1</apiver>\n"
        f"    <imeter>{metered}</imeter>\n  </device>\n"
        "  <web-tokens>true</web-tokens>\n"
        "  <package name='app'>\n    <pn>500-00001-r01</pn>\n"
        "    <version>08.03.00</version>\n    <build>100</build>\n  </package>\n"
        "</envoy_info>\n"
    ).encode()


def live_meters(house: SimulatedHouse, now: float) -> dict[str, object]:
    """Return ``meters`` of livedata as they are at ``now``."""
    known = house.ready and house.batteries > 0
    soc = round(house.soc_pct) if known else 0
    storage_w = house.storage_w if house.ready else 0.0
    grid_w = house.grid_w if house.consumption_ct else 0.0
    pv_w = house.pv_w if house.production_ct else 0.0
    # The gateway reckons the load from what it sees.
    load_w = grid_w + pv_w + storage_w + house.generator_w
    closed = not house.relay.startswith("open")
    return {
        "last_update": int(now),
        "soc": soc,
        "main_relay_state": _MAIN_CLOSED if closed else _MAIN_OPEN,
        "gen_relay_state": _GEN_CLOSED if house.generator else _GEN_OPEN,
        "backup_bat_mode": 1,
        "backup_soc": house.reserve_pct,
        "is_split_phase": int(house.phases == _SPLIT),
        "phase_count": house.phases,
        "enc_agg_soc": soc,
        "enc_agg_energy": round(house.energy_wh) if known else 0,
        "acb_agg_soc": 0,
        "acb_agg_energy": 0,
        "pv": _flow(pv_w, house.phases),
        "storage": _flow(storage_w, house.phases),
        "grid": _flow(grid_w, house.phases),
        "load": _flow(load_w if house.consumption_ct else 0.0, house.phases),
        "generator": _flow(house.generator_w, house.phases),
    }


def old_meters(house: SimulatedHouse) -> dict[str, object]:
    """Return ``meters`` of a gateway whose stream has not run yet."""
    return live_meters(house, house.clock() - _OLD_S)


def livedata(meters: Mapping[str, object], *, stream_on: bool) -> bytes:
    """GET /ivp/livedata/status; ``dry_contacts`` has the key "" twice."""
    contact = {
        "dry_contact_id": "",
        "dry_contact_type": "",
        "dry_contact_load_name": "",
        "dry_contact_status": 0,
    }
    body: dict[str, object] = {
        "connection": {
            "mqtt_state": "connected",
            "prov_state": "configured",
            "auth_state": "ok",
            "sc_stream": "enabled" if stream_on else "disabled",
            "sc_debug": "disabled",
        },
        "meters": meters,
        "tasks": {"task_id": 21, "timestamp": meters["last_update"]},
        "counters": {
            "main_CfgLoad": 1,
            "main_CfgChanged": 1,
            "main_taskUpdate": 21,
            "MqttClient_publish": 640,
            "rest_Status": 320,
        },
        "dry_contacts": {"#1": contact, "#2": contact},
    }
    if not stream_on:
        body["info"] = _STREAM_OFF
    text = json.dumps(body, indent="\t")
    return text.replace('"#1":', '"":').replace('"#2":', '"":').encode()


def _flow(watts: float, phases: int) -> dict[str, int]:
    shares = [*SHARES[phases], *(0.0,) * _MAX_PHASES][:_MAX_PHASES]
    total = round(watts * MILLI)
    flow = {"agg_p_mw": total, "agg_s_mva": abs(total)}
    for name, share in zip("abc", shares, strict=True):
        flow[f"agg_p_ph_{name}_mw"] = round(total * share)
    for name, share in zip("abc", shares, strict=True):
        flow[f"agg_s_ph_{name}_mva"] = round(abs(total) * share)
    return flow
