"""All scenes on one release of Debian: ``python -m tests.boot 13 [WORD ...]``.

The word ``bare`` leaves the drop-ins of nutbridge-nut(7) out, to see what NUT does
without them.
"""

import signal
import sys

from tests.boot.installed import DROP_INS, installed
from tests.boot.scene_player import played
from tests.boot.scenes import SCENES
from tests.boot.tree import why_not

BARE = "bare"


def main(debian: int, *words: str) -> int:
    """Print a row for each scene; with words, only of those that have one of them."""
    if (reason := why_not()) is not None:
        sys.stderr.write(f"test-boot: {reason}\n")
        return 2
    # Ended by a signal, machines and networks go as well.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))
    wanted = [word for word in words if word != BARE]
    faults = 0
    sys.stdout.write(f"Debian {debian}{'scene':>8} {'away s':>44} {'lines':>6}\n")
    drop_ins = () if BARE in words else DROP_INS[debian]
    with installed(debian, drop_ins) as layer:
        for scene in SCENES:
            if not wanted or any(word in scene.name for word in wanted):
                report = played(scene, debian, layer)
                faults += bool(report.fault)
                sys.stdout.write(f"{report.line()}\n")
                sys.stdout.flush()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
