"""nutbridge discover: the gateways on this network."""

import sys
from typing import Annotated

import typer

from nutbridge.cli.common import finite
from nutbridge.errors import EX_UNAVAILABLE, NutbridgeError, UsageError
from nutbridge.system.text import printable


class NothingFound(NutbridgeError):
    """No gateway answered."""

    exit_code = EX_UNAVAILABLE


def _own_addresses(given: list[str] | None) -> list[str]:
    """Return the addresses to search from, checked.

    Raises:
        UsageError: one is none.
    """
    from ipaddress import ip_address  # seldom needed

    for each in given or ():
        try:
            ip_address(each)
        except ValueError:
            problem = "an address of this machine is needed, as 192.168.1.10"
            raise UsageError(f"--interface {each}: {problem}") from None
    # A list, always: typer 0.15 asks what a callback returns for its length.
    return given or []


Interface = Annotated[
    list[str] | None,
    typer.Option(
        "--interface",
        metavar="ADDRESS",
        callback=_own_addresses,
        help="Search from this own address only (may be repeated).",
    ),
]


def discover(
    *,
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds", metavar="S", min=0.5, max=60, help="How long to listen."
        ),
    ] = 3.0,
    interface: Interface = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a list for programs.")
    ] = False,
) -> None:
    """Find Enphase gateways on this network by multicast DNS.

    Prints address, serial number and firmware of each. Sends no password and no
    token. Exit status 69 when none is found.
    """
    from nutbridge.tools.setup.search import find_gateways

    found = find_gateways(finite("--seconds", seconds), interface or ())
    if as_json:
        import json

        rows = [
            {
                "host": each.host,
                "serial": each.serial,
                "firmware": each.firmware,
                "problem": each.problem,
            }
            for each in found
        ]
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    elif found:
        sys.stdout.write(f"{'ADDRESS':<22} {'SERIAL':<14} FIRMWARE\n")
        for each in found:
            last = each.firmware or each.problem or "unknown"
            line = f"{each.host:<22} {each.serial or 'unknown':<14} {last}"
            sys.stdout.write(f"{printable(line)}\n")
    if not found:
        raise NothingFound(
            f"no gateway found in {seconds:g} s; it must be on this network, and "
            "multicast (mDNS, UDP port 5353) must get through"
        )
