"""The gateway's endpoints over any ``wire.Wire``.

Every request carries the token, except /info and the check of who answers. The
session cookie of an answer is sent back: with it the gateway need not verify
the token's signature again. Redirects are not followed. The only thing ever
posted is the switch of the live stream.

Nothing here decides or repeats; a failure is one DeviceError naming host and path.
"""

import contextlib
import functools
import logging
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from nutbridge.errors import (
    CertificateChanged,
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    TokenRejected,
)
from nutbridge.net.failures import REFUSED
from nutbridge.net.jsonfields import BodyError, parse_json
from nutbridge.net.wire import Answer, Peer, Request, Wire
from nutbridge.sources.enphase import paths
from nutbridge.sources.enphase.info import EPOCH_RANGE, Info
from nutbridge.sources.enphase.readings import Dated, Endpoint
from nutbridge.system.clock import Clock
from nutbridge.ups.notices import BODIES

if TYPE_CHECKING:
    from nutbridge.sources.enphase.session import PeerGuard

_log = logging.getLogger(__name__)

T = TypeVar("T")

_REFUSALS = frozenset((HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN))
_SESSION = re.compile(r"\bsessionId=([\w.~+/=-]{1,512})")
#: Where nothing listens for TLS, old firmware is looked for so often, s.
PLAIN_S = 600.0
#: A token that was judged is judged again after this long, s.
JUDGE_S = 60.0

_INFO = Endpoint(paths.INFO, Info.from_xml, known=False)
_ENABLE = b'{"enable":1}'

# The C library's own names follow the locale.
_MONTH_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), start=1)}
_DATE = re.compile(r"\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")


class Judgement(NamedTuple):
    """What check_jwt said of a token, and when (CLOCK_BOOTTIME, s)."""

    token: str | None
    at: float
    good: bool

    def __repr__(self) -> str:
        """Show no token."""
        return f"Judgement(good={self.good})"


class Gateway:
    """One IQ Gateway.

    Args:
        wire: sends the requests; closed with the gateway.
        clock: dates the answers.
        host: as configured, for errors.
        token: returns the current token, or None while there is none.
        guard: sees to it that the token reaches no other device; None: nobody does
            (TEST mode).
        read_only: leave the live stream as it is.
        plain_info: asks /info without TLS, where old firmware may listen.

    Attributes:
        host: as configured.
        info: what it said last about itself.
        epoch_s: its clock in the last answer, seconds since 1970.
        judged: what it said last of a token that it refused; None makes it judge
            anew at the next refusal.
    """

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        host: str,
        token: Callable[[], str | None],
        guard: "PeerGuard | None" = None,
        *,
        read_only: bool = False,
        plain_info: Callable[[float], Info] | None = None,
    ) -> None:
        self._plain_info = plain_info
        self._plain_again_at = -math.inf
        self.host = host
        self._read_only = read_only
        self._wire = wire
        self._clock = clock
        self._token = token
        self._guard = guard
        self._session: str | None = None
        self._session_of: str | None = None
        self.judged: Judgement | None = None
        self._offered: str | None = None
        self._accepted: str | None = None
        self.info: Info | None = None
        self.epoch_s: float | None = None

    @property
    def peer(self) -> Peer | None:
        """Whom the connection leads to; None while there is none, and in TEST mode."""
        return getattr(self._wire, "peer", None)

    @property
    def shown(self) -> str | None:
        """The fingerprint shown last, by whomever; None in TEST mode."""
        return getattr(self._wire, "shown", None)

    def insist(
        self,
        fetch: Callable[[float], T],
        until: float,
        first: Callable[[float], T] | None = None,
        again: Callable[[], bool] = lambda: True,
    ) -> T:
        """Ask with the token; after a 401 again, with a new session and its cookie.

        A gateway that has restarted refuses good tokens for a while: a new session
        may do. Some firmware wants the cookie of check_jwt beside the token.

        Args:
            fetch: asks once.
            until: when to give up, CLOCK_BOOTTIME, s.
            first: asks the first time, if not ``fetch``: more patiently, say.
            again: tells whether it may be asked once more after that.

        Raises:
            TokenRejected: ``good`` says whether the gateway takes the token.
            DeviceError: no usable answer.
        """
        try:
            return (first or fetch)(until)
        except TokenRejected:
            self.new_session()
            if not again():
                raise
        try:
            return fetch(until)
        except TokenRejected as error:
            refusal = error
        refusal.good = self._judge(until)
        if not (refusal.good and self.has_session):
            raise self._with_remedy(refusal)
        try:
            return fetch(until)
        except TokenRejected as error:
            error.good = True
            raise self._with_remedy(error) from None

    def _judge(self, until: float) -> bool | None:
        """Have the token judged: once a minute, as it costs one of few sessions."""
        token, now = self._token(), self._clock.boottime()
        judged = self.judged
        if judged and judged.token == token and now - judged.at < JUDGE_S:
            return judged.good
        try:
            good = self.check_jwt(until)
        except DeviceError as error:
            _log.debug("token not judged: %s", error)
            return None
        self.judged = Judgement(token, now, good=good)
        return good

    @property
    def token_bad(self) -> bool:
        """Whether the gateway itself has said so of the present token."""
        judged = self.judged
        return bool(judged and judged.token == self._token() and not judged.good)

    @property
    def has_session(self) -> bool:
        """Whether a cookie goes with the token."""
        return self._session is not None and self._session_of == self._token()

    def fetch_answer(self, path: str, until: float) -> Answer:
        """Fetch an answer as it comes, whatever its status.

        Raises:
            DeviceError: none came.
        """
        if path == paths.INFO:
            return self._send("GET", path, until, known=False)
        answers: list[Answer] = []

        def ask(until: float) -> None:
            answers.append(self._send("GET", path, until))
            if answers[-1].status in _REFUSALS:
                raise TokenRejected(self.host + path, "refused")

        with contextlib.suppress(TokenRejected):
            self.insist(ask, until)
        return answers[-1]

    def fetch(self, endpoint: Endpoint[T], until: float) -> Dated[T]:
        """Ask once, with the token where it is wanted; a failure tells what to do.

        Raises:
            DeviceError: no usable answer.
        """
        path, read, known = endpoint
        try:
            answer = self._send("GET", path, until, known=known)
            at = self._clock.boottime()
            self._check(path, answer, known=known)
            try:
                value = read(parse_json(answer.body) if known else answer.body)
            except BodyError as error:
                raise DeviceAnswerError(self.host + path, str(error)) from None
        except DeviceError as error:
            if not known:
                self._look_for_old_firmware(error, until)
            raise self._with_remedy(error) from error.__cause__
        if known:
            self._accepted = self._offered
        return Dated(value, at, http_date(answer.headers.get("date", "")))

    def fetch_info(self, until: float) -> Dated[Info]:
        """Fetch serial, firmware and clock, without the token."""
        info = self.fetch(_INFO, until)
        self.info = info.value
        return info

    def _look_for_old_firmware(self, error: DeviceError, until: float) -> None:
        """Take note of one that has no TLS: for the remedy, nothing else is asked."""
        refused = isinstance(error, DeviceUnreachable) and error.problem == REFUSED
        now = self._clock.boottime()
        if not refused or self._plain_info is None or self.info is not None:
            return
        if now < self._plain_again_at:
            return
        self._plain_again_at = now + PLAIN_S
        with contextlib.suppress(DeviceError):
            found = self._plain_info(until)
            if found.takes_tokens is False:
                self.info = found

    def check_jwt(self, until: float) -> bool:
        """Ask the gateway whether it takes the token.

        Source: GET /auth/check_jwt, firmware 7 and 8; 200 and one line of HTML,
        or 401. A 404 vouches for nothing either.

        Raises:
            DeviceError: no answer that tells.
        """
        # Without the cookie: it could pass for the token.
        self._session = None
        try:
            answer = self._send("GET", paths.CHECK_JWT, until)
            self._check(paths.CHECK_JWT, answer)
        except TokenRejected:
            return False
        except DeviceAnswerError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return b"invalid" not in answer.body.lower()

    def enable_stream(self, until: float) -> None:
        """Switch the live stream on; it ends by itself after 15 minutes.

        Source: POST /ivp/livedata/stream, an owner's token is enough.
        """
        if self._read_only:
            return
        answer = self._send("POST", paths.STREAM, until, _ENABLE)
        self._check(paths.STREAM, answer)

    def new_session(self) -> None:
        """Forget the session and the connection; a 401 may come from either."""
        self._session = None
        self._wire.reconnect()

    def close(self) -> None:
        """Drop the connection for good."""
        self._session = None
        self._wire.close()

    def _with_remedy(self, error: DeviceError) -> DeviceError:
        # Loaded only here: most polls go well.
        from nutbridge.sources.enphase.remedies import diagnose

        accepted = self._accepted is not None and self._accepted == self._offered
        found = diagnose(error, self.info, self.epoch_s, accepted=accepted)
        error.remedy, error.lasting, error.of_device = found
        return error

    def _check(self, path: str, answer: Answer, *, known: bool = True) -> None:
        what, status = self.host + path, answer.status
        self.epoch_s = http_date(answer.headers.get("date", "")) or self.epoch_s
        if status in _REFUSALS and known:
            raise TokenRejected(what, f"the gateway refuses the token ({status})")
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            problem = f"answered {status}, a redirect, which is not followed"
            raise DeviceAnswerError(what, problem, status)
        if status != HTTPStatus.OK:
            raise DeviceAnswerError(what, f"answered {status}", status)

    def _send(
        self,
        method: str,
        path: str,
        until: float,
        body: bytes | None = None,
        *,
        known: bool = True,
        again: bool = True,
    ) -> Answer:
        """Send, with the token to the device alone that is known to be ours.

        Without it to any device whose certificate may pass.
        """
        token = self._token() if known else None
        if known and token is None:
            raise DeviceError(self.host, "no token yet")
        guard = self._guard if known else None
        request = Request(method, path, self._headers(token, body), body)
        try:
            if guard is not None:
                guard.admit(lambda: self.fetch_info(until).value.serial)
            try:
                answer = self._wire.send(request, until)
            except DeviceUnreachable:
                if guard is not None:
                    guard.failed()
                raise
        except CertificateChanged as error:
            if self._guard is None or not again:
                raise
            self._guard.changed(error)
            return self._send(method, path, until, body, known=known, again=False)
        cookie = _SESSION.search(answer.headers.get("set-cookie", ""))
        if known and cookie:
            self._session, self._session_of = cookie[1], token
        self._show(request, answer)
        return answer

    def _headers(self, token: str | None, body: bytes | None) -> Mapping[str, str]:
        if token is None:
            return {}
        self._offered = token
        headers = {"Authorization": f"Bearer {token}"}
        if self._session and self._session_of == token:
            headers["Cookie"] = f"sessionId={self._session}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        return headers

    def _show(self, request: Request, answer: Answer) -> None:
        if not _log.isEnabledFor(BODIES):
            return
        # Loaded only here: its table takes longer to build than a poll.
        from nutbridge.system.redact import redact_text

        shown = redact_text(answer.body, secrets=(self._token(), self._session))
        words = (request.method, request.path, answer.status, shown)
        _log.log(BODIES, "%s %s: %d %s", *words)


@functools.lru_cache(8)  # the answers of one poll are of the same second or two
def http_date(text: str) -> float | None:
    """Return the time in a Date header, seconds since 1970, or None.

    Source: the gateway's web server sends it with every answer; it is the
    gateway's own clock.
    """
    found = _DATE.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[n]) for n in (1, 3, 4, 5, 6))
    month = _MONTHS[found[2]]
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    low, high = EPOCH_RANGE
    return moment.timestamp() if low <= moment.timestamp() <= high else None
