"""A start that cannot work: one line that says what to do, and an exit code."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.site import PASSWORD, UPS, Done, Site


def the_line(done: Done) -> str:
    """Return the one line of an error."""
    lines = [line for line in done.err.splitlines() if "WARNING" not in line]
    assert len(lines) == 1, done.err
    assert done.out == ""
    return lines[0]


CONFIGS: dict[str, tuple[dict[str, str | None], str]] = {
    "no serial": ({"SERIAL": None}, "{config}: SERIAL: not set; add SERIAL=<"),
    "two missing": (
        {"SERIAL": None, "PORT_FILE": None},
        "{config}: SERIAL PORT_FILE: not set; add SERIAL=<",
    ),
    "no password": ({"PASSWORD": None}, "{config}: PASSWORD: not set; add"),
    "word for a number": ({"POLLFREQ": "often"}, "{config}:9: POLLFREQ: "),
    "wrong choice": ({"ENVOY_TLS": "maybe"}, "{config}:12: ENVOY_TLS: "),
    "wrong host": ({"ENVOY_HOST": "a/b"}, "{config}:6: ENVOY_HOST: "),
    "plain http": ({"ENPHASE_LOGIN": "http://x/"}, "{config}:7: ENPHASE_LOGIN: "),
    "odd ups name": ({"UPS": "../x"}, "{config}:12: UPS: a UPS name has"),
    "no such folder": ({"STATE_DIR": "/no/such"}, "/no/such: folder of STATE_DIR"),
}


@pytest.mark.parametrize(("keys", "wanted"), CONFIGS.values(), ids=CONFIGS)
def test_config_error(site: Site, keys: dict[str, str | None], wanted: str) -> None:
    """File, line, key, and what is allowed; nothing was asked or written."""
    given = {**site.keys, **keys}
    site.keys = {key: value for key, value in given.items() if value is not None}
    done = site.run("-s")
    assert done.code == 78
    assert wanted.format(config=site.config) in the_line(done)
    assert site.gateway.server.counts.connections == 0
    assert site.twin.exists()


def test_config_without_a_closing_quote(site: Site) -> None:
    site.write_config()
    site.config.write_text("SERIAL=1\nPASSWORD='abc\n")
    done = site.run_plain("-s", UPS)
    assert done.code == 78
    assert f"{site.config}:2: " in the_line(done)
    assert "abc" not in done.err


def _world_readable(path: Path) -> None:
    path.chmod(0o644)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 16)


def _world_writable_folder(path: Path) -> None:
    path.parent.chmod(0o777)


FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "gone": (Path.unlink, "cannot be read: No such file"),
    "world readable": (_world_readable, "everybody can read it; chmod o-r"),
    "a folder": (_folder, "is a folder, a file is needed"),
    "binary": (_binary, ""),
    "folder world writable": (_world_writable_folder, "chmod o-w"),
}


@pytest.mark.parametrize(("spoil", "wanted"), FILES.values(), ids=FILES)
def test_config_file(site: Site, spoil: Callable[[Path], None], wanted: str) -> None:
    site.write_config()
    spoil(site.config)
    done = site.run_plain("-s", UPS)
    assert done.code == 78
    line = the_line(done)
    assert wanted in line
    assert str(site.folder) in line
    assert line.isprintable()


def test_unknown_key_is_a_warning_and_the_start_goes_on(site: Site) -> None:
    site.keys["POLLFREK"] = "60"
    daemon = site.start()
    site.wait_status("OL")
    assert f"WARNING: {site.config}:12: POLLFREK: unknown key" in daemon.err
    assert "is POLLFREQ meant?" in daemon.err


USAGES = {
    "no ups": ((), "which UPS?"),
    "unknown option": (("-q", UPS), "-q"),
    "too many": ((UPS, "b", "c"), "unexpected"),
    "-s with -x": (("-s", "-x", UPS), "exclude each other"),
    "-c without a file": (("-c",), "-c"),
}


@pytest.mark.parametrize(("arguments", "wanted"), USAGES.values(), ids=USAGES)
def test_usage_error(site: Site, arguments: tuple[str, ...], wanted: str) -> None:
    done = site.run_plain(*arguments)
    assert done.code == 2
    assert wanted in done.err
    assert done.err.endswith("Try 'enphase-monitor -h' for help.\n")
    assert len(done.err.splitlines()) == 2


def test_help_and_version_exit_0(site: Site) -> None:
    helped, version = site.run_plain("-h"), site.run_plain("--version")
    assert (helped.code, version.code) == (0, 0)
    assert "Usage: enphase-monitor" in helped.out
    assert version.out.startswith("enphase-monitor ")


def test_config_by_name_environment_and_option(site: Site) -> None:
    """-c, $CONFIG_FILE and $UPS lead to the same file."""
    site.cache_token()
    assert site.run("-s").code == 0
    assert site.run_plain("-s", "-c", str(site.config)).code == 0
    site.environ["UPS"] = UPS
    assert site.run_plain("-s").code == 0
    site.environ = {**site.environ, "UPS": "", "CONFIG_FILE": str(site.config)}
    assert site.run_plain("-s").code == 0


def test_readable_token_is_refused(site: Site) -> None:
    site.cache_token()
    site.token_file.chmod(0o644)
    done = site.run("-s")
    assert done.code == 78
    assert "everybody may read the token; chmod 600" in the_line(done)


def test_refused_token_leaves_no_stale_status(site: Site) -> None:
    """Nobody will watch the file: a driver started at boot must not read it."""
    site.show("ups.status: OB LB\n")
    site.cache_token()
    site.token_file.chmod(0o644)
    assert site.run("-s").code == 78
    assert site.text is None


def test_refused_token_takes_no_ups_from_a_running_driver(site: Site) -> None:
    site.show("ups.status: OB\n")
    site.start_driver()
    site.cache_token()
    site.token_file.chmod(0o644)
    assert site.run("-s").code == 78
    assert site.status == "OB"


def test_password_is_in_no_argument(site: Site) -> None:
    daemon = site.start()
    line = Path(f"/proc/{daemon.pid}/cmdline").read_bytes()
    assert PASSWORD.encode() not in line
