"""What the upstream says in an answer: whether it took a report, and what else.

Source: one public answer (webcomm 3.0). It names the events alone; that intervals and
readings were taken is inferred from its status. Enphase can hand a task to an Envoy in
an answer; no public sample exists.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.parsers import expat

from nutbridge.collector.errors import TooLarge
from nutbridge.collector.parse.envelope import NotAReport, is_xml, open_body

_ROOT = "perf_report_response"
_EVENT = [_ROOT, "events_processed", "event"]
_KNOWN = frozenset(_EVENT)
#: Unknown elements that are named, and how much of each name.
_MOST_NAMED = 5
_NAME_LENGTH = 80
_CAP = 8 << 20
_LONGEST = 80
#: What an answer may have around it, as a line's end or an old buffer's zeros.
_BLANK = b" \t\r\n\0"
_START = 4


class _Refused(Exception):
    """A document type."""


@dataclass(frozen=True, slots=True)
class UpstreamWords:
    """What an answer says.

    Attributes:
        problem: why it is none to a report; None: it is one.
        status: of the root; "" without one.
        events: the ids that it names.
        strange: unknown elements, the first ones.
    """

    problem: str | None
    status: str = ""
    events: frozenset[str] = frozenset()
    strange: tuple[str, ...] = ()

    def refusal(self, events: Iterable[str]) -> str | None:
        """Return why a report was not taken; None: it was.

        Args:
            events: ids of all events of the report, as on the wire.
        """
        if self.problem is not None:
            return self.problem
        if self.status != "success":
            shown = self.status[:_LONGEST]
            return f'it says status="{shown}"' if shown else "it names no status"
        missing = [one for one in events if _plain(one) not in self.events]
        if missing:
            return f"it leaves out event {missing[0][:_LONGEST]}" + (
                f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            )
        return None


def read_answer(body: bytes) -> UpstreamWords:
    """Read the body of an answer with a status of 2xx."""
    if not body:
        return UpstreamWords("it is empty")
    try:
        text = _opened(body)
    except (NotAReport, TooLarge) as exc:
        return UpstreamWords(f"it cannot be read: {exc}")
    reader = _AnswerReader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(text, True)  # noqa: FBT003 - expat takes no keyword
    except (expat.ExpatError, _Refused, ValueError, LookupError):
        return UpstreamWords("it is no XML of a report's answer")
    return reader.words()


def _opened(body: bytes) -> bytes:
    """Return the text; a gateway may compress what the upstream had compressed."""
    text = open_body(body, _CAP).data
    if not is_xml(text):
        text = open_body(text, _CAP).data
    # UTF-16 has zero bytes of its own.
    return text if b"\0" in text[:_START] else text.strip(_BLANK)


class _AnswerReader:
    def __init__(self) -> None:
        self._path: list[str] = []
        self._root = ""
        self._status = ""
        self._events: set[str] = set()
        self._strange: dict[str, None] = {}

    def doctype(self, *_: object) -> None:
        raise _Refused

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        if len(self._path) == 1:
            self._root, self._status = name, attributes.get("status", "")
        elif self._path == _EVENT and "id" in attributes:
            self._events.add(_plain(attributes["id"]))
        if name not in _KNOWN and len(self._strange) < _MOST_NAMED:
            self._strange[name[:_NAME_LENGTH]] = None

    def end(self, _name: str) -> None:
        self._path.pop()

    def words(self) -> UpstreamWords:
        if self._root != _ROOT:
            return UpstreamWords(f"it is a <{self._root[:_LONGEST]}>, no <{_ROOT}>")
        return UpstreamWords(
            None, self._status, frozenset(self._events), tuple(self._strange)
        )


def _plain(number: str) -> str:
    return number.strip().lstrip("0")
