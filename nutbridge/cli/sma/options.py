"""Options of the commands nutbridge sma, and what they ask for together."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from nutbridge.errors import UsageError

if TYPE_CHECKING:
    from nutbridge.cli.sma.session import Target

Host = Annotated[
    str,
    typer.Option(
        "--host",
        metavar="HOST[:PORT]",
        envvar="SMA_HOST",
        help="Name or address of the inverter.",
        show_default=False,
    ),
]
PasswordFile = Annotated[
    str | None,
    typer.Option(
        "--password-file",
        metavar="FILE",
        help="Read the password from here. Without it SMA_PASSWORD is taken, or "
        "you are asked.",
    ),
]
User = Annotated[
    str,
    typer.Option(
        "--user",
        metavar="NAME",
        envvar="SMA_USER",
        help="User made on an ennexOS device; Webconnect has groups instead.",
        show_default=False,
    ),
]
Group = Annotated[
    str, typer.Option("--group", metavar="usr|istl", help="User or installer.")
]
Scheme = Annotated[
    str,
    typer.Option(
        "--scheme", metavar="https|http", help="Old firmware (2.x) speaks http only."
    ),
]
Fingerprint = Annotated[
    str | None,
    typer.Option(
        "--fingerprint",
        metavar="SHA256",
        help="Certificate that the inverter must show; nothing is sent to another.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Show it as JSON.")]
Params = Annotated[
    bool, typer.Option("--params", help="Parameters instead of present values.")
]
Lang = Annotated[
    str,
    typer.Option(
        "--lang", metavar="LANGUAGE", help="Language of the inverter's texts."
    ),
]
Class = Annotated[
    int | None,
    typer.Option(
        "--class",
        metavar="N",
        min=0,
        help="Only this device class: 1 solar, 7 battery, 9 hybrid inverter, 65 meter.",
    ),
]
Raw = Annotated[
    bool, typer.Option("--raw", help="Add keys and the values as they were sent.")
]
Wait = Annotated[
    float,
    typer.Option(
        "--wait",
        metavar="SECONDS",
        min=0,
        max=86400,
        help="While no session is free, try again every 10 s for so long.",
    ),
]
Wanted = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY|NAME-GLOB]...", help="What to list.", show_default=False
    ),
]
Csv = Annotated[bool, typer.Option("--csv", help="Show it as CSV.")]
Watch = Annotated[
    float | None,
    typer.Option("--watch", metavar="SECONDS", help="Ask again so often, until ^C."),
]
WAIT_S = 60.0

_GROUPS = ("usr", "istl")
_SCHEMES = ("https", "http")


def target_of(
    host: str,
    password_file: str | None,
    group: str,
    scheme: str,
    fingerprint: str | None,
    user: str = "",
) -> "Target":
    """Return which inverter is meant.

    Raises:
        UsageError: something is missing or not one of what is allowed.
        ConfigError: the password file cannot be used.
    """
    from nutbridge.cli.sma.session import (
        Target,
        check_fingerprint,
        say,
        warn_of_length,
    )
    from nutbridge.config.sma import of_the_portal

    if not host:
        raise UsageError("which inverter? --host HOST[:PORT], or SMA_HOST")
    for option, value, allowed in (
        ("--group", group, _GROUPS),
        ("--scheme", scheme, _SCHEMES),
    ):
        if value not in allowed:
            raise UsageError(f"{option} takes {' or '.join(allowed)}, not {value!r}")
    checked = check_fingerprint(fingerprint, scheme)
    password = _password(password_file)
    if not user:
        warn_of_length(password)
    elif "@" in user:
        say(f"warning: --user {of_the_portal()}")
    return Target(host, password, group, scheme, checked, user)


def _password(file: str | None) -> str:
    if file is not None:
        from nutbridge.config.file import read_password

        return read_password(file, "--password-file")
    found = os.environ.get("SMA_PASSWORD")
    if found:
        return found
    if not sys.stdin.isatty():
        raise UsageError("no password: --password-file FILE, or SMA_PASSWORD")
    import getpass

    try:
        found = getpass.getpass("Password of the inverter: ", stream=sys.stderr)
    except EOFError:
        found = ""
    if not found:
        raise UsageError("no password was typed")
    return found


def language_of(wanted: str) -> str:
    """Return the full name of a language.

    Raises:
        UsageError: inverters do not have it.
    """
    from nutbridge.sources.sma.webconnect.language import LANGUAGES, find_language

    found = find_language(wanted)
    if found is None:
        raise UsageError(f"--lang takes one of {', '.join(LANGUAGES)}")
    return found
