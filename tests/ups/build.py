"""Short ways to the answers, readings and memories of the tests."""

from nutbridge.ups.model import (
    BatteryReading,
    Facts,
    Flows,
    Grid,
    GridAnswer,
)
from nutbridge.ups.status.battery import learn
from nutbridge.ups.status.events import Step, begin, check, checked, classify, shown
from nutbridge.ups.status.low import Verdict, evaluate
from nutbridge.ups.status.memory import (
    BatteryMemory,
    Charge,
    FlowMemory,
    LoadHistory,
    LowMemory,
    Memory,
    RelayMemory,
    ShownStatus,
)
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.table import Event, Show, State

#: Start of the monitor in these tests, s since boot.
T0 = 1000.0
WH = 10_000.0

CLOSED = GridAnswer(Grid.CLOSED, "closed", backup_mode=True)
OPEN = GridAnswer(Grid.OPEN, "open", backup_mode=True)
GENERATOR = OPEN._replace(generator=True)
ODD = GridAnswer(Grid.UNKNOWN, "maintenance", backup_mode=True)
LOST_MODE = GridAnswer(Grid.CLOSED, "closed", backup_mode=False)
#: A house without anything that can island it.
PLAIN = GridAnswer(Grid.CLOSED, "closed")


class Play:
    """A machine without a file: steps, readings and what they lead to.

    Attributes:
        memory: as the machine leaves it.
        hidden: how often the file was hidden.
    """

    def __init__(
        self, policy: Policy | None = None, event: Event = Event.FOUND_HIDDEN
    ) -> None:
        self.policy = policy or Policy()
        self.hidden = 0
        self.verdict: Verdict | None = None
        self.memory = Memory()
        self._carry_out(begin(Memory(), event, T0), T0)

    def ask(self, answer: GridAnswer | None, at: float) -> Step:
        """Let ``answer`` come ``at`` seconds after the start."""
        step = check(
            self.memory,
            classify(self.memory, answer, "why"),
            T0 + at,
            self.policy,
        )
        before = self.memory
        self._carry_out(step, T0 + at)
        self.memory = checked(before, self.memory, T0 + at)
        return step

    def read(
        self,
        at: float,
        soc: float | None = 50.0,
        wh: float | None = WH,
        watt: float | None = 1000.0,
        load: float | None = 1000.0,
        own: tuple[float, ...] = (),
    ) -> str:
        """Let a full poll read battery and powers; return the status."""
        now = T0 + at
        facts = Facts(
            battery=BatteryReading(now, soc, wh, 10.0, own_socs_pct=own),
            flows=Flows(now, load_w=load, battery_w=watt),
        )
        before = self.memory
        self.memory = learn(self.memory, facts, self.policy)
        return self._look(before, at)

    def measure(self, at: float, watt: float, load: float | None = None) -> str:
        """Let a poll read the powers alone; return the status."""
        now = T0 + at
        flows = Flows(now, load_w=watt if load is None else load, battery_w=watt)
        self.memory = learn(self.memory, Facts(flows=flows), self.policy)
        return self.look(at)

    def past(self, *loads_w: float) -> None:
        """Let the house have drawn this in the last slots of five minutes."""
        flow = self.memory.flow._replace(past=LoadHistory(loads_w))
        self.memory = self.memory._replace(flow=flow)

    def look(self, at: float) -> str:
        """Return the status at this moment, a check of its own."""
        return self._look(self.memory, at)

    def _look(self, before: Memory, at: float) -> str:
        self.memory = checked(before, self.memory, T0 + at)
        self.memory, self.verdict = evaluate(self.memory, T0 + at, self.policy)
        return self.verdict.status

    def said(self) -> Verdict:
        """Return the last verdict."""
        assert self.verdict is not None
        return self.verdict

    def outage(self, at: float = 0.0, soc: float = 50.0) -> None:
        """Be on line with a good reading, then on battery, by ``at``."""
        self.ask(CLOSED, at - 3)
        self.read(at - 2, soc)
        self.ask(OPEN, at - 1)
        self.ask(OPEN, at)

    def _carry_out(self, step: Step, now: float) -> None:
        self.memory = step.memory
        if step.row.show is Show.HIDE:
            self.hidden += 1
            self.memory = shown(self.memory, "", now)
        elif step.row.show is not Show.KEEP:
            self.memory, self.verdict = evaluate(self.memory, now, self.policy)
            self.memory = shown(self.memory, self.verdict.status, now)


KNOWN = Memory(
    state=State.HOLDING,
    outage_since=900.0,
    generator_since=950.5,
    controller=True,
    backup_mode=True,
    relay=RelayMemory(at=1000.0, grid=Grid.OPEN, silent_since=1010.0),
    shown=ShownStatus("OB LB", since=900.0),
    battery=BatteryMemory(
        charge=Charge(at=990.0, soc_pct=18.0, drained_wh=12.5, drained_at=1020.0),
        capacity_wh=10_000.0,
        floor_pct=10.0,
        fitted=True,
        read_at=990.0,
    ),
    flow=FlowMemory(
        samples=((970.0, 800.0), (990.0, 900.0)), load_w=950.0, load_at=990.0
    ),
    low=LowMemory(lb=True),
)
