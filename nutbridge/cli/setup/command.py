"""nutbridge setup: from nothing to a protected house, by questions or options."""

import os
from typing import Annotated

import typer

from nutbridge.cli.discover import Interface
from nutbridge.errors import UsageError

AFTERWARDS = """\
\b
Environment:
  ENPHASE_PASSWORD   password of the account
  SMA_PASSWORD       password of the inverter
  NUT_SYSCONFIG      folder of enphase-UPS.conf and ups.conf (or NUT_CONFPATH)
  NUT_LOCALSTATE     folder of the token (or NUT_STATEPATH)
  ENPHASE_LOGIN, ENPHASE_TOKENS   other addresses of the cloud
"""


def _text(option: str, metavar: str, text: str) -> object:
    return typer.Option(option, metavar=metavar, help=text, show_default=False)


Ups = Annotated[
    str | None,
    typer.Argument(metavar="[UPS]", help="Name of the UPS, as in ups.conf."),
]
Config = Annotated[
    str | None,
    typer.Option("-c", "--config", metavar="CONFIG", help="Write this config file."),
]
Host = Annotated[str | None, _text("--host", "HOST", "Name or address of the gateway.")]
SmaHost = Annotated[
    str | None,
    _text("--sma-host", "HOST", "An SMA inverter is the UPS: its name or address."),
]
Group = Annotated[
    str | None,
    _text("--group", "usr|istl", "Who logs in to an inverter with Webconnect."),
]
Serial = Annotated[
    str | None,
    _text("--serial", "SERIAL", "Which gateway it must be; else /info tells."),
]
Username = Annotated[
    str | None,
    _text(
        "--username",
        "NAME",
        "Login at Enphase Enlighten; the user made on an ennexOS inverter.",
    ),
]
PasswordFile = Annotated[
    str | None, _text("--password-file", "FILE", "Read the password from here.")
]
NoLogin = Annotated[
    bool,
    typer.Option(
        "--no-login",
        help="Do not log in: use the token that is there, or --token-file "
        "(accounts with a second factor).",
    ),
]
TokenFile = Annotated[
    str | None, _text("--token-file", "FILE", "Read a token from here.")
]
PortFile = Annotated[
    str | None,
    _text(
        "--port-file",
        "FILE",
        "What dummy-ups reads; if new /run/nutbridge/UPS.dev (without systemd "
        "/var/lib/nut/UPS.dev).",
    ),
]
StateDir = Annotated[
    str | None, _text("--state-dir", "DIR", "Folder of the token and the state.")
]
Append = Annotated[
    bool | None,
    typer.Option(
        "--append/--no-append",
        help="Append the section to ups.conf, or leave that to you.",
        show_default=False,
    ),
]
DropIns = Annotated[
    bool | None,
    typer.Option(
        "--drop-ins/--no-drop-ins",
        help="Write the drop-ins that NUT's units need here, or leave them.",
        show_default=False,
    ),
]
Enable = Annotated[bool, typer.Option("--enable", help="Run the systemctl lines, too.")]
Yes = Annotated[
    bool,
    typer.Option(
        "--yes", "-y", help="Ask nothing; ups.conf only changes with --append."
    ),
]
Root = Annotated[
    str, _text("--root", "DIR", "Look at and write all files below this folder.")
]


def _exclude(one: object, other: object, names: str) -> None:
    if one and other:
        raise UsageError(f"{names} exclude each other")


def setup(  # noqa: PLR0913 - one argument for each option
    *,
    ups: Ups = None,
    config: Config = None,
    host: Host = None,
    sma_host: SmaHost = None,
    group: Group = None,
    serial: Serial = None,
    username: Username = None,
    password_file: PasswordFile = None,
    no_login: NoLogin = False,
    token_file: TokenFile = None,
    port_file: PortFile = None,
    state_dir: StateDir = None,
    append: Append = None,
    drop_ins: DropIns = None,
    enable: Enable = False,
    yes: Yes = False,
    interface: Interface = None,
    root: Root = "",
) -> None:
    """Set up one UPS: config, token, port file and ups.conf.

    Finds the gateway, logs in, and makes sure that there is a System Controller
    and a battery (of an SMA inverter: a battery and the backup mode), before it
    writes. What is missing is asked. Run it again: what is right stays as it is.
    """
    from nutbridge.cli.common import quiet_logs
    from nutbridge.cli.setup.steps import Setup
    from nutbridge.tools.setup.context import SetupOptions

    quiet_logs()
    _exclude(host, sma_host, "--host and --sma-host")
    _exclude(root, enable, "--enable and --root")
    wishes = SetupOptions(
        ups=ups,
        config=config,
        host=host,
        sma_host=sma_host,
        group=group,
        serial=serial,
        username=username,
        password_file=password_file,
        login=not (no_login or token_file),
        token_file=token_file,
        port_file=port_file,
        state_dir=state_dir,
        append=append,
        drop_ins=drop_ins,
        enable=enable,
        yes=yes,
        interfaces=tuple(interface or ()),
        root=os.path.abspath(root).rstrip("/") if root else "",
    )
    Setup(wishes, os.environ).run()
