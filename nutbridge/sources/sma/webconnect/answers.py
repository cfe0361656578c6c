"""What an answer of SMA Webconnect says: its result, or which error.

Every answer comes with HTTP status 200; what went wrong stands in ``err``.

Source: captures of SB3.0-1AV-41, firmware 4.0.55.R, and public clients.
"""

import re
from typing import Any

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    NoFreeSession,
    NotWebconnect,
)
from nutbridge.net.jsonfields import BodyError, parse_json, whole
from nutbridge.net.wire import Answer

# HTTP statuses.
OK = 200
REDIRECTS = range(300, 400)
NOT_FOUND = 404

#: Numbers of ``err``.
SESSION_ENDED = 401
NO_SERVICE = 404
NO_SESSION_FREE = 503
_ERR_MAX = 99_999
_NUMBER = re.compile("[0-9]{1,5}")


def result_of(what: str, answer: Answer, *, login: bool = False) -> Any:
    """Return the ``result`` of an answer.

    Args:
        what: host and path.
        answer: to it.
        login: err 503 means that all sessions are taken; to a question for data it
            means something else, the session lives.

    Raises:
        NotWebconnect, NoFreeSession, DeviceAnswerError: there is none.
    """
    status = answer.status
    if status in REDIRECTS:
        to_https = answer.headers.get("location", "").lower().startswith("https:")
        problem = f"answered {status}, a redirect, which is not followed"
        if to_https:
            problem += "; it wants https"
        raise NotWebconnect(what, problem, status, redirected=to_https)
    if status == NOT_FOUND:
        raise NotWebconnect(what, "answered 404: no Webconnect here", status)
    if status != OK:
        raise DeviceAnswerError(what, f"answered {status}", status)
    try:
        value = parse_json(answer.body)
    except BodyError as error:
        raise NotWebconnect(what, str(error)) from None
    if isinstance(value, dict) and "err" in value:
        raise _refusal(what, value["err"], login=login)
    if not isinstance(value, dict) or "result" not in value:
        raise DeviceAnswerError(what, "JSON without a result")
    return value["result"]


def _refusal(what: str, err: object, *, login: bool) -> DeviceError:
    code = _first_number(err)
    if code == NO_SERVICE:
        return NotWebconnect(what, "err 404: no such service here, or not now", code)
    if code == NO_SESSION_FREE and login:
        return NoFreeSession(what, "err 503: no free session", code)
    if code == NO_SESSION_FREE:
        problem = "err 503: it does not answer this now; the session lives"
        return DeviceAnswerError(what, problem, code)
    if code is None:
        return DeviceAnswerError(what, "an error without a number")
    return DeviceAnswerError(what, f"err {code}", code)


def _first_number(err: object) -> int | None:
    """Return the number of an ``err``, which may hide in an object or a list."""
    for _ in range(4):
        if isinstance(err, dict):
            err = list(err.values())
        if not isinstance(err, list):
            break
        err = next((one for one in err if not _is_word(one)), None)
    if isinstance(err, str) and not _is_word(err):
        err = int(err)
    return whole({"": err}, "", -_ERR_MAX, _ERR_MAX)


def _is_word(found: object) -> bool:
    """Tell whether it is a text that is no number."""
    return isinstance(found, str) and _NUMBER.fullmatch(found) is None
