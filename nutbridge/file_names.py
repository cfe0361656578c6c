"""Names of the files that a monitor keeps, beside port file and token.

The monitor writes them; setup makes the first, doctor and the tools read them.
"""


def state_name(ups: str) -> str:
    """Return the name of what the monitor knows (state_store.py)."""
    return f"enphase-{ups}.state"


def gateway_pin_name(ups: str) -> str:
    """Return the name of the fingerprint of the gateway's certificate."""
    return f"enphase-{ups}.fingerprint"


def inverter_pin_name(ups: str) -> str:
    """Return the name of the fingerprint of the inverter's certificate."""
    return f"sma-{ups}.fingerprint"


def session_name(ups: str) -> str:
    """Return the name of the session at the inverter."""
    return f"sma-{ups}.session"
