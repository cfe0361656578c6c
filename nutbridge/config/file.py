"""Find, read and check the config file and the folders it names.

Each file is opened once and judged by what was opened (fstat), so nobody can
change it between the check and the reading. Refused, as by the bash script: a
password that everybody can read, and folders in which everybody can write.
"""

import contextlib
import functools
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from nutbridge.config.keys import Values, absolute
from nutbridge.config.settings import (
    CONFIG_NAME,
    UPS_ALLOWED,
    UPS_NAME,
    ConfigSite,
    Settings,
    check_ups,
    interpret,
)
from nutbridge.config.text import MAX_BYTES, ConfigEntry, parse
from nutbridge.errors import ConfigError, UsageError
from nutbridge.system.files import read_file
from nutbridge.system.rights import FolderInPlaceError, NotPlainError
from nutbridge.ups.notices import Notice, warning

_PASSWORD_BYTES = 4096


class Folders(NamedTuple):
    """Where NUT keeps its files on this system.

    Attributes:
        sysconfig: ups.conf and the config files.
        localstate: default of STATE_DIR.
    """

    sysconfig: str
    localstate: str


def folders(environ: Mapping[str, str]) -> Folders:
    """Return NUT's folders: of the environment, of Fedora, or of Debian."""
    return Folders(
        environ.get("NUT_SYSCONFIG")
        or environ.get("NUT_CONFPATH")
        or _first_folder("/etc/ups", "/etc/nut"),
        environ.get("NUT_LOCALSTATE")
        or environ.get("NUT_STATEPATH")
        or _first_folder("/var/lib/ups", "/var/lib/nut"),
    )


def _first_folder(wanted: str, otherwise: str) -> str:
    return wanted if Path(wanted).is_dir() else otherwise


def load(
    config: str | None,
    ups: str | None,
    environ: Mapping[str, str],
    *,
    account_needed: bool = True,
    trusting: bool = False,
) -> tuple[Settings, list[Notice]]:
    """Read the config of one UPS.

    The file is ``config``, else $CONFIG_FILE, else ``enphase-<ups>.conf`` in
    NUT's config folder. The name of the UPS is ``ups``, else UPS= of the file,
    else $UPS, else what the file name says.

    Args:
        config: -c, or None.
        ups: name of the UPS, or None.
        environ: the environment.
        account_needed: whether USERNAME and PASSWORD must be set where there is
            no token yet.
        trusting: see ``files.read_file``.

    Returns:
        The settings, and what is odd about them, for the log.

    Raises:
        UsageError: nothing tells which UPS.
        ConfigError: no usable config.
    """
    cwd = _cwd()
    nut = folders(environ)
    path = absolute(cwd, config or _usual(nut, ups, environ))
    data, info = _read_config(path, trusting=trusting)
    entries = parse(data, path)
    name = _ups_name(ups, entries.get("UPS"), environ, path)
    place = ConfigSite(
        path=path,
        ups=name,
        state_dir=absolute(cwd, nut.localstate),
        cwd=cwd,
        credentials_dir=environ.get("CREDENTIALS_DIRECTORY") or _lent_to_unit(name),
        exists=os.path.exists,
        account_needed=account_needed,
    )
    settings, odd = interpret(entries, place)
    _check_secrecy(path, info, holds_secret=_holds_secret(settings))
    odd += _check_folders(settings)
    if settings.test is not None:
        odd += _check_test_port(settings.port_file, absolute(cwd, nut.sysconfig))
    else:
        read = functools.partial(read_password, trusting=trusting)
        settings = _with_passwords(settings, odd, read, needed=account_needed)
    return settings, _overruled(ups, entries.get("UPS"), path) + odd


class Salvage(NamedTuple):
    """What can be told of a config that cannot be used.

    Attributes:
        ups: name of the UPS, None where nothing tells.
        state_dir: STATE_DIR, or its default.
        port_file: PORT_FILE, None where it cannot be read or trusted.
    """

    ups: str | None
    state_dir: str
    port_file: str | None = None


def salvage(config: str | None, ups: str | None, environ: Mapping[str, str]) -> Salvage:
    """Return what a config tells that ``load`` refuses.

    A line that cannot be read does not hide the others. Of a file in which everybody
    can write not a word is believed.

    Raises:
        UsageError: nothing tells which file.
        ConfigError: there is no current folder.
    """
    cwd, nut = _cwd(), folders(environ)
    path = absolute(cwd, config or _usual(nut, ups, environ))
    entries: dict[str, ConfigEntry] = {}
    with contextlib.suppress(ConfigError):
        data, info = read_plain(path, MAX_BYTES, trusting=True)
        _check_secrecy(path, info, holds_secret=False)
        try:
            entries = parse(data, path)
        except ConfigError:
            for line in data.split(b"\n"):
                with contextlib.suppress(ConfigError):
                    entries |= parse(line, path)
    name = None
    with contextlib.suppress(ConfigError, UsageError):
        name = _ups_name(ups, entries.get("UPS"), environ, path)
    values = Values(entries, path)
    state_dir, port_file = absolute(cwd, nut.localstate), None
    with contextlib.suppress(ConfigError):
        state_dir = values.path("STATE_DIR", cwd) or state_dir
    with contextlib.suppress(ConfigError):
        port_file = values.path("PORT_FILE", state_dir)
    return Salvage(name, state_dir, port_file)


def _read_config(path: str, *, trusting: bool) -> tuple[bytes, os.stat_result]:
    try:
        return read_plain(path, MAX_BYTES, trusting=trusting)
    except ConfigError as exc:
        if not isinstance(exc.__cause__, FileNotFoundError):
            raise
        known = _known_upses(os.path.dirname(path))
        there = f" There is {known}." if known else ""
        remedy = f"is the name of the UPS right?{there} nutbridge setup makes a config"
        problem = f"{exc.problem}; {remedy}"
        raise ConfigError(path, None, problem) from exc.__cause__


def _with_passwords(
    settings: Settings,
    odd: list[Notice],
    read: Callable[[str, str], str],
    *,
    needed: bool,
) -> Settings:
    """Return the settings with what the password files hold; note what is odd."""
    file = settings.password_file
    if file is not None and not needed and not os.path.lexists(file):
        # Of no use to this command, and perhaps lent to the stopped service alone.
        odd.append(warning(f"{file}: PASSWORD_FILE: no such file for this command"))
    elif file is not None:
        settings = settings._replace(password=read(file, "PASSWORD_FILE"))
    sma = settings.sma
    if sma is None or sma.password_file is None:
        return settings
    from nutbridge.config.sma import PASSWORD_MAX, too_long

    password = read(sma.password_file, "SMA_PASSWORD_FILE")
    if len(password) > PASSWORD_MAX:
        odd.append(warning(f"{sma.password_file}: {too_long()}"))
    return settings._replace(sma=sma._replace(password=password))


def _lent_to_unit(ups: str) -> str | None:
    """Return the credentials of the running monitor, for commands run by root.

    systemd keeps those of a system service in /run/credentials/<unit>.
    """
    folder = f"/run/credentials/enphase-monitor@{ups}.service"
    return folder if os.access(folder, os.R_OK | os.X_OK) else None


def _cwd() -> str:
    try:
        return str(Path.cwd())
    except OSError as exc:
        problem = f"no current folder: {exc.strerror}; cd to one that is there"
        raise ConfigError(".", None, problem) from exc


def _usual(nut: Folders, ups: str | None, environ: Mapping[str, str]) -> str:
    given = environ.get("CONFIG_FILE")
    if given:
        return given
    name = ups or environ.get("UPS")
    if not name:
        raise UsageError(which_ups(environ))
    return f"{nut.sysconfig}/enphase-{check_ups(name)}.conf"


def which_ups(environ: Mapping[str, str]) -> str:
    """Return what a command says that was not told the name of a UPS."""
    known = _known_upses(folders(environ).sysconfig)
    names = f" ({known})" if known else ""
    return f"which UPS? Give its name{names}, or -c CONFIG"


def _known_upses(folder: str) -> str:
    """Return the names of the UPSes that have a config there, for a message."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return ""
    return ", ".join(found[1] for found in map(CONFIG_NAME.fullmatch, names) if found)


def _ups_name(
    argument: str | None,
    entry: ConfigEntry | None,
    environ: Mapping[str, str],
    path: str,
) -> str:
    """Choose the name; the file comes before the environment, as in the script."""
    in_file = entry.value.strip() if entry else ""
    if entry and in_file and UPS_NAME.fullmatch(in_file) is None:
        raise ConfigError(f"{path}:{entry.line}", "UPS", UPS_ALLOWED)
    by_file_name = CONFIG_NAME.fullmatch(Path(path).name)
    name = (
        argument
        or in_file
        or environ.get("UPS")
        or (by_file_name[1] if by_file_name else "")
    )
    if not name:
        raise UsageError(f"which UPS? {path} has no UPS=, and no name was given")
    return check_ups(name)


def _overruled(
    argument: str | None, entry: ConfigEntry | None, path: str
) -> list[Notice]:
    if not (argument and entry and entry.value) or entry.value.strip() == argument:
        return []
    return [
        warning(
            f"{path}:{entry.line}: UPS: {entry.value.strip()} is not used, "
            f"the command line says {argument}"
        )
    ]


def read_plain(
    path: str, cap: int, *, trusting: bool = False
) -> tuple[bytes, os.stat_result]:
    """Read a whole plain file of at most ``cap`` bytes, and one byte more.

    Raises:
        ConfigError: not there, not readable, not a plain file, or behind a link that
            root may not follow.
    """
    try:
        found = read_file(Path(path), cap, trusting=trusting)
    except FolderInPlaceError as exc:
        raise ConfigError(path, None, "is a folder, a file is needed") from exc
    except NotPlainError as exc:
        raise ConfigError(path, None, "is no plain file, a file is needed") from exc
    except OSError as exc:
        raise ConfigError(path, None, f"cannot be read: {exc.strerror}") from exc
    return found.data, found.info


def read_password(
    path: str, key: str = "PASSWORD_FILE", *, trusting: bool = False
) -> str:
    """Read a password file: one line, its line end falls away.

    Args:
        path: relative ones begin in the current folder.
        key: of the config or the command line, for messages.
        trusting: see ``files.read_file``.

    Raises:
        ConfigError: not readable, readable by everybody, or not one line.
    """
    if not path.startswith("/"):
        path = absolute(_cwd(), path)
    data, info = read_plain(path, _PASSWORD_BYTES, trusting=trusting)
    _check_secrecy(path, info, holds_secret=True)
    try:
        text = data.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        text = ""
    if not text or "\n" in text or "\0" in text or len(data) > _PASSWORD_BYTES:
        raise ConfigError(path, key, "must hold the password, in one line")
    return text


def _holds_secret(settings: Settings) -> bool:
    sma = settings.sma
    held = bool(settings.password) or (sma is not None and bool(sma.password))
    return held and settings.test is None


def _check_secrecy(path: str, info: os.stat_result, *, holds_secret: bool) -> None:
    if info.st_mode & stat.S_IWOTH:
        raise ConfigError(path, None, f"everybody can write it; chmod o-w {path}")
    if holds_secret and info.st_mode & stat.S_IROTH:
        raise ConfigError(
            path, None, f"holds a password and everybody can read it; chmod o-r {path}"
        )
    # The link's own folder counts as well: who owns it chooses the file.
    for folder in {os.path.dirname(path), os.path.dirname(os.path.realpath(path))}:
        check_folder(folder, path)


def check_folder(folder: str, of: str) -> None:
    """Refuse a folder that is not there, or in which everybody can write.

    Args:
        folder: to be looked at.
        of: the file or key that lies there, for the message.

    Raises:
        ConfigError: with what to do.
    """
    try:
        info = os.stat(folder)
    except OSError as exc:
        # A script that ran its config could write $STATE_DIR/token.
        hint = "; $NAME stands for itself, write the path out" if "$" in folder else ""
        problem = f"folder of {of}: {exc.strerror}{hint}"
        raise ConfigError(folder, None, problem) from exc
    if not stat.S_ISDIR(info.st_mode):
        raise ConfigError(folder, None, f"folder of {of}: is not a folder")
    if info.st_mode & stat.S_IWOTH:
        # /tmp and the like have to stay as they are.
        sticky = info.st_mode & stat.S_ISVTX
        remedy = "use another folder" if sticky else f"chmod o-w {folder}"
        problem = f"folder of {of}: everybody can write in it; {remedy}"
        raise ConfigError(folder, None, problem)


def _check_folders(settings: Settings) -> list[Notice]:
    folder = settings.state_dir
    check_folder(folder, "STATE_DIR")
    check_folder(os.path.dirname(settings.token_file), "TOKEN_FILE")
    if os.access(folder, os.W_OK | os.X_OK):
        return []
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        # A disk that fails is mounted so; the port file in memory lives on.
        return [
            warning(
                f"{folder}: STATE_DIR: its file system is mounted read-only: no new "
                "token and no history is kept"
            )
        ]
    problem = "must be writable for this user"
    raise ConfigError(folder, "STATE_DIR", problem) from PermissionError()


def _check_test_port(port_file: str, sysconfig: str) -> list[Notice]:
    """Keep TEST mode away from a UPS that real machines listen to."""
    path = f"{sysconfig}/ups.conf"
    if not Path(path).exists():
        return []
    try:
        data, _ = read_plain(path, MAX_BYTES)
    except ConfigError as exc:
        return [warning(f"{exc}; whether a real UPS uses {port_file} is not known")]
    from nutbridge.nut.ups_conf import parse_ups_conf  # for TEST mode alone

    for section in parse_ups_conf(data.decode("utf-8", "replace")).sections:
        used = absolute(sysconfig, section.port)
        if os.path.realpath(used) == os.path.realpath(port_file):
            raise ConfigError(
                path,
                "port",
                f"names {port_file}; TEST=1 may not play with a real UPS",
            )
    return []
