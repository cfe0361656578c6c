"""Judges of the config, the folders, the port file and its lock."""

import stat

from nutbridge.tools.doctor.facts import DiskEntry, DoctorFacts, FileFacts
from nutbridge.tools.doctor.finding import (
    CheckVerdict,
    failed,
    ok,
    skipped,
    warning,
)

SUDO = "look again as root: sudo nutbridge doctor ..."

#: File systems on which another machine may hold the file, locks are not sure,
#: and the driver may read an old copy.
_REMOTE = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "ocfs2", "gfs2"),
    )
)
#: SELinux types of files that were moved here from a place of their own.
_WRONG_TYPES = ("user_home_t", "admin_home_t", "tmp_t", "user_tmp_t", "default_t")
#: Types of everybody's files: NUT's own services run in a domain that need not be
#: let in there. The config type of NUT is read by all of them.
_COMMON_TYPES = ("var_run_t", "var_lib_t", "var_t")
_NUT_TYPE = "nut_conf_t"


def judge_config(facts: DoctorFacts) -> CheckVerdict:
    """Tell which config was read; one that cannot be read never comes here."""
    settings = facts.settings
    asked = f"gateway {settings.envoy_host}"
    if settings.sma is not None and settings.inverter_alone:
        asked = f"inverter {settings.sma.host}"
    return ok(f"config {settings.config_path}: UPS {settings.ups}, {asked}")


def judge_config_keys(facts: DoctorFacts) -> CheckVerdict:
    """Unknown keys: most often a slip, and then a setting that is not in force."""
    if facts.unknown_keys:
        found = "; ".join(facts.unknown_keys)
        return failed(found, "correct the name, or make the line a comment")
    return ok("the config has no unknown keys")


def judge_config_values(facts: DoctorFacts) -> CheckVerdict:
    """What the monitor warns of at its start."""
    if facts.odd_values:
        return warning(
            "; ".join(facts.odd_values), "see enphase-ups.conf for what fits"
        )
    return ok("every value of the config is used as it stands")


def judge_config_access(facts: DoctorFacts) -> CheckVerdict:
    """The config: readable for the monitor, writable for its owner alone."""
    files = _files(facts)
    entry, user = files.config, files.monitor.name
    shown = f"{entry.path} ({_access(entry)})"
    if not entry.there:
        return skipped(f"{entry.path} cannot be looked at", SUDO)
    remedy = f"chown root:nut {entry.path}; chmod 640 {entry.path}"
    if (entry.mode or 0) & (stat.S_IWGRP | stat.S_IWOTH):
        return failed(f"{shown} can be changed by more than its owner", remedy)
    if not entry.usable:
        return failed(f"{shown} cannot be read by {user}, who runs the monitor", remedy)
    for password in files.passwords:
        if password.there and not password.usable:
            return failed(
                f"{password.path} ({_access(password)}) cannot be read by {user}",
                f"chown root:nut {password.path}; chmod 640 {password.path}",
            )
    return ok(f"{shown} can be read by {user}")


def judge_folders(facts: DoctorFacts) -> CheckVerdict:
    """The folders of port file, state and token."""
    files = _files(facts)
    user = files.monitor.name
    for folder in files.folders:
        shown = f"folder {folder.path} ({_access(folder)})"
        if not folder.there:
            return failed(f"{shown} does not exist", f"mkdir {folder.path}")
        if (folder.mode or 0) & stat.S_IWOTH:
            return failed(f"{shown} is open to everybody", f"chmod o-w {folder.path}")
        if not folder.usable:
            return failed(
                f"{shown}: {user}, who runs the monitor, cannot write there",
                f"chown root:{user} {folder.path}; chmod 770 {folder.path}",
            )
    for kept in files.kept:
        if kept.there and not kept.usable:
            return failed(
                f"{kept.path} ({_access(kept)}) cannot be read by {user}, who runs "
                "the monitor",
                f"chown {user} {kept.path}",
            )
    if files.denied is not None:
        return skipped(f"{files.denied} cannot be looked at", SUDO)
    names = ", ".join(folder.path for folder in files.folders)
    return ok(f"{user} can write in {names}")


def judge_port_file(facts: DoctorFacts) -> CheckVerdict:
    """The port file, or its hidden twin: plain, readable for the driver."""
    files = _files(facts)
    found = [entry for entry in (files.port, files.twin) if entry.there]
    user = files.driver.name
    if not found:
        if files.denied is not None:
            return skipped(f"{files.denied} cannot be looked at", SUDO)
        return failed(
            f"port file {files.port.path} does not exist, hidden or not",
            f"touch {files.twin.path}; chown {files.monitor.name} {files.twin.path}",
        )
    for entry in found:
        shown = f"{entry.path} ({_access(entry)})"
        if not entry.plain:
            return failed(f"{shown} is no plain file", "move it out of the way")
        if not entry.usable:
            return failed(
                f"{shown} cannot be read by {user}, who runs the driver",
                f"chmod a+r {entry.path}, and let {user} into its folders",
            )
        if (entry.mode or 0) & stat.S_IWOTH:
            return failed(f"{shown} can be changed by all", f"chmod o-w {entry.path}")
    return ok(f"{found[0].path} ({_access(found[0])}) can be read by {user}")


def judge_port_path(facts: DoctorFacts) -> CheckVerdict:
    """The name: without what ups.conf or dummy-ups take for something else.

    Source: dummy-ups 2.8: a blank ends an unquoted path; ``@`` makes it a
    repeater of another UPS unless mode is set.
    """
    path = facts.settings.port_file
    odd = sorted({c for c in path if c in "@\"\\#='" or not "!" <= c <= "~"})
    if odd:
        words = ", ".join("blank" if c == " " else c for c in odd)
        return failed(
            f"the path of the port file has {words}: {path}",
            "choose a path of letters, digits and / . _ - (PORT_FILE and ups.conf)",
        )
    return ok("the path of the port file has no blanks and no @")


def judge_file_system(facts: DoctorFacts) -> CheckVerdict:
    """Port file, state and token on a disk or memory of this machine."""
    files = _files(facts)
    for folder, kind in files.kinds.items():
        if kind in _REMOTE:
            return failed(
                f"{folder} lies on a network file system ({kind})",
                "choose a local folder: STATE_DIR and PORT_FILE of the config",
            )
    known = ", ".join(dict.fromkeys(kind for kind in files.kinds.values() if kind))
    if not known:
        if files.denied is not None:
            return skipped("file systems: they cannot be looked at", SUDO)
        return skipped("file systems: this system does not tell them")
    return ok(f"port file and state lie on local file systems ({known})")


def judge_selinux(facts: DoctorFacts) -> CheckVerdict:
    """The label of the port file, where SELinux is in use."""
    files = _files(facts)
    path = (files.port if files.port.there else files.twin).path
    if files.label is None:
        return skipped("SELinux is not in use")
    remedy = f"restorecon -v {path}"
    if not files.label:
        return failed(f"{path} has no SELinux label", remedy)
    parts = files.label.split(":")
    kind = parts[2] if len(parts) > 2 else ""  # noqa: PLR2004 - user:role:type:level
    if kind in _WRONG_TYPES or kind == "unlabeled_t":
        return failed(f"{path} is labelled {kind}, which NUT may not read", remedy)
    if kind in _COMMON_TYPES:
        return warning(
            f"{path} is labelled {kind}, which NUT's driver may not be let to read",
            f"semanage fcontext -a -t {_NUT_TYPE} '{files.port.path}.*'; {remedy}",
        )
    return ok(f"{path} is labelled {files.label}")


def judge_monitor(facts: DoctorFacts) -> CheckVerdict:
    """A monitor holds the lock while the file claims a state."""
    files = _files(facts)
    claim = _claim(files)
    start = f"systemctl start enphase-monitor@{facts.settings.ups}"
    if files.held is None:
        remedy = SUDO if files.denied else "see the folder of the port file"
        return skipped("whether a monitor runs cannot be seen", remedy)
    if files.held:
        who = f"pid {files.pid}" if files.pid else "pid unknown"
        return ok(f"a monitor runs ({who}); {claim}")
    if not files.port.there:
        return failed(f"no monitor runs; {claim}", start)
    remedy = start
    if "OB" not in (files.status or "").split():
        # A driver that ends after OB is a dead UPS to upsmon: it shuts down.
        remedy += (
            f"; or stop protection: systemctl stop nut-driver@{facts.settings.ups}"
        )
    return failed(f"{claim} and no monitor runs: nobody keeps it true", remedy)


def _claim(files: FileFacts) -> str:
    if not files.port.there:
        what = "hidden" if files.twin.there else "missing"
        return f"the port file is {what}, clients see no UPS"
    if files.status:
        return f"the port file claims {files.status}"
    # NUT up to 2.8.3 takes it for OL.
    return "the port file has no status, which NUT may show as OL,"


def _files(facts: DoctorFacts) -> FileFacts:
    if facts.files is None:
        raise AssertionError("checks are judged only with their facts")
    return facts.files


def _access(entry: DiskEntry) -> str:
    return f"{entry.mode or 0:04o} {entry.owner}" if entry.there else "missing"
