"""``make bench``: what the monitor costs, beside its budgets.

``python -m tests.bench [PART...]`` measures some parts only. BENCH_REF names
another monitor command to measure in the same run, in turn with ours; it must
take ``-s`` and ``-c CONFIG`` and the keys of the bash script. The exit code
says nothing about the figures.
"""

import os
import sys

from tests.bench.parts import PARTS
from tests.bench.table import render


def main() -> None:
    """Measure and print the table."""
    names = sys.argv[1:] or list(PARTS)
    unknown = sorted(set(names) - PARTS.keys())
    if unknown:
        sys.exit(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    rows = []
    for name in names:
        ref = os.environ.get("BENCH_REF") or None
        rows += PARTS[name](ref, lambda text: print(f"... {text}", flush=True))
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"\nload {load}, {os.cpu_count()} CPUs, Python {sys.version.split()[0]}\n")
    print(render(rows))


if __name__ == "__main__":
    main()
