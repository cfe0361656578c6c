"""The protocol of upsd, as far as the tests need it."""

import re
import socket

_VAR = re.compile(r'VAR \S+ (\S+) "(.*)"')


class NutError(RuntimeError):
    """upsd answered ERR, or not at all."""


class Client:
    """One connection to upsd; sees what every NUT client sees."""

    def __init__(self, port: int, ups: str) -> None:
        self._ups = ups
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._file = self._socket.makefile("rw", encoding="ascii", newline="\n")

    def list_var(self) -> dict[str, str]:
        """LIST VAR: every variable, in one answer.

        Raises:
            NutError: ERR, e.g. DRIVER-NOT-CONNECTED; the connection still works.
        """
        self._file.write(f"LIST VAR {self._ups}\n")
        self._file.flush()
        found: dict[str, str] = {}
        for line in self._file:
            text = line.rstrip("\n")
            if text.startswith("END LIST"):
                return found
            if text.startswith("ERR"):
                raise NutError(text)
            if var := _VAR.fullmatch(text):
                found[var[1]] = re.sub(r"\\(.)", r"\1", var[2])
        raise NutError("upsd closed the connection")

    def close(self) -> None:
        self._file.close()
        self._socket.close()
