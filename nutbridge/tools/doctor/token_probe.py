"""Read the token and knock at the cloud; TokenStore would sweep its folder."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from nutbridge.errors import ConfigError, DeviceError, TokenError
from nutbridge.net.wire import Request
from nutbridge.sources.enphase.claims import (
    Claims,
    check_for,
    parse_token,
)
from nutbridge.sources.enphase.token_store import TokenStore
from nutbridge.tools.doctor.facts import CloudFacts, TokenFacts
from nutbridge.tools.doctor.place import DoctorContext

_CLOUD_S = 6.0


@dataclass(frozen=True, slots=True)
class TokenFileFacts:
    """A token with its claims, or why there is none."""

    text: str | None = field(default=None, repr=False)
    claims: Claims | None = None
    problem: str | None = None
    denied: bool = False


def read_token(place: DoctorContext) -> TokenFileFacts:
    """Return the token that the monitor would offer; nothing is changed."""
    settings = place.settings
    path = Path(settings.token_file)
    lent = settings.token_credential
    try:
        text = TokenStore(path, settings.serial, credential=lent).peek()
        foreign = None
        if text is None:
            foreign = TokenStore(path, None, credential=lent).peek()
    except ConfigError as exc:
        return TokenFileFacts(problem=str(exc), denied=exc.denied)
    if text is not None:
        return TokenFileFacts(text, parse_token(text))
    if foreign is None:
        there = os.path.lexists(path) or lent is not None
        what = "holds no token" if there else "there is no token yet"
        return TokenFileFacts(problem=f"{path}: {what}")
    claims = parse_token(foreign)
    problem = f"{path} is of no use"
    try:
        check_for(claims, settings.serial)
    except TokenError as exc:
        problem = f"{path}: {exc}"
    return TokenFileFacts(claims=claims, problem=problem)


def look_at_token(place: DoctorContext) -> TokenFacts:
    """Gather what the token says about itself."""
    found = read_token(place)
    return TokenFacts(found.problem, found.denied, found.claims, place.clock.wall())


def knock_at_cloud(place: DoctorContext) -> CloudFacts:
    """Ask both hosts of the cloud for their first page, without credentials."""
    urls = (place.settings.login_url, place.settings.tokens_url)
    hosts = tuple(dict.fromkeys(urlsplit(url).netloc for url in urls))
    problems: dict[str, str] = {}
    threads = [
        threading.Thread(target=_knock, args=(host, place, problems), daemon=True)
        for host in hosts
    ]
    for thread in threads:
        thread.start()
    _join(threads, place)
    late = {
        host: f"{host}: no answer"
        for host, thread in zip(hosts, threads, strict=True)
        if thread.is_alive()
    }
    return CloudFacts(hosts, tuple({**problems, **late}.values()))


def _knock(host: str, place: DoctorContext, problems: dict[str, str]) -> None:
    from nutbridge.net.https import CloudHttps

    wire = CloudHttps(place.clock, timeout_s=_CLOUD_S)
    try:
        # Any answer will do; HEAD has no body.
        wire.send(Request("HEAD", f"https://{host}/"), place.until)
    except DeviceError as exc:
        problems[host] = f"{host}: {exc.problem}"
    except ValueError:
        problems[host] = f"{host}: not a host"


def _join(threads: Sequence[threading.Thread], place: DoctorContext) -> None:
    for thread in threads:
        thread.join(place.left_s)
