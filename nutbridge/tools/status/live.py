"""The gateway asked by a person, beside the monitor.

Over a connection of its own, with the token that is there. Nothing is posted,
renewed or stored: a look changes neither the gateway nor our files.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from nutbridge.config.settings import Settings
from nutbridge.errors import ConfigError, DeviceError, TokenError
from nutbridge.net.pins import PinInMemory
from nutbridge.net.worker import retrying
from nutbridge.sources.enphase.gateway import Gateway
from nutbridge.sources.enphase.session import open_gateway, pins_of, site_of
from nutbridge.sources.enphase.source import EnphaseSource
from nutbridge.sources.enphase.token_store import TokenStore
from nutbridge.system.clock import Clock, Waiter
from nutbridge.ups.model import Facts, GridAnswer

#: The details of one look take no longer, s.
DETAILS_S = 15.0


class _LookToken:
    """The token that is there; a ``source.TokenKeeper``."""

    running = False

    def __init__(self, text: str) -> None:
        self.token: str | None = text

    def __repr__(self) -> str:
        return "<token>"

    def refused(self) -> None:
        pass

    def accepted(self) -> None:
        pass

    def poke(self, *, grid_gone: bool) -> None:
        pass

    def close(self) -> None:
        pass


def read_token(settings: Settings) -> str:
    """Return the token that is there.

    Raises:
        ConfigError: the token file cannot be read by this user, or everybody can.
        TokenError: there is none.
    """
    path = Path(settings.token_file)
    store = TokenStore(path, settings.serial, credential=settings.token_credential)
    text = store.peek()
    if text is None:
        raise TokenError(f"no usable token in {path}; see: nutbridge token show")
    return text


def read_only_gateway(
    settings: Settings, token: str, clock: Clock, waiter: Waiter
) -> Gateway:
    """Return the gateway of a config, which is only read, as are our files."""
    keeper = PinInMemory(pins_of(settings).peek())
    return open_gateway(
        site_of(settings), lambda: token, keeper, clock, waiter, read_only=True
    )


@dataclass(frozen=True, slots=True)
class LiveView:
    """What the gateway said just now.

    Attributes:
        answer: about the grid; None without a usable answer.
        facts: everything else it told.
        problem: why it told nothing about the grid, or None.
    """

    answer: GridAnswer | None
    facts: Facts
    problem: str | None = None


class LiveLook:
    """One connection to the gateway for several looks.

    Raises:
        ConfigError, TokenError: there is no token that this user may read.
    """

    def __init__(self, settings: Settings, clock: Clock, waiter: Waiter) -> None:
        if settings.test is not None:
            raise ConfigError(settings.config_path, "TEST", "=1 asks no gateway")
        token = read_token(settings)
        gateway = read_only_gateway(settings, token, clock, waiter)
        self._clock = clock
        self._request_s = 2 * settings.api_timeout_s
        self._source = EnphaseSource(
            gateway,
            _LookToken(token),
            functools.partial(retrying, clock=clock, waiter=waiter),
            clock,
            api_timeout_s=settings.api_timeout_s,
            disable_meters=settings.disable_meters,
        )

    def look(self, *, details: bool = True) -> LiveView:
        """Ask once: the grid, and with ``details`` everything else.

        Raises:
            Stopping: asked to end while waiting.
        """
        now = self._clock.boottime
        answer: GridAnswer | None = None
        problem: str | None = None
        try:
            answer = self._source.grid(now() + 2 * self._request_s + 1)
        except DeviceError as error:
            problem = str(error)
        if details and answer is not None:
            self._source.begin_round()
            self._source.details(now() + DETAILS_S)
        return LiveView(answer, self._source.facts, problem)

    def close(self) -> None:
        """Drop the connection."""
        self._source.close()
