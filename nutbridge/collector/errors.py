"""Errors of the report collector; part of the tree in nutbridge/errors.py.

NutbridgeError
    StoreError             exit 74  the database cannot be used
        StoreFull              no room on its disk
        StoreBusy              locked by another process for too long
        StoreDown              no connection, or closed
            StoreDamaged       broken in its file
        StoreRefused           it works, but does not take this
        StoreReplaced          it is not the one that was opened
        SchemaRefused          exit 78  its schema is not one that we know
    TooLarge               a body that inflates to more than is allowed
    UpstreamDown           exit 69  no answer of the upstream
"""

from nutbridge.errors import (
    EX_CONFIG,
    EX_IOERR,
    EX_UNAVAILABLE,
    NutbridgeError,
)


class StoreError(NutbridgeError):
    """The database of the reports cannot be used; the text has no password."""

    exit_code = EX_IOERR


class StoreFull(StoreError):
    """No room on the disk of the database; nothing was stored."""


class StoreBusy(StoreError):
    """Another process kept the database locked for too long."""


class StoreDown(StoreError):
    """The database does not answer, is broken, or was closed."""


class StoreDamaged(StoreDown):
    """What is in the file is no whole database."""


class StoreRefused(StoreError):
    """A value of a report cannot be stored; nothing of it was."""


class StoreReplaced(StoreError):
    """Another database, or none, has the place of the one that was opened.

    Attributes:
        elsewhere: the one that was opened is whole, but has another name now.
        log_gone: only its log is gone; closing it saves what was in that.
    """

    def __init__(
        self, text: str, *, elsewhere: bool = False, log_gone: bool = False
    ) -> None:
        self.elsewhere = elsewhere
        self.log_gone = log_gone
        super().__init__(text)


class SchemaRefused(StoreError):
    """The tables were made by another version of nutbridge."""

    exit_code = EX_CONFIG


class TooLarge(NutbridgeError):
    """A body inflates to more than is allowed.

    Attributes:
        limit: the bytes that are allowed.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"the body inflates to more than {limit} bytes")


class UpstreamDown(NutbridgeError):
    """The upstream gave no answer that can be passed on.

    Attributes:
        origin: scheme, host and port.
        problem: what happened.
    """

    exit_code = EX_UNAVAILABLE

    def __init__(self, origin: str, problem: str) -> None:
        self.origin = origin
        self.problem = problem
        super().__init__(f"{origin}: {problem}")
