"""What is known about event codes and condition flags; most is not.

Sources: the constants of a public collector of 2012, two captures and the Envoy
manuals of 2012. Enphase publishes no table of numbers.
"""

#: Code to the text that the Envoy's own page shows.
EVENTS = {
    101: "Grid instability",
    509: "Power on reset",
    512: "DC power too low",
    10000: "Microinverter failed to report",
    10006: "Envoy started (inferred)",
    10009: "Microinverter sleeping",
    10031: "Setting changed (inferred)",
}

#: ``event_state``.
CLEARED, SET = 1, 2
#: The Envoy says it about a microinverter that it does not hear.
NOT_HEARD = 10000

#: Bit masks of ``condition_flags`` of a device and of a channel. From one capture
#: with 20 devices: 0x10 and 0x40000 come and go together with event 101.
DEVICE_BITS = {
    0x40000: "grid instability of a channel (a guess)",
    0x200000: "set on all 20 devices of the only capture, unknown",
}
CHANNEL_BITS = {0x10: "grid instability (a guess)"}


def event_name(code: int | None) -> str:
    """Return the text of a code."""
    return EVENTS.get(code or 0, f"event {code}" if code is not None else "event")


def as_hex(flags: object) -> str | None:
    """Return flags as people compare them; None for what is no number."""
    return f"0x{flags:x}" if isinstance(flags, int) else None


def bits(flags: int | None, known: dict[int, str]) -> list[tuple[str, str]]:
    """Return each bit that is set, in hex, with what is known of it."""
    if not flags:
        return []
    masks = (1 << place for place in range(flags.bit_length()))
    return [
        (f"0x{mask:x}", known.get(mask, "unknown")) for mask in masks if flags & mask
    ]
