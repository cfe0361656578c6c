"""Scenes of a house's life on a machine that boots, each as one function.

A scene begins with a machine that is switched off; nutbridge and upsmon are on it as
README and nutbridge-nut(7) say. It says what clients must see in the end, and whether
upsmon may have shut the machine down.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.boot.installed import type_as_root
from tests.boot.play import Play

MONITOR = "enphase-monitor@home"
PATH_UNIT = "nutbridge-port@home.path"
UNITS = (
    *(MONITOR, "nut-driver@home", "nut-driver.target", "nut-server", "nut.target"),
    *("nut-monitor", "nut-driver-enumerator"),
)
KILLED = {
    "monitor": MONITOR,
    "driver": "nut-driver@home",
    "upsd": "nut-server",
    "upsmon": "nut-monitor",
}


#: Of NUT's units in a minute in which nothing happens.
MOST_LINES = 20
JOURNAL_OF_NUT = "journalctl -b --no-pager -o cat -u 'nut-*' -u 'nutbridge-port@*'"


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene.

    Attributes:
        name: in the table.
        act: what happens.
        status: what upsc shows in the end; ``-``: not connected.
        shut_down: whether upsmon shuts the machine down.
        short: part of ``make test``.
    """

    name: str
    act: Callable[[Play], None]
    status: str
    shut_down: bool = False
    short: bool = False


def boot_on_line(play: Play) -> None:
    play.boot()


def boot_in_outage(play: Play) -> None:
    play.let("grid off")
    play.boot()


def plug_pulled_in_outage(play: Play) -> None:
    in_outage(play)
    play.machine.kill()
    play.boot()


def poweroff_in_outage(play: Play) -> None:
    in_outage(play)
    play.machine.power_off()
    play.boot()


def boot_when_low(play: Play) -> None:
    play.let("grid off", "soc 15")
    play.boot()


def gateway_late(how: str) -> Callable[[Play], None]:
    def act(play: Play) -> None:
        play.let(f"gateway {how}")
        play.boot()
        play.quiet(60)
        play.let("gateway on")

    return act


def late_in_outage(play: Play) -> None:
    play.let("grid off")
    gateway_late("hang")(play)


def no_gateway(play: Play) -> None:
    play.let("gateway off")
    play.boot()
    play.quiet(30)


def on_line(play: Play) -> None:
    play.boot()
    play.wait_for("OL")


def in_outage(play: Play) -> None:
    on_line(play)
    play.let("grid off")
    play.wait_for("OB")
    # upsmon asks every 5 s; before it knows, nothing of it can go wrong.
    play.until(play.upsmon_knows, 60, "upsmon to see the outage")


def restart(unit: str, begin: Callable[[Play], None]) -> Callable[[Play], None]:
    def act(play: Play) -> None:
        begin(play)
        play.machine.run(f"systemctl restart {unit}")

    return act


def killed(unit: str) -> Callable[[Play], None]:
    def act(play: Play) -> None:
        in_outage(play)
        play.machine.run(f"kill -9 $(systemctl show -P MainPID {unit})")

    return act


def stopped_until_watchdog(play: Play) -> None:
    in_outage(play)
    before = play.machine.run(f"systemctl show -P MainPID {MONITOR}").strip()
    play.machine.run(f"kill -STOP {before}")
    play.until(
        lambda: (
            play.machine.run(f"systemctl show -P MainPID {MONITOR}").strip()
            not in (before, "0")
        ),
        120,
        "the watchdog",
    )


def systemctl(command: str) -> Callable[[Play], None]:
    def act(play: Play) -> None:
        in_outage(play)
        play.machine.run(f"systemctl {command}")

    return act


def nut_target_stopped(play: Play) -> None:
    in_outage(play)
    play.machine.run("systemctl stop nut.target")
    play.machine.run("systemctl start nut.target")


def falls_to_low(play: Play) -> None:
    play.let("soc 21")
    in_outage(play)
    play.let("soc 19")
    play.until(play.marked, 120, "the shutdown")


def low_cannot_be_written(play: Play) -> None:
    """The disk is full when the battery gets low: the file is hidden instead."""
    folder = "/run/nutbridge"
    play.machine.write(
        "/etc/fstab", f"tmpfs {folder} tmpfs size=128k,mode=755,uid=nut,gid=nut 0 0\n"
    )
    play.let("soc 21")
    in_outage(play)
    play.machine.run(f"head -c 1M /dev/zero > {folder}/full", check=False)
    play.let("soc 19")
    play.until(play.marked, 180, "the shutdown")


def config_typo(play: Play) -> None:
    in_outage(play)
    play.machine.run(
        "sed -i 's/^SERIAL=/SERIAL=x/' /etc/nut/enphase-home.conf;"
        f" systemctl restart {MONITOR}"
    )


def upgrade(play: Play) -> None:
    in_outage(play)
    play.machine.run(
        "cd /root/nutbridge && /opt/nutbridge/bin/pip install --no-deps"
        " --no-build-isolation --force-reinstall ."
        f" && systemctl restart {MONITOR}"
    )


def hidden_for_a_minute(play: Play) -> None:
    """The driver waits in silence and is back as soon as the file is.

    The unit that sees the file is started by the driver, had nobody else done it.
    """
    on_line(play)
    play.machine.run(
        "echo NOCOMMS_DELAY=5 >> /etc/nut/enphase-home.conf;"
        f" systemctl restart {MONITOR}; systemctl stop {PATH_UNIT}"
    )
    play.let("gateway off")
    play.wait_for("-")
    play.quiet(20)  # the driver's last restart
    before = play.machine.run(JOURNAL_OF_NUT)
    play.quiet(60)
    lines = play.machine.run(JOURNAL_OF_NUT)[len(before) :].splitlines()
    # One of upsmon at each of its polls; 84 without the drop-in.
    assert len(lines) <= MOST_LINES, "\n".join(lines)
    play.let("gateway on")
    play.wait_for("OL")


def driver_stopped(play: Play) -> None:
    """What is stopped on purpose stays away, and comes back whole."""
    on_line(play)
    play.machine.run("systemctl stop nut-driver@home")
    play.wait_for("-")
    play.quiet(10)
    assert play.seen.status == "-", play.told()
    play.machine.run("systemctl start nut-driver@home")
    play.machine.run(f"systemctl is-active {PATH_UNIT}")


def config_away(play: Play) -> None:
    """The config is gone: no storm of starts, and one made later is taken."""
    conf = "/etc/nut/enphase-home.conf"
    play.boot()
    play.machine.run(f"mv {conf} {conf}.away && systemctl restart {MONITOR}")
    play.quiet(30)
    restarts = play.machine.run(f"systemctl show -P NRestarts {MONITOR}").strip()
    assert restarts in ("0", "1"), f"started {restarts} times in 30 s"
    play.machine.run(f"mv {conf}.away {conf}")


def collector_without_libraries(play: Play) -> None:
    """It fails once, says how to get them, and does not start every 2 s."""
    units = "/opt/nutbridge/share/nutbridge/systemd"
    on_line(play)
    play.machine.run(
        f"cp {units}/nutbridge-collector.service /etc/systemd/system/;"
        " systemctl daemon-reload; systemctl start nutbridge-collector",
        check=False,
    )
    play.quiet(10)
    told = play.machine.run(
        "systemctl show -P ActiveState nutbridge-collector;"
        " systemctl show -P NRestarts nutbridge-collector;"
        " journalctl -b -u nutbridge-collector -o cat"
    )
    assert told.split()[:2] == ["failed", "0"], told
    assert "/opt/nutbridge/bin/pip install 'nutbridge[collector]'" in told, told


def doctor_finds_nothing(play: Play) -> None:
    on_line(play)
    play.until(lambda: " 0 failed" in doctor(play), 60, "doctor to find no fault")
    assert ", 0 warning" in (said := doctor(play)), said


def doctor(play: Play) -> str:
    return play.machine.run("nutbridge doctor home", check=False)


def uninstalled(play: Play) -> None:
    """As UNINSTALL in enphase-monitor(8) says; nothing runs, nothing is left."""
    on_line(play)
    machine = play.machine
    machine.run("sed -i '/^MONITOR home@/d' /etc/nut/upsmon.conf")
    machine.run("systemctl disable --now nut-monitor")
    type_as_root(machine, "drop-ins out walk")
    type_as_root(machine, "uninstall walk")
    play.wait_for("-")
    left = machine.run(
        "find /etc /opt /run /usr/local /var/lib -name '*nutbridge*'"
        " -o -name '*enphase*' -o -path '/etc/nut/home*';"
        " systemctl list-units --type=service,path --plain --no-legend"
        " '*nutbridge*' '*enphase*' 'nut-driver@*';"
        " systemctl --failed --plain --no-legend;"
        " pgrep -a 'enphase|dummy-ups'",
        check=False,
    )
    assert left == "", left


def grid_comes_back(play: Play) -> None:
    in_outage(play)
    play.let("grid on")


SCENES = (
    Scene("boot with the grid there", boot_on_line, "OL", short=True),
    Scene("boot in an outage", boot_in_outage, "OB"),
    Scene("plug pulled in an outage, boot", plug_pulled_in_outage, "OB", short=True),
    Scene("poweroff in an outage, boot", poweroff_in_outage, "OB"),
    Scene("boot at 15 % in an outage", boot_when_low, "OB LB", shut_down=True),
    Scene("boot, gateway refuses for 60 s", gateway_late("off"), "OL"),
    Scene("boot, gateway hangs for 60 s", gateway_late("hang"), "OL"),
    Scene("boot, no gateway", no_gateway, "-"),
    *(Scene(f"restart {u} on line", restart(u, on_line), "OL") for u in UNITS),
    *(
        Scene(
            f"restart {u} in an outage",
            restart(u, in_outage),
            "OB",
            short=u in (MONITOR, "nut-server"),
        )
        for u in UNITS
    ),
    *(
        Scene(f"kill -9 {name} in an outage", killed(u), "OB", short=name == "driver")
        for name, u in KILLED.items()
    ),
    Scene("monitor stopped until the watchdog acts", stopped_until_watchdog, "OB"),
    Scene("daemon-reload in an outage", systemctl("daemon-reload"), "OB"),
    Scene("daemon-reexec in an outage", systemctl("daemon-reexec"), "OB"),
    Scene("reload of the monitor in an outage", systemctl(f"reload {MONITOR}"), "OB"),
    Scene("nut.target stopped and started in an outage", nut_target_stopped, "OB"),
    Scene("battery falls to low", falls_to_low, "OB LB", shut_down=True, short=True),
    Scene("LB that cannot be written", low_cannot_be_written, "-", shut_down=True),
    Scene("config mistyped in an outage", config_typo, "OB"),
    Scene("upgrade in an outage", upgrade, "OB"),
    Scene("the grid comes back", grid_comes_back, "OL"),
    Scene("boot in an outage, gateway hangs for 60 s", late_in_outage, "OB"),
    Scene("no config for half a minute", config_away, "OL"),
    Scene("collector without its libraries", collector_without_libraries, "OL"),
    Scene("doctor is asked", doctor_finds_nothing, "OL"),
    Scene("uninstalled", uninstalled, "-"),
    Scene("port file hidden for a minute", hidden_for_a_minute, "OL"),
    Scene("driver stopped and started", driver_stopped, "OL"),
)
