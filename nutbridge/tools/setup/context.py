"""What a setup begins with: the options, and the config that is there. Pure."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

from nutbridge.config.keys import KEYS, Values, absolute
from nutbridge.config.settings import ConfigSite, Settings, interpret
from nutbridge.config.text import ConfigEntry, parse
from nutbridge.errors import ConfigError, Refused, UsageError
from nutbridge.tools.setup.places import (
    RUN_FOLDER,
    Places,
    port_path_problem,
)

#: Addresses of the cloud may come from the environment, for a stand-in.
_FROM_ENVIRONMENT = ("ENPHASE_LOGIN", "ENPHASE_TOKENS")


@dataclass(frozen=True, slots=True)
class SetupOptions:
    """The options; None where they say nothing.

    Attributes:
        login: False: only a token that is there already.
        append: of ups.conf; None: ask.
        drop_ins: of NUT's units, where they are needed; None: ask.
        yes: ask nothing.
        root: where all files are looked at and written; empty: the system.
    """

    ups: str | None = None
    config: str | None = None
    host: str | None = None
    sma_host: str | None = None
    serial: str | None = None
    username: str | None = None
    group: str | None = None
    password_file: str | None = None
    login: bool = True
    token_file: str | None = None
    port_file: str | None = None
    state_dir: str | None = None
    append: bool | None = None
    drop_ins: bool | None = None
    enable: bool = False
    yes: bool = False
    interfaces: tuple[str, ...] = ()
    root: str = ""


@dataclass(frozen=True, slots=True)
class SetupSite:
    """Where the config is read.

    Attributes:
        config: its path, absolute.
        ups: name of the UPS.
        sysconfig: NUT's config folder.
        localstate: default of STATE_DIR.
        cwd: of relative options.
        port_folder: of a new port file.
    """

    config: str
    ups: str
    sysconfig: str
    localstate: str
    cwd: str
    port_folder: str = RUN_FOLDER


@dataclass(frozen=True, slots=True)
class SetupContext:
    """Options and config together.

    Attributes:
        settings: as the monitor would take them; SERIAL may be a stopgap.
        old: keys that the config has.
        wanted: keys that the options and the environment ask for.
        places: of all files.
    """

    settings: Settings
    old: Mapping[str, str] = field(repr=False)
    wanted: Mapping[str, str] = field(repr=False)
    places: Places

    def known(self, key: str) -> bool:
        """Tell whether options or config say something about a key."""
        return key in self.old or key in self.wanted

    def new_values(self, found: Mapping[str, str]) -> dict[str, str]:
        """Return what the config must say in the end, in the order of the file.

        Args:
            found: keys that were asked for or found out.
        """
        settings = self.settings
        values = {
            "USERNAME": settings.username,
            "PASSWORD": settings.password if settings.password_file is None else "",
            "SERIAL": settings.serial,
            "PORT_FILE": settings.port_file,
        }
        if not self.old:
            values["STATE_DIR"] = settings.state_dir
        if posixpath.basename(self.places.config) != f"enphase-{settings.ups}.conf":
            values["UPS"] = settings.ups
        values = {key: value for key, value in values.items() if key not in self.old}
        values |= {**self.wanted, **found}
        return {key: value for key, value in values.items() if value}

    @property
    def host(self) -> str | None:
        """The gateway, where options or config tell; a whole config has a default."""
        if self.known("ENVOY_HOST") or "SERIAL" in self.old:
            return self.settings.envoy_host
        return None


def check_host(text: str) -> str:
    """Check a host that the user gave; return it in the form of ENVOY_HOST.

    Raises:
        UsageError: it is none.
    """
    try:
        entries = {"ENVOY_HOST": ConfigEntry("ENVOY_HOST", text, 0)}
        return Values(entries, "").hosts("ENVOY_HOST")
    except ConfigError as exc:
        raise UsageError(f"host {text!r}: {exc.problem}") from None


def wanted_values(
    wishes: SetupOptions, environ: Mapping[str, str], cwd: str
) -> dict[str, str]:
    """Return the keys that options and environment ask for, of either kind of UPS.

    Raises:
        UsageError: an option that no config could hold.
    """
    wanted: dict[str, str] = {}
    if wishes.host:
        wanted["ENVOY_HOST"] = check_host(wishes.host)
    if wishes.serial:
        wanted["SERIAL"] = wishes.serial.strip()
    if wishes.sma_host:
        wanted["SMA_HOST"] = check_host(wishes.sma_host)
    if wishes.group:
        wanted["SMA_GROUP"] = wishes.group
    if wishes.username:
        wanted["USERNAME"] = wishes.username.strip()
    if wishes.port_file:
        wanted["PORT_FILE"] = absolute(cwd, wishes.port_file)
    if wishes.state_dir:
        wanted["STATE_DIR"] = absolute(cwd, wishes.state_dir)
    for key in _FROM_ENVIRONMENT:
        if environ.get(key):
            wanted[key] = environ[key]
    return wanted


def make_basis(
    data: bytes | None, wanted: Mapping[str, str], ground: SetupSite
) -> SetupContext:
    """Put options and config together.

    Args:
        data: of the config; None when there is none.
        wanted: from ``wanted_values``.
        ground: where it is.

    Raises:
        ConfigError: the config makes no sense.
        UsageError: an option makes none.
        Refused: a config for TEST mode, or another one's.
    """
    entries = {} if data is None else parse(data, ground.config)
    old = {key: entry.value for key, entry in entries.items() if entry.value}
    name = old.get("UPS", ground.ups).strip()
    if name != ground.ups:
        raise Refused(f"{ground.config} is the config of UPS {name}, not {ground.ups}")
    inverter = _is_inverter(old, wanted, ground)
    wanted = _of_its_kind(wanted, inverter=inverter)
    stopgaps = {"PORT_FILE": f"{ground.port_folder}/{ground.ups}.dev"}
    if not inverter:
        stopgaps["SERIAL"] = "0"
    merged = {key: ConfigEntry(key, value, 0) for key, value in stopgaps.items()}
    merged |= {key: entry for key, entry in entries.items() if entry.value}
    merged |= {key: ConfigEntry(key, value, 0) for key, value in wanted.items()}
    settings = _interpreted(merged, wanted, ground)
    if settings.test is not None:
        raise Refused(f"{ground.config} is a config for TEST mode; use another name")
    problem = port_path_problem(settings.port_file)
    if problem is not None:
        raise UsageError(f"port file {settings.port_file}: {problem}")
    places = Places(
        ups=ground.ups,
        config=ground.config,
        ups_conf=f"{ground.sysconfig}/ups.conf",
        nut_conf=f"{ground.sysconfig}/nut.conf",
        port_file=settings.port_file,
        state_dir=settings.state_dir,
        token_file=settings.token_file,
        port_file_before=_port_file_of(old, ground),
        inverter=inverter,
    )
    taken = places.port_file_taken_by
    if taken is not None:
        raise UsageError(f"port file {settings.port_file}: {taken} has that name")
    return SetupContext(settings, old, wanted, places)


def _is_inverter(
    old: Mapping[str, str], wanted: Mapping[str, str], ground: SetupSite
) -> bool:
    """Tell whether an SMA inverter is the UPS, or is to be.

    Raises:
        Refused: the config has another kind of UPS than the options.
    """
    gateway = bool({"USERNAME", "SERIAL"} & old.keys())
    if "SMA_HOST" in wanted and gateway:
        raise Refused(
            f"{ground.config} has a gateway as the UPS; beside it an inverter is one "
            "line, SMA_HOST, written by hand: see nutbridge-sma(7)"
        )
    if {"ENVOY_HOST", "SERIAL"} & wanted.keys() and "SMA_HOST" in old and not gateway:
        raise Refused(
            f"{ground.config} has an SMA inverter as the UPS; use another name for the "
            "gateway's"
        )
    return "SMA_HOST" in wanted or ("SMA_HOST" in old and not gateway)


def _of_its_kind(wanted: Mapping[str, str], *, inverter: bool) -> dict[str, str]:
    """Return what is asked for, by the names that its kind of UPS has for it.

    Raises:
        UsageError: an option of the other kind; SERIAL in its config would make an
            inverter a gateway.
    """
    other = "SERIAL" if inverter else "SMA_GROUP"
    if other in wanted:
        raise UsageError(
            "--serial is for a gateway; an inverter's is kept from its first answer"
            if inverter
            else "--group is for an SMA inverter (--sma-host)"
        )
    if not inverter:
        return dict(wanted)
    names = {"USERNAME": "SMA_USER"}
    return {
        names.get(key, key): value
        for key, value in wanted.items()
        if key not in _FROM_ENVIRONMENT
    }


def _port_file_of(old: Mapping[str, str], ground: SetupSite) -> str:
    if "PORT_FILE" not in old:
        return ""
    folder = absolute(ground.cwd, old.get("STATE_DIR", ground.localstate))
    return absolute(folder, old["PORT_FILE"])


def _interpreted(
    entries: Mapping[str, ConfigEntry], wanted: Mapping[str, str], ground: SetupSite
) -> Settings:
    place = ConfigSite(
        path=ground.config,
        ups=ground.ups,
        state_dir=ground.localstate,
        cwd=ground.cwd,
        credentials_dir=None,
        exists=lambda _: True,
        account_needed=False,
    )
    try:
        return interpret(entries, place)[0]
    except ConfigError as exc:
        if exc.key is not None and exc.key in wanted:
            raise UsageError(f"{KEYS[exc.key].help}: {exc.problem}") from None
        raise
