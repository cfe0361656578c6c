"""TEST mode: gateway and cloud answered from the TEST_ keys, without network.

Everything above the wire is the real thing: parsing, status, port file, token
renewal.
"""

from collections.abc import Callable
from random import Random

from nutbridge.config.settings import TestAnswers
from nutbridge.daemon.playback.cycle import (
    EXPIRY_CHANCE,
    CycleStage,
    fill,
    issue_token,
    live_body,
    secctrl_template,
    soc_pct,
    stage_at,
)
from nutbridge.errors import DeviceUnreachable
from nutbridge.net.wire import Answer, Request
from nutbridge.sources.enphase import paths
from nutbridge.system.clock import Clock

_REFUSED = b"<html><head><title>401 Authorization Required</title></head></html>\n"
_UNKNOWN = b'{"error":"404 - Not Found"}\n'
_VALID = b"<!DOCTYPE html><h2>Valid token.</h2>\n"
_STREAM_ON = b'{"sc_stream":"enabled"}\n'
_WHO = "TEST mode"


class PlayedCloud:
    """Enlighten in TEST mode (wire.Wire): logins and tokens never run out.

    Attributes:
        token_refused: the gateway takes no token until a new one is issued.
    """

    def __init__(self, answers: TestAnswers, tokens_url: str, clock: Clock) -> None:
        self.token_refused = False
        self._answers = answers
        self._tokens_url = tokens_url
        self._clock = clock
        self._ends_s = 0.0

    def send(self, request: Request, until: float) -> Answer:  # noqa: ARG002 - answers at once
        """Answer a login or a token request.

        Raises:
            DeviceUnreachable: TEST_SESS or TEST_TOKEN is empty.
        """
        if not request.path.startswith(self._tokens_url):
            return _answer(_given("TEST_SESS", self._answers.session))
        token = _given("TEST_TOKEN", self._answers.token)
        token, self._ends_s = issue_token(token, self._clock.wall(), self._ends_s)
        self.token_refused = False
        return _answer(token)

    def reconnect(self) -> None:
        """Nothing to drop."""

    def close(self) -> None:
        """Nothing to close."""


class PlayedGateway:
    """The gateway in TEST mode (wire.Wire), going round the cycle."""

    def __init__(
        self,
        answers: TestAnswers,
        cloud: PlayedCloud,
        clock: Clock,
        random: Random,
        charge_low_pct: Callable[[], float],
    ) -> None:
        """Begin the cycle now.

        Args:
            answers: bodies of the config.
            cloud: the one whose tokens this gateway takes.
            clock: boottime moves the cycle on.
            random: decides when the token expires.
            charge_low_pct: battery.charge.low of the port file.
        """
        self._cloud = cloud
        self._clock = clock
        self._random = random
        self._charge_low_pct = charge_low_pct
        self._began = clock.boottime()
        self._bodies = {
            paths.RELAY: ("TEST_RELAY", answers.relay),
            paths.LIVEDATA: ("TEST_LIVE", answers.live),
            paths.STREAM: ("TEST_LIVE", answers.live),
            paths.REPORTS: ("TEST_REPORTS", answers.reports),
            paths.SECCTRL: (
                "TEST_SECCTRL",
                secctrl_template(answers.secctrl, answers.live),
            ),
            paths.INFO: ("TEST_INFO", answers.info),
        }

    @property
    def stage(self) -> CycleStage:
        """Where the cycle is now."""
        return stage_at(self._clock.boottime() - self._began)

    def send(self, request: Request, until: float) -> Answer:  # noqa: ARG002 - answers at once
        """Answer as the gateway of this stage would.

        Raises:
            DeviceUnreachable: the stage is nocomms, or the TEST_ key is empty.
        """
        stage = self.stage
        if stage.relay is None:
            raise DeviceUnreachable(_WHO, f"{request.path}: no answer ({stage.name})")
        if request.path == paths.RELAY and self._expires(stage):
            self._cloud.token_refused = True
        if self._cloud.token_refused and request.path != paths.INFO:
            return _answer(_REFUSED, 401)
        if request.path == paths.CHECK_JWT:
            return _answer(_VALID)
        if request.path not in self._bodies:
            return _answer(_UNKNOWN, 404)
        template = _given(*self._bodies[request.path])
        if request.path == paths.STREAM:
            return _answer(_STREAM_ON)
        body = fill(template, stage.relay, soc_pct(stage, self._charge_low_pct()))
        if request.path != paths.LIVEDATA:
            return _answer(body)
        body, epoch_s = live_body(body, self._clock.wall())
        return _answer(body, date_s=epoch_s)

    def _expires(self, stage: CycleStage) -> bool:
        """Tell whether the token ends now.

        Only on battery, where a failed poll is held over: on line, with
        NOCOMMS_DELAY=0, each one would hide the file and end the driver, and
        the cycle could not be followed.
        """
        return stage.relay == "open" and self._random.random() < EXPIRY_CHANCE

    def reconnect(self) -> None:
        """Nothing to drop."""

    def close(self) -> None:
        """Nothing to close."""


def _given(name: str, body: str) -> str:
    if not body.strip():
        raise DeviceUnreachable(_WHO, f"failed query ({name} is empty)")
    return body


def _answer(
    body: str | bytes, status: int = 200, date_s: float | None = None
) -> Answer:
    headers = {} if date_s is None else {"date": _http_date(date_s)}
    data = body.encode() if isinstance(body, str) else body
    return Answer(status, headers, data)


def _http_date(epoch_s: float) -> str:
    from email.utils import formatdate  # only TEST mode pays for it

    return formatdate(epoch_s, usegmt=True)
