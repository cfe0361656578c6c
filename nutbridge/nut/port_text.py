"""The text of a port file: read, merge, write; no file is touched here.

Rules:

1. A line stands alone. dummy-ups lets an open quote or a final backslash
   swallow the lines that follow; here every line ends at its newline byte.
2. Lines with a generated name of the table are ours and are made anew. The
   rest is the user's and keeps its order, settings of the table included.
3. No line of the user can set, hide or delay the status: such lines become
   comments. A line that cannot be kept as it is leaves its old text in a
   comment. A comment is never looked at again.
4. Every variable that was ever in the file is in the next one, as ``""`` when
   it has no value: dummy-ups keeps the old value of a name that is missing.
5. ``ups.status`` is the last line, never empty and never quoted.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import NamedTuple

from nutbridge.nut.variables import (
    BY_NAME,
    CHARGE_LOW,
    ENPHASE,
    OF_A_MAKER,
    RUNTIME_LOW,
    SETTINGS,
    STATUS,
    Maker,
    ValueKind,
    find,
    fitting,
    is_of_another,
)
from nutbridge.nut.words import (
    MAX_CHARS,
    assignment,
    plain_name,
    plain_text,
    split_words,
)

#: Of the name of a port file while it is hidden.
NOCOMMS_SUFFIX = "-nocomms"

#: dummy-ups compares only this beginning: ``ups.status.note`` sets the status
#: (measured on NUT 2.8.0, 2.8.1 and a snapshot after 2.8.5); ups.alarm is shown
#: by the old ones and erased by the new.
_STATUS_PREFIX = "ups.status"
_ALARM_PREFIX = "ups.alarm"
_DIRECTIVES = frozenset({"timer", "alarm"})

# Longer names would not fit, with their value, into one 512-byte message from
# the driver to upsd.
_NAME = re.compile(r"[!$-9;<>-\[\]-~]{1,100}")
_WORD = r"[A-Za-z0-9%+,./:;@_-]+"
_AS_IT_IS = re.compile(
    r"[ \t]*[A-Za-z0-9._-]+:[ \t]+"
    rf'(?:"[ !$-\[\]-~]*"|{_WORD}(?:[ \t]+{_WORD}){{0,30}})'
    r"[ \t]*(?:#.*)?",
    re.DOTALL,
)
_REPLACED = re.compile(
    r"#\s*yours: (?P<own>.*?); in use: (?P<used>[^#]*?)(?: (?P<rest>#.*))?", re.DOTALL
)

#: Of the table, what stands above the user's lines.
_OURS = tuple(
    each.name
    for each in BY_NAME.values()
    if each.kind in {ValueKind.MEASURED, ValueKind.CONSTANT}
)
_STATES = (("OL",), ("OB",), ("OB", "LB"))
_STATUS_FLAGS = frozenset({"CHRG", "DISCHRG"})


class UserLine(NamedTuple):
    """One line of the user, safe to write.

    Attributes:
        text: the whole line.
        setting: its name as the table spells it, when it is a setting.
        value: the user's own value of a setting.
        comment: what stands behind the value, with its ``#``.
    """

    text: str
    setting: str | None = None
    value: str = ""
    comment: str = ""


class PortText(NamedTuple):
    """What a port file says, apart from the values that we make anew.

    Attributes:
        status: the last ups.status, upper case, None without one.
        lines: the user's lines in their order.
        seen: generated names found; the driver may still show them.
        notices: one sentence for each line that had to change. The next parse
            of what ``render`` returns has none of them.
    """

    status: str | None = None
    lines: tuple[UserLine, ...] = ()
    seen: AbstractSet[str] = frozenset()
    notices: tuple[str, ...] = ()

    def setting(self, name: str) -> str | None:
        """Return the user's value of a setting (the last one), or None."""
        values = [line.value for line in self.lines if line.setting == name]
        return values[-1] if values else None


class _Entry(NamedTuple):
    """A line with a name, as the driver would take it apart."""

    raw: str
    number: int
    name: str
    value: str
    comment: str
    whole: bool

    @property
    def clean(self) -> str:
        return plain_text(self.value)


class _Reader:
    """Sorts the lines of one file, first to last."""

    def __init__(self) -> None:
        self.status: str | None = None
        self.lines: list[UserLine] = []
        self.seen: set[str] = set()
        self.made: set[str] = set()
        self.notices: list[str] = []

    def take(self, number: int, raw: str) -> None:
        split = split_words(raw)
        if not split.words and split.whole:
            self.lines.append(UserLine(raw))
            return
        first, *more = split.words or ("",)
        name, _, rest = first.partition(":")
        value = " ".join([rest, *more] if rest else more)
        shown = plain_name(name)
        whole = split.whole and name == shown
        self._sort(_Entry(raw, number, shown, value, split.comment, whole))

    def _sort(self, entry: _Entry) -> None:
        folded = entry.name.lower()
        known = find(entry.name)
        if folded.startswith(_STATUS_PREFIX):
            self.status = " ".join(entry.clean.upper().split()) or None
        if known and known.kind is ValueKind.SETTING:
            self._keep(entry, known.name)
        elif known:
            if entry.name != known.name or entry.name in self.made:
                self._disable(entry, f"{known.name} is written by the monitor")
            self.made.add(entry.name)
            self.seen.add(known.name)
        elif folded.startswith((_STATUS_PREFIX, _ALARM_PREFIX)):
            self._disable(entry, "NUT takes it for the status or an alarm")
        elif folded in _DIRECTIVES:
            self._disable(entry, "it would delay the status or raise an alarm")
        elif not _NAME.fullmatch(entry.name):
            self._disable(entry, "it has no name that NUT can use")
        else:
            self._keep(entry, None)

    def _disable(self, entry: _Entry, why: str) -> None:
        self.lines.append(UserLine(f"# {entry.raw}"))
        self._notice(entry, f"made a comment: {why}")

    def _notice(self, entry: _Entry, what: str) -> None:
        shown = plain_text(entry.raw.strip())[:60]
        self.notices.append(f"line {entry.number} ({shown}) {what}")

    def _keep(self, entry: _Entry, setting: str | None) -> None:
        value, comment = entry.clean, entry.comment
        text = f"{assignment(setting or entry.name, value)} {comment}".rstrip(" ")
        if not entry.whole or value != entry.value:
            self.lines.append(UserLine(f"# {entry.raw}"))
            self._notice(
                entry,
                f"kept in a comment and rewritten: quotes must be closed, values are "
                f'at most {MAX_CHARS} printable ASCII characters without ", \\ and #',
            )
        elif _AS_IT_IS.fullmatch(entry.raw):
            text = entry.raw
        replaced = _REPLACED.fullmatch(comment) if setting else None
        if setting and replaced and replaced["used"] == value:
            value, comment = replaced["own"], replaced["rest"] or ""
            text = f"{assignment(setting, value)} {comment}".rstrip(" ")
        self.lines.append(
            UserLine(text, setting, value, comment) if setting else UserLine(text)
        )


def parse(data: bytes) -> PortText:
    """Read a port file, however odd; never raises.

    The status is the last line whose name begins with ``ups.status`` in any
    letter case, as NUT 2.8.0 and 2.8.1 take it; newer drivers are stricter.
    """
    reader = _Reader()
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    *lines, last = text.split("\n")
    for number, raw in enumerate([*lines, last] if last else lines, start=1):
        reader.take(number, raw.rstrip("\r"))
    return PortText(
        reader.status,
        tuple(reader.lines),
        frozenset(reader.seen),
        tuple(reader.notices),
    )


def values_in(data: bytes) -> dict[str, str]:
    """Return the values of a port file's lines, the last of each name."""
    found: dict[str, str] = {}
    for line in data.decode("utf-8", "replace").split("\n"):
        words = split_words(line).words
        if len(words) > 1 and words[0].endswith(":"):
            found[words[0][:-1]] = " ".join(words[1:])
    return {name: text for name, text in found.items() if text}


def render(
    text: PortText,
    values: Mapping[str, str | None],
    phases: int | None,
    maker: Maker = ENPHASE,
) -> bytes:
    """Write a port file: our values, the user's lines, the status last.

    Args:
        text: the file as it stands now. After a write parse what was written:
            names that it brought must stand in every later file too.
        values: by name of the table. A name that is missing has no value,
            except constants (their default) and settings (the user's value,
            else the default). A setting that is given replaces the user's,
            whose own value stays readable in a comment behind it; None leaves
            one out that the user did not make.
        phases: 1, 2, 3, or None while unknown.
        maker: whose defaults stand.

    Raises:
        KeyError: a name that is not in the table.
        ValueError: the status is not one of OL, OB, OB LB with CHRG or
            DISCHRG behind it.
    """
    named = {name for name in values if BY_NAME[name].optional}
    fitted = {each.name for each in fitting(phases)} | text.seen | named
    lines = [
        assignment(name, values[name] if name in values else maker.default(name))
        for name in _OURS
        if name in fitted
    ]
    lines += _user_lines(text, values, maker)
    words = (values.get(STATUS) or "").split(" ")
    state = tuple(word for word in words if word not in _STATUS_FLAGS)
    if state not in _STATES or not _STATUS_FLAGS.issuperset(words[len(state) :]):
        raise ValueError(f"not a status to write: {values.get(STATUS)!r}")
    lines.append(f"{STATUS}: {' '.join(words)}")
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")


def _user_lines(
    text: PortText, values: Mapping[str, str | None], maker: Maker
) -> list[str]:
    defaults = {each.name: maker.default(each.name) for each in SETTINGS}
    every = [
        *text.lines,
        *(
            UserLine(assignment(name, default), name, default)
            for name, default in defaults.items()
            if default is not None
            and text.setting(name) is None
            and values.get(name, default) is not None
        ),
    ]
    last = {line.setting: place for place, line in enumerate(every)}
    return [
        _with_value(line, values.get(line.setting))
        if line.setting and last[line.setting] == place
        else line.text
        for place, line in enumerate(every)
    ]


def _with_value(line: UserLine, used: str | None) -> str:
    if used is None or not line.setting or same_value(used, line.value):
        return line.text
    used = plain_text(used)
    note = f"# yours: {line.value}; in use: {used} {line.comment}".rstrip(" ")
    return f"{assignment(line.setting, used)} {note}"


def same_value(one: str, other: str) -> bool:
    """Compare two values as text, or as numbers where both are: 25 is 25.0."""
    if one == other:
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False


VOLTAGE_HIGH = "battery.voltage.high"
VOLTAGE_NOMINAL = "battery.voltage.nominal"
VOLTAGE_LOW = "battery.voltage.low"

#: Allowed numbers, both ends included; the other settings are text. 172800 s is
#: the longest runtime shown.
RANGES: Mapping[str, tuple[float, float]] = {
    CHARGE_LOW: (1, 95),
    RUNTIME_LOW: (0, 172800),
    VOLTAGE_HIGH: (1, 1000),
    VOLTAGE_NOMINAL: (1, 1000),
    VOLTAGE_LOW: (1, 1000),
}
_VOLTAGES = (VOLTAGE_LOW, VOLTAGE_NOMINAL, VOLTAGE_HIGH)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")


class UserSettings(NamedTuple):
    """What the user set, or the defaults.

    Attributes:
        used: by name, the text of the numbers in use; part of what ``render``
            needs. A user's own text of the same number stays as it is.
        notices: one sentence for each setting that cannot be used.
    """

    used: Mapping[str, str]
    notices: tuple[str, ...] = ()

    @property
    def charge_low_pct(self) -> float:
        """battery.charge.low, 1..95, before the floor raises it."""
        return float(self.used[CHARGE_LOW])

    @property
    def runtime_low_s(self) -> float:
        """battery.runtime.low, s."""
        return float(self.used[RUNTIME_LOW])

    @property
    def voltage_high(self) -> float | None:
        """Of a full battery, V; None where neither user nor maker tells one."""
        return _number(self.used, VOLTAGE_HIGH)

    @property
    def voltage_nominal(self) -> float | None:
        """battery.voltage.nominal, V."""
        return _number(self.used, VOLTAGE_NOMINAL)


def user_settings(text: PortText, maker: Maker = ENPHASE) -> UserSettings:
    """Return the settings of a port file; what is not usable is a default."""
    used: dict[str, str] = {}
    notices: list[str] = []
    for name, (lowest, highest) in RANGES.items():
        default = maker.default(name)
        own = text.setting(name)
        usable = is_number(own, lowest, highest)
        value = own if usable and own else default
        if value is not None:
            used[name] = value
        # An empty one is no number, but where there is no default it says so.
        if own is not None and not usable and (own or default):
            notices.append(
                f"{name}: {own!r} is not a number from {lowest:g} to {highest:g}; "
                f"{default or 'none'} is used"
            )
    notices += _unless_rising(used, maker)
    return UserSettings(used, tuple(notices))


def for_maker(text: PortText, maker: Maker) -> PortText:
    """Return the text without the defaults of another maker.

    They stand in the file where the config was switched from one source to
    another; nobody has chosen them. Nominal 76.8 V beside a battery of 400 V
    makes its capacity five times as large.
    """
    lines = []
    for line in text.lines:
        name = line.setting
        if name in OF_A_MAKER and is_of_another(maker, name, line.value):
            default = maker.default(name) or ""
            lines.append(UserLine(assignment(name, default), name, default))
        else:
            lines.append(line)
    return text._replace(lines=tuple(lines))


def _unless_rising(used: dict[str, str], maker: Maker) -> list[str]:
    """Put the defaults in place of voltages that do not rise, and say so."""
    volts = [float(used[name]) for name in _VOLTAGES if name in used]
    if all(low < high for low, high in pairwise(volts)):
        return []
    for name in _VOLTAGES:
        used.pop(name, None)
        default = maker.default(name)
        if default is not None:
            used[name] = default
    shown = ", ".join(f"{each:g}" for each in volts)
    return [f"{', '.join(_VOLTAGES)}: {shown} do not rise; the defaults are used"]


def _number(used: Mapping[str, str], name: str) -> float | None:
    return float(used[name]) if name in used else None


def is_number(text: str | None, lowest: float, highest: float) -> bool:
    """Tell whether a text is a plain number between the two, both included."""
    # float() alone would take "nan", "1e3" and "1_0".
    return (
        text is not None
        and _NUMBER.fullmatch(text) is not None
        and lowest <= float(text) <= highest
    )
