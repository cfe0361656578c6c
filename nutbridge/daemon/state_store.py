"""The state file: where it lies, reading and replacing it, and whose it is."""

import contextlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from nutbridge.errors import reason
from nutbridge.system.files import Access, read_file, replace_file, sweep
from nutbridge.ups.snapshot import SnapshotError
from nutbridge.ups.status.memory import Memory
from nutbridge.ups.status.policy import Policy
from nutbridge.ups.status.saved import RetryState, SavedState, parse, render

_log = logging.getLogger(__name__)

#: RuntimeDirectory= of the unit. A monitor started by hand finds there what
#: the one of systemd knew.
UNIT_FOLDER = Path("/run/nutbridge")
_CAP = 1 << 20


def state_folder(
    environ: Mapping[str, str], state_dir: str, unit_folder: Path = UNIT_FOLDER
) -> Path:
    """Return the folder of the state file.

    $RUNTIME_DIRECTORY (systemd sets it), else the unit's folder where it
    exists, else STATE_DIR.
    """
    given = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    return unit_folder if unit_folder.is_dir() else Path(state_dir)


class StateStore:
    """Reads and writes one monitor's state file.

    Args:
        path: ``<folder>/enphase-<ups>.state``.
        owner: see ``files.owner_for``.
    """

    def __init__(self, path: Path, owner: tuple[int, int] | None = None) -> None:
        self.path = path
        # The group (NUT's) may read it: the page does, and there is no secret in it.
        self._access = Access(0o640, owner)
        self._failed = False
        self._ignored = ""

    def read(self) -> SavedState | None:
        """Return what was saved, or None with a WARNING when it is worthless."""
        try:
            return parse(read_file(self.path, _CAP).data)
        except FileNotFoundError:
            return None
        except (OSError, SnapshotError) as exc:
            problem = reason(exc)
            if problem != self._ignored:  # a page reads it again and again
                _log.warning("state file %s ignored: %s", self.path, problem)
            self._ignored = problem
            return None

    def by_another_name(self, whose: "StateOwner") -> SavedState | None:
        """Return what this boot knows of the port file by another UPS name.

        Whoever renames a UPS in an outage renames it for NUT too, and its driver
        seems to be gone: an OB that nobody vouches for would be hidden from it.
        """
        found = []
        for path in self.path.parent.glob("enphase-*.state"):
            with contextlib.suppress(OSError, SnapshotError):
                found.append(parse(read_file(path, _CAP).data))
        ours = (each for each in found if each.vouches(whose.port_file, whose.boot_id))
        return max(ours, key=lambda each: each.memory.noted_at or 0.0, default=None)

    def write(self, saved: SavedState) -> None:
        """Replace the file; a failure is logged once and changes nothing else.

        Not fsynced: it vouches only within one boot.
        """
        try:
            replace_file(
                self.path,
                render(saved),
                access=self._access,
                durable=False,
            )
        except OSError as exc:
            if not self._failed:
                _log.warning("state file %s not written: %s", self.path, reason(exc))
            self._failed = True
        else:
            self._failed = False

    def sweep(self) -> None:
        """Remove what a killed write left."""
        sweep(self.path)


class StateOwner(NamedTuple):
    """The UPS, port file and boot that a state file must belong to.

    Attributes:
        boot_id: of the present boot; "" never vouches.
        port_file: real path of the port file.
        config: stamp of the config file; a corrected password need not wait
            for the end of a back-off.
    """

    boot_id: str
    port_file: str
    config: str = ""


class StateSession:
    """Reads the state file once and writes it whenever it is told to.

    Args:
        store: the file.
        whose: what it has to belong to.
        policy: of the config, None where that cannot be used.

    Attributes:
        found: what the file said at the start, about whatever port file.
    """

    def __init__(
        self, store: StateStore, whose: StateOwner, policy: Policy | None = None
    ) -> None:
        self._store = store
        self._whose = whose
        self._policy = policy
        store.sweep()
        self.found = store.read()
        if not self.written_this_boot:
            self.found = store.by_another_name(whose) or self.found
        self._memory: Memory | None = None
        self._written: tuple[RetryState, RetryState] | None = None
        self._retry: Callable[[], RetryState] = RetryState
        # Who does not ask the inverter beside keeps what is known.
        kept = self.inverter_retry_state
        self._inverter_retry: Callable[[], RetryState] = lambda: kept
        self._token_ends: Callable[[], float | None] = lambda: None

    @property
    def memory(self) -> Memory | None:
        """What was saved about this port file, in whatever boot."""
        found = self.found
        if found is None or found.port_file != self._whose.port_file:
            return None
        return found.memory

    @property
    def written_this_boot(self) -> bool:
        """Whether it was saved in this boot."""
        found, whose = self.found, self._whose
        return found is not None and found.vouches(whose.port_file, whose.boot_id)

    @property
    def retry_state(self) -> RetryState:
        """When the next login is allowed, as saved."""
        found = self._same_config
        if found is None:
            return RetryState()
        return RetryState(
            found.next_login_epoch or 0.0, found.failed_logins, found.sessions_full
        )

    @property
    def inverter_retry_state(self) -> RetryState:
        """The same of an inverter beside the gateway."""
        found = self._same_config
        return found.inverter_login if found else RetryState()

    @property
    def _same_config(self) -> SavedState | None:
        """What was found, unless the logins in it were made with another config."""
        found = self.found
        return found if found and found.config == self._whose.config else None

    def watch(
        self,
        retry: Callable[[], RetryState],
        token_ends: Callable[[], float | None] = lambda: None,
    ) -> None:
        """Let each save from now on include the state of logins, and the token's end.

        Args:
            retry: returns what is known about logins.
            token_ends: returns when the token ends, s since 1970.
        """
        self._retry = retry
        self._token_ends = token_ends

    def watch_inverter(self, retry: Callable[[], RetryState]) -> None:
        """Likewise for the logins of an inverter beside the gateway."""
        self._inverter_retry = retry

    def save(self, memory: Memory) -> None:
        """Write what is known now."""
        self._memory = memory
        self._written = retry, inverter_retry = self._retry(), self._inverter_retry()
        self._store.write(
            SavedState(
                boot_id=self._whose.boot_id,
                port_file=self._whose.port_file,
                memory=memory,
                next_login_epoch=retry.next_try_epoch,
                failed_logins=retry.failures,
                sessions_full=retry.full,
                config=self._whose.config,
                policy=self._policy,
                token_ends_epoch=self._token_ends(),
                inverter_login=inverter_retry,
            )
        )

    def refresh(self) -> None:
        """Write again if a login failed or succeeded since the last time."""
        now = self._retry(), self._inverter_retry()
        if self._memory is not None and now != self._written:
            self.save(self._memory)
