"""All scenes on one release of Debian: ``python -m tests.boot 13 [WORD ...]``.

The word ``bare`` leaves the drop-ins of nutbridge-nut(7) out, to see what NUT does
without them.
"""

import signal
import sys
from collections.abc import Sequence

from tests.boot.installed import DROP_INS, installed
from tests.boot.package import DEBIAN as PACKAGED_FOR
from tests.boot.packaged import PACKAGED, packaged
from tests.boot.scene_player import Report, played
from tests.boot.scenes import SCENES, Scene
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
    sys.stdout.write(f"Debian {debian}{'scene':>8} {'away s':>44} {'lines':>6}\n")
    drop_ins = () if BARE in words else DROP_INS[debian]
    faults = 0
    if scenes := _chosen(SCENES, wanted):
        with installed(debian, drop_ins) as layer:
            faults += sum(_told(played(each, debian, layer)) for each in scenes)
    scenes = _chosen(PACKAGED, wanted)
    if scenes and debian == PACKAGED_FOR:
        with packaged() as (layer, *others):
            faults += sum(
                _told(played(each, debian, layer, *others)) for each in scenes
            )
    return 1 if faults else 0


def _chosen(scenes: Sequence[Scene], words: Sequence[str]) -> list[Scene]:
    return [
        scene
        for scene in scenes
        if not words or any(word in scene.name for word in words)
    ]


def _told(report: Report) -> bool:
    """Print a row; whether there is a fault."""
    sys.stdout.write(f"{report.line()}\n")
    sys.stdout.flush()
    return bool(report.fault)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
