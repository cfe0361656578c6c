"""Rows and readings."""

import re

import pytest

from nutbridge.nut.port_text import PortText, render, values_in
from nutbridge.system.terminal import WIDTH
from nutbridge.tools.demo import table
from nutbridge.tools.demo.reading import ClientView, parse_upsc
from nutbridge.tools.demo.script import STEPS

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
WIDEST = ClientView("OB LB DISCHRG", "100", "172800", "1000.5")


def row(
    reading: ClientView, *, what: str = "x", seen_s: float | None = 7.25, colour: bool
) -> str:
    return table.row(65.0, what, reading, seen_s, absent="not connected", colour=colour)


def test_row_columns_stand_below_the_heading() -> None:
    _, lower, rule = table.heading()
    line = row(ClientView("OB", "22", "48", "90"), colour=False)
    assert line[: len(" 1:05 x")] == " 1:05 x"
    assert line.index("OB") == lower.index("ups.status")
    for value, name in (("22 %", "charge"), ("48 s", "runtime"), ("90 %", "load")):
        assert line.index(value) + len(value) == lower.index(name) + len(name)
    assert line.endswith("7.2 s")
    assert len(line) == len(rule) == WIDTH


def test_row_nothing_is_wider_than_80() -> None:
    for what in ("x", "x" * 99):
        assert len(row(WIDEST, what=what, seen_s=59.9, colour=False)) <= WIDTH
    assert all(len(line) <= WIDTH for line in table.heading())


def test_row_every_text_of_the_script_fits() -> None:
    for step in STEPS:
        assert len(step.what) <= table.WHAT_WIDTH
        assert len(step.before) <= table.WHAT_WIDTH


def test_row_unknown_values_are_dashes() -> None:
    line = row(ClientView(), seen_s=None, colour=False)
    assert line.split() == ["1:05", "x", "not", "connected", "-", "-", "-"]


@pytest.mark.parametrize("status", [None, "OL", "OB", "OB LB", "OL CHRG"])
def test_row_colour_changes_no_column(status: str | None) -> None:
    coloured = row(ClientView(status, "5", "6", "7"), colour=True)
    plain = row(ClientView(status, "5", "6", "7"), colour=False)
    assert coloured != plain
    assert ESCAPE.sub("", coloured) == plain


def test_reading_of_upsc() -> None:
    text = "battery.charge: 22\nups.load: 90\nups.status: OB LB\nodd line\n"
    assert ClientView.from_variables(parse_upsc(text)) == ClientView(
        "OB LB", "22", None, "90"
    )


def test_reading_of_a_driver_that_starts_is_none() -> None:
    assert ClientView.from_variables({"ups.status": "WAIT"}) is None


def test_reading_of_a_port_file() -> None:
    values = {"ups.status": "OB LB", "battery.charge": "18.5", "ups.load": None}
    data = render(PortText(), values, None)
    variables = values_in(data)
    assert ClientView.from_variables(variables) == ClientView(
        "OB LB", "18.5", None, None
    )
    assert variables["device.mfr"] == "Enphase Energy"


@pytest.mark.parametrize(
    ("now", "worth"),
    [
        (ClientView("OB", "22", "40", "90"), False),
        (ClientView("OL", "22", "48", "90"), True),
        (ClientView("OB", "21", "48", "90"), True),
        (ClientView("OB", "22", "48", None), True),
    ],
)
def test_reading_the_runtime_alone_is_worth_no_row(
    now: ClientView, *, worth: bool
) -> None:
    assert now.worth_a_row(ClientView("OB", "22", "48", "90")) is worth
    assert now.worth_a_row(None)
