"""Ports for programs that are told theirs."""

import random
import socket

#: Below those that Linux gives to whoever asks for any port: other tests do.
_RANGE = range(20_000, 32_000)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody has."""
    dice = random.SystemRandom()  # hypothesis makes the other one repeat itself
    while True:
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", dice.choice(_RANGE)))
            except OSError:
                continue
            return int(one.getsockname()[1])
