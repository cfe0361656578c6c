"""All scenes on one release of Debian: ``python -m tests.boot 13 [WORD ...]``.

The word ``bare`` leaves the drop-ins of nutbridge-nut(7) out, to see what NUT does
without them.
"""

import os
import signal
import sys
import textwrap
from collections.abc import Iterable, Sequence

from tests.boot.installed import DROP_INS, installed
from tests.boot.package import DEBIAN as PACKAGED_FOR
from tests.boot.packaged import PACKAGED, packaged
from tests.boot.scene_player import Report, all_played
from tests.boot.scenes import SCENES, Scene
from tests.boot.tree import why_not

BARE = "bare"
#: Machines that run at the same time; NB_MACHINES has another number.
AT_ONCE = int(os.environ.get("NB_MACHINES", "1"))


def main(debian: int, *words: str) -> int:
    """Print a row for each scene; with words, only of those that have one of them."""
    if (reason := why_not()) is not None:
        sys.stderr.write(f"test-boot: {reason}\n")
        return 2
    # Ended by a signal, machines and networks go as well.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))
    wanted = [word for word in words if word != BARE]
    sys.stdout.write(f"Debian {debian}{'scene':>8} {'away s':>44} {'lines':>6}\n")
    drop_ins = () if BARE in words else DROP_INS[debian]
    faults = 0
    if scenes := _chosen(SCENES, wanted):
        with installed(debian, drop_ins) as layer:
            faults += _told(all_played(scenes, debian, layer, at_once=AT_ONCE))
    scenes = _chosen(PACKAGED, wanted)
    if scenes and debian == PACKAGED_FOR:
        with packaged() as layers:
            faults += _told(all_played(scenes, debian, *layers, at_once=AT_ONCE))
    return 1 if faults else 0


def _chosen(scenes: Sequence[Scene], words: Sequence[str]) -> list[Scene]:
    return [
        scene
        for scene in scenes
        if not words or any(word in scene.name for word in words)
    ]


def _told(reports: Iterable[Report]) -> int:
    """Print a row for each and what went wrong; how many did."""
    faults = 0
    for report in reports:
        faults += bool(report.fault)
        more = textwrap.indent(report.fault.partition("\n")[2], " " * 8)
        sys.stdout.write("\n".join(filter(None, (report.line(), more))) + "\n")
        sys.stdout.flush()
    return faults


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
