"""Where the files of one UPS lie. Pure: nothing is looked at.

New installs keep the port file on tmpfs: nothing stale survives a boot, and no
SD card wears out. What the user wrote into it lies in a template beside the
config; a line for tmpfiles.d(5) copies it at every boot.
"""

import posixpath
import re
from dataclasses import dataclass

from nutbridge.config.settings import (
    Settings,
    gateway_pin_name,
    inverter_pin_name,
    state_name,
)
from nutbridge.nut.port_text import NOCOMMS_SUFFIX

#: The folder of new port files; the unit's RuntimeDirectory.
RUN_FOLDER = "/run/nutbridge"
TMPFILES_FOLDER = "/etc/tmpfiles.d"

#: The monitor's own user, and its folder; the unit's drop-in makes the latter.
OWN_USER = "nutbridge"
OWN_STATE = "/var/lib/nutbridge"
UNITS_FOLDER = "/etc/systemd/system"
OWN_USER_NAME = "own-user.conf"

#: Emptied at every boot.
_TMPFS = ("/run/", "/var/run/")
#: The monitor's user must be able to write beside its port file.
_SYSTEM_FOLDERS = frozenset(
    ("/", "/run", "/var/run", "/etc", "/dev", "/usr", "/var", "/var/lib", "/root")
)

TEMPLATE_SUFFIX = "-template"

#: What NUT takes without quotes; with @ older drivers believe in another mode.
_PORT_PATH = re.compile(r"/[A-Za-z0-9_.,+:/-]*[A-Za-z0-9_.,+:-]")


def template_path(settings: Settings) -> str:
    """Return where the lines of the user lie that are copied at boot.

    The file is there only where the port file lies on tmpfs: look.
    """
    return template_of(settings.config_path, settings.port_file)


def template_of(config_path: str, port_file: str) -> str:
    """Return the template of a port file: its name, in the config's folder."""
    name = posixpath.basename(port_file) + TEMPLATE_SUFFIX
    return posixpath.join(posixpath.dirname(config_path), name)


#: Where the unit lets the monitor write (ReadWritePaths=, RuntimeDirectory=).
UNIT_FOLDERS = ("/var/lib/nut", "/var/lib/ups", OWN_STATE, RUN_FOLDER)


def is_lost_at_boot(path: str) -> bool:
    """Tell whether a file lies where every boot begins anew."""
    return path.startswith(_TMPFS)


def port_path_problem(path: str) -> str | None:
    """Say why dummy-ups could not use a port file of that name, or None."""
    if not path.startswith("/"):
        return "must be absolute, e.g. /run/nutbridge/home.dev"
    if _PORT_PATH.fullmatch(path) is None or "/../" in path:
        return "may have letters, digits and _ . , + : - only, no blank and no @"
    if posixpath.dirname(path) in _SYSTEM_FOLDERS:
        return f"needs a folder of its own, e.g. {RUN_FOLDER}"
    if path.endswith(NOCOMMS_SUFFIX):
        return f"is the name without {NOCOMMS_SUFFIX}"
    return None


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one UPS, as the running system will name them.

    Attributes:
        ups: its name.
        config: enphase-<ups>.conf.
        ups_conf: NUT's ups.conf.
        nut_conf: NUT's nut.conf.
        port_file: what dummy-ups reads.
        state_dir: STATE_DIR.
        token_file: TOKEN_FILE.
        port_file_before: what the config names until now; empty without one.
        inverter: an SMA inverter is the UPS, not a gateway.
    """

    ups: str
    config: str
    ups_conf: str
    nut_conf: str
    port_file: str
    state_dir: str
    token_file: str
    port_file_before: str = ""
    inverter: bool = False

    @property
    def upsmon_conf(self) -> str:
        """NUT's upsmon.conf, beside its ups.conf."""
        return posixpath.join(posixpath.dirname(self.ups_conf), "upsmon.conf")

    @property
    def hidden_port_file(self) -> str:
        """The port file's name while no monitor vouches for it."""
        return self.port_file + NOCOMMS_SUFFIX

    @property
    def port_folder(self) -> str:
        """The folder of the port file."""
        return posixpath.dirname(self.port_file)

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of all files, each once."""
        files = (self.config, self.ups_conf, self.port_file, self.token_file)
        found = (*map(posixpath.dirname, files), self.state_dir)
        return tuple(dict.fromkeys(found))

    @property
    def fingerprint(self) -> str:
        """The file with the fingerprint of the gateway's or inverter's certificate."""
        name = inverter_pin_name if self.inverter else gateway_pin_name
        return posixpath.join(self.state_dir, name(self.ups))

    @property
    def device(self) -> str:
        """What the UPS is, for people."""
        return "inverter" if self.inverter else "gateway"

    @property
    def port_file_taken_by(self) -> str | None:
        """What else has the name of the port file or its twin, or None."""
        state = state_name(self.ups)
        others = {
            self.config: "the config",
            self.ups_conf: "NUT's config",
            self.nut_conf: "NUT's config",
            self.token_file: "the token",
            self.fingerprint: f"the {self.device}'s certificate",
            posixpath.join(self.state_dir, state): "the monitor's state",
            posixpath.join(RUN_FOLDER, state): "the monitor's state",
        }
        return others.get(self.port_file) or others.get(self.hidden_port_file)

    @property
    def lost_at_boot(self) -> bool:
        """Whether the port file must be made anew at every boot."""
        return is_lost_at_boot(self.port_file)

    @property
    def template(self) -> str:
        """The file with the user's lines, from which a boot makes the port file."""
        return template_of(self.config, self.port_file)

    @property
    def own_user(self) -> str:
        """The drop-in of the unit that names the monitor's own user."""
        unit = f"enphase-monitor@{self.ups}.service"
        return f"{UNITS_FOLDER}/{unit}.d/{OWN_USER_NAME}"

    @property
    def tmpfiles(self) -> str:
        """The file that tells tmpfiles.d(5) about the port file."""
        return posixpath.join(TMPFILES_FOLDER, f"nutbridge-{self.ups}.conf")


def tmpfiles_text(places: Places, user: str, group: str, mode: int = 0o644) -> str:
    """Return the file for tmpfiles.d(5): the folder, and the hidden port file.

    ``!``: at boot only. Later the monitor has given the file its other name,
    and a copy beside it would be stale. ``:``: a folder that somebody else made
    (NUT's /run/nut) stays as it is; systemd 251 or newer knows it.
    """
    mine = places.port_folder == RUN_FOLDER
    access = f"0755 {user} {group}" if mine else f":0755 :{user} :{group}"
    # The last field is the rest of the line, taken as it is but for %.
    hidden, template = _field(places.hidden_port_file), places.template
    return (
        f"# Written by nutbridge setup: the port file of UPS {places.ups} at boot.\n"
        f"d {_field(places.port_folder)} {access} -\n"
        f"C! {hidden} {mode:04o} {user} {group} - {template.replace('%', '%%')}\n"
    )


def _field(path: str) -> str:
    # tmpfiles.d(5): % begins a specifier; blanks need quotes, as in C.
    text = path.replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"' if re.search(r"[\s'\"\\]", path) else text
