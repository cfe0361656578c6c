"""Plays one scene on a machine of its own and says what came of it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.boot.machine import Machine
from tests.boot.play import Play, now
from tests.boot.scenes import Scene
from tests.boot.tree import base_tree, wheels


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a scene.

    Attributes:
        name: of the scene.
        fault: what was wrong; "" when nothing was.
        away_s: how long clients had no status to see.
        complaints: lines of the journal with level warning or worse.
    """

    name: str
    fault: str
    away_s: float
    complaints: int

    def line(self) -> str:
        """Return a row of the table."""
        verdict = self.fault.partition("\n")[0] or "ok"
        return f"{self.name:48} {self.away_s:6.1f} {self.complaints:6} {verdict}"


def all_played(
    scenes: Sequence[Scene], debian: int, *layers: Path, at_once: int
) -> Iterator[Report]:
    """Play scenes, some of them at the same time: machines wait more than they work.

    Args:
        scenes: to be played.
        debian: the release.
        layers: as ``played`` has them.
        at_once: how many machines run at the same time.
    """
    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(lambda scene: played(scene, debian, *layers), scenes)


def played(
    scene: Scene,
    debian: int,
    layer: Path,
    tree: Path | None = None,
    files: Path | None = None,
) -> Report:
    """Play a scene on a machine with that layer over Debian's tree.

    Args:
        scene: to be played.
        debian: the release.
        layer: what the installation left.
        tree: what it was installed on; None: the one for README's install section.
        files: what was installed; None: wheels.
    """
    layers = [layer, tree or base_tree(debian)]
    with Machine(layers, f"scene{debian}", files or wheels(debian)) as machine:
        machine.prepare()
        with Play(machine) as play:
            fault, begun = "", now()
            try:
                scene.act(play)
                begun = now()
                if not scene.shut_down:
                    play.settle(scene.status)
                elif not play.marked():
                    play.until(play.marked, 120, "the shutdown")
                if play.marked() != scene.shut_down:
                    fault = f"the machine was shut down: {play.told()}"
            except AssertionError as error:
                fault = str(error)
            complaints = machine.run(
                "journalctl -b --no-pager -o cat -p warning | wc -l", check=False
            )
            return Report(
                scene.name,
                fault,
                play.seen.away_s(begun),
                int(complaints.strip() or 0),
            )
