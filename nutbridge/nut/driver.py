"""Whether dummy-ups runs: somebody listens on its socket.

The driver listens on ``<statepath>/dummy-ups-<section of ups.conf>``. upsd and
nothing else talks there; we connect and hang up.
"""

import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

#: Where distributions keep NUT's sockets: Debian, Ubuntu and Raspberry Pi OS,
#: Fedora, and the default of a build from source.
STATE_PATHS = ("/run/nut", "/var/run/nut", "/run/ups", "/var/state/ups")
_CONNECT_TIMEOUT_S = 0.5


def socket_paths(ups: str, environ: Mapping[str, str]) -> list[Path]:
    """Return where the socket of ``ups`` can be; NUT_STATEPATH comes first."""
    given = environ.get("NUT_STATEPATH")
    folders = ([given] if given else []) + list(STATE_PATHS)
    return [Path(folder, f"dummy-ups-{ups}") for folder in dict.fromkeys(folders)]


def driver_runs(paths: Iterable[Path]) -> bool:
    """Tell whether a driver answers at one of the paths."""
    return any(_answers(path) for path in paths)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(_CONNECT_TIMEOUT_S)
        try:
            link.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return False
        except OSError:
            # Busy, or not for us to see (Debian's /run/nut is closed to other
            # users): then there may be one, and hiding the file could end it.
            return True
    return True
