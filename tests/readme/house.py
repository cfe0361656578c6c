"""Gateway and cloud of a box, in a network of their own.

Run as ``python -m tests.readme.house FILE``: writes what one must know to FILE, does
what lines on stdin say (nutbridge/simulator/lines.py) and ends with it.
"""

import fcntl
import json
import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from nutbridge.config.keys import KEYS
from nutbridge.simulator.cloud import SimulatedCloud
from nutbridge.simulator.gateway import SimulatedGateway
from nutbridge.simulator.lines import change_house, obey
from nutbridge.simulator.server import Server

# linux/sockios.h, linux/if.h
_SIOCSIFFLAGS = 0x8914
_IFF_UP_RUNNING = 0x1 | 0x40

PASSWORD = "pass word"
#: Free in a network of its own; a config outlives one house.
GATEWAY_PORT = 8443


@dataclass(frozen=True, slots=True)
class House:
    """What the owner of the house knows.

    Attributes:
        host: of the gateway, as ENVOY_HOST has it.
        serial: of the gateway.
        email, password: of the account.
        ca_pem: what signs the cloud's certificate.
    """

    CLOUD_NAMES: ClassVar[tuple[str, ...]] = tuple(
        KEYS[name].default.split("/")[2] for name in ("ENPHASE_LOGIN", "ENPHASE_TOKENS")
    )

    host: str
    serial: str
    email: str
    password: str
    ca_pem: str

    @classmethod
    def from_json(cls, fields: Mapping[str, str]) -> "House":
        return cls(**fields)


def main(file: Path) -> None:
    loopback_up()
    gateway, cloud = SimulatedGateway(), SimulatedCloud()
    cloud.account.password = PASSWORD
    with ExitStack() as stack:
        device = stack.enter_context(Server(gateway, port=GATEWAY_PORT))
        names = "*." + House.CLOUD_NAMES[0].partition(".")[2]
        server = stack.enter_context(Server(cloud, port=443, idle_s=None, name=names))
        told = House(
            host=f"127.0.0.1:{device.port}",
            serial=gateway.house.serial,
            email=cloud.account.email,
            password=PASSWORD,
            ca_pem=server.ca_pem.decode(),
        )
        part = file.with_suffix(".part")
        part.write_text(json.dumps(asdict(told)))
        part.rename(file)
        obey(lambda words: change_house(gateway.house, device, words))


def loopback_up() -> None:
    """A new network has its loopback switched off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        request = struct.pack("16sh14x", b"lo", _IFF_UP_RUNNING)
        fcntl.ioctl(door, _SIOCSIFFLAGS, request)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
