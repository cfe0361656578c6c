"""What the loop may want and few checks do: loaded before the loop begins.

An outage depends on no import: a package may be half replaced by an upgrade, its disk
be gone with the grid, or the process have no handle left. Only the library that
judges tokens (9 MB) stays for the thread of a login, where its lack is a failed login.
"""

import importlib
import logging

from nutbridge.config.settings import Settings

_log = logging.getLogger(__name__)

#: For a second try, a name that is looked up, a text in the log.
ALWAYS = ("tenacity", "encodings.idna", "unicodedata", "nutbridge.system.redact")

#: For what is wrong with a gateway, its /info after a silence, and a login.
GATEWAY = (
    *("nutbridge.sources.enphase.remedies", "xml.parsers.expat"),
    *("nutbridge.sources.enphase.cloud", "nutbridge.net.cloud_https"),
)

#: One of them for each inverter: which one it says itself.
INVERTER = (
    "nutbridge.sources.sma.webconnect.client",
    "nutbridge.sources.sma.ennexos.client",
)


def preload(settings: Settings | None) -> None:
    """Load modules by name; one that cannot be loaded is told and left out.

    Args:
        settings: say whom the loop asks; None: nobody.
    """
    names = [*ALWAYS]
    if settings is not None:
        names += () if settings.inverter_alone else GATEWAY
        names += INVERTER if settings.sma else ()
    for name in names:
        try:
            importlib.import_module(name)
        except (ImportError, SyntaxError) as error:  # gone, or half written
            _log.warning("%s cannot be loaded: is nutbridge whole? (%s)", name, error)
