"""Saves what a gateway answers as a fixture folder, without what is private.

Every path of enphase/paths.py that is read is asked once with GET; nothing is
posted. The folder has the form of test-data/enphase: one file per endpoint as it
came, ``gateway.json`` with the serial, the clock and whatever is not 200, and a
README. `pytest --update-golden` adds the port file that it must give.
"""

import contextlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from nutbridge import __version__
from nutbridge.config.settings import Settings
from nutbridge.errors import (
    EX_CANTCREAT,
    CertificateChanged,
    DeviceError,
    NutbridgeError,
    WrongDevice,
)
from nutbridge.net.addresses import split_host
from nutbridge.net.jsonfields import BodyError
from nutbridge.net.wire import Answer
from nutbridge.sources.enphase import paths
from nutbridge.sources.enphase.gateway import Gateway, http_date
from nutbridge.sources.enphase.info import Info
from nutbridge.system.clock import Clock, Waiter
from nutbridge.system.files import Access, Folder
from nutbridge.system.redact import SecretKind
from nutbridge.tools.mask import Mask
from nutbridge.tools.status.live import read_only_gateway, read_token

#: File of each endpoint, as in the folders of test-data/enphase. /info comes first: it
#: says who answers before the token is sent.
FILES: Mapping[str, str] = {
    paths.INFO: "info.xml",
    paths.RELAY: "relay.json",
    paths.SECCTRL: "secctrl.json",
    paths.INVENTORY: "inventory.json",
    paths.POWER: "power.json",
    paths.STATUS: "status.json",
    paths.LIVEDATA: "livedata.json",
    paths.METERS: "meters.json",
    paths.REPORTS: "reports.json",
}

#: Nothing private is in it, and it is to be sent.
_OPEN = Access(0o644)
#: The largest known answer has 60 kB.
_LONGEST_BODY = 1 << 18
#: A house has some dozens.
_MOST_PRIVATE = 1000


class CannotSave(NutbridgeError):
    """The folder cannot be made, or is there already."""

    exit_code = EX_CANTCREAT


@dataclass(frozen=True, slots=True)
class SavedCapture:
    """What was saved.

    Attributes:
        results: each path with what came of it.
        files: how many files there are.
        replaced: how many private texts were found.
    """

    results: tuple[tuple[str, str], ...]
    files: int
    replaced: int


@dataclass(frozen=True, slots=True)
class _Got:
    """One endpoint: its answer, or why there is none."""

    answer: Answer | None = None
    problem: str = ""

    @property
    def result(self) -> str:
        if self.answer is None:
            return f"no answer: {self.problem}"
        size = len(self.answer.body)
        return f"{self.answer.status}, {size} bytes"


def capture_to(
    output: str, settings: Settings, clock: Clock, waiter: Waiter
) -> SavedCapture:
    """Ask every endpoint and save the answers.

    Args:
        output: the folder, which must not be there yet.
        settings: of the config.
        clock: all times.
        waiter: of the calling thread.

    Raises:
        ConfigError, TokenError: no token that this user may read.
        WrongDevice: another gateway answers; nothing else was asked.
        DeviceError: the gateway does not answer; nothing was saved.
        CannotSave: see there.
    """
    folder = Path(output)
    if folder.exists() or folder.is_symlink():
        raise CannotSave(f"{folder} is there already; give a folder that is not")
    token = read_token(settings)
    gateway = read_only_gateway(settings, token, clock, waiter)
    mask = Mask()
    name, _ = split_host(settings.envoy_host)
    try:
        got = _ask_all(gateway, clock, 2 * settings.api_timeout_s)
        mask.know(SecretKind.IP, gateway.peer.address if gateway.peer else None)
    finally:
        gateway.close()
    mask.know(SecretKind.SERIAL, settings.serial)
    mask.know(SecretKind.TOKEN, token)
    mask.know(SecretKind.MAIL, settings.username)
    for each in name.split(","):
        numeric = each[-1:].isdigit() or ":" in each
        mask.know(SecretKind.IP if numeric else SecretKind.HOST, each)
    files = _files(got, settings.serial, mask, clock.wall())
    _save(folder, files)
    results = tuple((path, mask.apply(one.result)) for path, one in got.items())
    return SavedCapture(results, len(files), mask.count)


def _ask_all(gateway: Gateway, clock: Clock, request_s: float) -> dict[str, _Got]:
    """Ask one after another, in one session; /info must answer."""
    got = {}
    for path in FILES:
        try:
            answer = gateway.fetch_answer(path, clock.boottime() + request_s)
        except (WrongDevice, CertificateChanged):
            raise
        except DeviceError as error:
            if path == paths.INFO:
                raise
            got[path] = _Got(problem=error.problem)
        else:
            large = len(answer.body) > _LONGEST_BODY
            got[path] = (
                _Got(
                    problem=f"{len(answer.body)} bytes, too large to be one of a house"
                )
                if large
                else _Got(answer)
            )
    return got


def _files(
    got: Mapping[str, _Got], serial: str, mask: Mask, wall: float
) -> dict[str, str]:
    """Return the files by name; nothing private is in them."""
    texts = {}
    for path, one in got.items():
        if one.answer is not None and one.answer.status == HTTPStatus.OK:
            texts[FILES[path]] = one.answer.body.decode("utf-8", "surrogateescape")
        mask.study(one.problem)
    for text in texts.values():
        mask.study(text)
    if mask.count > _MOST_PRIVATE:
        raise CannotSave(f"{mask.count} private texts: not the answers of a house")
    files = {name: mask.apply(text) for name, text in texts.items()}
    answers = {
        path: {"status": one.answer.status}
        for path, one in got.items()
        if one.answer is not None and one.answer.status != HTTPStatus.OK
    }
    about: dict[str, object] = {
        "serial": mask.instead_of(serial),
        "clock": _gateway_clock(got, wall),
    }
    if answers:
        about["answers"] = answers
    files["gateway.json"] = json.dumps(about, indent=2) + "\n"
    files["README"] = mask.apply(_readme(got))
    left = [name for name, text in files.items() if mask.is_left_in(text)]
    if left:
        raise CannotSave(
            f"something private is left in {', '.join(left)}; nothing was saved. "
            "Please report this without the answers"
        )
    return files


def _gateway_clock(got: Mapping[str, _Got], wall: float) -> int:
    """Return the gateway's clock at the capture: the freshness of values needs it."""
    for one in reversed(list(got.values())):  # livedata and reports are asked last
        found = http_date(one.answer.headers.get("date", "")) if one.answer else None
        if found is not None:
            return int(found)
    info = _info(got)
    return int(wall if info.epoch_s is None else info.epoch_s)


def _info(got: Mapping[str, _Got]) -> Info:
    answer = got[paths.INFO].answer
    with contextlib.suppress(BodyError):
        if answer is not None:
            return Info.from_xml(answer.body)
    return Info()


def _readme(got: Mapping[str, _Got]) -> str:
    software = _info(got).software or "unknown"
    lines = [
        f"Captured by nutbridge {__version__}; firmware {software}.",
        "Replaced: serial numbers, addresses, the account, tokens, names, places.",
        "",
        "What this house has, and what is odd about it: (please say)",
        "",
        *(f"{path}: {one.result}" for path, one in got.items()),
    ]
    return "\n".join(lines) + "\n"


def _save(folder: Path, files: Mapping[str, str]) -> None:
    """Make the folder with all of its files, or leave nothing behind."""
    try:
        folder.mkdir()
        made = Folder(folder)
    except OSError as error:
        raise CannotSave(f"{folder} cannot be made: {error.strerror}") from error
    try:
        with made:
            for name, text in files.items():
                data = text.encode("utf-8", "surrogateescape")
                made.replace(name, data, access=_OPEN)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            problem = f"{folder} cannot be filled: {error.strerror}"
            raise CannotSave(problem) from error
        raise
