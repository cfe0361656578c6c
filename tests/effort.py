"""How hard the random tests search.

In CI always the same examples: what fails there comes from the change.
``NUTBRIDGE_EFFORT=20`` searches 20 times as long, with other examples at each
run.
"""

import os

from hypothesis import HealthCheck, Phase, settings

FACTOR = int(os.environ.get("NUTBRIDGE_EFFORT", "1"))


def effort(examples: int) -> settings:
    """Return the settings of a random test that simulates a house.

    A failure shows the story of the house instead of a shrunk example: shrinking
    simulates for minutes.
    """
    return settings(
        max_examples=examples * FACTOR,
        derandomize=FACTOR == 1,
        phases=(Phase.explicit, Phase.generate),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
