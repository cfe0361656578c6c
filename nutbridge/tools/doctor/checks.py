"""The table of checks, and how their facts are gathered: side by side, in time.

A row names its check (stable, for --json), the part of ``DoctorFacts`` it needs, and
its judge. A part that is late fails its rows by name, instead of holding the
others up.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nutbridge.config.settings import Settings
from nutbridge.system.clock import Clock
from nutbridge.tools.doctor import judge_files as files
from nutbridge.tools.doctor import judge_gateway as gateway
from nutbridge.tools.doctor import judge_inverter as inverter
from nutbridge.tools.doctor import judge_nut as nut
from nutbridge.tools.doctor import judge_storage as storage
from nutbridge.tools.doctor import judge_token as token
from nutbridge.tools.doctor.facts import DoctorFacts
from nutbridge.tools.doctor.files_probe import look_at_files
from nutbridge.tools.doctor.finding import (
    CheckOutcome,
    CheckVerdict,
    Finding,
    failed,
    skipped,
)
from nutbridge.tools.doctor.gateway_probe import ask_gateway
from nutbridge.tools.doctor.inverter_probe import ask_inverter
from nutbridge.tools.doctor.nut_probe import (
    look_at_nut,
    look_at_unit,
    look_at_upsd,
)
from nutbridge.tools.doctor.place import DoctorContext
from nutbridge.tools.doctor.token_probe import (
    knock_at_cloud,
    look_at_token,
)

#: A probe that stands still may hold us up for so long after its own time, s.
GRACE_S = 1.0
#: A session of an inverter gets so long to be ended when a signal comes, s.
LEAVE_S = 2.0


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check.

    Attributes:
        check: its name.
        needs: part of ``DoctorFacts``.
        judge: decides.
        mild: of something that protects nobody: a warning at most.
    """

    check: str
    needs: str
    judge: Callable[[DoctorFacts], CheckVerdict]
    mild: bool = False


#: Part of ``DoctorFacts``: who gathers it, and what it is called when it is late.
PROBES: Mapping[str, tuple[Callable[[DoctorContext], Any], str]] = {
    "files": (look_at_files, "the folders of config and port file"),
    "nut": (look_at_nut, "NUT's config and programs"),
    "token": (look_at_token, "the token file"),
    "unit": (look_at_unit, "systemd"),
    "cloud": (knock_at_cloud, "the Enphase cloud"),
    "upsd": (look_at_upsd, "upsd"),
    "gateway": (ask_gateway, "the gateway"),
    "inverter": (ask_inverter, "the inverter"),
}

_HERE = (
    CheckRow("config", "settings", files.judge_config),
    CheckRow("config-keys", "settings", files.judge_config_keys),
    CheckRow("config-values", "settings", files.judge_config_values),
    CheckRow("config-permissions", "files", files.judge_config_access),
    CheckRow("folders", "files", files.judge_folders),
    CheckRow("port-file", "files", files.judge_port_file),
    CheckRow("port-path", "settings", files.judge_port_path),
    CheckRow("file-system", "files", files.judge_file_system),
    CheckRow("selinux", "files", files.judge_selinux),
    CheckRow("monitor", "files", files.judge_monitor),
    CheckRow("ups-conf", "nut", nut.judge_section),
    CheckRow("ups-conf-port", "nut", nut.judge_section_port),
    CheckRow("ups-conf-mode", "nut", nut.judge_section_mode),
    CheckRow("ups-conf-pollinterval", "nut", nut.judge_section_poll),
    CheckRow("driver-socket", "nut", nut.judge_socket),
    CheckRow("nut-version", "nut", nut.judge_version),
    CheckRow("deadtime", "nut", nut.judge_deadtime),
)
#: A source of another kind has rows of its own instead.
_ENPHASE = (
    CheckRow("charge-low", "gateway", gateway.judge_charge_low),
    CheckRow("token", "token", token.judge_token),
    CheckRow("token-account", "token", token.judge_token_user),
    CheckRow("token-days", "token", token.judge_token_days),
    CheckRow("cloud", "cloud", token.judge_cloud),
    CheckRow("gateway-resolves", "gateway", gateway.judge_resolves),
    CheckRow("gateway-connects", "gateway", gateway.judge_connects),
    CheckRow("gateway-certificate", "gateway", gateway.judge_certificate),
    CheckRow("gateway-serial", "gateway", gateway.judge_serial),
    CheckRow("gateway-firmware", "gateway", gateway.judge_firmware),
    CheckRow("gateway-token", "gateway", gateway.judge_access),
    CheckRow("gateway-grid", "gateway", gateway.judge_grid),
    CheckRow("gateway-battery", "gateway", gateway.judge_battery),
    CheckRow("gateway-clock", "gateway", gateway.judge_clock),
    CheckRow("gateway-stream", "gateway", gateway.judge_stream),
)
_OUTSIDE = (
    CheckRow("upsd", "upsd", nut.judge_upsd),
    CheckRow("unit-enabled", "unit", token.judge_unit_enabled),
    CheckRow("unit-running", "unit", token.judge_unit_running),
    CheckRow("unit-watchdog", "unit", token.judge_unit_watchdog),
)
#: Also of an inverter beside a gateway, which need not have a battery.
_INVERTER = (
    CheckRow("inverter-resolves", "inverter", inverter.judge_resolves),
    CheckRow("inverter-connects", "inverter", inverter.judge_connects),
    CheckRow("inverter-certificate", "inverter", inverter.judge_certificate),
    CheckRow("inverter-webconnect", "inverter", inverter.judge_webconnect),
    CheckRow("inverter-login", "inverter", inverter.judge_login),
    CheckRow("inverter-firmware", "inverter", inverter.judge_firmware),
)
_BESIDE = tuple(replace(row, mild=True) for row in _INVERTER)
_SMA = (
    CheckRow("charge-low", "inverter", storage.judge_charge_low),
    *_INVERTER,
    CheckRow("inverter-ups", "inverter", storage.judge_fit),
    CheckRow("inverter-grid", "inverter", storage.judge_grid),
    CheckRow("inverter-battery", "inverter", storage.judge_battery),
    CheckRow("inverter-backup", "inverter", storage.judge_backup),
)


def rows_for(settings: Settings) -> Sequence[CheckRow]:
    """Return the checks of a UPS, in the order in which they are shown."""
    if settings.inverter_alone:
        return (*_HERE, *_SMA, *_OUTSIDE)
    beside = _BESIDE if settings.sma is not None else ()
    return (*_HERE, *_ENPHASE, *beside, *_OUTSIDE)


#: Not gathered in TEST mode, which asks nobody.
_REAL_ONLY = frozenset(("token", "cloud", "gateway"))


def examine(facts: DoctorFacts, place: DoctorContext) -> list[Finding]:
    """Gather what is missing in ``facts``, then judge every row.

    Returns by ``place.until``, a second later where a probe hangs.
    """
    rows = rows_for(place.settings)
    wanted = {row.needs for row in rows} & PROBES.keys()
    if place.settings.test is not None:
        wanted -= _REAL_ONLY
    found = side_by_side(
        {name: PROBES[name][0] for name in PROBES if name in wanted}, place
    )
    # One field per probe, named as in the table.
    return [
        Finding(row.check, judged(row, replace(facts, **found), place)) for row in rows
    ]


def judged(row: CheckRow, facts: DoctorFacts, place: DoctorContext) -> CheckVerdict:
    """Return the verdict of one check; a part of ``facts`` may be missing."""
    verdict = _judged(row, facts, place)
    if row.mild and verdict.result is CheckOutcome.FAILED:
        return replace(verdict, result=CheckOutcome.WARNING)
    return verdict


def _judged(row: CheckRow, facts: DoctorFacts, place: DoctorContext) -> CheckVerdict:
    if getattr(facts, row.needs) is not None:
        return row.judge(facts)
    if place.settings.test is not None and row.needs in _REAL_ONLY:
        return skipped(f"{row.check}: TEST=1 asks nobody")
    return failed(
        f"{row.check}: {PROBES[row.needs][1]} did not answer in time",
        "look again; a network file system or a service may hang",
    )


def side_by_side(
    probes: Mapping[str, Callable[[DoctorContext], Any]], place: DoctorContext
) -> dict[str, Any]:
    """Run every probe in a thread of its own; return what came in time."""
    found: dict[str, Any] = {}
    errors: list[BaseException] = []
    # Not Thread.join: interrupted, Python 3.11 takes the thread for ended.
    ends = {name: threading.Event() for name in probes}

    def run(name: str, probe: Callable[[DoctorContext], Any]) -> None:
        try:
            found[name] = probe(place)
        except BaseException as exc:  # noqa: BLE001 - raised again below
            errors.append(exc)
        ends[name].set()

    for pair in probes.items():
        threading.Thread(target=run, args=pair, daemon=True).start()
    last = place.until + GRACE_S  # one for all, however many hang
    try:
        for ended in ends.values():
            ended.wait(max(0.0, last - place.clock.boottime()))
    except BaseException:
        place.leaving.end()
        if "inverter" in ends:
            ends["inverter"].wait(LEAVE_S)
        raise
    if errors:
        raise errors[0]
    return dict(found)


def deadline(clock: Clock, seconds: float) -> float:
    """Return the time until which probes may run, CLOCK_BOOTTIME."""
    return clock.boottime() + seconds
