"""The manual's examples for NUT, tried with the real upsd, upsmon and upssched."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from docutils import nodes
from docutils.core import publish_doctree

from nutbridge.man.pages import SOURCES
from tests.nut.harness import Nut, program, wait_until

#: The UPS, as the examples name it.
HOME = re.compile(r"\bhome@\S+")


def examples() -> list[str]:
    """Return the literal blocks of the page about NUT."""
    page = SOURCES / "nutbridge-nut.7.rst"
    tree = publish_doctree(
        page.read_text(encoding="utf-8"), settings_overrides={"report_level": 5}
    )
    return [block.astext() for block in tree.findall(nodes.literal_block)]


def only(start: str) -> str:
    """Return the one example that begins so."""
    (found,) = [text for text in examples() if text.startswith(start)]
    return found


def account(name: str) -> str:
    """Return a section of upsd.users, wherever it stands."""
    text = "\n".join(examples())
    return text[text.index(f"[{name}]") :].partition("\n\n")[0]


class NutOfTheManual(Nut):
    """NUT with the accounts of the manual, and one MONITOR line of it."""

    monitor = ""

    def _write(self, name: str, text: str) -> None:
        if name == "upsd.users":
            accounts = ("guard", "remote", "monuser")
            text = "\n".join(account(each) for each in accounts) + "\n"
        elif name == "upsmon.conf":
            text = re.sub("^MONITOR .*", self.monitor, text, flags=re.MULTILINE)
        super()._write(name, text)


@pytest.fixture
def nut(tmp_path: Path) -> Iterator[NutOfTheManual]:
    port_file = tmp_path / "home.dev"
    port_file.write_text("ups.status: OL\n")
    found = NutOfTheManual(port_file)
    try:
        found.start()
        yield found
    finally:
        found.stop()


@pytest.mark.nut
@pytest.mark.slow(5)
@pytest.mark.parametrize(
    "line",
    [
        only("MONITOR home@localhost 1 guard"),
        only("MONITOR home@192.168.1.10 1 remote"),
        # What DSM uses; it has no file to look at.
        "MONITOR ups@nas 1 monuser secret secondary",
    ],
)
def test_accounts_let_upsmon_in(nut: NutOfTheManual, line: str) -> None:
    where = f"{nut.ups}@127.0.0.1:{nut.port}"
    nut.monitor = re.sub(r"\w+@\S+", where, line, count=1)
    nut.wait_status("OL")
    nut.start_upsmon()  # waits for "Logged into UPS"
    # A primary whose account is no primary's: "... privileges unavailable".
    assert "unavailable" not in nut.log("upsmon")


def test_example_of_a_rack_ups_is_the_first_line_of_the_table() -> None:
    lines = only("MONITOR home@localhost 0").splitlines()
    assert [line.split()[2] for line in lines[:2]] == ["0", "1"]
    assert lines[2] == "MINSUPPLIES 1"


@pytest.mark.nut
@pytest.mark.slow(5)
def test_upssched_runs_the_command_after_its_time(tmp_path: Path) -> None:
    """With one second for half an hour, and a mark for the shutdown."""
    mark, script = tmp_path / "mark", tmp_path / "cmd"
    shell = only("#!/bin/sh")
    assert "/sbin/upsmon -c fsd" in shell
    script.write_text(shell.replace("/sbin/upsmon -c fsd", f"touch {mark}"))
    script.chmod(0o755)
    conf = only("CMDSCRIPT").replace("/usr/local/bin/upssched-cmd", str(script))
    conf = conf.replace("/run/nut", str(tmp_path)).replace(" 1800", " 1")
    (tmp_path / "upssched.conf").write_text(f"{conf}\n")
    subprocess.run(
        [program("upssched")],
        env={
            "PATH": os.environ["PATH"],
            "NUT_CONFPATH": str(tmp_path),
            "NOTIFYTYPE": "ONBATT",
            "UPSNAME": "home@localhost",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=20,
        check=True,
    )
    wait_until(mark.exists, 20, "the command of upssched")
    # Its helper ends by itself once no timer is left.
    wait_until(lambda: not (tmp_path / "upssched.pipe").exists(), 40, "its end")


def test_examples_name_one_ups() -> None:
    named = {found for text in examples() for found in HOME.findall(text)}
    assert named == {"home@localhost", "home@192.168.1.10"}
