"""Keeps a token ready, and gets new ones in a thread beside the loop.

A renewal runs in a daemon thread of its own. The token in use is offered until
a new one was verified and stored. When to try is decided in claims.py.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from nutbridge.errors import CloudError, NutbridgeError, TokenError
from nutbridge.sources.enphase.claims import (
    PAUSE_AFTER_SUCCESS_S,
    PROBATION_S,
    RENEW_BEFORE_S,
    SHORT_LIFE_S,
    Claims,
    Need,
    cached_claims,
    installer_warning,
    is_due,
    parse_token,
    pause_after_failure,
    pause_after_success,
    renew_at,
)
from nutbridge.system.clock import Clock, Waiter
from nutbridge.ups.status.saved import RetryState, restored_pause
from nutbridge.ups.units import spoken_days

__all__ = ["Renewal", "TokenCloud", "TokenFile"]

_log = logging.getLogger(__name__)

#: Limit of one renewal; each of its two requests has LOGIN_TIMEOUT as well, s.
LIMIT_S = 120.0


class TokenCloud(Protocol):
    """What a renewal needs of the cloud (``cloud.Cloud``)."""

    def new_token(self, old: Claims | None, until: float) -> str:
        """Return a verified token, or raise CloudError."""
        ...

    def close(self) -> None:
        """Drop the connection."""
        ...


class TokenFile(Protocol):
    """What a renewal needs of the token file (``token_store.TokenStore``)."""

    def read(self) -> str | None:
        """Return the cached token."""
        ...

    def fresh(self) -> str | None:
        """Return a token that somebody else has cached."""
        ...

    def store(self, text: str) -> None:
        """Replace the cached token."""
        ...


class _Token(NamedTuple):
    """A token and what it says about itself; never shown."""

    text: str
    claims: Claims

    def __repr__(self) -> str:
        return "<token>"


class Renewal:
    """The token of one gateway, kept and renewed. Call it from the loop's thread only.

    Args:
        make_cloud: called in the background thread, once per renewal.
        store: the token file; read at once.
        clock: CLOCK_BOOTTIME and wall time.
        waiter: woken when a renewal has ended.
        state: what the last run left.
        pause_after_success_s: 0 in TEST mode, where tokens end at random.

    Raises:
        ConfigError: the token file is readable by everybody, and the like.
    """

    def __init__(
        self,
        *,
        make_cloud: Callable[[], TokenCloud],
        store: TokenFile,
        clock: Clock,
        waiter: Waiter,
        state: RetryState | None = None,
        pause_after_success_s: float = PAUSE_AFTER_SUCCESS_S,
    ) -> None:
        self._make_cloud = make_cloud
        self._store = store
        self._clock = clock
        self._waiter = waiter
        self._pause_after_success_s = pause_after_success_s
        self._lock = threading.Lock()
        self._running = False
        self._closed = False
        self._refused = False
        self._got_at: float | None = None
        self._state = state or RetryState()
        self._urgent_from = clock.boottime() + restored_pause(self._state, clock.wall())
        self._planned_from = self._urgent_from
        text = store.read()
        self._token = None if text is None else _Token(text, cached_claims(text))
        if self._token is not None:
            self._warn(self._token.claims)

    @property
    def token(self) -> str | None:
        """The text to offer, or None. Never log it."""
        token = self._token
        return None if token is None else token.text

    @property
    def claims(self) -> Claims | None:
        """What the token says about itself."""
        token = self._token
        return None if token is None else token.claims

    @property
    def running(self) -> bool:
        """Whether a renewal is on its way."""
        return self._running

    @property
    def retry_state(self) -> RetryState:
        """What to keep over a restart; an object that changes with its value."""
        return self._state

    def refused(self) -> None:
        """Note that the gateway says the token is not valid (check_jwt)."""
        self._refused = True

    def accepted(self) -> None:
        """Note that the gateway takes the token after all."""
        self._refused = False

    def poke(self, *, grid_gone: bool) -> None:
        """Start a renewal when one is due. Returns at once."""
        if self._running or self._closed:
            return
        self._look_at_file()
        claims = self.claims
        renew_epoch = None if claims is None else renew_at(claims)
        need = Need(renew_epoch, refused=self._refused, grid_gone=grid_gone)
        if is_due(
            need,
            wall=self._clock.wall(),
            boot=self._clock.boottime(),
            urgent_from=self._urgent_from,
            planned_from=self._planned_from,
        ):
            self._running = True
            try:
                threading.Thread(
                    target=self._renew, name="renewal", daemon=True
                ).start()
            except RuntimeError:  # no more threads; the next poll tries again
                self._running = False
                raise

    def _look_at_file(self) -> None:
        """Take a token that a person has brought (nutbridge token import)."""
        text = self._store.fresh()
        if text is not None and text != self.token:
            token = self._token = _Token(text, cached_claims(text))
            self._refused = False
            _log.info("token taken from the changed file; %s", self._left(token.claims))

    def wait(self, until: float) -> bool:
        """Wait for the renewal on its way, if any.

        Args:
            until: CLOCK_BOOTTIME, s.

        Returns:
            True when there is a token, and none is on its way.

        Raises:
            Stopping: asked to end while waiting.
        """
        while self._running:
            left = until - self._clock.boottime()
            if left <= 0 or not (self._waiter.wait(left) or not self._running):
                return False
        return self._token is not None

    def close(self) -> None:
        """Take nothing from a renewal that is still on its way."""
        with self._lock:
            self._closed = True

    def _renew(self) -> None:
        helps = not self._refused
        error: NutbridgeError = CloudError("internal error, see above")
        new: _Token | None = None
        try:
            text = self._fetch(self.claims if helps else None)
            new = _Token(text, parse_token(text))
        except (CloudError, TokenError) as caught:
            error = caught
        except OSError as caught:
            error = CloudError(f"cannot ask: {caught.strerror or caught}")
        finally:
            # Whatever ends this thread counts as a failure: the loop would else
            # start the next one at once.
            self._finish(new, error)

    def _finish(self, new: _Token | None, error: NutbridgeError) -> None:
        try:
            with self._lock:
                if self._closed:
                    return
                if new is None:
                    self._note_failure(error)
                else:
                    self._take(new)
        finally:
            self._running = False
            self._waiter.wake()

    def _fetch(self, old: Claims | None) -> str:
        cloud = self._make_cloud()
        try:
            return cloud.new_token(old, self._clock.boottime() + LIMIT_S)
        finally:
            cloud.close()

    def _note_failure(self, error: NutbridgeError) -> None:
        failures = self._state.failures + 1
        pause_s = pause_after_failure(failures, getattr(error, "pause_s", 0.0))
        self._pause(pause_s, pause_s, failures)
        claims = self.claims
        left = "" if claims is None else f"; {self._left(claims)}"
        _log.warning(
            "no new token: %s%s; next try at %s",
            error,
            left,
            _shown(self._state.next_try_epoch),
        )

    def _take(self, new: _Token) -> None:
        now = self._clock.boottime()
        useless = (
            self._refused
            and self._got_at is not None
            and now - self._got_at < PROBATION_S
        )
        failures = self._state.failures + 1 if useless else 0
        urgent_s = pause_after_success(failures, self._pause_after_success_s)
        # By its own account a token is renewed after half its life at the
        # earliest; a wall clock that is decades ahead must not say otherwise.
        half_life_s = (new.claims.life_s or SHORT_LIFE_S) / 2
        planned_s = max(urgent_s, half_life_s)
        try:
            self._store.store(new.text)
        except (OSError, NutbridgeError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            _log.warning("new token kept in memory only: %s", reason)
        self._token = new
        self._refused = False
        self._got_at = now
        self._pause(urgent_s, planned_s, failures)
        _log.info("new token; %s", self._left(new.claims))
        self._warn(new.claims)

    def _pause(self, urgent_s: float, planned_s: float, failures: int) -> None:
        now = self._clock.boottime()
        self._urgent_from = now + urgent_s
        self._planned_from = now + planned_s
        # After a token that helps, a restart without its file may ask at once.
        self._state = (
            RetryState(self._clock.wall() + urgent_s, failures)
            if failures
            else RetryState()
        )

    def _left(self, claims: Claims) -> str:
        left_s = claims.expires_epoch - self._clock.wall()
        when = _shown(claims.expires_epoch)
        if left_s <= 0:
            return f"ended {when}"
        return f"it ends in {spoken_days(left_s)} ({when})"

    def _warn(self, claims: Claims) -> None:
        warning = installer_warning(claims)
        if warning is not None:
            _log.warning("%s", warning)
        elif claims.expires_epoch - self._clock.wall() < RENEW_BEFORE_S:
            _log.warning("the token in use: %s", self._left(claims))


def _shown(epoch: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(epoch))
