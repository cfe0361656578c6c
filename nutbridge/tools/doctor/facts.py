"""What was found out, before anybody judges it.

A part of ``DoctorFacts`` is None when it could not be found out in time. ``denied``
names what this user may not look at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nutbridge.config.settings import Settings
from nutbridge.nut.ups_conf import UpsConf
from nutbridge.sources.enphase.claims import Claims
from nutbridge.sources.enphase.facts import derive_grid
from nutbridge.sources.enphase.info import Info
from nutbridge.sources.enphase.readings import (
    Inventory,
    LiveData,
    Relay,
    SecCtrl,
)
from nutbridge.sources.sma.webconnect.readings import UpsReading
from nutbridge.ups.model import Grid, GridAnswer


@dataclass(frozen=True, slots=True)
class User:
    """A user of this system."""

    name: str
    uid: int


@dataclass(frozen=True, slots=True)
class DiskEntry:
    """A file or folder as the disk has it.

    Attributes:
        path: as looked at.
        mode: permissions, or None when it is not there.
        owner: ``user:group``.
        plain: it is a plain file.
        usable: whether the user who needs it can use it: read a file, write in
            a folder.
    """

    path: str
    mode: int | None = None
    owner: str = ""
    plain: bool = True
    usable: bool = False

    @property
    def there(self) -> bool:
        """Whether it exists."""
        return self.mode is not None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Config, folders, port file and lock.

    Attributes:
        denied: the first place that this user may not look at.
        monitor: who runs the monitor, or would.
        driver: who runs dummy-ups, or would.
        config: usable by ``monitor``.
        passwords: PASSWORD_FILE and SMA_PASSWORD_FILE; usable by ``monitor``.
        token: the token file, usable by ``monitor``.
        folders: of port file, state and token; usable by ``monitor``.
        kept: lock, state and fingerprint of the monitor; usable by it.
        port: the visible file; usable by ``driver``.
        twin: the hidden file; usable by ``driver``.
        kinds: file system by folder.
        label: SELinux label of port file or twin; None without SELinux.
        status: ups.status in the visible file, None without one.
        charge_low: battery.charge.low, %, and what is odd about it.
        held: a monitor holds the lock; None when that is not known.
        pid: of that monitor.
    """

    denied: str | None
    monitor: User
    driver: User
    config: DiskEntry
    passwords: tuple[DiskEntry, ...] = ()
    token: DiskEntry | None = None
    folders: tuple[DiskEntry, ...] = ()
    kept: tuple[DiskEntry, ...] = ()
    port: DiskEntry = field(default_factory=lambda: DiskEntry(""))
    twin: DiskEntry = field(default_factory=lambda: DiskEntry(""))
    kinds: Mapping[str, str] = field(default_factory=dict)
    label: str | None = None
    status: str | None = None
    charge_low: float | None = None
    held: bool | None = None
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class NutFacts:
    """How NUT is set up.

    Attributes:
        folder: where ups.conf lies.
        ups_conf: its content; None when missing.
        denied: ups.conf may not be read.
        real_port: real path of the port in our section.
        sections: names of dummy-ups sections that read our port file.
        driver_version: what ``dummy-ups -V`` says; None without that program.
        statepath: NUT_STATEPATH of nut.conf, which the driver's unit reads.
        sockets: folders in which the monitor looks for the driver's socket.
        socket_seen: it lies in one of them; None where we may not look.
        deadtime_s: of upsmon.conf; None without that file.
        restart_s: RestartSec of nut-driver@; None without that unit.
    """

    folder: str
    ups_conf: UpsConf | None
    denied: bool = False
    real_port: str = ""
    sections: tuple[str, ...] = ()
    driver_version: str | None = None
    statepath: str | None = None
    sockets: tuple[str, ...] = ()
    socket_seen: bool | None = None
    deadtime_s: float | None = None
    restart_s: float | None = None


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """The token file.

    Attributes:
        problem: why there is no usable token, with what is wrong; never a part
            of it.
        denied: the file may not be read.
        claims: what the token says.
        now: wall clock of this machine, s since 1970.
    """

    problem: str | None
    denied: bool
    claims: Claims | None
    now: float


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """The monitor's unit.

    Attributes:
        name: enphase-monitor@<ups>.service.
        values: properties by systemctl's names; None without systemd.
        problem: why systemctl did not tell.
    """

    name: str
    values: Mapping[str, str] | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CloudFacts:
    """Whether the cloud's hosts answer.

    Attributes:
        hosts: asked.
        problems: one sentence per host that does not answer.
    """

    hosts: tuple[str, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UpsdFacts:
    """What upsd shows.

    Attributes:
        address: HOST:PORT.
        values: the UPS's variables; None when there are none.
        problem: why.
        kind: name of the error's class (errors.py).
    """

    address: str
    values: Mapping[str, str] | None
    problem: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class GatewayFacts:
    """What the gateway says; filled as far as it came.

    Attributes:
        host: as configured.
        addresses: found for it.
        address: the one that answered.
        unresolved: why there are no addresses.
        unreachable: why there is no connection.
        known: stored fingerprint; None without one.
        shown: fingerprint seen.
        pin_denied: the stored one may not be read.
        info: of /info.
        no_info: why not.
        skew_s: gateway's clock ahead of this machine's, s.
        silent: why nothing was asked with the token.
        refused: the gateway does not take the token.
        relay: state of the relay.
        inventory: what is fitted.
        secctrl: charge and size of the batteries.
        live: the live stream.
        live_age_s: age of its values by the gateway's clock.
        problems: by name of the reading, why it is missing.
    """

    host: str
    addresses: tuple[str, ...] = ()
    address: str | None = None
    unresolved: str | None = None
    unreachable: str | None = None
    known: str | None = None
    shown: str | None = None
    pin_denied: bool = False
    info: Info | None = None
    no_info: str | None = None
    skew_s: float | None = None
    silent: str | None = None
    refused: bool = False
    relay: Relay | None = None
    inventory: Inventory | None = None
    secctrl: SecCtrl | None = None
    live: LiveData | None = None
    live_age_s: float | None = None
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InverterFacts:
    """What an SMA inverter says.

    Attributes:
        host: as configured.
        addresses: found for it.
        unresolved: why there are no addresses.
        denied: file of the monitor that may not be read: nothing is asked.
        known: stored fingerprint; None without one.
        shown: fingerprint seen; None with http, or where it said nothing.
        problem: why it says nothing.
        kind: name of the error's class (errors.py).
        borrowed: it was asked with the monitor's session.
        reading: its values.
        grid: what they say about the grid.
        backup: it makes an island in an outage; None where it does not tell.
    """

    host: str
    addresses: tuple[str, ...] = ()
    unresolved: str | None = None
    denied: str | None = None
    known: str | None = None
    shown: str | None = None
    problem: str = ""
    kind: str = ""
    borrowed: bool = False
    reading: UpsReading | None = None
    grid: GridAnswer | None = None
    backup: bool | None = None


@dataclass(frozen=True, slots=True)
class DoctorFacts:
    """Everything, for the judges."""

    settings: Settings
    unknown_keys: tuple[str, ...] = ()
    odd_values: tuple[str, ...] = ()
    files: FileFacts | None = None
    nut: NutFacts | None = None
    token: TokenFacts | None = None
    unit: UnitFacts | None = None
    cloud: CloudFacts | None = None
    upsd: UpsdFacts | None = None
    gateway: GatewayFacts | None = None
    inverter: InverterFacts | None = None

    @property
    def says(self) -> tuple[Grid | None, float | None]:
        """What the source says now: the grid, and the charge in %."""
        if self.settings.inverter_alone:
            inverter = self.inverter
            if inverter is None or inverter.grid is None or inverter.reading is None:
                return None, None
            # A device that makes no island says on line for ever.
            grid = None if inverter.grid.unfit else inverter.grid.grid
            return grid, inverter.reading.charge_pct
        seen = self.gateway
        if seen is None or seen.relay is None:
            return None, None
        collars = seen.inventory.collars if seen.inventory else ()
        soc_pct = seen.secctrl.soc_pct if seen.secctrl else None
        return derive_grid(seen.relay, collars).grid, soc_pct
