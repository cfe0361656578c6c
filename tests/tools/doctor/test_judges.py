"""Judges of files and lock: what a test machine cannot bring about."""

from dataclasses import replace

import pytest

from nutbridge.tools.doctor import judge_files, judge_nut, judge_token
from nutbridge.tools.doctor.facts import (
    DiskEntry,
    DoctorFacts,
    NutFacts,
    TokenFacts,
)
from nutbridge.tools.doctor.finding import CheckOutcome
from tests.tools.doctor.build import (
    GOOD_FILES,
    PORT,
    settings,
    told,
    with_files,
)

HIDDEN = {
    "port": DiskEntry(PORT),
    "twin": DiskEntry(f"{PORT}-nocomms", 0o644, "nut:nut"),
}


def test_files_that_are_right() -> None:
    facts = with_files()
    for judge in (
        *(judge_files.judge_config_access, judge_files.judge_folders),
        *(judge_files.judge_port_file, judge_files.judge_file_system),
        *(judge_files.judge_port_path, judge_files.judge_monitor),
    ):
        told(judge(facts), CheckOutcome.OK)
    told(judge_files.judge_selinux(facts), CheckOutcome.SKIPPED, "not in use")


def test_config_that_the_monitor_cannot_read() -> None:
    config = replace(GOOD_FILES.config, usable=False, mode=0o600, owner="pi:pi")
    facts = with_files(config=config)
    told(
        judge_files.judge_config_access(facts), CheckOutcome.FAILED, "nut", "chmod 640"
    )


def test_files_of_the_monitor_that_are_not_for_it_to_read() -> None:
    """A command run as root once may have left them."""
    closed = DiskEntry("/var/lib/nut/x", 0o600, "root:root", usable=False)
    facts = with_files(passwords=(closed,))
    told(
        judge_files.judge_config_access(facts),
        CheckOutcome.FAILED,
        closed.path,
        "chown",
    )
    facts = with_files(kept=(closed,))
    told(
        judge_files.judge_folders(facts), CheckOutcome.FAILED, closed.path, "chown nut"
    )
    facts = with_files(kept=(DiskEntry("/var/lib/nut/x"),))
    told(judge_files.judge_folders(facts), CheckOutcome.OK)
    token = TokenFacts(None, denied=False, claims=None, now=0.0)
    facts = replace(with_files(token=closed), token=token)
    told(judge_token.judge_token(facts), CheckOutcome.FAILED, closed.path, "chown nut")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mode": None}, ("does not exist", "mkdir")),
        ({"mode": 0o777}, ("open to everybody", "chmod o-w")),
        ({"usable": False}, ("nut", "cannot write there", "chown")),
    ],
)
def test_folders_of_no_use(changes: dict[str, object], words: tuple[str, ...]) -> None:
    folder = replace(GOOD_FILES.folders[0], **changes)  # type: ignore[arg-type]
    facts = with_files(folders=(folder,))
    told(judge_files.judge_folders(facts), CheckOutcome.FAILED, *words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"plain": False}, ("no plain file",)),
        ({"usable": False}, ("cannot be read by nut", "chmod a+r")),
        ({"mode": None}, ("does not exist", f"touch {PORT}-nocomms")),
    ],
)
def test_port_file_of_no_use(
    changes: dict[str, object], words: tuple[str, ...]
) -> None:
    port = replace(GOOD_FILES.port, **changes)  # type: ignore[arg-type]
    facts = with_files(port=port, twin=DiskEntry(f"{PORT}-nocomms"))
    told(judge_files.judge_port_file(facts), CheckOutcome.FAILED, *words)


def test_places_that_may_not_be_looked_at() -> None:
    """Not as root: what cannot be seen is said, with the remedy, and does not hold."""
    facts = with_files(
        denied="/var/lib/nut", port=DiskEntry(PORT), folders=(), kinds={}, held=None
    )
    for judge in (
        *(judge_files.judge_folders, judge_files.judge_port_file),
        *(judge_files.judge_file_system, judge_files.judge_monitor),
    ):
        told(judge(facts), CheckOutcome.SKIPPED, "sudo")
    token = TokenFacts("may not be read", denied=True, claims=None, now=0.0)
    told(
        judge_token.judge_token(replace(facts, token=token)),
        CheckOutcome.SKIPPED,
        "sudo",
    )
    nut = NutFacts("/etc/nut", None, denied=True)
    told(judge_nut.judge_section(replace(facts, nut=nut)), CheckOutcome.SKIPPED, "sudo")


@pytest.mark.parametrize("odd", [" ", "@", "#", '"', "\u00e4"])
def test_port_path_that_ups_conf_would_cut(odd: str) -> None:
    facts = DoctorFacts(settings(f"/var/lib/nut/my{odd}home.dev"))
    told(judge_files.judge_port_path(facts), CheckOutcome.FAILED, "PORT_FILE")


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_file_system_of_another_machine(kind: str) -> None:
    facts = with_files(kinds={"/var/lib/nut": kind})
    told(judge_files.judge_file_system(facts), CheckOutcome.FAILED, kind)


@pytest.mark.parametrize(
    ("label", "result"),
    [
        ("system_u:object_r:nut_conf_t:s0", CheckOutcome.OK),
        ("system_u:object_r:var_run_t:s0", CheckOutcome.WARNING),
        ("system_u:object_r:var_lib_t:s0", CheckOutcome.WARNING),
        ("unconfined_u:object_r:user_home_t:s0", CheckOutcome.FAILED),
        ("system_u:object_r:unlabeled_t:s0", CheckOutcome.FAILED),
        ("", CheckOutcome.FAILED),
    ],
)
def test_selinux_label(label: str, result: CheckOutcome) -> None:
    told(judge_files.judge_selinux(with_files(label=label)), result, "/var/lib/nut")


@pytest.mark.parametrize(
    ("changes", "result", "words"),
    [
        ({"held": False}, CheckOutcome.FAILED, ("claims OL", "no monitor runs")),
        ({"held": False, "status": "OB LB"}, CheckOutcome.FAILED, ("claims OB LB",)),
        ({"held": False, "status": None}, CheckOutcome.FAILED, ("no status", "as OL")),
        ({"held": False, **HIDDEN}, CheckOutcome.FAILED, ("hidden", "start")),
        (HIDDEN, CheckOutcome.OK, ("hidden", "pid 7")),
        (
            {"held": False, "port": DiskEntry(PORT)},
            CheckOutcome.FAILED,
            ("missing", "start"),
        ),
        ({"held": None}, CheckOutcome.SKIPPED, ("cannot be seen",)),
    ],
)
def test_claim_without_a_monitor(
    changes: dict[str, object], result: CheckOutcome, words: tuple[str, ...]
) -> None:
    told(judge_files.judge_monitor(with_files(**changes)), result, *words)


@pytest.mark.parametrize(("status", "safe"), [("OL", True), ("OB", False)])
def test_driver_is_not_to_be_stopped_on_battery(status: str, *, safe: bool) -> None:
    """A driver that ends after OB shuts the house down."""
    verdict = judge_files.judge_monitor(with_files(held=False, status=status))
    assert ("stop nut-driver@home" in verdict.remedy) is safe
    assert "start enphase-monitor@home" in verdict.remedy
