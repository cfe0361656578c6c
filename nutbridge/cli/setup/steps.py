"""The steps of nutbridge setup; nothing is written before the last one."""

import os
import posixpath
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from nutbridge.cli.ask import NoAnswer, ask, ask_yes
from nutbridge.cli.setup.gateway import (
    GatewayDialogue,
    NoGateway,
    find_host,
    visit_gateway,
)
from nutbridge.cli.setup.inverter import is_inverter, visit_inverter
from nutbridge.cli.setup.show import (
    say,
    show_closed,
    show_notes,
    show_plan,
    show_programs,
    start_lines,
)
from nutbridge.config.file import Folders, check_folder, folders
from nutbridge.config.keys import absolute
from nutbridge.config.settings import CONFIG_NAME, check_ups
from nutbridge.errors import (
    ConfigError,
    NutbridgeError,
    Refused,
    UsageError,
)
from nutbridge.nut.ups_conf import parse_ups_conf
from nutbridge.nut.versions import driver_version
from nutbridge.system import services
from nutbridge.system.lock import PortLock
from nutbridge.system.services import SYSTEMD, Services
from nutbridge.tools.doctor.port_wait import path_unit
from nutbridge.tools.setup.context import (
    SetupContext,
    SetupOptions,
    SetupSite,
    make_basis,
    wanted_values,
)
from nutbridge.tools.setup.drop_ins import has_path_unit, offers
from nutbridge.tools.setup.files import Disk, find_account, find_own_account
from nutbridge.tools.setup.places import (
    OWN_STATE,
    OWN_USER_NAME,
    RUN_FOLDER,
    UNITS_FOLDER,
    Places,
)
from nutbridge.tools.setup.plan import (
    Answers,
    RunAs,
    SetupPlan,
    make_plan,
    new_folders,
)

_COMMAND_S = 90


class CommandFailed(NutbridgeError):
    """Everything is written, but systemctl did not do its part."""


@dataclass(frozen=True, slots=True)
class Setup:
    """One run of the command.

    Attributes:
        wishes: the options.
        environ: the environment.
        services: of this machine.
    """

    wishes: SetupOptions
    environ: Mapping[str, str] = field(repr=False)
    services: Services = field(default_factory=services.here)

    def run(self) -> None:
        """Ask, look, show, write."""
        disk = Disk(self.wishes.root)
        account = self._account(disk)
        basis = self._basis(disk, account)
        answers = self._answers(disk, basis)
        if answers is None:
            return
        reader = account if os.geteuid() == 0 else None  # others cannot give a file
        plan = make_plan(
            basis.places, answers, disk.see, disk.is_folder, account, reader
        )
        if plan.ups_conf is not None:
            _refuse_old_claim(disk, basis.places)
        show_plan(plan)
        append = self._wants_append(plan)
        if plan.changes or append:
            if not (self.wishes.yes or ask_yes("Write this?")):
                raise Refused("nothing was written")
            changes = plan.changes
            if append and plan.ups_conf is not None:
                changes += (plan.ups_conf,)
            disk.apply(changes, account)
            say()
            say("Written.")
        else:
            say()
            say("Nothing to change.")
        if plan.ups_conf is not None and not append:
            say(f"Append the section above to {basis.places.ups_conf} (--append).")
        self._drop_ins(disk, basis.places, account)
        show_notes(disk.see, account, basis.places, systemd=self._systemd)
        if account is not None and self.services.systemd and not self.wishes.root:
            show_closed(account)
        again = any(
            each.path == basis.places.config and each.before not in (None, each.data)
            for each in plan.changes
        )
        self._units(basis.places, again=again)

    def _answers(self, disk: Disk, basis: SetupContext) -> Answers | None:
        """Ask the network; None where another run has done it all."""
        visit = GatewayDialogue(self.wishes, self.environ, disk, basis)
        if basis.places.inverter:
            found = visit_inverter(visit)
            return Answers(basis.new_values(found.values), None, found.fingerprint)
        host = self._required(basis, find_host(self.wishes, basis))
        try:
            result = visit_gateway(visit, host)
        except NoGateway:
            if self.wishes.yes or basis.old or not is_inverter(host):
                raise
            wishes = replace(
                self.wishes, host=None, sma_host=host, ups=basis.places.ups
            )
            Setup(wishes, self.environ, self.services).run()
            return None
        return Answers(
            basis.new_values(result.values), result.token, result.house.fingerprint
        )

    @property
    def _systemd(self) -> bool:
        """Whether units start everything; another system, below --root, has them."""
        return self.services.systemd or bool(self.wishes.root)

    def _account(self, disk: Disk) -> RunAs | None:
        """Return the user that the monitor will run as.

        All monitors of a machine run as one: they share /run/nutbridge, which systemd
        gives to the user of the one that starts. Its own where one does so already, or
        where there is none yet.
        """
        own = find_own_account()
        if own is None or not self._systemd or not disk.is_folder(UNITS_FOLDER):
            return find_account()
        folder = self._folders(disk).sysconfig
        configs = [name for name in disk.names(folder) if CONFIG_NAME.fullmatch(name)]
        there = bool(configs) or bool(
            self.wishes.config and disk.exists(self.wishes.config)
        )
        units = [f"{UNITS_FOLDER}/{name}" for name in disk.names(UNITS_FOLDER)]
        has_own = any(disk.exists(f"{unit}/{OWN_USER_NAME}") for unit in units)
        return own if has_own or not there else find_account()

    def _basis(self, disk: Disk, account: RunAs | None) -> SetupContext:
        nut = self._folders(disk)
        if not disk.is_folder(nut.sysconfig):
            raise ConfigError(
                nut.sysconfig,
                None,
                "no such folder; install NUT first, e.g. apt install nut-server",
            )
        cwd = str(Path.cwd())
        wanted = wanted_values(self.wishes, self.environ, cwd)
        ups = self._ups()
        config = absolute(
            cwd, self.wishes.config or f"{nut.sysconfig}/enphase-{ups}.conf"
        )
        for folder in dict.fromkeys((os.path.dirname(config), nut.sysconfig)):
            if not os.access(disk.real(folder), os.W_OK | os.X_OK):
                problem = "not writable for you; run setup as root (sudo)"
                if os.geteuid() == 0:
                    problem = "not writable; is its file system mounted read-only?"
                raise ConfigError(folder, None, problem)
        seen = disk.see(config)
        if seen is not None:
            say(f"Using what {config} says.")
        # A config that is there may rely on the default.
        own = account is not None and account.is_own and seen is None
        state = OWN_STATE if own else nut.localstate
        # Nobody else makes that folder anew at boot.
        port_folder = RUN_FOLDER if self._systemd else nut.localstate
        ground = SetupSite(config, ups, nut.sysconfig, state, cwd, port_folder)
        basis = make_basis(seen.data if seen else None, wanted, ground)
        if basis.places.inverter and not self.wishes.login:
            raise UsageError(
                "--no-login and --token-file are for a gateway; an inverter knows no "
                "tokens"
            )
        # What is missing is told before anybody types a password.
        new_folders(basis.places, disk.is_folder)
        for folder in basis.places.folders:
            # What the monitor would refuse is not written.
            if disk.is_folder(folder):
                check_folder(str(disk.real(folder)), ups)
        return basis

    def _folders(self, disk: Disk) -> Folders:
        if not self.wishes.root:
            nut = folders(self.environ)
            cwd = str(Path.cwd())
            return Folders(absolute(cwd, nut.sysconfig), absolute(cwd, nut.localstate))
        ups = disk.is_folder("/etc/ups")
        state = disk.is_folder("/var/lib/ups")
        return Folders(
            "/etc/ups" if ups else "/etc/nut",
            "/var/lib/ups" if state else "/var/lib/nut",
        )

    def _ups(self) -> str:
        named = CONFIG_NAME.fullmatch(Path(self.wishes.config or "").name)
        name = self.wishes.ups or self.environ.get("UPS") or (named[1] if named else "")
        if name:
            return check_ups(name)
        if self.wishes.yes:
            self._required(None, self.wishes.host or self.wishes.sma_host)
        return ask("Name of the UPS", "home", check=check_ups)

    def _required(self, basis: SetupContext | None, host: str | None) -> str:
        """Return the host; with --yes everything that is missing is named at once."""
        missing = [] if basis else ["UPS"]
        missing += [] if host else ["--host"]
        known = {*basis.wanted, *basis.old} if basis else set[str]()
        password = self.wishes.password_file or self.environ.get("ENPHASE_PASSWORD")
        if self.wishes.login:
            if not (self.wishes.username or "USERNAME" in known):
                missing.append("--username")
            if not (password or known & {"PASSWORD", "PASSWORD_FILE"}):
                missing.append("--password-file (or ENPHASE_PASSWORD)")
        elif not (self.wishes.token_file or self._has_token(basis)):
            missing.append("--token-file")
        if self.wishes.yes and missing:
            raise UsageError(f"--yes asks nothing, but needs: {', '.join(missing)}")
        return host or ""

    def _has_token(self, basis: SetupContext | None) -> bool:
        disk = Disk(self.wishes.root)
        return basis is not None and disk.exists(basis.places.token_file)

    def _wants_append(self, plan: SetupPlan) -> bool:
        if plan.ups_conf is None:
            return False
        if self.wishes.append is not None or self.wishes.yes:
            return bool(self.wishes.append)
        return ask_yes(f"Append this to {plan.ups_conf.path}?")

    def _drop_ins(self, disk: Disk, places: Places, account: RunAs | None) -> None:
        """Offer what NUT's own units lack; it has its own question, for its price."""
        if self.wishes.drop_ins is False or not self._systemd:
            return
        version = None if disk.root else self._nut_version(disk, places)
        for offer in offers(disk, places, version, self.environ):
            say()
            for line in offer.reason:
                say(line)
            for change in offer.changes:
                if change.data is not None:
                    say(f"  {change.path}")
            if self.wishes.drop_ins or self._wants("Write these drop-ins?"):
                disk.apply(offer.changes, account)
                say("Written.")
            else:
                say("Not written (--drop-ins); nutbridge-nut(7) has them.")

    def _nut_version(self, disk: Disk, places: Places) -> str | None:
        seen = disk.see(places.ups_conf)
        text = seen.data.decode("utf-8", "replace") if seen else ""
        path = parse_ups_conf(text).values.get("driverpath")
        return driver_version(self.environ, path)

    def _wants(self, question: str) -> bool:
        """Ask for what may be left out; the end of the input leaves it out."""
        try:
            return not self.wishes.yes and ask_yes(question)
        except NoAnswer:
            return False

    def _units(self, places: Places, *, again: bool) -> None:
        ups = places.ups
        doctor = f"nutbridge doctor -c {shlex.quote(places.config)}"
        if places.config == f"{posixpath.dirname(places.ups_conf)}/enphase-{ups}.conf":
            doctor = f"nutbridge doctor {ups}"
        say()
        if not self._systemd:
            show_programs(ups, doctor, again=again)
            if self.wishes.enable:
                raise CommandFailed("--enable: no systemd runs here to start anything")
            return
        lines = start_lines(ups, self.wishes.root, again=again)
        if has_path_unit(Disk(self.wishes.root), ups):
            lines.append(SYSTEMD.to("start", path_unit(ups)))
        if not self.wishes.enable:
            say("Then start it:")
            for line in lines:
                say(f"  {line}")
            say(f"and see whether all is well: {doctor}")
            return
        for line in lines:
            say(f"  {line}")
            _run(line)
        say(f"Started. See whether all is well: {doctor}")


def _refuse_old_claim(disk: Disk, places: Places) -> None:
    """Keep a driver from reading a status that nobody keeps true.

    NUT's enumerator starts the driver as soon as ups.conf has its section: an OB
    LB of last winter would shut every machine down, and what has no status is OL
    up to NUT 2.8.3.

    Raises:
        Refused: with what to do.
    """
    visible = disk.exists(places.port_file)
    if visible and PortLock(disk.real(places.port_file)).owner() is None:
        raise Refused(
            f"{places.port_file} is there and no monitor keeps it true; "
            f"mv {places.port_file} {places.hidden_port_file}, then run setup again"
        )


def _run(line: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - our own words and a checked name
            shlex.split(line),
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            timeout=_COMMAND_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CommandFailed(f"{line}: no end within {_COMMAND_S} s") from None
    except OSError as exc:
        raise CommandFailed(f"{line}: {exc.strerror}") from exc
    if done.returncode:
        raise CommandFailed(
            f"`{line}` ended with status {done.returncode}; the files are written"
        )
