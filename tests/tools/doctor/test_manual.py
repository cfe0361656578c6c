"""What the manual says of doctor is what it does."""

from nutbridge.cli.doctor import LineStyle, as_lines
from nutbridge.man.pages import SOURCES
from nutbridge.tools.doctor import judge_nut
from nutbridge.tools.doctor.checks import rows_for
from nutbridge.tools.doctor.facts import DoctorFacts, NutFacts
from nutbridge.tools.doctor.finding import Finding
from tests.tools.doctor.build import settings

PAGE = SOURCES / "nutbridge.1.rst"


def section() -> str:
    text = PAGE.read_text(encoding="utf-8")
    found = text.partition("\nWHAT IS WRONG?\n")[2]
    assert found
    return found[: found.index("\nWHAT WOULD HAPPEN?\n")]


def test_manual_names_every_check() -> None:
    text = section()
    alone = settings(text="SMA_HOST=x\nSMA_PASSWORD=y\nPORT_FILE=/x/y.dev\n")
    rows = (*rows_for(settings()), *rows_for(alone))
    checks = [row.check for row in rows]
    assert [check for check in checks if f"``{check}``" not in text] == []


def test_manual_shows_what_doctor_shows() -> None:
    nut = NutFacts("/etc/nut", None, deadtime_s=15.0, restart_s=15.0)
    verdict = judge_nut.judge_deadtime(DoctorFacts(settings(), nut=nut))
    drawn = as_lines(
        [Finding("deadtime", verdict)], LineStyle(unicode=False, colour=False)
    )
    lines = drawn.splitlines()[:-1]
    assert "".join(f"    {line}\n" for line in lines) in section()
