"""What the manual says of doctor is what it does."""

from nutbridge.cli.doctor import LineStyle, as_lines
from nutbridge.man.pages import SOURCES
from nutbridge.tools.doctor.check import Finding
from nutbridge.tools.doctor.nut import NutFacts, deadtime
from nutbridge.tools.doctor.run import checks_for
from tests.tools.doctor.build import ALONE, facts, settings

PAGE = SOURCES / "nutbridge.1.rst"


def section() -> str:
    text = PAGE.read_text(encoding="utf-8")
    found = text.partition("\nWHAT IS WRONG?\n")[2]
    assert found
    return found[: found.index("\nWHAT WOULD HAPPEN?\n")]


def test_manual_names_every_check() -> None:
    text = section()
    rows = (*checks_for(settings()), *checks_for(settings(text=ALONE)))
    checks = [row.name for row in rows]
    assert [check for check in checks if f"``{check}``" not in text] == []


def test_readme_counts_the_checks() -> None:
    readme = (PAGE.parents[2] / "README.rst").read_text(encoding="utf-8")
    assert f"\n    {len(checks_for(settings()))} checks: " in readme


def test_manual_shows_what_doctor_shows() -> None:
    nut = NutFacts("/etc/nut", None, deadtime_s=15.0, restart_s=15.0)
    found = [Finding("deadtime", deadtime(facts(nut)))]
    drawn = as_lines(found, LineStyle(unicode=False, colour=False))
    lines = drawn.splitlines()[:-1]
    assert "".join(f"    {line}\n" for line in lines) in section()
