"""PASSWORD_FILE and TOKEN_FILE under systemd's LoadCredential=."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from nutbridge.config.file import load
from nutbridge.config.settings import ConfigSite, Settings, interpret
from nutbridge.config.text import parse
from nutbridge.errors import ConfigError
from nutbridge.sources.enphase.token_store import TokenStore
from tests.sources.enphase.tokens import SERIAL, owner_token

LENT = "/run/credentials/enphase-monitor@home.service"
OWN = "/var/lib/nut"
CONFIG = f"USERNAME=me\nPASSWORD=x\nSERIAL={SERIAL}\nPORT_FILE=home.dev\n"


def read(more: str, files: Iterable[str], lent: str | None = LENT) -> Settings:
    """Interpret a config on a system with these files."""
    there = set(files)
    place = ConfigSite(
        path="/etc/nut/enphase-home.conf",
        ups="home",
        state_dir=OWN,
        cwd="/",
        credentials_dir=lent,
        exists=there.__contains__,
    )
    return interpret(parse((CONFIG + more).encode(), place.path), place)[0]


@pytest.mark.parametrize(
    ("line", "files", "token_file", "credential"),
    [
        ("TOKEN_FILE=t", [f"{LENT}/t"], f"{OWN}/t", f"{LENT}/t"),
        ("TOKEN_FILE=t", [f"{LENT}/t", f"{OWN}/t"], f"{OWN}/t", f"{LENT}/t"),
        ("TOKEN_FILE=t", [f"{OWN}/t"], f"{OWN}/t", None),
        ("TOKEN_FILE=t", [], f"{OWN}/t", None),
        # The name that is used where nothing is said.
        (
            "",
            [f"{LENT}/enphase-home.token"],
            f"{OWN}/enphase-home.token",
            f"{LENT}/enphase-home.token",
        ),
        # Absolute: elsewhere it is no credential, in there it cannot be written.
        ("TOKEN_FILE=/x/t", ["/x/t", f"{LENT}/t"], "/x/t", None),
        (
            f"TOKEN_FILE={LENT}/t",
            [f"{LENT}/t"],
            f"{OWN}/enphase-home.token",
            f"{LENT}/t",
        ),
        # Another unit's folder whose name begins alike.
        (f"TOKEN_FILE={LENT}x/t", [f"{LENT}x/t"], f"{LENT}x/t", None),
    ],
)
def test_token_file_lent(
    line: str, files: list[str], token_file: str, credential: str | None
) -> None:
    """Read from the credential, stored in STATE_DIR."""
    found = read(line, files)
    assert (found.token_file, found.token_credential) == (token_file, credential)


def test_token_file_without_systemd() -> None:
    found = read("TOKEN_FILE=t", [f"{LENT}/t"], lent=None)
    assert (found.token_file, found.token_credential) == (f"{OWN}/t", None)


def test_token_lent_is_enough_without_an_account() -> None:
    found = read("USERNAME=\nPASSWORD=\nTOKEN_FILE=t", [f"{LENT}/t"])
    assert found.token_credential == f"{LENT}/t"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ([f"{LENT}/pw"], f"{LENT}/pw"),
        ([f"{LENT}/pw", f"{OWN}/pw"], f"{LENT}/pw"),
        # Only the token is lent: the password stays where it was.
        ([f"{OWN}/pw"], f"{OWN}/pw"),
        # Nowhere: the message names the place that systemd would fill.
        ([], f"{LENT}/pw"),
    ],
)
def test_password_file_lent(files: list[str], wanted: str) -> None:
    assert read("PASSWORD_FILE=pw", files).password_file == wanted


class Pair:
    """A token file that may be written, and a credential that may not."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "state" / "token"
        self.lent = folder / "lent" / "token"
        self.file.parent.mkdir()
        self.lent.parent.mkdir()
        self.store = TokenStore(self.file, SERIAL, credential=str(self.lent))

    def write(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="ascii")
        path.chmod(0o400)


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


def test_store_neither(pair: Pair) -> None:
    assert pair.store.read() is None


@pytest.mark.parametrize(
    ("file_days", "lent_days", "wanted"),
    [
        (None, 300, 300),
        (300, None, 300),
        # Renewed since the credential was made.
        (360, 300, 360),
        # A new credential by hand, an old file left over.
        (200, 300, 300),
    ],
)
def test_store_later_end_counts(
    pair: Pair, file_days: int | None, lent_days: int | None, wanted: int
) -> None:
    for path, days in ((pair.file, file_days), (pair.lent, lent_days)):
        if days is not None:
            pair.write(path, owner_token(days=days))
    assert pair.store.read() == owner_token(days=wanted)


@pytest.mark.parametrize("bad", ["file", "lent"])
@pytest.mark.parametrize("text", ["garbage", owner_token(aud="122000000009", days=999)])
def test_store_unusable_one_leaves_the_other(pair: Pair, bad: str, text: str) -> None:
    """Garbage, or a token for another gateway."""
    good = {"file": pair.lent, "lent": pair.file}[bad]
    pair.write(good, owner_token())
    pair.write(getattr(pair, bad), text)
    assert pair.store.read() == owner_token()


def test_store_writes_the_file_only(pair: Pair) -> None:
    pair.write(pair.lent, owner_token(days=10))
    pair.lent.parent.chmod(0o500)
    before = pair.lent.stat()
    pair.store.store(owner_token(days=300))
    assert pair.file.read_text().strip() == owner_token(days=300)
    assert pair.store.read() == owner_token(days=300)
    after = pair.lent.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [path.name for path in pair.lent.parent.iterdir()] == ["token"]


def test_store_refuses_a_credential_that_everybody_can_read(pair: Pair) -> None:
    pair.write(pair.lent, owner_token())
    pair.lent.chmod(0o444)
    with pytest.raises(ConfigError, match="everybody may read the token"):
        pair.store.read()


def test_password_that_only_the_service_sees(tmp_path: Path) -> None:
    """A command that needs none goes on while the service is stopped."""
    config = tmp_path / "enphase-home.conf"
    config.write_text(
        f"SERIAL={SERIAL}\nUSERNAME=me\nPASSWORD_FILE=pw\nPORT_FILE=home.dev\n"
    )
    config.chmod(0o640)
    environ = {"NUT_SYSCONFIG": str(tmp_path), "NUT_LOCALSTATE": str(tmp_path)}
    found, notices = load(None, "home", environ, account_needed=False)
    assert found.password == ""
    assert [note.text for note in notices] == [
        f"{tmp_path}/pw: PASSWORD_FILE: no such file for this command"
    ]
    with pytest.raises(ConfigError, match="cannot be read"):
        load(None, "home", environ)
    # One that is there is held to the same rules by every command.
    (tmp_path / "pw").write_text("x\n")
    (tmp_path / "pw").chmod(0o644)
    with pytest.raises(ConfigError, match="everybody can read it"):
        load(None, "home", environ, account_needed=False)
