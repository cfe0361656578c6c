"""Steps of root's, and an attacker who acts at a chosen moment of each.

Forks for each moment: to be used in a process that holds nothing else.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from nutbridge.daemon.state_store import StateStore
from nutbridge.errors import NutbridgeError
from nutbridge.net.pins import PinRecord, PinStore
from nutbridge.nut.port_file import PortFile, PortFilePublisher
from nutbridge.simulator.tokens import make_token
from nutbridge.sources.enphase.claims import parse_token
from nutbridge.sources.enphase.token_store import TokenStore
from nutbridge.sources.sma.session_store import SessionStore
from nutbridge.system.clock import SystemClock
from nutbridge.system.lock import PortLock
from nutbridge.system.release_request import ReleaseRequest
from nutbridge.tools.setup.files import Disk
from nutbridge.tools.setup.plan import Change, RunAs, Who
from nutbridge.ups.status.memory import Memory
from nutbridge.ups.status.saved import SavedState
from tests.attacks.stage import ATTACKER, GROUP, MONITOR, Stage, stage
from tests.effort import FACTOR

PORT = "home.dev"
TWIN = "home.dev-nocomms"
OWNER = (MONITOR, GROUP)
TOKEN = make_token("122000000001", 2e9)
parse_token(TOKEN)  # loads the library, before any step is watched
TEXT = b"battery.charge: 50\nups.status: OL\n"
#: More than any step does; a step that does more would be tested in part.
MOST_MOMENTS = 400
#: What is done to each file: two links, a hard link, a pipe.
ACTS = 4
#: A step that waits for something is ended; none takes a second.
LONG_S = 20


def port_of(folder: Path) -> PortFile:
    return PortFile(folder / PORT, SystemClock())


def write(folder: Path) -> None:
    """As -s and the daemon do."""
    port = port_of(folder)
    port.check()
    publisher = PortFilePublisher(port)
    publisher.load()
    port.sweep()
    publisher.publish({"ups.status": "OB", "battery.charge": 50.0}, 20.0, None)


def hide(folder: Path) -> None:
    port = port_of(folder)
    port.check()
    port.read()
    port.hide()


def edit(folder: Path) -> None:
    port = port_of(folder)
    port.check()
    seen, data = port.signature(), port.read()
    assert seen is not None
    port.edit(data + b"# mine\n", seen)


def lock(folder: Path) -> None:
    mine = PortLock(folder / PORT)
    mine.owner()
    mine.acquire()
    mine.release()


def token(folder: Path) -> None:
    store = TokenStore(folder / "e.token", None, OWNER)
    store.read()
    store.store(TOKEN)


def state(folder: Path) -> None:
    store = StateStore(folder / "e.state", OWNER)
    store.sweep()
    store.read()
    store.write(SavedState("boot", "/home.dev", Memory()))


def pin(folder: Path) -> None:
    store = PinStore(folder / "e.fingerprint", OWNER)
    store.load()
    store.save(PinRecord("ab" * 32))


def session(folder: Path) -> None:
    store = SessionStore(folder / "e.session", "x", OWNER)
    store.load()
    store.save("sid")
    store.clear()


def release(folder: Path) -> None:
    request = ReleaseRequest(folder / PORT, SystemClock())
    request.make()
    request.there()
    request.drop()


def setup(folder: Path) -> None:
    account = RunAs("nobody", "nogroup", *OWNER, frozenset({GROUP}))
    disk = Disk("")
    changes = []
    for name in (TWIN, "e.token"):
        path = f"{folder}/{name}"
        seen = disk.see(path)
        before = seen.data if seen else None
        changes.append(Change(path, b"new\n", 0o600, Who.MONITOR, "x", before))
    changes.append(Change(f"{folder}/none/x", b"", 0o600, Who.MONITOR, "x"))
    disk.apply(tuple(changes), account)  # all is put back


#: Each step with the names that the attacker is after.
STEPS: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "write": (write, (PORT, TWIN, ".home.dev.spare")),
    "hide": (hide, (PORT, TWIN)),
    "edit": (edit, (PORT, TWIN)),
    "lock": (lock, (".home.dev.lock",)),
    "token": (token, ("e.token",)),
    "state": (state, ("e.state",)),
    "pin": (pin, ("e.fingerprint",)),
    "session": (session, ("e.session",)),
    "release": (release, (".home.dev.released",)),
    "setup": (setup, (TWIN, "e.token")),
}


class Moment:
    """Acts once, before the ``nth`` system call that can be watched."""

    def __init__(self, nth: int, act: Callable[[], None]) -> None:
        self.left = nth
        self._act = act
        self._busy = False

    def __call__(self, event: str, _arguments: object) -> None:
        if self._busy or not (event == "open" or event.startswith("os.")):
            return
        self.left -= 1
        if self.left == 0:
            self._busy = True
            self._act()
            self._busy = False


def link(place: Stage, name: str, target: Path) -> Callable[[], None]:
    def act() -> None:
        path = place.shared / name
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        path.symlink_to(target)
        os.lchown(path, ATTACKER, GROUP)

    return act


def hard_link(place: Stage, name: str) -> Callable[[], None]:
    def act() -> None:
        path = place.shared / name
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        path.hardlink_to(place.roots / name)

    return act


def pipe(place: Stage, name: str) -> Callable[[], None]:
    """Nobody writes into it: whoever waits there waits for ever."""

    def act() -> None:
        path = place.shared / name
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        os.mkfifo(path, 0o660)
        os.chown(path, MONITOR, GROUP)

    return act


def do(step: Callable[[Path], None], place: Stage, moment: Moment) -> bool:
    """Do the step in a process of its own; return whether the moment came."""
    child = os.fork()
    if not child:
        signal.alarm(LONG_S)
        # No moment to act in, and a busy disk is slow.
        os.fsync = lambda fd: None
        sys.addaudithook(moment)
        with contextlib.suppress(NutbridgeError, OSError):
            step(place.shared)
        os._exit(0 if moment.left <= 0 else 3)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 3), f"it hung or broke: {code}"
    return code == 0


def prepare(place: Stage) -> None:
    for path in place.shared.iterdir():
        path.unlink()
    for name in (PORT, TWIN):
        place.put(name, TEXT)
    place.put("e.token", TOKEN.encode(), 0o600)
    place.put("e.state", b"{}", 0o600)
    place.put("e.fingerprint", b"cd" * 32, 0o600)
    place.put("e.session", b'{"of": "x", "sid": "s"}', 0o600)
    place.put(".home.dev.lock", b"", 0o660)


def at_every_moment(name: str, owner: int) -> None:
    """Let each act of the attacker come at each moment of a step.

    Raises:
        AssertionError: something of root's was read out, changed or made.
    """
    step, victims = STEPS[name]
    with stage(owner, *victims) as place:
        acts = [
            act
            for victim in victims
            for act in (
                link(place, victim, place.roots / victim),
                link(place, victim, place.roots / f"new-{victim}"),
                hard_link(place, victim),
                pipe(place, victim),
            )
        ]
        # Each moment with one of the acts on each file, in the other folder with
        # another one; with more effort, with all.
        assert len(acts) == ACTS * len(victims)
        stride = ACTS if FACTOR == 1 else 1
        for first, act in enumerate(acts, start=bool(owner)):
            moments = 0
            for nth in range(1 + first % stride, MOST_MOMENTS, stride):
                prepare(place)
                if not do(step, place, Moment(nth, act)):
                    break
                moments += 1
                unlink_hard(place, victims)
                place.assert_roots_are_untouched()
            assert 0 < moments < (MOST_MOMENTS - 1) // stride


def unlink_hard(place: Stage, victims: tuple[str, ...]) -> None:
    """Take our own second names of root's files away: links count."""
    for victim in victims:
        path = place.shared / victim
        if path.exists() and path.lstat().st_nlink > 1:
            path.unlink()


class Look(Moment):
    """Acts before the ``nth`` call into ``os``, one that only looks included."""

    def profile(self, _frame: object, event: str, what: object) -> None:
        """As ``sys.setprofile`` wants it."""
        if event == "c_call" and getattr(what, "__module__", "") == "posix":
            self("open", ())


def at_every_look_at_the_token() -> None:
    """Let a link come before each call that opens or only looks.

    Raises:
        AssertionError: as for ``at_every_moment``.
    """

    def store(folder: Path) -> None:
        sys.setprofile(moment.profile)
        TokenStore(folder / "e.token", None).store(TOKEN)

    with stage(0, "e.token") as place:
        act = link(place, "e.token", place.roots / "e.token")
        for nth in range(1, MOST_MOMENTS):
            prepare(place)
            moment = Look(nth, act)
            if not do(store, place, moment):
                break
            place.assert_roots_are_untouched()
        assert 1 < nth < MOST_MOMENTS - 1
