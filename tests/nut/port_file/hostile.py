"""Odd lines of a user's port file, for the pure tests and the real driver."""

#: Lines of a user, each able to spoil the status of a careless writer, and what
#: the driver shall show of them.
HOSTILE: tuple[tuple[str, dict[str, str | None]], ...] = (
    ('my.open: "never closed', {"my.open": "never closed"}),
    ("my.end: slash\\", {"my.end": "slash"}),
    ('"\\', {}),
    ("my.name\\", {"my.name": None}),
    ("my.crlf: dos\r", {"my.crlf": "dos"}),
    ("battery.charge: 1", {}),
    ("Battery.Charge: 2", {}),
    ("TIMER 4", {"TIMER": None}),
    ("ALARM house on fire", {"ALARM": None, "ups.alarm": None}),
    ("ups.alarm: fire", {"ups.alarm": None}),
    ("ups.status.note: OB", {"ups.status.note": None}),
    ("UPS.STATUS: OB LB", {}),
    ("ups.status: OB LB", {}),
    ('"ups.status: OB LB"', {}),
    ("ups.sta\\tus: OB LB", {}),
    ("üps.status: OB", {}),
    ("üups.status: OB", {}),
    ("ups.statusfoo OB", {}),
    ("= OB", {}),
    (": OB", {}),
    ("my.hash: a \\# b", {"my.hash": "a - b"}),
    ('my.slash: "x\\\\"', {"my.slash": "x/"}),
    ("my.nothing:", {"my.nothing": None}),
    ("my.glued:5", {"my.glued": "5"}),
    ("my.long: " + "x" * 5000, {"my.long": "x" * 127}),
    ("n" * 600 + ": OB", {}),
    ("my.place: Küche", {"my.place": "Kuche"}),
)


def hostile_file() -> bytes:
    """All of them in one file of the kind that the bash script leaves."""
    lines = [line for line, _ in HOSTILE]
    return ("battery.charge: 50\nups.status: OL\n" + "\n".join(lines)).encode()
