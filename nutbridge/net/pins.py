"""The certificate that a device is known by, and what becomes of another one.

A device signs its own certificate, and what it tells about itself without a
secret, a neighbour can tell as well. So the first certificate is stored, and
another one gets neither token nor password:

* ``first-use`` takes it by itself once it alone has stood there for a day, so
  that a house which nobody looks after is not blind for ever after an update;
* ``strict`` never does, and takes no first one either;
* a person may trust it at any time (``nutbridge gateway trust``).

A refusal is a failed poll like any other: on battery the status is held.
"""

import logging
import re
import time
from pathlib import Path
from typing import NamedTuple, Protocol

from nutbridge.errors import CertificateChanged, reason
from nutbridge.net.tls import PinnedContext
from nutbridge.system.clock import Clock
from nutbridge.system.files import Access, is_strangers, read_file, replace_file, sweep

_log = logging.getLogger(__name__)

#: How long another certificate alone must have been seen to be taken, s.
ALONE_S = 24 * 3600.0

#: Two sightings further apart count as this much: in between nobody looked, s.
#: Twice the longest wait between two checks.
GAP_MAX_S = 600.0

WARN_EVERY_S = 3600.0

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_CAP = 1024


class PinRecord(NamedTuple):
    """What is known of a device's certificate; fingerprints are 64 hex digits.

    Attributes:
        known: the one that gets secrets; None before the first contact.
        pending: another one that stands there now.
        pending_s: how long that one alone was seen, s.
        replaced: the one that was known before ``known`` was taken without
            anybody's word; None once a person has confirmed it.
    """

    known: str | None = None
    pending: str | None = None
    pending_s: float = 0.0
    replaced: str | None = None


def parse_pin(data: bytes) -> PinRecord | None:
    """Read the file of a pin; None when it holds no fingerprint.

    Shape: the known fingerprint, alone on the first line; then, perhaps,
    ``pending FINGERPRINT SECONDS`` and ``replaced FINGERPRINT``.
    """
    first, *rest = data[:_CAP].decode("ascii", "replace").lower().split("\n")
    if _FINGERPRINT.fullmatch(first.strip()) is None:
        return None
    found = PinRecord(first.strip())
    for line in rest:
        word, _, value = line.strip().partition(" ")
        value, _, seconds = value.partition(" ")
        if _FINGERPRINT.fullmatch(value) is None:
            continue
        if word == "replaced":
            found = found._replace(replaced=value)
        elif word == "pending" and seconds.isascii() and seconds.isdigit():
            found = found._replace(pending=value, pending_s=float(seconds[:6]))
    return found


class PinKeeper(Protocol):
    """Keeps what is known of a device's certificate over restarts."""

    def load(self) -> PinRecord:
        """Return the record; it has no fingerprint when none is usable."""
        ...

    def save(self, record: PinRecord) -> None:
        """Store it.

        Raises:
            OSError: it will be forgotten at the next start.
        """
        ...


class PinStore:
    """The file of one device's certificate (config/settings.py).

    Args:
        path: the file.
        owner: see ``files.owner_for``.
    """

    def __init__(self, path: Path, owner: tuple[int, int] | None = None) -> None:
        self._path = path
        self._access = Access(owner=owner)

    def load(self) -> PinRecord:
        """Return what is stored."""
        sweep(self._path)
        return self.peek()

    def peek(self) -> PinRecord:
        """Load beside a running monitor: remove no file that it is writing."""
        try:
            data, info, _ = read_file(self._path, _CAP)
        except FileNotFoundError:
            return PinRecord()
        except OSError as exc:
            _log.warning("fingerprint %s ignored: %s", self._path, exc.strerror)
            return PinRecord()
        if is_strangers(self._path, info, self._access.owner):
            text = "fingerprint %s ignored: user %d has no part in its folder"
            _log.warning(text, self._path, info.st_uid)
            return PinRecord()
        found = parse_pin(data)
        if found is None:
            _log.warning("fingerprint %s ignored: not 64 hex digits", self._path)
            return PinRecord()
        return found

    def save(self, record: PinRecord) -> None:
        """Store it, with what a person has not yet confirmed.

        Raises:
            OSError: it will be forgotten at the next start.
        """
        lines = [record.known or ""]
        if record.pending is not None:
            lines.append(f"pending {record.pending} {record.pending_s:.0f}")
        if record.replaced is not None:
            lines.append(f"replaced {record.replaced}")
        data = "".join(f"{line}\n" for line in lines).encode("ascii")
        replace_file(self._path, data, access=self._access)


class PinInMemory:
    """Starts from what is known and writes nothing."""

    def __init__(self, record: PinRecord) -> None:
        self._record = record

    def load(self) -> PinRecord:
        """Return what was kept last."""
        return self._record

    def save(self, record: PinRecord) -> None:
        """Keep it for the rest of this process."""
        self._record = record


def expected_of(known: str | None, *, strict: bool) -> str | None:
    """Return the fingerprint that TLS must see: None allows any, "" allows none."""
    return known or ("" if strict else None)


class Pin:
    """Decides about the certificate of one device.

    Args:
        host: as configured, for the log.
        strict: takes no certificate without a person.
        context: told which certificate to expect.
        keeper: keeps what is known.
        clock: CLOCK_BOOTTIME; the wall clock is only shown.
        trust: the command that accepts another one.
    """

    def __init__(
        self,
        host: str,
        *,
        strict: bool,
        context: PinnedContext,
        keeper: PinKeeper,
        clock: Clock,
        trust: str = "nutbridge gateway trust",
    ) -> None:
        self._host = host
        self._strict = strict
        self._context = context
        self._keeper = keeper
        self._clock = clock
        self._trust = trust
        self._record = keeper.load()
        self._seen_at: float | None = None
        self._warned_of: str | None = None
        self._warned_at = 0.0
        self.go_back()

    @property
    def known(self) -> str | None:
        """The fingerprint that gets secrets."""
        return self._record.known

    @property
    def settled(self) -> bool:
        """Whether every connection has to show the known certificate."""
        return self.known is not None and self._context.expected == self.known

    def go_back(self) -> None:
        """Expect the known certificate."""
        self._context.expected = expected_of(self.known, strict=self._strict)

    def changed(self, error: CertificateChanged) -> None:
        """Let the certificate that was shown pass, or raise.

        Raises:
            CertificateChanged: with the remedy.
        """
        told = self._keeper.load()
        if told.known is not None and told.known != self.known:
            self._record = told  # a person has trusted one
            self.go_back()
        elif told.known is not None:
            self._record = self._record._replace(replaced=told.replaced)
        if error.shown == self.known:
            self._seen_at = None
            return
        self._note(error.shown)
        if not self._strict and self._record.pending_s >= ALONE_S:
            self._context.expected = error.shown
            return
        raise CertificateChanged(
            error.what, self.known or "", error.shown, self._trust
        ) from None

    def answered(self, fingerprint: str | None) -> None:
        """Note the certificate of a device that answered and has proved who it is."""
        if fingerprint is None:
            return
        record = self._record
        if fingerprint == record.known:
            if record.pending is not None:
                self._seen_at = None
                self._keep(record._replace(pending=None, pending_s=0.0))
                _log.info("%s shows its known certificate again", self._host)
            return
        replaced = record.replaced or record.known
        stored = self._keep(PinRecord(fingerprint, replaced=replaced))
        self._seen_at = None
        self.go_back()
        if replaced is not None:
            _log.warning(
                "%s: certificate %s taken in place of %s, after a day alone; if that "
                "is right: %s",
                *(self._host, fingerprint, record.known, self._trust),
            )
        elif stored:
            _log.info("%s: certificate %s accepted", self._host, fingerprint)

    def _note(self, shown: str) -> None:
        """Count how long another certificate has been seen alone."""
        now, record = self._clock.boottime(), self._record
        new = shown != record.pending
        if new:
            record = record._replace(pending=shown, pending_s=0.0)
        elif self._seen_at is not None:
            gap_s = min(max(0.0, now - self._seen_at), GAP_MAX_S)
            record = record._replace(pending_s=record.pending_s + gap_s)
        self._seen_at, self._record = now, record
        if self._warned_of != shown or now - self._warned_at >= WARN_EVERY_S:
            self._warned_of, self._warned_at = shown, now
            if not isinstance(self._keeper, PinInMemory):
                self._warn(shown)  # else who asks once shows the error
            if record.known is not None:
                self._keep(record)

    def _warn(self, shown: str) -> None:
        change = f"certificate {shown} is not trusted"
        if self.known is not None:
            change = f"certificate changed from {self.known} to {shown}"
        then = ""
        if not self._strict:
            left_s = max(0.0, ALONE_S - self._record.pending_s)
            when = time.localtime(self._clock.wall() + left_s)
            then = f"; taken without that at {time.strftime('%Y-%m-%d %H:%M', when)}"
            then += " if the known one is not seen before"
        _log.warning(
            "%s: %s; nothing secret is sent; if that is right: %s%s",
            *(self._host, change, self._trust, then),
        )

    def _keep(self, record: PinRecord) -> bool:
        self._record = record
        try:
            self._keeper.save(record)
        except OSError as error:
            _log.warning("fingerprint of %s not stored: %s", self._host, reason(error))
            return False
        return True
