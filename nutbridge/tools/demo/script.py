"""What the demo plays: a house, its battery and six events, as data.

The battery is small, so that an outage fits into a minute: 0.5 kWh under a load
of 4.5 kW lose 1 % in 4 s. Nothing else is speeded up. The numbers keep to the
monitor's guards, which are not switched off:

* LOADKWH lets the charge fall by 0.28 % a second; a faster fall is doubted;
* in the first 30 s of an outage there is no LB unless the runtime is below twice
  battery.runtime.low: here 36 s at 19 %, below 2 x 25 s;
* polls are 5 s apart, no config can ask for less.
"""

from dataclasses import dataclass

from nutbridge.tools.demo.reading import ClientView

#: All is over after this long, seen or not, s.
LIMIT_S = 57.0

CAPACITY_WH = 500.0
LOAD_W = 4500.0
SOC_PCT = 23.0
CHARGE_LOW_PCT = 20

#: The config of the monitor, besides names, addresses and the account.
CONFIG = {
    "POLLFREQ": "5",
    "POLLFREQALERT": "5",
    "RELAYFREQ": "5",
    "LOADKWH": "10000",
    "API_TIMEOUT": "2",
}

#: The user's lines in the port file.
PORT_FILE = f"battery.charge.low: {CHARGE_LOW_PCT}\nbattery.runtime.low: 25\n"


@dataclass(frozen=True, slots=True)
class DemoStep:
    """One event, and what must be seen of it before the next one.

    Attributes:
        at_s: when it happens, s from the start; later if the one before it has
            not been seen yet.
        what: what stands beside its effect.
        before: what stands beside changes that are seen before its effect.
        grid: the grid is there.
        gateway: the gateway answers.
        status: ups.status that must be seen; None: no UPS to be seen.
        held: of the measured values only the charge and the runtime are left.
    """

    at_s: float
    what: str
    before: str
    grid: bool
    gateway: bool
    status: str | None
    held: bool = False

    def met_by(self, reading: ClientView) -> bool:
        """Whether a client sees what this step waits for."""
        held = reading.charge is not None and reading.load is None
        return reading.status == self.status and (held or not self.held)


# at, what, before, grid, gateway, status. From a change at the gateway to upsc
# it takes at most 5 s (RELAYFREQ), 1 s for the second look at a first "open",
# 5 s for the second look at a first "closed", and 1 s (driver).
STEPS = (
    DemoStep(0, "the gateway is silent", "", grid=True, gateway=False, status=None),
    DemoStep(3, "the gateway answers", "", grid=True, gateway=True, status="OL"),
    DemoStep(12, "the grid fails", "", grid=False, gateway=True, status="OB"),
    DemoStep(
        24,
        f"below {CHARGE_LOW_PCT} %: low battery",
        "the battery empties",
        grid=False,
        gateway=True,
        status="OB LB",
    ),
    DemoStep(
        33,
        "no answer: OB LB is held",
        "the battery empties",
        grid=False,
        gateway=False,
        status="OB LB",
        held=True,
    ),
    DemoStep(
        41,
        "asked again: back on line",
        "gateway and grid are back",
        grid=True,
        gateway=True,
        status="OL",
    ),
)
