"""Why no Webconnect answers: ennexOS, the wrong scheme, or something passing.

Asked once, after a login has failed; no password and no session is involved.

Source: public clients and issue reports of both generations.
"""

import math
from http import HTTPStatus

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    NotWebconnect,
)
from nutbridge.net.wire import Request
from nutbridge.sources.sma.webconnect import paths
from nutbridge.sources.sma.webconnect.answers import REDIRECTS
from nutbridge.sources.sma.webconnect.connect import connect, open_wire

#: ennexOS answers one of these, if only with a refusal; nothing is in the POST.
_ENNEXOS_ASKED = (
    Request("GET", paths.ENNEXOS),
    Request("GET", f"{paths.ENNEXOS}/token"),
    Request("POST", f"{paths.ENNEXOS}/token"),
)
#: Any web page redirects, and a server that starts answers 5xx.
_NO_SIGN = (*REDIRECTS, HTTPStatus.NOT_FOUND, *range(500, 600))


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
        timeout_s: of each of at most four more requests.
        option: how its user names the scheme.
    """
    if isinstance(error, NotWebconnect) and error.redirected:
        return NotWebconnect(host, f"https only: use {option}https")
    # A DeviceAnswerError and nothing more: the login was refused with 401 or 405.
    answered = isinstance(error, NotWebconnect) or type(error) is DeviceAnswerError
    if answered and _is_ennexos(host, scheme, timeout_s):
        return NotWebconnect(
            host, "this is ennexOS (/api/v1), not Webconnect: not supported"
        )
    if not isinstance(error, NotWebconnect | DeviceUnreachable):
        return error
    other = "http" if scheme == "https" else "https"
    if _speaks(host, other, timeout_s):
        return NotWebconnect(host, f"{other} only: use {option}{other}")
    if isinstance(error, NotWebconnect):
        return NotWebconnect(
            error.what,
            f"{error.problem} (another kind of device, such as ennexOS with "
            "/api/v1, or a web server that is just restarting)",
            error.status,
        )
    return error


def _is_ennexos(host: str, scheme: str, timeout_s: float) -> bool:
    wire = open_wire(host, scheme=scheme, timeout_s=timeout_s)
    try:
        for request in _ENNEXOS_ASKED:
            answer = wire.send(request, math.inf)
            if answer.body.lstrip().startswith(b'{"err"'):
                continue  # a Webconnect unit that does not know the path
            if answer.status not in _NO_SIGN:
                return True
    except DeviceError:
        return False
    finally:
        wire.close()
    return False


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
