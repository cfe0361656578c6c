"""nutbridge discover, and the search in setup: real mDNS on loopback."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from zeroconf import ServiceInfo, Zeroconf
from zeroconf._dns import DNSPointer
from zeroconf._protocol.outgoing import DNSOutgoing

from nutbridge.errors import EX_UNAVAILABLE, EX_USAGE
from nutbridge.simulator.gateway import SimulatedGateway
from nutbridge.simulator.house import SimulatedHouse
from nutbridge.sources.discovery import SERVICE
from nutbridge.tools.setup.context import SetupOptions
from tests.fakes.failures import spoiled
from tests.fakes.fixtures import running
from tests.fakes.spoil import version
from tests.tools.setup.site import PASSWORD, Machine

LOOPBACK = "127.0.0.1"
#: Who has just answered somebody else waits a second before the next answer.
SECONDS = "3"

#: RFC 1035 and 6762: flags of a response, type PTR, class IN.
_RESPONSE, _PTR, _IN = 0x8400, 12, 1


def announcement(
    name: str, port: int, serial: bytes | None, *others: str
) -> ServiceInfo:
    return ServiceInfo(
        SERVICE,
        f"{name}.{SERVICE}",
        addresses=[socket.inet_aton(address) for address in (*others, LOOPBACK)],
        port=port,
        properties={} if serial is None else {"serialnum": serial},
        server=f"{name}.local.",
    )


@pytest.fixture
def network() -> Iterator[Zeroconf]:
    found = Zeroconf(interfaces=[LOOPBACK])
    yield found
    found.close()


@pytest.fixture
def announced(machine: Machine, network: Zeroconf) -> Machine:
    """The gateway announces itself; others may be there: tests run side by side.

    It is found although it announces addresses where it does not answer.
    """
    serial = str(100000000000 + machine.gateway.server.port)
    machine.gateway.house.serial = machine.cloud.account.serial = serial
    name = f"envoy-{machine.gateway.server.port}"
    port = machine.gateway.server.port
    nowhere = ("169.254.120.1", "127.0.0.2")
    network.register_service(announcement(name, port, serial.encode(), *nowhere))
    return machine


def discover(*options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            *(sys.executable, "-m", "nutbridge", "discover"),
            *("--interface", LOOPBACK, "--seconds", SECONDS, *options),
        ],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow(5)
def test_gateway_is_found_and_asked_who_it_is(announced: Machine) -> None:
    done = discover()
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["ADDRESS", "SERIAL", "FIRMWARE"]
    host, serial = announced.gateway.host, announced.gateway.house.serial
    assert [host, serial, "D8.3.5169"] in [row.split() for row in rows]
    assert not [
        asked for asked in announced.gateway.server.counts.recent if asked.bearer
    ]


@pytest.mark.slow(5)
def test_json(announced: Machine) -> None:
    done = discover("--json")
    assert (done.returncode, done.stderr) == (0, "")
    wanted = {
        "host": announced.gateway.host,
        "serial": announced.gateway.house.serial,
        "firmware": "D8.3.5169",
        "problem": None,
    }
    assert wanted in json.loads(done.stdout)


@pytest.mark.slow(5)
def test_gateway_that_announces_ipv6_alone(network: Zeroconf) -> None:
    """Nobody answers there; it is found, and shown as ENVOY_HOST takes it."""
    with socket.create_server((LOOPBACK, 0)) as spare:
        port = spare.getsockname()[1]
    found = announcement(f"v6-{port}", port, b"122000000006")
    found.addresses = [
        socket.inet_pton(socket.AF_INET6, each) for each in ("fe80::1", "2001:db8::6")
    ]
    network.register_service(found)
    rows = {row["host"]: row for row in json.loads(discover("--json").stdout)}
    assert rows[f"[2001:db8::6]:{port}"]["serial"] == "122000000006"


@pytest.mark.slow(5)
def test_silent_and_lying_announcements(network: Zeroconf) -> None:
    """A closed port, a hostile serial number: shown as what they are."""
    with socket.create_server((LOOPBACK, 0)) as spare:
        port = spare.getsockname()[1]
    network.register_service(announcement(f"x-{port}", port, b"\x1b[2J\n1"))
    done = discover("--json")
    rows = {row["host"]: row for row in json.loads(done.stdout)}
    assert rows[f"{LOOPBACK}:{port}"]["serial"] is None
    assert rows[f"{LOOPBACK}:{port}"]["problem"]


ODD_NAMES = ("odd._http._tcp.local.", f"\x1b[2J.{SERVICE}", SERVICE)


@contextlib.contextmanager
def shouting(network: Zeroconf) -> Iterator[None]:
    """Send pointers to names that no gateway may have, again and again."""
    packet = DNSOutgoing(_RESPONSE)
    for name in ODD_NAMES:
        packet.add_answer_at_time(DNSPointer(SERVICE, _PTR, _IN, 5, name), 0)
    done = threading.Event()

    def shout() -> None:
        while not done.wait(0.2):
            network.send(packet)

    thread = threading.Thread(target=shout)
    thread.start()
    yield
    done.set()
    thread.join()


@pytest.mark.slow(5)
def test_odd_names_hide_no_gateway(network: Zeroconf) -> None:
    """Neither do odd ports: 0, and the 80 of a gateway's plain page, mean 443.

    A gateway of two names is one, whatever they say of it.
    """
    with socket.create_server((LOOPBACK, 0)) as spare:
        port = spare.getsockname()[1]
    services = (("a", port, None), ("b", 0, None), ("c", 80, b"122000000001"))
    for name, announced, serial in services:
        network.register_service(announcement(f"{name}-{port}", announced, serial))
    with shouting(network):
        done = discover("--json")
    assert done.stderr == ""
    hosts = [row["host"] for row in json.loads(done.stdout)]
    assert set(hosts) >= {f"{LOOPBACK}:{port}", LOOPBACK}
    assert hosts.count(LOOPBACK) == 1


def test_interface_that_is_none() -> None:
    done = discover("--interface", "192.0.2.1")
    assert done.returncode == EX_UNAVAILABLE
    last = done.stderr.splitlines()[-1]
    assert "cannot be searched" in last
    assert "Errno" not in last


@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own: run as root")
def test_machine_without_a_network() -> None:
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-m", "nutbridge", "discover"],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (EX_UNAVAILABLE, "")
    problem = "the network cannot be searched: no interface has an address"
    assert done.stderr == f"nutbridge: {problem}\n"


def test_interface_that_is_no_address() -> None:
    """A name of one, most often; nothing is searched, nor asked instead."""
    done = discover("--interface", "eth0")
    assert (done.returncode, done.stdout) == (EX_USAGE, "")
    assert "--interface eth0: an address of this machine is needed" in done.stderr


def test_without_zeroconf(tmp_path: Path) -> None:
    """The extra is not installed: what to do, in one line."""
    program = (
        "import sys; sys.modules['zeroconf'] = None; sys.argv[1:] = ['discover'];"
        "from nutbridge.cli.tools import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == EX_UNAVAILABLE
    assert "install 'nutbridge[discovery]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow(5)
def test_setup_takes_the_gateway_it_finds(
    announced: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --yes the only gateway with that serial number; nothing is asked."""
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    wishes = SetupOptions(
        ups="home",
        username=announced.cloud.account.email,
        serial=announced.gateway.house.serial,
        yes=True,
        interfaces=(LOOPBACK,),
        root=str(announced.root),
    )
    done = announced.run_here(monkeypatch, wishes)
    assert (done.code, done.err) == (0, "")
    text = announced.config.read_text(encoding="utf-8")
    assert f"ENVOY_HOST='{announced.gateway.host}'" in text


@pytest.mark.slow(8)
def test_setup_lists_several_gateways(
    announced: Machine, network: Zeroconf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --yes none is chosen; a person chooses by number."""
    serial = announced.gateway.house.serial
    wishes = SetupOptions(
        ups="home", serial=serial, interfaces=(LOOPBACK,), root=str(announced.root)
    )
    before = announced.tree()
    with running(SimulatedGateway(SimulatedHouse(serial=serial))) as (server, faults):
        faults.always(spoiled(version(b"")), "/info")
        name = f"second-{server.port}"
        network.register_service(announcement(name, server.port, serial.encode()))
        ports = sorted((announced.gateway.server.port, server.port), key=str)
        unasked = announced.run_here(monkeypatch, replace(wishes, yes=True))
        asked = announced.run_here(monkeypatch, wishes, stdin="3\n2\n")
    assert "needs: --host" in unasked.err
    for number, port in enumerate(ports, start=1):
        assert f"  {number}  {LOOPBACK}:{port}  serial {serial}" in unasked.out
    assert "firmware unknown" in unasked.out
    assert "there is no number 3 above" in asked.out
    assert f"Gateway {serial} at {LOOPBACK}:{ports[1]}" in asked.out
    assert announced.tree() == before


def test_seconds_that_are_no_number() -> None:
    """Typer lets ``nan`` pass: the last --seconds counts."""
    done = discover("--seconds", "nan")
    assert done.returncode == 2
    assert done.stderr == "nutbridge: --seconds takes a number of seconds\n"
