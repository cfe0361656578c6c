"""What clients that people use make of the port files: through real upsd."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aionut import AIONUTClient, NUTError

from nutbridge.nut.port_file import PortFile
from nutbridge.system.clock import SystemClock
from tests.nut.fixtures import need_nut
from tests.nut.harness import SOON_S, UPS, Nut, program

pytestmark = pytest.mark.nut
ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("client_script.py")

#: Port files that a monitor wrote; the last is the second with another status.
OL = ROOT / "test-data/enphase/8.3_split_ongrid/expected.dev"
OB = ROOT / "test-data/enphase/8.3_split_islanded/expected.dev"
STATES = ("OL", "OB", "OB LB")

#: Text; clients make a number of everything else (Home Assistant's sensors with a
#: unit, for one, refuse a state that is none).
TEXTS = re.compile(
    r"(device|ups|driver|server)\..*|battery\.type|experimental\..*|.*\.phases"
)
NUMBERS = re.compile(
    r"ups\.(load|realpower|realpower\.nominal)|driver\.parameter\.poll.*"
)
#: Whole numbers where clients read them with atoi() or int().
WHOLE = ("battery.charge", "battery.runtime", "battery.charge.low", "ups.realpower")

Answer = dict[str, dict[str, str]]


class House:
    """A UPS whose port file changes, and its clients."""

    def __init__(self, nut: Nut, file: PortFile) -> None:
        self.nut = nut
        self._file = file

    def become(self, status: str | None) -> dict[str, str]:
        """Write a port file, or hide it; return what it shows when clients see it."""
        if status is None:
            self._file.hide()
            self.nut.wait_status(None)
            return {}
        text = (OL if status == "OL" else OB).read_text(encoding="ascii")
        text = re.sub("(?m)^ups.status: .*$", f"ups.status: {status}", text)
        self._file.write(text.encode("ascii"))
        self.nut.wait_status(status)
        pairs = (line.partition(": ") for line in text.splitlines())
        return {name: value for name, _, value in pairs if value != '""'}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    path = tmp_path_factory.mktemp("clients") / "home.dev"
    file = PortFile(path, SystemClock())
    file.write(OL.read_bytes())
    need_nut()
    nut = Nut(path)
    try:
        nut.start()
        nut.wait_status("OL")
        yield House(nut, file)
    finally:
        nut.stop()


def by_aionut(nut: Nut) -> Answer:
    """Home Assistant's: it takes UPSes first, then variables every minute."""

    async def ask() -> Answer:
        client = AIONUTClient("127.0.0.1", nut.port)
        try:
            found = {"ups": await client.list_ups()}
            try:
                found["vars"] = await client.list_vars(UPS)
            except NUTError as error:
                found["raised"] = {type(error).__name__: str(error)}
            return found
        finally:
            client.shutdown()

    return asyncio.run(ask())


def by_script(python: str, module: str) -> Callable[[Nut], Answer]:
    def ask(nut: Nut) -> Answer:
        command = [python, "-c", f"import warnings; import {module}"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip(
                f"{python} cannot import {module}: apt-get install python3-nut; nut2 "
                "needs Python 3.12 or older"
            )
        done = subprocess.run(
            [python, str(SCRIPT), module, str(nut.port), UPS],
            capture_output=True,
            text=True,
            timeout=SOON_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: Answer = json.loads(done.stdout)
        return found

    return ask


CLIENTS = {
    "aionut": by_aionut,
    "PyNUT": by_script("/usr/bin/python3", "PyNUT"),
    "nut2": by_script(sys.executable, "nut2"),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_python_client(client: str, house: House) -> None:
    ask = CLIENTS[client]
    for status in STATES:
        wanted = house.become(status)
        answer = ask(house.nut)
        assert UPS in answer["ups"]
        assert "raised" not in answer
        found = answer["vars"]
        assert wanted.items() <= found.items()
        assert {name for name, value in found.items() if not value} == set()
        of_types(found)
    house.become(None)
    gone = ask(house.nut)
    # The UPS is known, and has no values: Home Assistant's "unavailable".
    assert UPS in gone["ups"]
    assert "vars" not in gone
    assert "DRIVER-NOT-CONNECTED" in str(gone["raised"]).upper()
    house.become("OL")
    assert ask(house.nut)["vars"]["ups.status"] == "OL"


def of_types(found: dict[str, str]) -> None:
    for name, value in found.items():
        if NUMBERS.fullmatch(name) or not TEXTS.fullmatch(name):
            assert re.fullmatch(r"-?\d+(\.\d+)?", value), f"{name}: {value}"
    assert all(found[name].isdecimal() for name in WHOLE if name in found)
    assert set(found["ups.status"].split()) <= {"OL", "OB", "LB"}


def test_types_are_told_from_others() -> None:
    """The check above can fail."""
    fine = {"ups.status": "OB LB", "battery.charge": "92", "ups.model": "IQ"}
    of_types(fine)
    for wrong in ({"battery.charge": "92.5"}, {"input.voltage": ""}, {"ups.load": "x"}):
        with pytest.raises(AssertionError):
            of_types(fine | wrong)


def test_upsc_as_json(house: House) -> None:
    if " -j" not in upsc_help():
        pytest.skip("this NUT's upsc has no -j (it came after NUT 2.8.4)")
    wanted = house.become("OB")
    where = f"{UPS}@127.0.0.1:{house.nut.port}"
    done = subprocess.run(
        [program("upsc"), "-j", where], capture_output=True, text=True, check=True
    )
    assert wanted.items() <= json.loads(done.stdout).items()


def upsc_help() -> str:
    done = subprocess.run(
        [program("upsc"), "-h"], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_upslog(house: House) -> None:
    for status in (*STATES, None):
        wanted = house.become(status)
        line = logged(house.nut, "%VAR battery.charge%;%VAR ups.status%")
        charge = wanted.get("battery.charge", "NA")
        assert line == f"{charge};{status or 'NA'}"


def logged(nut: Nut, form: str) -> str:
    """Return the first line of upslog."""
    with subprocess.Popen(
        [
            *(program("upslog"), "-s", f"{UPS}@127.0.0.1:{nut.port}", "-l", "-"),
            *("-i", "30", "-u", "nobody", "-f", form),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as upslog:
        assert upslog.stdout is not None
        try:
            return next(line for line in upslog.stdout if ";" in line).strip()
        finally:
            upslog.terminate()
