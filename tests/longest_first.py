"""Long tests begin at once, side by side, on most of the workers.

They wait for NUT and the daemon and use little of the processor. xdist gives
each worker, at first, one stretch of the tests in the order collected: without
this the longest would lie one after another in the same stretch. Some workers
get none, so that the processor has work meanwhile.
"""

from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")

#: Workers that get no long test: as many as the processors of a small machine.
FREE_WORKERS = 2


def deal(items: Sequence[Item], seconds: Sequence[float], workers: int) -> list[Item]:
    """Return the items in the order in which to collect them.

    Args:
        items: the tests, as collected.
        seconds: how long each takes, 0 for all that take a moment.
        workers: of xdist; each is given the same number of tests.
    """
    everyone = range(len(items))
    long = sorted((i for i in everyone if seconds[i]), key=lambda i: -seconds[i])
    short = iter([i for i in everyone if not seconds[i]])
    shares = _shares(len(items), workers)
    chosen = max(workers - FREE_WORKERS, 1)
    if len(long) > sum(shares[:chosen]):
        chosen = workers
    order: list[int] = []
    for head, share in zip(
        _heads(long, seconds, shares[:chosen]), shares, strict=False
    ):
        order += [*head, *islice(short, share - len(head))]
    return [items[index] for index in [*order, *short]]


def _heads(
    long: Sequence[int], seconds: Sequence[float], shares: Sequence[int]
) -> list[list[int]]:
    """Give each long test, longest first, to the worker with the least to do."""
    heads: list[list[int]] = [[] for _ in shares]
    for index in long:
        room = [
            head for head, share in zip(heads, shares, strict=True) if len(head) < share
        ]
        min(room, key=lambda head: sum(seconds[i] for i in head)).append(index)
    return heads


def _shares(count: int, workers: int) -> list[int]:
    """Return how many tests xdist gives to each worker (LoadScheduling: worksteal)."""
    shares = []
    for left in range(workers, 0, -1):
        shares.append(count // left)
        count -= shares[-1]
    return shares
