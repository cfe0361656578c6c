"""How hard the random tests search.

In CI always the same examples. ``NUTBRIDGE_EFFORT=20`` searches 20 times as
long, with other examples at each run. A failure shows the story of the house
instead of a shrunk example: shrinking simulates for minutes.
"""

import os

from hypothesis import HealthCheck, Phase, settings

FACTOR = int(os.environ.get("NUTBRIDGE_EFFORT", "1"))


def effort(examples: int) -> settings:
    """Return the settings of a random test."""
    return settings(
        max_examples=examples * FACTOR,
        derandomize=FACTOR == 1,
        phases=(Phase.explicit, Phase.generate),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
