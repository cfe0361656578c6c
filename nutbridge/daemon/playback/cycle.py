"""TEST mode: the states of a simulated house, and the answers that go with them.

Pure. online -> nocomms -> online -> onbatt -> lowbatt, again and again; the
bodies come from the TEST_ keys, with ``@RELAY_STATE@`` and ``@BATT_SOC@``
replaced.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from nutbridge.net.jsonfields import number
from nutbridge.sources.enphase.info import EPOCH_RANGE

#: Part of the relay queries after which the token has expired.
EXPIRY_CHANCE = 0.2

_RELAY_WORD = "@RELAY_STATE@"
_SOC = "@BATT_SOC@"
_SOC_KEYS = ("agg_soc", "ENC_agg_soc")


@dataclass(frozen=True, slots=True)
class CycleStage:
    """One state of the pretended house.

    Attributes:
        name: for the log.
        seconds: how long it lasts.
        relay: the word for the relay; None while the gateway is silent.
        soc_pct: state of charge; None is just below battery.charge.low.
    """

    name: str
    seconds: float
    relay: str | None
    soc_pct: float | None = 100.0


#: Long enough that clients see each state with POLLFREQ=6, POLLFREQALERT=5.
#: nocomms: after an outage an OL stays visible 30 s before it may be hidden;
#: onbatt: in the first 30 s of an outage there is no LB.
CYCLE = (
    CycleStage("online", 12.0, "closed"),
    CycleStage("nocomms", 40.0, None),
    CycleStage("online", 12.0, "closed"),
    CycleStage("onbatt", 34.0, "open", 90.0),
    CycleStage("lowbatt", 14.0, "open", None),
)

CYCLE_S = sum(stage.seconds for stage in CYCLE)


def stage_at(elapsed_s: float) -> CycleStage:
    """Return the stage of a cycle that began ``elapsed_s`` ago."""
    left = elapsed_s % CYCLE_S
    for stage in CYCLE:
        if left < stage.seconds:
            return stage
        left -= stage.seconds
    return CYCLE[-1]


def soc_pct(stage: CycleStage, charge_low_pct: float) -> float:
    """Return the charge of a stage; lowbatt is 1 point below the limit."""
    return max(0.0, charge_low_pct - 1) if stage.soc_pct is None else stage.soc_pct


def fill(template: str, relay: str, charge_pct: float) -> str:
    """Put the state of the house into a body.

    The charge becomes a number with or without quotes around the placeholder.
    """
    charge = f"{charge_pct:g}"
    return (
        template.replace(f'"{_SOC}"', charge)
        .replace(_SOC, charge)
        .replace(_RELAY_WORD, relay)
    )


def live_body(body: str, now_epoch_s: float) -> tuple[str, float]:
    """Make a livedata body that counts as fresh.

    A body of one level, ``{"soc": 90}``, gets its ``meters``. A recorded body
    keeps its ``last_update``: the gateway's clock, the Date header, shows the
    same. The stream is on, otherwise the values would count as frozen.

    Returns:
        The body, and the time for the Date header, seconds since 1970. A body
        that is no JSON object stays as it is, for the parser to refuse.
    """
    live = _object(body)
    if live is None:
        return body, now_epoch_s
    if "meters" not in live:
        live = {"meters": live}
    meters = live["meters"]
    epoch_s = now_epoch_s
    if isinstance(meters, dict):
        recorded_s = number(meters, "last_update", *EPOCH_RANGE)
        epoch_s = now_epoch_s if recorded_s is None else recorded_s
        meters["last_update"] = int(epoch_s)
    live.pop("info", None)
    connection = live.get("connection")
    known = connection if isinstance(connection, dict) else {}
    live["connection"] = {**known, "sc_stream": "enabled"}
    return json.dumps(live), epoch_s


def secctrl_template(secctrl: str, live: str) -> str:
    """Drop the charge of TEST_SECCTRL where TEST_LIVE is the one that moves.

    The charge of secctrl is believed first; a fixed one would hide the
    placeholder in TEST_LIVE.
    """
    if _SOC in secctrl or _SOC not in live:
        return secctrl
    found = _object(secctrl)
    if found is None:
        return secctrl
    return json.dumps({k: v for k, v in found.items() if k not in _SOC_KEYS})


def issue_token(token: str, now_epoch_s: float, after_s: float) -> tuple[str, float]:
    """Return TEST_TOKEN as if it were issued now.

    A renewed token must end later than the one before, but the config has only
    one: ``iat`` and ``exp`` move on together, the lifetime stays.

    Args:
        token: three parts, as from the cloud; the signature is not looked at.
        now_epoch_s: seconds since 1970.
        after_s: the end of the token issued before; this one ends later.

    Returns:
        The token and its end. A text that is no token stays as it is.
    """
    parts = token.split(".")
    claims = _claims(parts[1]) if len(parts) == _PARTS else None
    if claims is None or not _is_epoch(claims.get("exp")):
        return token, after_s
    issued = claims["iat"] if _is_epoch(claims.get("iat")) else now_epoch_s
    moved = max(0, int(now_epoch_s - issued))
    ends = max(int(claims["exp"]) + moved, int(after_s) + 1)
    fresh = json.dumps({**claims, "iat": int(issued) + moved, "exp": ends})
    parts[1] = base64.urlsafe_b64encode(fresh.encode()).decode().rstrip("=")
    return ".".join(parts), float(ends)


_PARTS = 3


def _claims(part: str) -> dict[str, Any] | None:
    try:
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    return _object(text)


def _object(body: str) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _is_epoch(value: Any) -> bool:
    least, most = EPOCH_RANGE
    return isinstance(value, int | float) and least <= value <= most
