"""Drop-ins for NUT's own units: offered where they are needed, with their price."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from nutbridge.tools.doctor import systemd
from nutbridge.tools.doctor.port_wait import required_file, watched_file
from nutbridge.tools.setup.drop_ins import offers
from nutbridge.tools.setup.files import Disk
from nutbridge.tools.setup.places import Places
from tests.system.unit_file import SYSTEMD
from tests.tools.setup.site import PASSWORD, Machine

ETC = "etc/systemd/system"
LIB = "usr/lib/systemd/system"
HASTY = {
    f"/{ETC}/nut-monitor.service.d/nutbridge.conf",
    f"/{ETC}/nut-driver@home.service.d/nutbridge.conf",
}
RESTART = {
    f"/{ETC}/nut-server.service.d/nutbridge.conf",
    f"/{ETC}/nut-monitor.service.d/nutbridge.conf",
}


def unit(root: Path, name: str, restart: str) -> None:
    path = root / LIB / f"{name}.service"
    for folder in (path.parent, root / ETC):
        folder.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[Service]\nExecStart=/sbin/x\n{restart}\n")


def offered(root: Path, version: str | None, port: str = "/run/x/h.dev") -> set[str]:
    places = Places("home", "/c", "/u", "/n", port, "/s", "/t")
    return {
        change.path
        for offer in offers(Disk(str(root)), places, version, {})
        for change in offer.changes
        if change.data is not None
    }


@pytest.mark.parametrize(
    ("version", "restart", "paths"),
    [
        ("2.8.0", "", RESTART),
        ("2.8.0", "Restart=no", RESTART),
        ("2.8.0", "Restart=always", set()),
        ("2.8.1", "Restart=on-failure", HASTY),
        ("2.8.2.1-3", "Restart=on-failure", HASTY),
        # One file of that name: what the version needs comes first.
        ("2.8.1", "", HASTY | RESTART),
        ("2.8.3", "Restart=on-failure", set()),
        (None, "Restart=on-failure", set()),
    ],
)
def test_what_is_needed_is_offered(
    tmp_path: Path, version: str | None, restart: str, paths: set[str]
) -> None:
    unit(tmp_path, "nut-server", restart)
    unit(tmp_path, "nut-monitor", restart)
    assert offered(tmp_path, version) == paths


def seen_in(root: Path, ups: str) -> tuple[str | None, str | None]:
    """Return the files that the driver and the path unit of a UPS wait for."""
    environ = {"SYSTEMD_UNIT_PATH": f"{root / ETC}:{root / LIB}"}

    def look(unit: str, _names: object) -> Mapping[str, str] | None:
        return systemd.from_files(unit, environ)

    return required_file(ups, look), watched_file(ups, look)


def write_offers(root: Path, ups: str, port: str) -> list[str]:
    disk, places = Disk(str(root)), Places(ups, "/c", "/u", "/n", port, "/s", "/t")
    paths = []
    for offer in offers(disk, places, "2.8.3", {}):
        disk.apply(offer.changes, None)
        paths += [each.path for each in offer.changes if each.data is not None]
    return paths


def test_driver_waits_for_its_port_file(tmp_path: Path) -> None:
    """The usual ones share a template, as shipped; both files name the same always."""
    unit(tmp_path, "nut-driver@", "Restart=always")
    usual = "/run/nutbridge/home.dev"
    template, drop_in = write_offers(tmp_path, "home", usual)
    assert (template, drop_in) == (
        f"/{ETC}/nutbridge-port@.path",
        f"/{ETC}/nut-driver@home.service.d/nutbridge-port.conf",
    )
    # The manual's own words for it lead to the same.
    for path, name in (
        (template, "nutbridge-port@.path"),
        (drop_in, "nut-driver@.service.conf"),
    ):
        shipped = SYSTEMD / "nut" / name
        assert (tmp_path / path[1:]).read_bytes() == shipped.read_bytes()
    assert seen_in(tmp_path, "home") == (usual, usual)
    assert write_offers(tmp_path, "home", usual) == []
    other = "/var/lib/nut/attic.dev"
    assert f"/{ETC}/nutbridge-port@attic.path" in write_offers(tmp_path, "attic", other)
    for port in ("/run/nutbridge/attic.dev", other):
        assert write_offers(tmp_path, "attic", port)
        assert seen_in(tmp_path, "attic") == (port, port)
        assert seen_in(tmp_path, "home") == (usual, usual)
        assert write_offers(tmp_path, "attic", port) == []


def test_path_unit_of_before_does_not_stand_in_front(tmp_path: Path) -> None:
    """An instance's own unit hides the template: it is changed, where it is there."""
    unit(tmp_path, "nut-driver@", "Restart=always")
    for port in ("/var/lib/nut/home.dev", "/run/nutbridge/home.dev"):
        path, _ = write_offers(tmp_path, "home", port)
        assert path == f"/{ETC}/nutbridge-port@home.path"
        assert seen_in(tmp_path, "home") == (port, port)


def test_edited_path_unit_is_left_alone(tmp_path: Path) -> None:
    """Of the right file: the drop-in is missing; of another: they would loop."""
    unit(tmp_path, "nut-driver@", "Restart=always")
    shipped = SYSTEMD / "nut/nutbridge-port@.path"
    (tmp_path / ETC / shipped.name).write_bytes(shipped.read_bytes())
    edited = tmp_path / ETC / "nutbridge-port@home.path.d/override.conf"
    edited.parent.mkdir()
    edited.write_text("[Path]\nPathExists=\nPathExists=/srv/home.dev\n")
    assert write_offers(tmp_path, "home", "/run/nutbridge/home.dev") == []
    (path,) = write_offers(tmp_path, "home", "/srv/home.dev")
    assert path.endswith("nutbridge-port.conf")
    assert seen_in(tmp_path, "home") == ("/srv/home.dev", "/srv/home.dev")


def test_setup_names_the_line_that_starts_the_path_unit(machine: Machine) -> None:
    unit(machine.root, "nut-driver@", "Restart=always")
    line = "  systemctl start nutbridge-port@home.path\n"
    assert line not in machine.run_yes("--append").out
    assert line in machine.run_yes("--append", "--drop-ins").out
    assert line in machine.run_yes("--append").out


def test_what_is_offered_is_in_place_then(tmp_path: Path) -> None:
    """For the port file of this UPS; systemd sees it, and nothing is offered again."""
    unit(tmp_path, "nut-server", "")
    unit(tmp_path, "nut-monitor", "Restart=on-failure")
    unit(tmp_path, "nut-driver@", "Restart=always")
    disk, places = (
        Disk(str(tmp_path)),
        Places("home", "/c", "/u", "/n", "/run/x/h.dev", "/s", "/t"),
    )
    for offer in offers(disk, places, "2.8.1", {}):
        disk.apply(offer.changes, None)
    folders = f"{tmp_path}/{ETC}:{tmp_path}/{LIB}"
    found = systemd.from_files(
        "nut-driver@home.service", {"SYSTEMD_UNIT_PATH": folders}
    )
    assert found is not None
    assert "test ! -e /run/x/h.dev ||" in found["ExecStopPost"]
    assert offered(tmp_path, "2.8.1") == set()


def test_setup_asks_and_tells_the_price(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --yes it writes none unless it is told to."""
    for name in ("nut-server", "nut-monitor"):
        unit(machine.root, name, "")
    done = machine.run_yes("--append")
    assert done.code == 0
    assert "does not start NUT's server and its guard again" in done.out
    assert "Not written (--drop-ins)" in done.out
    assert not any((machine.root / ETC).rglob("nutbridge.conf"))
    assert "Drop-ins" not in machine.run_yes("--append", "--no-drop-ins").out
    asked = machine.run(*machine.all_options[:1], *machine.all_options[2:], stdin="y\n")
    assert "Write these drop-ins? (y/n): " in asked.out
    for path in RESTART:
        assert "Restart=on-failure" in (machine.root / path[1:]).read_text()
    assert "Drop-ins" not in machine.run_yes("--append", "--drop-ins").out
    assert PASSWORD not in asked.out
