"""Which dates can be right."""

DAY = 86_400
#: Before this no Envoy reported: 2005-01-01.
EARLIEST = 1_104_537_600
#: A clock that shows an earlier time was never set: 2008-01-01. A small board counts
#: from 1970 until it has the network's time.
CLOCK_SET = 1_199_145_600


def believable(received: int) -> range:
    """Return the dates that a row can have.

    Args:
        received: when it came, by our clock, which may not be set.
    """
    return range(EARLIEST, received + DAY + 1 if received >= CLOCK_SET else 1 << 62)


def odd_date(moment: int, received: int) -> bool:
    """Tell whether a row's date cannot be right.

    Args:
        moment: of the row, Unix seconds.
        received: when it came.
    """
    return moment not in believable(received)
