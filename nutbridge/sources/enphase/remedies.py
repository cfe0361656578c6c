"""What to do about a gateway that gives no answer of use: one remedy per cause (pure).

A cause that is not known to be lasting has no other remedy than to ask again.
"""

from typing import NamedTuple

from nutbridge.errors import (
    CertificateChanged,
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    TokenRejected,
    WrongDevice,
)
from nutbridge.net.jsonfields import WEB_PAGE
from nutbridge.sources.enphase.info import Info

#: A clock before this (2001) was never set.
SET_FROM_EPOCH = 1.0e9

AGAIN = "ask again in a minute"
UNREACHABLE = "is it on, and is ENVOY_HOST right? nutbridge discover looks for it"
CLOCK_NOT_SET = (
    "its clock was never set: it takes the time from the internet; a gateway judges "
    "tokens by its own clock"
)
#: Of an inventory that is empty twice: normal in a house without either, and for
#: some minutes after the start of a gateway.
NO_DEVICES = "it lists no devices: this house has no battery and no controller"
NO_DEVICES_REMEDY = (
    "such a gateway can be no UPS; only if it has started within the last 5 minutes "
    "it may still find them: try again then"
)
NO_BATTERY = "no IQ Battery is fitted: OB when the grid is gone, and never LB"
NO_BATTERY_REMEDY = "to shut down after a time on battery: upssched"
_UPDATE = "Enphase updates it over the internet"
#: An endpoint that is not there: not found, or moved to a page that says so.
_MISSING = (*range(300, 400), 404, 405, 410)


class Diagnosis(NamedTuple):
    """What is wrong with a request.

    Attributes:
        remedy: what to do; empty where the error says it already.
        lasting: it stays until somebody does something.
        of_device: it is that of the gateway, the same for each request.
    """

    remedy: str
    lasting: bool = False
    of_device: bool = False


def diagnose(
    error: DeviceError,
    info: Info | None = None,
    epoch_s: float | None = None,
    *,
    accepted: bool = False,
) -> Diagnosis:
    """Return what is wrong and what to do about it.

    Args:
        error: of the request.
        info: what the gateway says about itself, where it was asked.
        epoch_s: the gateway's own clock, where it was seen.
        accepted: the gateway has taken this token before.
    """
    if isinstance(error, CertificateChanged | WrongDevice):
        return Diagnosis("")  # their own text has it
    if info is not None and info.takes_tokens is False:
        return Diagnosis(no_tokens(info), lasting=True, of_device=True)
    if isinstance(error, DeviceUnreachable):
        return Diagnosis(UNREACHABLE)
    path = error.what[error.what.find("/") :] if "/" in error.what else "this"
    if isinstance(error, TokenRejected):
        good = accepted if error.good is None else error.good
        return _of_refusal(error, path, epoch_s, good=good)
    if isinstance(error, DeviceAnswerError):
        return _of_answer(error, path)
    return Diagnosis("")


def _of_refusal(
    error: TokenRejected, path: str, epoch_s: float | None, *, good: bool
) -> Diagnosis:
    if good:
        return Diagnosis(
            "the token is good, but the gateway does not let its account read "
            f"{path}; newer firmware does ({_UPDATE})",
            lasting=True,
        )
    if epoch_s is not None and epoch_s < SET_FROM_EPOCH:
        return Diagnosis(CLOCK_NOT_SET, lasting=True)
    if error.good is None:
        return Diagnosis(
            f"{AGAIN}: a gateway that has restarted refuses good tokens for a while"
        )
    return Diagnosis("nutbridge token renew, or nutbridge token import")


def _of_answer(error: DeviceAnswerError, path: str) -> Diagnosis:
    if error.problem == WEB_PAGE:
        return Diagnosis(
            "ENVOY_HOST may lead to another device; a gateway that is just starting "
            "needs some minutes",
            lasting=True,
        )
    if error.status is not None and error.status in _MISSING:
        return Diagnosis(f"this firmware has no {path}; {_UPDATE}", lasting=True)
    return Diagnosis(f"{AGAIN}; the gateway may be busy or restarting")


def no_tokens(info: Info) -> str:
    """Return what to do about a gateway of before firmware 7."""
    software = info.software or "unknown"
    return (
        f"firmware {software} knows no tokens; firmware 7 or later is needed: {_UPDATE}"
    )
