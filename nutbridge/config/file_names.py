"""Names of a UPS and of the files that its monitor keeps.

The monitor writes them; setup makes the first, doctor and the tools read them.
"""

import re

from nutbridge.errors import UsageError

#: What ups.conf and an instance of a systemd unit both take.
UPS_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
UPS_ALLOWED = "a UPS name has letters, digits, _ . and - only"
CONFIG_NAME = re.compile(r"enphase-(.+)\.conf")


def check_ups(name: str) -> str:
    """Return the name of a UPS as it is.

    Raises:
        UsageError: no such name.
    """
    if UPS_NAME.fullmatch(name) is None:
        raise UsageError(f"{name!r}: {UPS_ALLOWED}")
    return name


def state_name(ups: str) -> str:
    """Return the name of what the monitor knows (state_store.py)."""
    return f"enphase-{ups}.state"


def history_name(ups: str) -> str:
    """Return the name of what has happened (daemon/history)."""
    return f"enphase-{ups}.history"


def memory_name(ups: str) -> str:
    """Return the name of what is known of the house over reboots (``house_store``)."""
    return f"enphase-{ups}.memory"


def gateway_pin_name(ups: str) -> str:
    """Return the name of the fingerprint of the gateway's certificate."""
    return f"enphase-{ups}.fingerprint"


def inverter_pin_name(ups: str) -> str:
    """Return the name of the fingerprint of the inverter's certificate."""
    return f"sma-{ups}.fingerprint"


def serial_name(ups: str) -> str:
    """Return the name of the serial number that first answered as the inverter."""
    return f"sma-{ups}.serial"


def session_name(ups: str) -> str:
    """Return the name of the session at the inverter."""
    return f"sma-{ups}.session"
