"""All scenes on one release of Debian: ``python -m tests.boot 13 [WORD ...]``."""

import sys

from tests.boot.installed import installed
from tests.boot.scene_player import played
from tests.boot.scenes import SCENES
from tests.boot.tree import why_not


def main(debian: int, *words: str) -> int:
    """Print a row for each scene; with words, only of those that have one of them."""
    if (reason := why_not()) is not None:
        sys.stderr.write(f"test-boot: {reason}\n")
        return 2
    faults = 0
    sys.stdout.write(f"Debian {debian}{'scene':>8} {'away s':>44} {'lines':>6}\n")
    with installed(debian) as layer:
        for scene in SCENES:
            if not words or any(word in scene.name for word in words):
                report = played(scene, debian, layer)
                faults += bool(report.fault)
                sys.stdout.write(f"{report.line()}\n")
                sys.stdout.flush()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
