"""The token file and the cloud; TokenStore would sweep its folder."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from nutbridge.errors import ConfigError, DeviceError, TokenError
from nutbridge.net.wire import Request
from nutbridge.sources.enphase.claims import (
    Claims,
    check_for,
    parse_token,
    renew_at,
)
from nutbridge.sources.enphase.token_store import TokenStore
from nutbridge.tools.doctor.check import (
    CheckVerdict,
    DoctorFacts,
    Gathered,
    check,
    failed,
    not_allowed,
    ok,
    skipped,
    warning,
)
from nutbridge.tools.doctor.context import DoctorContext
from nutbridge.tools.doctor.files import FileFacts
from nutbridge.ups.units import SECONDS_PER_DAY, spoken_days

_CLOUD_S = 6.0
#: Renewal begins 30 days before the end, at half of a short life; a day later
#: it has been tried several times.
_LATE_S = SECONDS_PER_DAY


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


@dataclass(frozen=True, slots=True)
class TokenFacts(Gathered):
    """The token file.

    Attributes:
        problem: why there is no usable token, with what is wrong; never a part
            of it.
        denied: the file may not be read.
        claims: what the token says.
        now: wall clock of this machine, s since 1970.
    """

    WHAT: ClassVar[str] = "the token file"
    REAL_ONLY: ClassVar[bool] = True

    problem: str | None
    denied: bool
    claims: Claims | None
    now: float

    @classmethod
    def gather(cls, place: DoctorContext) -> "TokenFacts":
        """Read what the token says about itself."""
        found = read_token(place)
        return cls(found.problem, found.denied, found.claims, place.clock.wall())


@dataclass(frozen=True, slots=True)
class CloudFacts(Gathered):
    """Whether the cloud's hosts answer.

    Attributes:
        hosts: asked.
        problems: one sentence per host that does not answer.
    """

    WHAT: ClassVar[str] = "the Enphase cloud"
    REAL_ONLY: ClassVar[bool] = True

    hosts: tuple[str, ...]
    problems: tuple[str, ...] = ()

    @classmethod
    def gather(cls, place: DoctorContext) -> "CloudFacts":
        """Ask both hosts for their first page, without credentials."""
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
        return cls(hosts, tuple({**problems, **late}.values()))


def _knock(host: str, place: DoctorContext, problems: dict[str, str]) -> None:
    from nutbridge.net.cloud_https import CloudHttps

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


@check("token")
def token_file(facts: DoctorFacts) -> CheckVerdict:
    """The token file: there, private, for this gateway."""
    token = facts.need(TokenFacts)
    if token.denied:
        return not_allowed(token.problem or "the token may not be read")
    files = facts.get(FileFacts)
    entry = files.token if files else None
    if files is not None and entry is not None and entry.there and not entry.usable:
        who = files.monitor.name
        return failed(
            f"{entry.path} cannot be read by {who}, who runs the monitor",
            f"chown {who} {entry.path}",
        )
    if files is not None and entry is not None and entry.there and token.problem:
        # Root reads what anybody has put there, and does not believe it.
        owner, who = entry.owner.partition(":")[0], files.monitor.name
        if owner not in (who, "root"):
            return failed(
                f"{entry.path} is {owner}'s, and {who} runs the monitor",
                f"chown {who} {entry.path}",
            )
    if token.problem is None:
        return ok(f"the token is for gateway {facts.settings.serial}")
    ups = facts.settings.ups
    if facts.settings.username:
        log = facts.services.log(f"enphase-monitor@{ups}")
        how = f"the monitor gets one: {log} tells why not"
        return failed(token.problem, f"{how}; or: nutbridge token import {ups}")
    return failed(token.problem, f"nutbridge token import {ups}")


@check("token-account")
def token_account(facts: DoctorFacts) -> CheckVerdict:
    """Whose token it is: an owner's lasts a year, an installer's 12 hours."""
    claims = facts.need(TokenFacts).claims
    if claims is None:
        return skipped("token: whose it is is not known without one")
    who = claims.user or "unknown"
    if who == "owner":
        return ok("the token is the owner's")
    return warning(
        f"the token is of an account of kind {who}, whose tokens may live 12 h only",
        "use the owner's account: USERNAME and PASSWORD in the config",
    )


@check("token-days")
def token_days(facts: DoctorFacts) -> CheckVerdict:
    """How long the token lives; the monitor renews it in time, if it can."""
    token = facts.need(TokenFacts)
    if token.claims is None:
        return skipped("token: how long it lives is not known without one")
    left_s = token.claims.expires_epoch - token.now
    ups = facts.settings.ups
    by_hand = f"nutbridge token import {ups}"
    renewal = f"nutbridge token renew {ups}"
    if left_s <= 0:
        return failed(
            f"the token ended {spoken_days(-left_s)} ago",
            renewal if facts.settings.username else by_hand,
        )
    shown = f"the token lives {spoken_days(left_s)} more"
    overdue_s = token.now - renew_at(token.claims)
    if not facts.settings.username and overdue_s > 0:
        return warning(f"{shown}, and nobody can renew it", by_hand)
    if overdue_s > _LATE_S:
        return warning(f"{shown}, its renewal is overdue", renewal)
    return ok(shown)


@check("cloud")
def cloud_answers(facts: DoctorFacts) -> CheckVerdict:
    """The cloud: needed for a new token only, so a warning at most."""
    cloud = facts.need(CloudFacts)
    if cloud.problems:
        return warning(
            f"the Enphase cloud cannot be reached: {'; '.join(cloud.problems)}",
            "needed for a new token only; see to DNS, firewall and clock",
        )
    return ok(f"the Enphase cloud answers ({', '.join(cloud.hosts)})")
