"""What a setup writes, in which order, and why nothing of it does harm. Pure.

The order: the folder of the port file, the template and the line for
tmpfiles.d, the hidden port file, certificate, token, config, ups.conf. None of
them starts anything; a driver that finds the port file hidden ends at once, and
a monitor without its config too.
"""

import posixpath
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from nutbridge.errors import ConfigError
from nutbridge.nut.edit import with_section
from nutbridge.nut.port_text import NOCOMMS_SUFFIX
from nutbridge.tools.setup.places import (
    OWN_STATE,
    OWN_USER,
    RUN_FOLDER,
    TMPFILES_FOLDER,
    UNIT_FOLDERS,
    UNITS_FOLDER,
    Places,
    tmpfiles_text,
)
from nutbridge.tools.setup.texts import (
    changed_config,
    difference,
    new_config,
    own_lines,
)

DESC = "House battery, Enphase IQ Gateway"
DESC_SMA = "House battery, SMA inverter"

_MAKE_IT = "make it, writable for the monitor's user"
_CONFIG_MODE = 0o640
_PORT_MODE = 0o644
OWN_USER_TEXT = f"""\
# Written by nutbridge setup: the monitor runs as a user of its own, so that NUT's
# services can read neither its memory nor its password and token.
[Service]
User={OWN_USER}
Group=nut
StateDirectory={posixpath.basename(OWN_STATE)}
StateDirectoryMode=0710
"""
_OTHERS = 0o007
_TEMPLATE = """\
# Lines for {port}, copied there at every boot. Change one with
# nutbridge set {ups} battery.charge.low=30
"""


class Who(Enum):
    """Which user a new file shall belong to."""

    MONITOR = "the monitor's user"
    ADMIN = "root, readable for the monitor's group"
    ROOT = "root"
    #: As it is; a new one as ADMIN.
    KEEP = "unchanged"


@dataclass(frozen=True, slots=True)
class RunAs:
    """The user that NUT and the monitor run as; ``groups`` are all it is in."""

    user: str
    group: str
    uid: int
    gid: int
    groups: frozenset[int]

    @property
    def is_own(self) -> bool:
        """Whether NUT's services run as another one, and only read the port file."""
        return self.user == OWN_USER

    @property
    def port_mode(self) -> int:
        """Permissions of the port file."""
        return _CONFIG_MODE if self.is_own else _PORT_MODE


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it is now; ``mode`` are its permissions."""

    data: bytes = field(repr=False)
    mode: int
    uid: int
    gid: int

    def is_open_to(self, account: RunAs | None) -> bool:
        """Tell whether a user may read it; True where there is none to ask for."""
        if account is None:
            return True
        if self.uid == account.uid:
            return bool(self.mode & stat.S_IRUSR)
        if self.gid in account.groups:
            return bool(self.mode & stat.S_IRGRP)
        return bool(self.mode & stat.S_IROTH)


@dataclass(frozen=True, slots=True)
class Change:
    """One folder or file to be made or replaced.

    Attributes:
        path: as the running system names it.
        data: the whole content; None for a folder.
        mode: permissions of a new one.
        who: whose it is.
        before: the content now; None when it is not there.
        what: for people.
    """

    path: str
    data: bytes | None = field(repr=False)
    mode: int
    who: Who
    what: str
    before: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a setup knows once all questions are answered.

    Attributes:
        values: keys of the config.
        token: for the gateway; None leaves the one that is there.
        fingerprint: of the gateway's or inverter's certificate; None without TLS.
    """

    values: Mapping[str, str] = field(repr=False)
    token: str | None = field(repr=False)
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """What is to be done.

    Attributes:
        changes: all but ups.conf, in order.
        ups_conf: the change of ups.conf, or None where the section is there.
        diff: of ups.conf, as ``diff -u`` shows it.
    """

    changes: tuple[Change, ...]
    ups_conf: Change | None
    diff: str


#: Looks at a file: None when it is not there.
See = Callable[[str], Seen | None]


def make_plan(
    places: Places,
    answers: Answers,
    see: See,
    is_folder: Callable[[str], bool],
    account: RunAs | None,
    reader: RunAs | None,
) -> SetupPlan:
    """Compare what is there with what should be there.

    Args:
        places: of all files.
        answers: what they must say.
        see: looks at a file.
        is_folder: looks at a folder.
        account: whose the new files are.
        reader: who must be able to read those that are right already, and whose a
            port file is whose lines are taken over; None: nobody, and anybody's.

    Raises:
        ConfigError: a folder is missing, or a file makes no sense.
        Refused: ups.conf has another UPS of that name; the config cannot be
            changed by program.
    """
    changes = new_folders(places, is_folder)
    if account is not None and account.is_own:
        changes += _own_user(places, see, is_folder)
    changes += _port_file(places, see, account, reader)
    changes += _secrets(places, answers, see, reader)
    changes += _config(places, answers, see, account, reader)
    ups_conf, diff = _ups_conf(places, see)
    return SetupPlan(tuple(changes), ups_conf, diff)


def new_folders(places: Places, is_folder: Callable[[str], bool]) -> list[Change]:
    """Return the folders to be made.

    Raises:
        ConfigError: one is missing that only its owner can make.
    """
    changes = []
    if places.state_dir == OWN_STATE and not is_folder(OWN_STATE):
        what = "folder of token and certificate"
        changes.append(Change(OWN_STATE, None, 0o710, Who.MONITOR, what))
    elif not is_folder(places.state_dir):
        own = places.state_dir in UNIT_FOLDERS
        remedy = "install NUT first" if own else _MAKE_IT
        raise ConfigError(
            places.state_dir, None, f"no such folder (STATE_DIR); {remedy}"
        )
    if places.lost_at_boot and not is_folder(TMPFILES_FOLDER):
        what = "folder of tmpfiles.d(5)"
        changes.append(Change(TMPFILES_FOLDER, None, 0o755, Who.ROOT, what))
    if is_folder(places.port_folder):
        return changes
    if places.port_folder != RUN_FOLDER:
        raise ConfigError(
            places.port_folder, None, f"no such folder (of the port file); {_MAKE_IT}"
        )
    what = "folder of the port file"
    return [*changes, Change(RUN_FOLDER, None, 0o755, Who.MONITOR, what)]


def _own_user(
    places: Places, see: See, is_folder: Callable[[str], bool]
) -> list[Change]:
    """The drop-in of the unit; the unit itself serves older installations too."""
    path, data = places.own_user, OWN_USER_TEXT.encode()
    folder = posixpath.dirname(path)
    changes = [
        Change(each, None, 0o755, Who.ROOT, "folder of the drop-in")
        for each in (UNITS_FOLDER, folder)
        if not is_folder(each)
    ]
    now = see(path)
    if now is None or now.data != data:
        what = f"lets the monitor run as user {OWN_USER}"
        before = now.data if now else None
        changes.append(Change(path, data, 0o644, Who.ROOT, what, before))
    return changes


def _port_file(
    places: Places, see: See, account: RunAs | None, reader: RunAs | None
) -> list[Change]:
    changes = []
    lines = _lines_before(places, see, reader)
    if places.lost_at_boot:
        template = see(places.template)
        if template is None:
            text = _template(places.port_file, places.ups) + lines
            what = "your lines of the port file"
            changes.append(Change(places.template, text, 0o644, Who.ADMIN, what))
        else:
            lines = _without_status(template.data)
        user, group = (account.user, account.group) if account else ("nut", "nut")
        mode = account.port_mode if account else _PORT_MODE
        wanted = tmpfiles_text(places, user, group, mode).encode()
        now = see(places.tmpfiles)
        if now is None or now.data != wanted:
            before = now.data if now else None
            what = "makes the port file, hidden, at every boot"
            changes.append(
                Change(places.tmpfiles, wanted, 0o644, Who.ROOT, what, before)
            )
    if see(places.port_file) is None and see(places.hidden_port_file) is None:
        changes.append(
            Change(
                places.hidden_port_file,
                lines,
                account.port_mode if account else _PORT_MODE,
                Who.MONITOR,
                "the port file, hidden: no state yet",
            )
        )
    return changes


def _template(port_file: str, ups: str) -> bytes:
    return _TEMPLATE.format(port=port_file, ups=ups).encode()


def _lines_before(places: Places, see: See, reader: RunAs | None) -> bytes:
    """Return the user's lines of the port file that is used until now."""
    before = places.port_file_before or places.port_file
    seen = see(before) or see(before + NOCOMMS_SUFFIX)
    # A link that the monitor's user made must not show root's files to all.
    if seen is None or (reader is not None and seen.uid != reader.uid):
        return b""
    return own_lines(seen.data).replace(_template(before, places.ups), b"")


def _without_status(data: bytes) -> bytes:
    """Return a template's lines; one with a status would speak for no monitor."""
    lines = data.splitlines(keepends=True)
    return b"".join(
        line for line in lines if not line.strip().lower().startswith(b"ups.status")
    )


def _secrets(
    places: Places, answers: Answers, see: See, reader: RunAs | None
) -> list[Change]:
    """The token and the certificate: the first start needs no cloud."""
    wanted = [
        (
            places.fingerprint,
            answers.fingerprint,
            f"the {places.device}'s certificate",
        ),
        (places.token_file, answers.token, "the token for the gateway"),
    ]
    changes = []
    for path, text, what in wanted:
        now = see(path)
        data = None if text is None else f"{text}\n".encode("ascii")
        right = now is not None and now.data == data and now.is_open_to(reader)
        if data is not None and not right:
            before = now.data if now else None
            changes.append(Change(path, data, 0o600, Who.MONITOR, what, before))
    return changes


def _config(
    places: Places,
    answers: Answers,
    see: See,
    account: RunAs | None,
    reader: RunAs | None,
) -> list[Change]:
    now = see(places.config)
    # Its group is NUT's, which has no business with the password.
    own = account is not None and account.is_own
    who, mode = (Who.MONITOR, 0o600) if own else (Who.ADMIN, _CONFIG_MODE)
    if now is None:
        data = new_config(places.ups, answers.values).encode()
        return [Change(places.config, data, mode, who, "the config")]
    data = changed_config(now.data, places.config, answers.values)
    closed = _OTHERS | 0o070 if own else _OTHERS
    if data == now.data and not now.mode & closed and now.is_open_to(reader):
        return []
    return [Change(places.config, data, mode, who, "the config", now.data)]


def _ups_conf(places: Places, see: See) -> tuple[Change | None, str]:
    now = see(places.ups_conf)
    # Bytes that are no UTF-8 stay what they are.
    text = now.data.decode("utf-8", "surrogateescape") if now else ""
    folder = posixpath.dirname(places.ups_conf)
    desc = DESC_SMA if places.inverter else DESC
    new = with_section(text, places.ups, places.port_file, desc, folder)
    if new == text:
        return None, ""
    change = Change(
        places.ups_conf,
        new.encode("utf-8", "surrogateescape"),
        _CONFIG_MODE,
        Who.KEEP,
        "the section of the driver",
        now.data if now else None,
    )
    return change, difference(text, new, places.ups_conf)
