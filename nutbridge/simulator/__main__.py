"""Stand-ins to try nutbridge with by hand, for people who have no hardware.

``python -m nutbridge.simulator`` starts a gateway and the cloud that knows its owner,
``python -m nutbridge.simulator sma DIR`` an inverter that answers from the folder DIR.
Both listen on 127.0.0.1 until ^C or the end of stdin, and print the config to use.
A line on stdin changes the house or the inverter (``--help``).
"""

import argparse
import errno
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nutbridge.simulator.cloud import CloudAccount, SimulatedCloud, config_of
from nutbridge.simulator.gateway import SimulatedGateway
from nutbridge.simulator.house import SimulatedHouse
from nutbridge.simulator.lines import (
    HOUSE,
    INVERTER,
    change_ennexos,
    change_house,
    change_inverter,
    obey,
)
from nutbridge.simulator.server import LOOPBACK, Server
from nutbridge.simulator.sma.ennexos import EnnexosDevice
from nutbridge.simulator.sma.inverter import SimulatedInverter

_LAST_PORT = 65535


def main() -> int:
    """Serve until the end of stdin."""
    parser = argparse.ArgumentParser(
        prog="python -m nutbridge.simulator",
        epilog=HOUSE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="A stand-in IQ Gateway and its cloud, on 127.0.0.1.",
    )
    parser.add_argument("--port", type=_port, default=0, help="of the gateway; 0: any")
    devices = parser.add_subparsers()
    inverter = devices.add_parser(
        "sma",
        help="an SMA inverter instead",
        epilog=INVERTER,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="A stand-in SMA inverter, on 127.0.0.1: Webconnect or ennexOS, "
        "as the folder has it.",
    )
    inverter.add_argument(
        "folder", type=_folder, help="folder with online.json or live.json"
    )
    inverter.add_argument(
        "--port", type=_port, default=argparse.SUPPRESS, help="0: any"
    )
    inverter.add_argument("--http", action="store_true", help="plain http")
    asked = parser.parse_args()
    # Its certificates go with it, however it is ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if "folder" in asked:
            return _serve_inverter(asked.folder, asked.port, tls=not asked.http)
        return _serve_gateway(asked.port)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        parser.error(f"--port {asked.port}: {error.strerror}")


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"0 to {_LAST_PORT}")
    return port


def _folder(text: str) -> Path:
    folder = Path(text)
    if not any((folder / name).is_file() for name in ("online.json", "live.json")):
        problem = f"{text}: neither online.json (Webconnect) nor live.json (ennexOS)"
        raise argparse.ArgumentTypeError(f"{problem} is in it")
    return folder


def _serve_gateway(port: int) -> int:
    account = CloudAccount()
    house = SimulatedHouse(serial=account.serial, batteries=1)
    with (
        Server(SimulatedGateway(house), port=port) as gateway,
        Server(SimulatedCloud(account)) as cloud,
        tempfile.TemporaryDirectory(prefix="nutbridge-simulator-") as folder,
    ):
        ca = Path(folder, "cloud.pem")
        ca.write_bytes(cloud.ca_pem)
        _print_config(config_of(account, f"{LOOPBACK}:{gateway.port}", cloud.url))
        _say(f"# and in the environment: SSL_CERT_FILE={ca}")
        obey(lambda words: change_house(house, gateway, words))
    return 0


def _serve_inverter(folder: Path, port: int, *, tls: bool) -> int:
    if (folder / "live.json").exists():
        return _serve_ennexos(folder, port, tls=tls)
    inverter = SimulatedInverter(folder, {"usr": "user", "istl": "installer"})
    with Server(inverter, port=port, tls=tls) as server:
        scheme, _, host = server.url.partition("://")
        _print_config({"SMA_HOST": host, "SMA_SCHEME": scheme, "SMA_PASSWORD": "user"})
        _say("# the other group: SMA_GROUP=istl, SMA_PASSWORD=installer")
        obey(lambda words: change_inverter(inverter, words))
    return 0


def _serve_ennexos(folder: Path, port: int, *, tls: bool) -> int:
    device = EnnexosDevice(folder, {"nut": "user"})
    with Server(device, port=port, tls=tls) as server:
        scheme, _, host = server.url.partition("://")
        _print_config(
            {
                "SMA_HOST": host,
                "SMA_SCHEME": scheme,
                "SMA_USER": "nut",
                "SMA_PASSWORD": "user",
            }
        )
        obey(lambda words: change_ennexos(device, words))
    return 0


def _print_config(config: Mapping[str, str]) -> None:
    for name, value in config.items():
        _say(f"{name}={shlex.quote(value)}")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the output of this program


if __name__ == "__main__":
    # A reader that has gone is no error of ours.
    try:
        code = main()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
