"""nutbridge setup as a person or a script runs it."""

import os
import pwd
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nutbridge.config.file import load
from nutbridge.nut.ups_conf import parse_ups_conf
from nutbridge.sources.enphase.token_store import TokenStore
from nutbridge.system import services
from nutbridge.system.lock import PortLock
from nutbridge.tools.setup.context import SetupOptions
from tests.tools.setup.site import PASSWORD, UPS_CONF, Machine

NEW_FILES = {
    "etc/nut/enphase-home.conf": "-rw-r----- root:nut",
    "etc/nut/home.dev-template": "-rw-r--r-- root:nut",
    "etc/nut/ups.conf": "-rw-r----- root:root",
    "etc/tmpfiles.d": "drwxr-xr-x root:root",
    "etc/tmpfiles.d/nutbridge-home.conf": "-rw-r--r-- root:root",
    "run/nutbridge": "drwxr-xr-x nut:nut",
    "run/nutbridge/home.dev-nocomms": "-rw-r--r-- nut:nut",
    "var/lib/nut/enphase-home.fingerprint": "-rw------- nut:nut",
    "var/lib/nut/enphase-home.token": "-rw------- nut:nut",
}

ANSWER = """\
Gateway 122000000001 at HOST, firmware D8.3.5169.
Logged in.
The token lasts until DAY.
The grid is there; charge 92 % of 10.0 kWh.
Fitted: 1 System Controller, 2 batteries.

To be written:
  /etc/tmpfiles.d
      new: folder of tmpfiles.d(5)
  /run/nutbridge
      new: folder of the port file
  /etc/nut/home.dev-template
      new: your lines of the port file
  /etc/tmpfiles.d/nutbridge-home.conf
      new: makes the port file, hidden, at every boot
  /run/nutbridge/home.dev-nocomms
      new: the port file, hidden: no state yet
  /var/lib/nut/enphase-home.fingerprint
      new: the gateway's certificate
  /var/lib/nut/enphase-home.token
      new: the token for the gateway
  /etc/nut/enphase-home.conf
      new: the config

--- /etc/nut/ups.conf
+++ /etc/nut/ups.conf
@@ -4,2 +4,8 @@
   driver = usbhid-ups
   port = auto
+
+[home]
+  driver = dummy-ups
+  port = /run/nutbridge/home.dev
+  mode = dummy-once
+  desc = "House battery, Enphase IQ Gateway"

Written.

upsmon.conf has no MONITOR line for home: nothing shuts this
machine down yet. nutbridge-nut(7) has that line. Until there is one,
nut-monitor cannot run: that systemd calls it "failed" is normal.

Then start it:
  install -m 644 UNIT /etc/systemd/system/
  systemctl daemon-reload
  systemctl enable --now enphase-monitor@home
  systemctl enable --now nut-driver-enumerator.path
  systemctl restart nut-driver-enumerator
  systemctl reload-or-restart nut-server
and see whether all is well: nutbridge doctor home
"""


def changing_words_replaced(machine: Machine, text: str) -> str:
    lines = text.replace(machine.gateway.host, "HOST").splitlines()
    for number, line in enumerate(lines):
        words = line.split()
        if line.startswith("The token lasts until"):
            lines[number] = "The token lasts until DAY."
        if words[:3] == ["install", "-m", "644"]:
            lines[number] = line.replace(words[3], "UNIT")
    return "\n".join(lines) + "\n"


def test_everything_is_written_once(machine: Machine) -> None:
    """With all options: the files, their modes, and what a person reads."""
    before = set(machine.tree())
    done = machine.run_yes("--append")
    assert (done.code, done.err) == (0, "")
    assert changing_words_replaced(machine, done.out) == ANSWER
    found = {
        name: mode
        for name, (mode, _) in machine.tree().items()
        if name not in before or name == "etc/nut/ups.conf"
    }
    assert set(found) == set(NEW_FILES)
    for name, wanted in NEW_FILES.items():
        mode, owner = wanted.split(" ")
        if os.geteuid() == 0:
            account = pwd.getpwnam("nut")
            ids = {"nut": account.pw_uid, "root": 0}
            groups = {"nut": account.pw_gid, "root": 0}
            user, group = owner.split(":")
            mode = f"{mode} {ids[user]}:{groups[group]}"
        assert found[name].startswith(mode), name
    assert machine.ups_conf.read_text(encoding="ascii").startswith(UPS_CONF)
    hidden = machine.root / "run/nutbridge/home.dev-nocomms"
    assert hidden.read_bytes() == b""


def test_again_changes_nothing(machine: Machine) -> None:
    """The same answers again: no file is touched, nobody logs in."""
    assert machine.run_yes("--append").code == 0
    before = machine.tree()
    times = {path: path.stat().st_mtime_ns for path in machine.root.rglob("*")}
    logins = machine.cloud.account.login_attempts
    done = machine.run_yes("--append")
    assert (done.code, done.err) == (0, "")
    assert "Nothing to change." in done.out
    assert "To be written" not in done.out
    assert machine.tree() == before
    assert {path: path.stat().st_mtime_ns for path in machine.root.rglob("*")} == times
    assert machine.cloud.account.login_attempts == logins


def test_ups_conf_is_left_alone_unless_told(machine: Machine) -> None:
    """--yes alone shows the section and does not append it."""
    done = machine.run_yes()
    assert done.code == 0
    assert "+[home]" in done.out
    assert "--append" in done.out
    assert machine.ups_conf.read_text(encoding="ascii") == UPS_CONF
    assert machine.run_yes("--append").code == 0
    text = machine.ups_conf.read_text(encoding="ascii")
    assert text.count("[home]") == 1
    assert machine.run_yes("--append").code == 0
    assert machine.ups_conf.read_text(encoding="ascii") == text
    section = parse_ups_conf(text).section("home")
    assert section is not None
    assert section.port == "/run/nutbridge/home.dev"


def test_fedora_paths_are_found(machine: Machine, tmp_path: Path) -> None:
    fedora = Machine(tmp_path / "fedora", machine.gateway, machine.cloud, folder="ups")
    options = [*fedora.all_options, "--append"]
    options[options.index(str(fedora.root))] = str(fedora.root)
    done = fedora.run(*options, ENPHASE_PASSWORD=PASSWORD)
    assert (done.code, done.err) == (0, "")
    assert (fedora.etc / "enphase-home.conf").exists()
    assert (fedora.state / "enphase-home.token").exists()
    fedora.check_words()


def on_this_system(machine: Machine, port_file: Path) -> dict[str, str]:
    """Run setup with the folders named by NUT's own variables."""
    environ = {
        "NUT_SYSCONFIG": str(machine.etc),
        "NUT_LOCALSTATE": str(machine.state),
        "ENPHASE_PASSWORD": PASSWORD,
    }
    done = machine.run(
        *("home", "--yes", "--append", "--port-file", str(port_file)),
        *("--host", machine.gateway.host, "--username", machine.cloud.account.email),
        **environ,
    )
    assert (done.code, done.err) == (0, "")
    added = f"ReadWritePaths={port_file.parent}" in done.out
    assert added is services.here().systemd
    return environ


def test_monitor_starts_from_it_without_the_cloud(machine: Machine) -> None:
    """The config that was written is the monitor's; its token is there already."""
    port_file = machine.root / "run/home.dev"
    environ = on_this_system(machine, port_file)
    settings, odd = load(None, "home", environ)
    assert settings.password == PASSWORD
    assert odd == []
    store = TokenStore(Path(settings.token_file), settings.serial)
    assert store.read() is not None
    logins = machine.cloud.account.login_attempts
    done = subprocess.run(
        [Path(sys.executable).with_name("enphase-monitor"), "-s", "home"],
        env=machine.environ | environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    machine.said += [done.stdout, done.stderr]
    assert done.returncode == 0, done.stderr
    assert "ups.status: OL" in port_file.read_text(encoding="ascii")
    assert machine.cloud.account.login_attempts == logins
    # The folder is no tmpfs of the system: nothing for tmpfiles.d.
    assert not (machine.etc / "home.dev-template").exists()


def test_port_file_of_a_running_monitor_is_left_alone(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old config keeps its paths, comments and unusual keys.

    Where no monitor runs, a driver must not be made to read what the file says.
    """
    old = (
        "# mine\nUSERNAME=owner@example.net   # the account\n"
        f"SERIAL='122000000001'\nENVOY_HOST={machine.gateway.host}\n"
        "PORT_FILE=home.dev\nPOLLFREQ=30\n"
    )
    machine.config.write_text(old, encoding="ascii")
    (machine.state / "home.dev").write_text("ups.status: OB\n", encoding="ascii")
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    wishes = SetupOptions(ups="home", yes=True, append=True, root=str(machine.root))
    before = machine.tree()
    for append in (True, False):
        done = machine.run_here(monkeypatch, replace(wishes, append=append))
        assert (done.code, machine.tree()) == (1, before)
        assert "no monitor keeps it true" in done.err
    lock = PortLock(machine.state / "home.dev")
    lock.acquire()
    done = machine.run_here(monkeypatch, wishes)
    lock.release()
    assert (done.code, done.err) == (0, "")
    text = machine.config.read_text(encoding="ascii")
    assert text.startswith(old + "PASSWORD=")
    assert (machine.state / "home.dev").read_text() == "ups.status: OB\n"
    assert not (machine.state / "home.dev-nocomms").exists()
    assert not (machine.root / "run/nutbridge").exists()
    section = parse_ups_conf(machine.ups_conf.read_text()).section("home")
    assert section is not None
    assert section.port == "/var/lib/nut/home.dev"
    before = machine.tree()
    assert "Nothing to change." in machine.run_here(monkeypatch, wishes).out
    assert machine.tree() == before


def test_rights_are_put_right(machine: Machine) -> None:
    """A config that everybody reads; files of a setup before there was a user nut."""
    assert machine.run_yes("--append").code == 0
    before = machine.tree()
    machine.config.chmod(0o644)
    assert (machine.run_yes("--append").code, machine.tree()) == (0, before)
    if os.geteuid() == 0:  # who is not cannot give files away
        for path in (machine.config, *machine.state.iterdir()):
            path.chmod(0o600)
            os.chown(path, 0, 0)
    assert (machine.run_yes("--append").code, machine.tree()) == (0, before)


#: In the order in which they are written.
WRITTEN = (
    "etc/nut/home.dev-template",
    "etc/tmpfiles.d/nutbridge-home.conf",
    "run/nutbridge/home.dev-nocomms",
    "var/lib/nut/enphase-home.fingerprint",
    "var/lib/nut/enphase-home.token",
    "etc/nut/enphase-home.conf",
)


def test_run_after_a_power_cut_completes_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever part of the files is there: no status is shown, the rest is made."""
    monkeypatch.setenv("ENPHASE_PASSWORD", PASSWORD)
    wishes = SetupOptions(
        ups="home",
        host=machine.gateway.host,
        username=machine.cloud.account.email,
        yes=True,
        append=True,
        root=str(machine.root),
    )
    done = machine.run_here(monkeypatch, wishes)
    said = [line.strip() for line in done.out.splitlines()]
    places = [said.index(f"/{name}") for name in WRITTEN]
    assert places == sorted(places)
    whole = {name: mode for name, (mode, _) in machine.tree().items()}
    for written in range(len(WRITTEN)):
        for name in WRITTEN[written:]:
            (machine.root / name).unlink()
        machine.ups_conf.write_text(UPS_CONF, encoding="ascii")
        assert not list(machine.root.rglob("*.dev"))
        assert machine.run_here(monkeypatch, wishes).code == 0
        assert {name: mode for name, (mode, _) in machine.tree().items()} == whole
