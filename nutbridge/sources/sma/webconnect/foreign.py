"""Why no Webconnect answers: the wrong scheme, another device, or a restart.

Asked once, after a login has failed, of a device that has not proven to be an
ennexOS one (inverter.py); no password and no session is involved.

Source: public clients and issue reports.
"""

from http import HTTPStatus

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    NotWebconnect,
)
from nutbridge.sources.sma.webconnect.connect import connect

_KEPT_OUT = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def explain(
    error: DeviceError,
    host: str,
    *,
    scheme: str,
    timeout_s: float = 5.0,
    option: str = "--scheme ",
) -> DeviceError:
    """Return an error that names the cause, or ``error`` if none is found.

    Args:
        error: what a login or a first request raised.
        host: HOST[:PORT].
        scheme: ``https`` or ``http``, as tried.
        timeout_s: of one more request.
        option: how its user names the scheme.
    """
    if isinstance(error, NotWebconnect) and error.redirected:
        return NotWebconnect(host, f"https only: use {option}https")
    # An inverter says what it refuses in its JSON, with status 200.
    kept_out = type(error) is DeviceAnswerError and error.status in _KEPT_OUT
    if not (kept_out or isinstance(error, NotWebconnect | DeviceUnreachable)):
        return error
    other = "http" if scheme == "https" else "https"
    if _speaks(host, other, timeout_s):
        return NotWebconnect(host, f"{other} only: use {option}{other}")
    if isinstance(error, DeviceAnswerError):
        return NotWebconnect(
            error.what,
            f"{error.problem} (another kind of device, such as an IQ Gateway or a "
            "router, or a web server that is just restarting)",
            error.status,
        )
    error.remedy = "is it on, and is the address right?"
    return error


def _speaks(host: str, scheme: str, timeout_s: float) -> bool:
    """Tell whether Webconnect answers with this scheme; needs no session."""
    client = connect(host, password="", scheme=scheme, timeout_s=timeout_s)
    try:
        client.free_sessions()
    except DeviceError:
        return False
    finally:
        client.close()
    return True
