"""Which gateway, and with which token: the part of setup that asks the network."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from nutbridge.cli.ask import TRIES, ask, ask_secret
from nutbridge.cli.common import date_of, token_ended
from nutbridge.cli.setup.show import say, show_house
from nutbridge.config.file import read_password, read_plain
from nutbridge.errors import (
    DeviceError,
    LoginRefused,
    SecondFactorNeeded,
    TokenError,
    TokenRejected,
    UsageError,
    WrongDevice,
)
from nutbridge.net.pins import parse_pin
from nutbridge.net.worker import ThreadWaiter
from nutbridge.sources.discovery import SEARCH_S, SearchUnavailable
from nutbridge.sources.enphase.claims import (
    check_for,
    installer_warning,
    parse_token,
    pasted_token,
)
from nutbridge.sources.enphase.info import Info
from nutbridge.system.clock import SystemClock
from nutbridge.tools.setup.context import SetupContext, SetupOptions, check_host
from nutbridge.tools.setup.files import Disk
from nutbridge.tools.setup.probe import (
    GatewaySurvey,
    Login,
    Probe,
    check_house,
    fetch_token,
)
from nutbridge.tools.setup.search import FoundGateway, find_gateways

#: With the page that it was saved with.
_MOST_TOKEN_BYTES = 65536
_HOST_HINT = (
    "; is it an IQ Gateway (an SMA inverter: --sma-host), is it on, and is the address "
    "right? "
    "nutbridge discover looks for it"
)
_MFA = (
    "Enlighten wants a second factor for this account (MFA); get a token in the "
    "browser (https://entrez.enphaseenergy.com), put it into a file and run setup "
    "again with --no-login --token-file FILE, or switch MFA off"
)


class NoGateway(DeviceError):
    """Nothing there introduces itself as a gateway."""


@dataclass(frozen=True, slots=True)
class GatewayDialogue:
    """What is given to the questions about a gateway: options and the way to ask."""

    wishes: SetupOptions
    environ: Mapping[str, str] = field(repr=False)
    disk: Disk
    basis: SetupContext


@dataclass(frozen=True, slots=True)
class DialogueResult:
    """What a gateway has told, and the token for it.

    Attributes:
        values: keys of the config that were asked for or found out.
        token: for the gateway.
        house: what the gateway says with it.
    """

    values: Mapping[str, str] = field(repr=False)
    token: str = field(repr=False)
    house: GatewaySurvey


def find_host(wishes: SetupOptions, basis: SetupContext) -> str | None:
    """Return the gateway of option or config, or search and ask.

    Returns:
        None with --yes, when not exactly one is found.

    Raises:
        NoAnswer, UsageError: nobody says which.
    """
    if basis.host is not None:
        return basis.host
    found = _search(wishes.interfaces)
    if basis.known("SERIAL"):
        found = [each for each in found if each.serial == basis.settings.serial]
    for number, each in enumerate(found, start=1):
        firmware = each.firmware or "unknown"
        say(f"  {number}  {each.host}  serial {each.serial}, firmware {firmware}")
    if wishes.yes:
        return found[0].host if len(found) == 1 else None
    default = found[0].host if found else "envoy.local"
    numbers = [str(number) for number in range(1, len(found) + 1)]

    def check(answer: str) -> str:
        if not (answer.isascii() and answer.isdigit()):
            return check_host(answer)
        if answer not in numbers:
            raise UsageError(f"there is no number {answer} above")
        return found[int(answer) - 1].host

    what = (
        "Number, name or address"
        if len(found) > 1
        else "Name or address of the gateway"
    )
    return ask(what, default, check=check)


def _search(interfaces: tuple[str, ...]) -> list[FoundGateway]:
    say(f"Looking for gateways on this network, {SEARCH_S:g} s ...")
    try:
        found = find_gateways(SEARCH_S, interfaces)
    except SearchUnavailable as exc:
        say(str(exc))
        return []
    for each in found:
        if each.problem:
            say(f"  {each.problem}")
    usable = [each for each in found if not each.problem]
    if not usable:
        say("None found.")
    return usable


def visit_gateway(visit: GatewayDialogue, host: str) -> DialogueResult:
    """Log in and ask the gateway what is fitted.

    Raises:
        NutbridgeError: why this gateway cannot be used, with the remedy.
    """
    basis = visit.basis
    probe = Probe(
        host,
        SystemClock(),
        ThreadWaiter(),
        known=_known_fingerprint(visit),
        strict=basis.settings.envoy_tls == "strict",
        trust=trusting(basis, "ENVOY_HOST", host),
    )
    try:
        info = _introduced(probe)
        serial = info.serial or ""
        if basis.known("SERIAL") and serial != basis.settings.serial:
            raise WrongDevice(host, basis.settings.serial, serial)
        say(f"Gateway {serial} at {host}, firmware {info.software or 'unknown'}.")
        token, account = _token(visit, serial)
        try:
            house = probe.fetch_house(serial, token)
        except TokenRejected as exc:
            if account or not visit.wishes.login or exc.good:
                raise
            say("The gateway does not take the token that is there.")
            token, account = _log_in(visit, serial)
            house = probe.fetch_house(serial, token)
    finally:
        probe.close()
    show_house(house)
    allow = basis.settings.allow_no_controller
    check_house(host, house, allow_no_controller=allow)
    values = dict(account)
    if not basis.known("SERIAL"):
        values["SERIAL"] = serial
    if basis.host is None:
        values["ENVOY_HOST"] = host
    return DialogueResult(values, token, house)


def trusting(basis: SetupContext, key: str, host: str) -> str:
    """Return the command that accepts another certificate at an address.

    Args:
        basis: of the setup; its config says where else the device was.
        key: of the config, for the address.
        host: the address.
    """
    command = f"nutbridge gateway trust -c {shlex.quote(basis.places.config)}"
    return command if basis.old.get(key) == host else f"{command} --host {host}"


def _introduced(probe: Probe) -> Info:
    try:
        return probe.fetch_info()
    except DeviceError as exc:
        raise NoGateway(exc.what, f"{exc.problem}{_HOST_HINT}") from None


def _known_fingerprint(visit: GatewayDialogue) -> str | None:
    before, basis = visit.basis.old.get("SERIAL"), visit.basis
    if before is not None and basis.settings.serial != before:
        return None  # that of the gateway before it: this is a first contact
    seen = visit.disk.see(basis.places.fingerprint)
    found = parse_pin(seen.data) if seen else None
    return found.known if found else None


def _token(visit: GatewayDialogue, serial: str) -> tuple[str, dict[str, str]]:
    """Return a token, and the keys of the account if one was used."""
    wishes, places = visit.wishes, visit.basis.places
    if wishes.token_file:
        data, _ = read_plain(wishes.token_file, _MOST_TOKEN_BYTES)
        text = pasted_token(data)
        try:
            _show_token(text, serial)
        except TokenError as exc:
            raise TokenError(f"{wishes.token_file}: {exc}") from None
        return text, {}
    seen = visit.disk.see(places.token_file)
    stored = pasted_token(seen.data) if seen else ""
    if stored and (not wishes.login or _account_stands(visit)):
        try:
            _show_token(stored, serial)
        except TokenError as exc:
            say(f"{places.token_file}: {exc}")
        else:
            return stored, {}
    if not wishes.login:
        raise UsageError(
            f"--no-login needs a token for gateway {serial}; give --token-file FILE"
        )
    return _log_in(visit, serial)


def _show_token(text: str, serial: str) -> None:
    """Print how long a token lasts.

    Raises:
        TokenError: it is none, not for this gateway, or has ended.
    """
    claims = parse_token(text)
    check_for(claims, serial)
    if claims.expires_epoch <= SystemClock().wall():
        raise TokenError(token_ended(claims.expires_epoch))
    say(f"The token lasts until {date_of(claims.expires_epoch)}.")
    warning = installer_warning(claims)
    if warning is not None:
        say(f"Beware: {warning}.")


def _account_stands(visit: GatewayDialogue) -> bool:
    """Tell whether the config's account is still the one that is asked for."""
    old = visit.basis.old
    if not old.get("USERNAME") or not (old.get("PASSWORD") or old.get("PASSWORD_FILE")):
        return False
    new_name = visit.basis.wanted.get("USERNAME", old["USERNAME"])
    if new_name != old["USERNAME"]:
        return False
    given = _given_password(visit)
    # The old one may be lent to the service alone (credentials of systemd).
    return given is None or given == _old_password(visit)


def _given_password(visit: GatewayDialogue) -> str | None:
    if visit.wishes.password_file:
        return read_password(visit.wishes.password_file, "--password-file")
    return visit.environ.get("ENPHASE_PASSWORD") or None


def _old_password(visit: GatewayDialogue) -> str | None:
    settings = visit.basis.settings
    if settings.password_file is not None:
        return read_password(str(visit.disk.real(settings.password_file)))
    return settings.password or None


def _log_in(visit: GatewayDialogue, serial: str) -> tuple[str, dict[str, str]]:
    basis = visit.basis
    user, asked = basis.settings.username, not basis.known("USERNAME")
    given = _given_password(visit) or _old_password(visit)
    for left in reversed(range(TRIES)):
        if asked:  # again after a refusal: either may be mistyped
            user = ask("Enphase account (e-mail)", user)
        password = _checked(given or ask_secret("Password (not shown)"))
        login = Login(
            user, password, basis.settings.login_url, basis.settings.tokens_url
        )
        try:
            token = fetch_token(login, serial, SystemClock())
        except SecondFactorNeeded:
            raise SecondFactorNeeded(_MFA) from None
        except LoginRefused as exc:
            # Its wall against many logins is high: only a typing error is tried again.
            if given or not left:
                raise
            say(str(exc))
        else:
            break
    say("Logged in.")
    _show_token(token, serial)
    values = {"USERNAME": user}
    if basis.settings.password_file is None:
        values["PASSWORD"] = password
    elif password != _old_password(visit):
        raise UsageError(
            f"{basis.places.config} has PASSWORD_FILE; change the password in "
            f"{basis.settings.password_file}"
        )
    return token, values


def _checked(password: str) -> str:
    if not password.isprintable():
        raise UsageError("the password has characters that cannot be typed")
    return password
