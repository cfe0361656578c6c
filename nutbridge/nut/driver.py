"""Whether dummy-ups runs: somebody listens on its socket.

The driver listens on ``<statepath>/dummy-ups-<section of ups.conf>``. upsd and
nothing else talks there; we connect and hang up.
"""

import contextlib
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from nutbridge.nut.ups_conf import UpsConf, parse_ups_conf
from nutbridge.nut.words import nut_conf_values
from nutbridge.system.files import read_file

#: Where distributions keep NUT's sockets: Debian, Ubuntu and Raspberry Pi OS,
#: Fedora, openSUSE, FreeBSD, and the default of a build from source.
STATE_PATHS = (
    *("/run/nut", "/var/run/nut", "/run/ups", "/var/lib/ups", "/var/lib/nut"),
    *("/var/db/nut", "/var/state/ups"),
)
#: Where NUT's config can be, besides the folders of the environment.
CONF_FOLDERS = ("/etc/nut", "/etc/ups", "/usr/local/etc/nut", "/usr/local/ups/etc")
_CONNECT_TIMEOUT_S = 0.5
#: Of a socket's path: sun_path of unix(7).
_LONGEST = 107
_CAP = 1 << 20
_MISSING = (FileNotFoundError, NotADirectoryError)


def socket_paths(
    ups: str,
    environ: Mapping[str, str],
    port_file: Path | None = None,
    *,
    strict: bool = False,
) -> list[Path]:
    """Return where the socket of ``ups`` can be, the likeliest first.

    NUT_STATEPATH of the environment and of nut.conf, ``statepath`` of ups.conf (NUT
    2.8.3 and later), then NUT's own folders.

    Args:
        ups: section of ups.conf.
        environ: the environment.
        port_file: real path of the port file: another section may read it too.
        strict: whether a config of NUT that may not be read is an error: it could
            name another place.

    Raises:
        OSError: see ``strict``.
    """
    given = [environ["NUT_STATEPATH"]] if environ.get("NUT_STATEPATH") else []
    names = {ups: None}
    for _folder, text in _texts(environ, "nut.conf", strict=strict):
        given += filter(None, nut_conf_values(text, "NUT_STATEPATH"))
    for folder, text in _texts(environ, "ups.conf", strict=strict):
        conf = parse_ups_conf(text)
        given += filter(None, [conf.values.get("statepath")])
        if port_file is not None:
            names |= dict.fromkeys(_sections_of(conf, port_file, folder))
    folders = dict.fromkeys([*given, *STATE_PATHS])
    return [Path(each, f"dummy-ups-{name}") for each in folders for name in names]


def _sections_of(conf: UpsConf, port_file: Path, folder: Path) -> Iterator[str]:
    paths = {str(port_file), str(port_file.resolve())}
    for section in conf.sections:
        if section.port and str(Path(folder, section.port).resolve()) in paths:
            yield section.name


def _conf_folders(environ: Mapping[str, str]) -> list[Path]:
    keys = ("NUT_CONFPATH", "NUT_SYSCONFIG")
    given = [environ[key] for key in keys if environ.get(key)]
    return [Path(each) for each in given or CONF_FOLDERS]


def _texts(
    environ: Mapping[str, str], name: str, *, strict: bool
) -> Iterator[tuple[Path, str]]:
    """Return this file of every folder in which NUT's config can be."""
    missing = _MISSING if strict else (OSError,)
    for folder in _conf_folders(environ):
        with contextlib.suppress(*missing):
            data = read_file(folder / name, _CAP, trusting=True).data
            yield folder, data.decode("utf-8", "replace")


class DriverSockets:
    """The sockets of the drivers that read one port file.

    Args:
        ups: section of ups.conf.
        environ: the environment.
        port_file: real path of the port file.
    """

    def __init__(self, ups: str, environ: Mapping[str, str], port_file: Path) -> None:
        self._where = (ups, environ, port_file)
        self._confs = [
            folder / name
            for folder in _conf_folders(environ)
            for name in ("nut.conf", "ups.conf")
        ]
        self._known: tuple[tuple[_Stamp, ...], list[Path]] | None = None

    def answer(self) -> bool:
        """Tell whether a driver runs; where that may not be seen, one may.

        A driver that never came is looked for at every check, so NUT's config is
        read again only where a file of it has changed.
        """
        try:
            # Before the reading: what is changed meanwhile is read the next time.
            stamps = tuple(_stamp(path) for path in self._confs)
            if self._known is None or self._known[0] != stamps:
                self._known = stamps, socket_paths(*self._where, strict=True)
        except OSError:
            return True
        return driver_runs(self._known[1])


#: Of a file: device, inode, size, times of the last change of content and inode.
_Stamp = tuple[int, int, int, int, int] | None


def _stamp(path: Path) -> _Stamp:
    try:
        found = os.stat(path)
    except _MISSING:
        return None
    times = found.st_mtime_ns, found.st_ctime_ns
    return found.st_dev, found.st_ino, found.st_size, *times


def driver_runs(paths: Iterable[Path]) -> bool:
    """Tell whether a driver answers at one of the paths."""
    return any(_answers(path) for path in paths)


def _answers(path: Path) -> bool:
    if len(os.fsencode(path)) > _LONGEST:
        return False  # nobody can listen there
    try:
        os.stat(path)  # most of them are not there: a socket costs four calls
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(_CONNECT_TIMEOUT_S)
            link.connect(str(path))
    except (*_MISSING, ConnectionRefusedError):
        return False
    except OSError:
        # Busy, not for us to see (Debian's /run/nut is closed to other users), or no
        # handles left: then there may be one, and hiding the file could end it.
        return True
    return True
