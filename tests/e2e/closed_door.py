"""A daemon that can load nothing more once its loop has begun."""

from tests.e2e.site import Site
from tests.nut.harness import SOON_S, wait_until

#: The daemon without pauses. Whatever it wants to load in the loop is refused and
#: named; only the thread of a login may load what judges tokens. A file named ``deaf``
#: makes each question to the gateway fail, one named ``dizzy`` each decision.
PROGRAM = """
import os, sys, threading

class Door:
    closed = False

    def find_spec(self, name, path=None, target=None):
        ours = name.startswith("nutbridge")
        login = threading.current_thread().name == "renewal"
        if self.closed and (ours or not login):
            os.write(2, f"wanted: {name}\\n".encode())
            raise ImportError(name)

door = Door()
sys.meta_path.insert(0, door)
from nutbridge.daemon import monitor, runner

class Hasty:
    boottime = staticmethod(lambda: float("inf"))

def spoil(where, name, flag):
    right = getattr(where, name)

    def wrong(*args, **named):
        if os.path.exists(flag):
            os.write(2, f"so {flag}\\n".encode())
            raise ZeroDivisionError
        return right(*args, **named)

    setattr(where, name, wrong)

def run(found, source, waiter, clock, notifier, *after, **named):
    def rest():
        with open("rounds", "a") as rounds:
            rounds.write(".")
        waiter.wait(0.05)

    spoil(type(source), "grid", "deaf")
    spoil(monitor, "check", "dizzy")
    door.closed = True
    inner(found, source, waiter, Hasty, notifier, *after, rest, **named)

inner, runner.run = runner.run, run
from nutbridge.cli.enphase_monitor import main
main()
"""


def rounds(site: Site) -> int:
    """How many checks are over."""
    done = site.folder / "rounds"
    return done.stat().st_size if done.exists() else 0


def let_it_run(site: Site, checks: int = 2) -> None:
    """Wait for some whole checks."""
    wanted = rounds(site) + checks
    wait_until(lambda: rounds(site) >= wanted, SOON_S, f"{checks} checks")
