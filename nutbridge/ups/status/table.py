"""The states of a monitor and what each event does to them.

Everything that decides whether the port file says OL, says OB or is hidden
stands in TABLE. This file does not know time, numbers, files or gateways:
events.py turns answers and their ages into events, low.py adds LB.

The law of the table: from ON_BATTERY and HOLDING no row hides the file. Hiding
it makes dummy-ups exit, and upsmon takes a UPS that was last seen OB and is
gone for dead: it shuts the machines down, with NUT 2.8.1 at once.
"""

from enum import StrEnum
from typing import NamedTuple

from nutbridge.ups.notices import Notice, info, warning


class State(StrEnum):
    """Where a monitor stands between two checks."""

    STARTING = "starting"
    ONLINE = "online"
    ON_BATTERY = "on battery"
    HOLDING = "holding"
    NOCOMMS = "nocomms"


class Event(StrEnum):
    """What one check, or the look at the file at the start, has found."""

    FOUND_OB_OURS = "file says OB, written in this boot"
    FOUND_OB_DRIVER = "file says OB, not known from this boot, driver runs"
    FOUND_OB_ALONE = "file says OB, not known from this boot, no driver"
    FOUND_OL_OURS = "file says OL, written in this boot"
    FOUND_OL_DRIVER = "file says OL, nothing known of it, driver runs"
    FOUND_OL_OLD = "file says OL, no usable answer for NOCOMMS_DELAY"
    FOUND_OL_STALE = "file says OL or nothing, not known from this boot"
    FOUND_HIDDEN = "file is hidden"

    FIRST_OPEN = "relay open, once"
    OPEN = "relay open"
    FIRST_CLOSED = "relay closed, once"
    CLOSED = "relay closed"
    SILENT = "no usable answer"
    GRACE_OVER = "no usable answer for NOCOMMS_DELAY"
    NO_CONTROLLER = "closed, but no System Controller"
    RELEASED = "no usable answer, released by a person"
    UNFIT = "no UPS at all (an inverter without a battery)"


class Show(StrEnum):
    """What a transition does with the port file: keep, write OL or OB, or hide."""

    KEEP = "keep"
    WRITE = "write what the state says"
    HIDE = "hide"


class Next(StrEnum):
    """When the next check comes."""

    NOW = "now"
    AGAIN = "after 1 s"
    SOON = "after 5 s"
    RELAY = "RELAYFREQ"
    ALERT = "POLLFREQALERT"
    MINUTE = "after 60 s"


class Transition(NamedTuple):
    """What one event does in one state.

    Attributes:
        state: the state after it.
        show: what happens to the port file.
        next: when to check again.
        log: a line for the log, said once in each stay in a state.
        full: ask for everything at once, not just the relay.
    """

    state: State
    show: Show
    next: Next
    log: Notice | None = None
    full: bool = False


_GONE = warning("the grid is gone: on battery")
_BACK = info("the grid is back: on line")
_LOST = warning("no answer while on battery: holding OB, reckoning the charge")
#: After a start in an outage, and after a silence.
HEARD = info("the gateway answers: on battery")
HEARD_AGAIN = info("the gateway answers again: on battery")
_ONLINE = info("the gateway answers: on line")
_WAITING = info("no usable answer: OL stands for now")
_HIDDEN = warning("no usable answer: port file hidden (nocomms)")
_RELEASED = warning(
    "released by a person who says that the grid is back: OL for 30 s, then hidden"
)
_NO_CONTROLLER = warning(
    "no System Controller or Meter Collar found: its relay says closed for ever; "
    "port file hidden (ALLOW_NO_CONTROLLER=1 overrides)"
)
_UNFIT = warning("this device can be no UPS: port file hidden")
_STALE = info("port file is from an earlier time: hidden until the gateway answers")
_INHERIT = warning("port file says OB: holding it until the gateway answers")

S, E, WRITE = State, Event, Show.WRITE

TABLE: dict[tuple[State, Event], Transition] = {
    # What the file says at the start, decided before any network call.
    (S.STARTING, E.FOUND_OB_OURS): Transition(S.HOLDING, WRITE, Next.NOW, _INHERIT),
    (S.STARTING, E.FOUND_OB_DRIVER): Transition(S.HOLDING, WRITE, Next.NOW, _INHERIT),
    (S.STARTING, E.FOUND_OB_ALONE): Transition(S.NOCOMMS, Show.HIDE, Next.NOW, _STALE),
    (S.STARTING, E.FOUND_OL_OURS): Transition(S.ONLINE, Show.KEEP, Next.NOW),
    (S.STARTING, E.FOUND_OL_DRIVER): Transition(S.ONLINE, Show.KEEP, Next.NOW),
    (S.STARTING, E.FOUND_OL_OLD): Transition(S.NOCOMMS, Show.HIDE, Next.NOW, _HIDDEN),
    (S.STARTING, E.FOUND_OL_STALE): Transition(S.NOCOMMS, Show.HIDE, Next.NOW, _STALE),
    (S.STARTING, E.FOUND_HIDDEN): Transition(S.NOCOMMS, Show.KEEP, Next.NOW),
    # On line.
    (S.ONLINE, E.CLOSED): Transition(S.ONLINE, WRITE, Next.RELAY),
    (S.ONLINE, E.FIRST_OPEN): Transition(S.ONLINE, Show.KEEP, Next.AGAIN),
    (S.ONLINE, E.OPEN): Transition(S.ON_BATTERY, WRITE, Next.RELAY, _GONE, full=True),
    # As often as ever: an outage may begin in the silence.
    (S.ONLINE, E.SILENT): Transition(S.ONLINE, Show.KEEP, Next.RELAY, _WAITING),
    (S.ONLINE, E.GRACE_OVER): Transition(S.NOCOMMS, Show.HIDE, Next.ALERT, _HIDDEN),
    (S.ONLINE, E.NO_CONTROLLER): Transition(
        S.NOCOMMS, Show.HIDE, Next.MINUTE, _NO_CONTROLLER
    ),
    (S.ONLINE, E.UNFIT): Transition(S.NOCOMMS, Show.HIDE, Next.MINUTE, _UNFIT),
    # On battery, the gateway answers.
    (S.ON_BATTERY, E.OPEN): Transition(S.ON_BATTERY, WRITE, Next.RELAY),
    (S.ON_BATTERY, E.FIRST_CLOSED): Transition(S.ON_BATTERY, WRITE, Next.SOON),
    (S.ON_BATTERY, E.CLOSED): Transition(S.ONLINE, WRITE, Next.RELAY, _BACK, full=True),
    (S.ON_BATTERY, E.SILENT): Transition(S.HOLDING, WRITE, Next.RELAY, _LOST),
    (S.ON_BATTERY, E.GRACE_OVER): Transition(S.HOLDING, WRITE, Next.RELAY, _LOST),
    (S.ON_BATTERY, E.NO_CONTROLLER): Transition(S.HOLDING, WRITE, Next.RELAY, _LOST),
    (S.ON_BATTERY, E.UNFIT): Transition(S.HOLDING, WRITE, Next.RELAY, _LOST),
    # On battery, the gateway is silent.
    (S.HOLDING, E.OPEN): Transition(S.ON_BATTERY, WRITE, Next.RELAY, HEARD, full=True),
    (S.HOLDING, E.FIRST_CLOSED): Transition(S.HOLDING, WRITE, Next.SOON),
    (S.HOLDING, E.CLOSED): Transition(S.ONLINE, WRITE, Next.RELAY, _BACK, full=True),
    (S.HOLDING, E.SILENT): Transition(S.HOLDING, WRITE, Next.RELAY),
    (S.HOLDING, E.GRACE_OVER): Transition(S.HOLDING, WRITE, Next.RELAY),
    (S.HOLDING, E.NO_CONTROLLER): Transition(S.HOLDING, WRITE, Next.RELAY),
    # The one row by which a silent gateway ends an outage: somebody has looked.
    (S.HOLDING, E.RELEASED): Transition(
        S.ONLINE, WRITE, Next.ALERT, _RELEASED, full=True
    ),
    (S.HOLDING, E.UNFIT): Transition(S.HOLDING, WRITE, Next.RELAY),
    # Hidden. The same words as when it was hidden: said once in either case.
    (S.NOCOMMS, E.CLOSED): Transition(S.ONLINE, WRITE, Next.RELAY, _ONLINE, full=True),
    (S.NOCOMMS, E.FIRST_OPEN): Transition(S.NOCOMMS, Show.KEEP, Next.AGAIN),
    (S.NOCOMMS, E.OPEN): Transition(S.ON_BATTERY, WRITE, Next.RELAY, _GONE, full=True),
    (S.NOCOMMS, E.SILENT): Transition(S.NOCOMMS, Show.KEEP, Next.ALERT, _HIDDEN),
    (S.NOCOMMS, E.GRACE_OVER): Transition(S.NOCOMMS, Show.KEEP, Next.ALERT, _HIDDEN),
    (S.NOCOMMS, E.NO_CONTROLLER): Transition(
        S.NOCOMMS, Show.KEEP, Next.MINUTE, _NO_CONTROLLER
    ),
    (S.NOCOMMS, E.UNFIT): Transition(S.NOCOMMS, Show.KEEP, Next.MINUTE, _UNFIT),
}

#: Events of the start; the others come from checks.
FOUND = frozenset(event for event in Event if event.name.startswith("FOUND_"))
#: What a check comes to that learned nothing about the grid.
NO_ANSWER = frozenset(
    {Event.SILENT, Event.GRACE_OVER, Event.NO_CONTROLLER, Event.UNFIT}
)
ON_BATTERY_STATES = frozenset({State.ON_BATTERY, State.HOLDING})
