"""The errors that more than one module knows; the others stand where they are raised.

NutbridgeError
    UsageError             exit 2   the command line does not say enough
    ConfigError            exit 78  the config file or the environment
    PortFileError          exit 73  the port file or its folder
    LockHeld               exit 75  another monitor owns the port file
    Refused                exit 1   what was asked for would do harm
    NotDecided             exit 75  one check could not tell what is true
    DeviceError            a poll or one endpoint of it failed; the loop goes on
        DeviceUnreachable      no connection, no answer, too late
        DeviceAnswerError      an answer that cannot be used
        TokenRejected          401 or 403 for our token
        CertificateChanged     the device shows another certificate
        WrongDevice            the device has another serial number
        NotWebconnect          no Webconnect there: ennexOS, http only, restarting
        NotEnnexos             no ennexOS there, or not now
        UserMissing            an ennexOS device, and no SMA_USER in the config
        OtherInverter          another serial number than the first one seen
        NoFreeSession          all sessions of the inverter are in use
        PasswordRefused        the inverter takes no such password for the group
        SessionRefused         the inverter ends each session at once
    CloudError             a token could not be had; the old one stays in use
        LoginRefused           wrong password, too many logins
            SecondFactorNeeded     the account has MFA
    TokenError             a text that is not a usable token
    NutError and its kinds               see nut/errors.py
    StoreError, TooLarge, UpstreamDown   see collector/errors.py
    DecodeError            exit 65 values of an inverter that cannot be decoded
    Stopping               asked to end while waiting

The text is one line, says what to do where something can be done, and never
holds a secret. The data stays readable as attributes.
"""

EX_USAGE = 2
EX_DATAERR = 65
EX_UNAVAILABLE = 69
EX_SOFTWARE = 70
EX_CANTCREAT = 73
EX_IOERR = 74
EX_TEMPFAIL = 75
EX_CONFIG = 78


def reason(error: Exception) -> str:
    """Return what an error says; of the system's without its number and path."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


class NutbridgeError(Exception):
    """Base of the tree; ``exit_code`` is what the command line returns."""

    exit_code = 1

    @property
    def denied(self) -> bool:
        """Whether this user was not let in; another one, or root, may be."""
        return isinstance(self.__cause__, PermissionError)


class UsageError(NutbridgeError):
    """The command line (with its environment) does not say what to do."""

    exit_code = EX_USAGE


class ConfigError(NutbridgeError):
    """A setting is missing or wrong.

    Attributes:
        where: file, or file:line, or the name of an environment variable.
        key: the setting, or None when the file as a whole is at fault.
        problem: what is wrong and what is allowed.
    """

    exit_code = EX_CONFIG

    def __init__(self, where: str, key: str | None, problem: str) -> None:
        self.where = where
        self.key = key
        self.problem = problem
        super().__init__(f"{where}: {key}: {problem}" if key else f"{where}: {problem}")


class PortFileError(NutbridgeError):
    """The port file cannot be found, read, written or renamed.

    Attributes:
        path: the file as configured.
        problem: what is wrong and what to do.
    """

    exit_code = EX_CANTCREAT

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"port file {path}: {problem}")


class LockHeld(NutbridgeError):
    """Another monitor owns this port file.

    Attributes:
        path: the port file.
        pid: the owner, or None when it did not say.
    """

    exit_code = EX_TEMPFAIL

    def __init__(self, path: str, pid: int | None) -> None:
        self.path = path
        self.pid = pid
        who = f"pid {pid}" if pid else "another process"
        super().__init__(f"port file {path} is kept by {who}; stop that monitor first")


class Refused(NutbridgeError):
    """What was asked for would do harm; the text says how to insist."""


class NotDecided(NutbridgeError):
    """One check ended without knowing what is true; the file stays as it is."""

    exit_code = EX_TEMPFAIL


class DeviceError(NutbridgeError):
    """One request to a device failed.

    Attributes:
        what: host and path, as far as known, without any secret.
        problem: what happened.
    """

    exit_code = EX_UNAVAILABLE

    #: What to do about it, where the source of the error knows that.
    remedy = ""
    #: The cause stays until somebody does something about it.
    lasting = False
    #: It is that of the device, the same for each request.
    of_device = False

    def __init__(self, what: str, problem: str) -> None:
        self.what = what
        self.problem = problem
        super().__init__(f"{what}: {problem}")

    @property
    def advice(self) -> str:
        """The text with the remedy."""
        return f"{self}; {self.remedy}" if self.remedy else str(self)


class DeviceUnreachable(DeviceError):
    """No connection, no answer, or not in time.

    Attributes:
        sent: something of the request may have arrived.
    """

    def __init__(self, what: str, problem: str, *, sent: bool = False) -> None:
        self.sent = sent
        super().__init__(what, problem)


class DeviceAnswerError(DeviceError):
    """An answer that cannot be used.

    Attributes:
        status: the HTTP status, or None when the body is at fault.
    """

    def __init__(self, what: str, problem: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(what, problem)


class TokenRejected(DeviceError):
    """The gateway answered 401 or 403.

    Attributes:
        good: what its check_jwt says of the token; None where it was not asked.
    """

    def __init__(self, what: str, problem: str, *, good: bool | None = None) -> None:
        self.good = good
        super().__init__(what, problem)


class CertificateChanged(DeviceError):
    """The device shows a certificate other than the one it is known by.

    Attributes:
        known: SHA-256 fingerprint accepted before, 64 hex digits; empty where
            none was and none is taken without a person.
        shown: SHA-256 fingerprint seen now.
    """

    def __init__(self, what: str, known: str, shown: str, trust: str = "") -> None:
        self.known = known
        self.shown = shown
        problem = f"certificate {shown} is not trusted"
        if known:
            problem = f"certificate changed from {known} to {shown}"
        if trust:
            problem += f"; if that is right: {trust}"
        super().__init__(what, problem)


class WrongDevice(DeviceError):
    """The device has another serial number than the config says.

    Attributes:
        wanted: the configured serial number.
        found: the one the device reports.
    """

    def __init__(self, what: str, wanted: str, found: str) -> None:
        self.wanted = wanted
        self.found = found
        super().__init__(
            what,
            f"this is gateway {found}, the config says SERIAL={wanted}; "
            f"check ENVOY_HOST; a new gateway: nutbridge setup --serial {found}",
        )


class NotWebconnect(DeviceAnswerError):
    """What answers does not speak SMA Webconnect, or not now, or not so.

    Attributes:
        redirected: it sends plain http on to https.
    """

    def __init__(
        self,
        what: str,
        problem: str,
        status: int | None = None,
        *,
        redirected: bool = False,
    ) -> None:
        self.redirected = redirected
        super().__init__(what, problem, status)


class NotEnnexos(DeviceAnswerError):
    """What answers does not speak ennexOS, or not now."""


class UserMissing(DeviceAnswerError):
    """An ennexOS device, which knows users, and the config names none."""


class OtherInverter(DeviceAnswerError):
    """The address leads to another inverter than at first."""


class NoFreeSession(DeviceAnswerError):
    """err 503: others use all four sessions; asking often makes it no better."""


class PasswordRefused(DeviceAnswerError):
    """Wrong password, or the group is not allowed; stays so until changed."""


class SessionRefused(DeviceAnswerError):
    """err 401 right after a login that succeeded."""


class CloudError(NutbridgeError):
    """Enlighten gave no token this time.

    Attributes:
        pause_s: time before which asking again does harm, s.
    """

    exit_code = EX_UNAVAILABLE

    def __init__(self, text: str, pause_s: float = 0.0) -> None:
        self.pause_s = pause_s
        super().__init__(text)


class LoginRefused(CloudError):
    """Enlighten does not accept this account."""

    def __init__(self, text: str, pause_s: float = 900.0) -> None:
        super().__init__(text, pause_s)


class SecondFactorNeeded(LoginRefused):
    """The account has MFA, which no program can answer."""


class TokenError(NutbridgeError):
    """A text that is not a token, or not one for this gateway."""

    exit_code = EX_CONFIG


class DecodeError(NutbridgeError):
    """Saved or sent values of an inverter of which nothing can be decoded."""

    exit_code = EX_DATAERR


class Stopping(NutbridgeError):
    """SIGTERM or SIGINT came while waiting; not a failure."""

    exit_code = 0
