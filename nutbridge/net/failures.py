"""What goes wrong on a connection, in a few words and without data of the peer."""

import errno
import os
import ssl
from collections.abc import Iterator

#: The host is there, and nothing listens at that port.
REFUSED = "connection refused"

_TEXTS = {
    errno.ECONNREFUSED: REFUSED,
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection reset",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "network is unreachable",
    errno.ETIMEDOUT: "no answer from the host",
}


class LinkError(Exception):
    """No answer; the text says why.

    Attributes:
        dropped: an idle connection that the device gave up.
    """

    def __init__(self, problem: str, *, dropped: bool = False) -> None:
        self.dropped = dropped
        super().__init__(problem)


class NotConnectedError(LinkError):
    """No connection: another address may do."""


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it comes from: libraries wrap what the system said."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def describe(error: BaseException, unknown: str = "no connection") -> str:
    """Say what the system or TLS said; ``unknown`` when neither said anything."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"certificate not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS error {cause.reason or 'without a reason'}"
        if isinstance(cause, OSError) and cause.errno:
            return _TEXTS.get(cause.errno) or os.strerror(cause.errno).lower()
    return unknown


def ended_in_handshake(error: BaseException) -> bool:
    """Tell whether the peer broke the connection off, where TLS was to begin."""
    return any(isinstance(c, ssl.SSLEOFError | ConnectionError) for c in causes(error))
