"""The XML of a report, read by expat with bounds on everything.

A DOCTYPE is refused, so there are no entities of the sender's. Unknown elements
and attributes are counted; the first ones are kept apart, all are in the body that
is stored anyway.
"""

import re
from collections.abc import Callable
from xml.parsers import expat

from nutbridge.collector.parse import elements
from nutbridge.collector.parse.elements import Tally
from nutbridge.collector.parse.envelope import NotAReport
from nutbridge.collector.parse.model import (
    ChannelReading,
    Device,
    Envoy,
    EnvoyEvent,
    Interval,
    InverterChannel,
    Report,
)
from nutbridge.collector.parse.values import Attributes, as_json

#: The deepest element that any document names is the third.
MAX_DEPTH = 32
#: 8 MiB hold 70,000 rows of the shortest real kind.
MAX_ELEMENTS = 100_000
MAX_ATTRIBUTES = 1_000_000
#: Longest tag, and longest text between two tags: expat holds a tag as a whole,
#: and a million attributes in one tag take 300 MB.
MAX_PIECE = 65_536
# Tried behind each "<" alone, so that it looks at each byte once.
_LONG_PIECE = re.compile(rb"(?:\A|<)[^<]{%d}" % MAX_PIECE)
_UNKNOWN_KEPT = 100
_UNKNOWN_LENGTH = 2000
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
#: May stand around it; before its declaration it would be no XML.
_BLANK = b" \t\r\n\0"
# Where UTF-16 without a byte order mark would show.
_START = 4
_EVENT = ["perf_report", "event"]


class NotWellFormed(NotAReport):
    """The bytes are no XML."""


def read_report(xml: bytes) -> Report:
    """Make a report out of XML.

    Raises:
        NotAReport: not well-formed, a DOCTYPE, beyond the bounds, another root,
            or not exactly one Envoy with a serial number.
    """
    encoding = None
    if xml.startswith(_UTF16):
        # As UTF-8 it can be looked through for long pieces.
        try:
            xml = xml.decode("utf-16").encode()
        except UnicodeError as exc:
            raise NotWellFormed("broken UTF-16") from exc
        encoding = "utf-8"
    elif b"\0" in xml[:_START]:
        raise NotWellFormed("zero bytes at its begin")
    if encoding is None:
        xml = xml.strip(_BLANK)
    if _LONG_PIECE.search(xml):
        raise NotAReport(f"a tag or a text has more than {MAX_PIECE} bytes")
    reader = _ReportReader()
    # None: names are not kept by the parser; a hostile body has a million.
    parser = expat.ParserCreate(encoding, None, None)
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(xml, True)  # noqa: FBT003  its only form
    except expat.ExpatError as exc:
        raise NotWellFormed(f"not well-formed XML: {exc}") from exc
    except (ValueError, LookupError) as exc:
        if isinstance(exc, NotAReport):
            raise
        # Encodings that expat or Python do not know.
        raise NotAReport(f"XML in an encoding that cannot be read: {exc}") from exc
    return reader.finish()


class _ReportReader:
    """Takes the elements one by one; each known one becomes a row."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._tally = Tally()
        self._elements = 0
        self._attributes = 0
        self._root: dict[str, str] | None = None
        self._envoys: list[Envoy | None] = []
        self._intervals: list[Interval] = []
        self._readings: list[ChannelReading] = []
        self._events: list[EnvoyEvent] = []
        self._devices: list[Device] = []
        self._channels: list[InverterChannel] = []
        self._unknown: list[str] = []
        self._acknowledge: dict[str, None] = {}
        self._event: dict[str, str] = {}
        self._params: str | None = None
        self._in_params = False
        self._device_eqid: str | None = None

    def doctype(self, *_: object) -> None:
        raise NotAReport("the XML has a DOCTYPE")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._attributes += len(attributes)
        if self._elements > MAX_ELEMENTS or self._attributes > MAX_ATTRIBUTES:
            raise NotAReport("more elements or attributes than a report can have")
        self._path.append(name)
        handler = _HANDLERS.get(tuple(self._path))
        if handler is None:
            self.on_unknown(attributes)
        else:
            handler(self, attributes)

    def end(self, name: str) -> None:
        self._in_params = False
        if name == "event" and self._path == _EVENT:
            row = elements.event(self._event, self._params, self._tally)
            if row is not None:
                self._events.append(row)
        self._path.pop()

    def text(self, text: str) -> None:
        if self._in_params:
            self._params = (self._params or "") + text
            if len(self._params) > MAX_PIECE:
                raise NotAReport(f"a text has more than {MAX_PIECE} characters")

    def on_root(self, attributes: dict[str, str]) -> None:
        self._root = attributes

    def on_envoy(self, attributes: dict[str, str]) -> None:
        self._envoys.append(elements.envoy(attributes, self._tally))

    def on_interval(self, attributes: dict[str, str]) -> None:
        row = elements.interval(attributes, self._tally)
        if row is not None:
            self._intervals.append(row)

    def on_reading(self, attributes: dict[str, str]) -> None:
        row = elements.reading(attributes, self._tally)
        if row is not None:
            self._readings.append(row)

    def on_event(self, attributes: dict[str, str]) -> None:
        self._event, self._params = attributes, None
        if attributes.get("id"):
            self._acknowledge[attributes["id"]] = None

    def on_params(self, attributes: dict[str, str]) -> None:
        if self._params is not None or attributes:
            self.on_unknown(attributes)
            return
        self._params = ""
        self._in_params = True

    def on_device(self, attributes: dict[str, str]) -> None:
        row = elements.device(attributes, self._tally)
        self._device_eqid = row and row.eqid
        if row is not None:
            self._devices.append(row)

    def on_channel(self, attributes: dict[str, str]) -> None:
        row = elements.channel(attributes, self._device_eqid, self._tally)
        if row is not None:
            self._channels.append(row)

    def on_unknown(self, attributes: dict[str, str]) -> None:
        if len(self._path) > MAX_DEPTH:
            raise NotAReport(f"elements are nested more than {MAX_DEPTH} deep")
        if len(self._path) == 1:
            raise NotAReport("the XML is no perf_report")
        self._tally.unknown += 1
        if len(self._unknown) < _UNKNOWN_KEPT:
            path = "/".join(self._path)
            found = as_json({"element": path, "attributes": attributes})
            if len(found) <= _UNKNOWN_LENGTH:
                self._unknown.append(found)

    def finish(self) -> Report:
        """Return the report.

        Raises:
            NotAReport: not exactly one usable Envoy.
        """
        if len(self._envoys) != 1:
            raise NotAReport(f"the report names {len(self._envoys)} Envoys, not one")
        envoy = self._envoys[0]
        if envoy is None:
            raise NotAReport("the Envoy has no usable serial number")
        root = Attributes(self._root or {})
        timestamp = root.date("report_timestamp")
        version = root.text("webcomm_version")
        self._tally.add(root)
        return Report(
            timestamp,
            version,
            envoy,
            tuple(self._intervals),
            tuple(self._readings),
            tuple(self._events),
            tuple(self._devices),
            tuple(self._channels),
            tuple(self._tally.rows),
            tuple(self._unknown),
            self._tally.unknown,
            self._tally.odd,
            root.extra(),
            tuple(self._acknowledge),
        )


#: From the root to an element, and what takes it; anything else is unknown.
_HANDLERS: dict[tuple[str, ...], Callable[[_ReportReader, dict[str, str]], None]] = {
    ("perf_report",): _ReportReader.on_root,
    ("perf_report", "envoy"): _ReportReader.on_envoy,
    ("perf_report", "interval"): _ReportReader.on_interval,
    ("perf_report", "reading"): _ReportReader.on_reading,
    ("perf_report", "event"): _ReportReader.on_event,
    ("perf_report", "device"): _ReportReader.on_device,
    ("perf_report", "event", "message_params"): _ReportReader.on_params,
    ("perf_report", "device", "channel"): _ReportReader.on_channel,
}
