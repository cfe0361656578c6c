"""What keeps upsd from telling the values of a UPS.

NutError               exit 69  upsd gave no values of the UPS
    UpsdUnreachable        no connection, no answer, too late
    UpsdAnswerError        an answer that cannot be used
    UnknownUps             no such section in upsd's ups.conf
    DriverNotConnected     upsd knows the UPS, its driver does not run
    DataStale              the driver runs and does not answer
"""

from nutbridge.errors import EX_UNAVAILABLE, NutbridgeError


class NutError(NutbridgeError):
    """upsd gave no values of the UPS.

    Attributes:
        address: of upsd, HOST:PORT as given.
        problem: what happened.
    """

    exit_code = EX_UNAVAILABLE

    def __init__(self, address: str, problem: str) -> None:
        self.address = address
        self.problem = problem
        super().__init__(f"upsd at {address}: {problem}")


class UpsdUnreachable(NutError):
    """No connection, no answer, or not in time."""


class UpsdAnswerError(NutError):
    """An answer that cannot be used."""


class UnknownUps(NutError):
    """upsd serves no UPS of that name."""


class DriverNotConnected(NutError):
    """upsd knows the UPS, but its driver does not run."""


class DataStale(NutError):
    """The driver runs and does not answer."""
