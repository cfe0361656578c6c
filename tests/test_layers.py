"""Who may import whom, by the tables of layers.py, and what a start may load."""

import ast
import functools
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nutbridge.daemon import preload
from tests.layers import (
    ALONE,
    CLOCK_CALLS,
    CLOCK_IS_GIVEN,
    IMPURE_CALLS,
    IMPURE_METHODS,
    IMPURE_MODULES,
    LATE,
    NEVER_LOADED,
    NOT_AT_THE_START,
    OF_THE_DAEMON,
    ONLY_IN,
    PACKAGE,
    PURE,
    ROOMS,
)

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Module:
    """One file of the package."""

    name: str
    path: Path
    tree: ast.Module

    def calls(self) -> Iterator[tuple[ast.expr, int]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield node.func, node.lineno


def _name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    _name_of(path): Module(_name_of(path), path, ast.parse(path.read_bytes()))
    for path in sorted((ROOT / PACKAGE).rglob("*.py"))
}
ROOT_MODULES = {PACKAGE, f"{PACKAGE}.__main__"}


def room_of(name: str) -> str:
    """Return the room of a module, or of a module that is one itself."""
    return name.split(".")[1]


@functools.cache
def imports_of(name: str) -> tuple[tuple[str, int], ...]:
    """List what a module imports anywhere in it, with the line."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(MODULES[name].tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            for alias in node.names:
                full = f"{origin}.{alias.name}"
                found.append((full if full in MODULES else origin, node.lineno))
    return tuple(found)


def late_imports_of(name: str) -> Iterator[str]:
    """Yield the modules that the functions of a module import."""
    for function in ast.walk(MODULES[name].tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    yield from (alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom):
                    yield node.module or "."


def is_in(name: str, places: tuple[str, ...] | set[str]) -> bool:
    """Tell whether a module is one of ``places`` or inside of one."""
    inner = name.removeprefix(f"{PACKAGE}.")
    return any(inner == place or inner.startswith(f"{place}.") for place in places)


def modules_in(places: tuple[str, ...]) -> list[str]:
    return [name for name in MODULES if is_in(name, places)]


def test_readme_shows_the_rooms_in_their_order() -> None:
    """What a folder may import stands above it."""
    text = (ROOT / "README.rst").read_text(encoding="utf-8").partition("\nDevelop\n")[2]
    shown = re.findall(r"^   \* - ``(\w+)(?:/|\.py)``$", text, re.MULTILINE)
    assert shown == list(ROOMS)


def test_root_of_the_package_holds_rooms_and_nothing_else() -> None:
    assert {room_of(name) for name in MODULES if name not in ROOT_MODULES} == set(ROOMS)


@pytest.mark.parametrize("name", sorted(MODULES.keys() - ROOT_MODULES))
def test_rooms_know_those_below(name: str) -> None:
    room = room_of(name)
    for target, line in imports_of(name):
        assert not target.startswith("."), f"{name}:{line}: relative import"
        if target.partition(".")[0] != PACKAGE or target in ROOT_MODULES:
            continue
        there = room_of(target)
        where = f"{name}:{line}: {room} imports {target}"
        assert there in {room, "errors", *ROOMS[room]}, where
        if there == ALONE.get(room, ("",))[0]:
            assert is_in(name, {ALONE[room][1]}), where


@pytest.mark.parametrize("place", [*PURE, *CLOCK_IS_GIVEN])
def test_every_named_module_is_there(place: str) -> None:
    assert f"{PACKAGE}.{place}" in MODULES


@pytest.mark.parametrize("name", MODULES)
def test_libraries_stay_in_their_modules(name: str) -> None:
    for target, line in imports_of(name):
        allowed = ONLY_IN.get(target.partition(".")[0])
        assert allowed is None or is_in(name, allowed), f"{name}:{line}: {target}"


@pytest.mark.parametrize("name", modules_in(PURE))
def test_pure_modules_ask_nothing_of_the_machine(name: str) -> None:
    for target, line in imports_of(name):
        names = {target, target.partition(".")[0]}
        assert not names & IMPURE_MODULES, f"{name}:{line}: imports {target}"
    for function, line in MODULES[name].calls():
        if isinstance(function, ast.Name):
            assert function.id not in IMPURE_CALLS, f"{name}:{line}: {function.id}()"
        elif isinstance(function, ast.Attribute):
            called = function.attr
            assert called not in IMPURE_METHODS, f"{name}:{line}: .{called}()"


@pytest.mark.parametrize("name", modules_in(CLOCK_IS_GIVEN))
def test_loop_is_given_its_clock(name: str) -> None:
    for function, line in MODULES[name].calls():
        match function:
            case ast.Attribute(value=ast.Name(id="time"), attr=called):
                assert called not in CLOCK_CALLS, f"{name}:{line}: time.{called}()"
    for node in ast.walk(MODULES[name].tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            taken = {alias.name for alias in node.names}
            assert not taken & CLOCK_CALLS, f"{name}:{node.lineno}: {taken}"


def loaded_after(*names: str) -> set[str]:
    """Import modules in a fresh interpreter and list all that it then holds."""
    code = f"import sys, {', '.join(names)}; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_start_of_the_daemon_is_light() -> None:
    """The way to ``enphase-monitor -h`` loads no HTTP and nothing heavy."""
    loaded = loaded_after(f"{PACKAGE}.cli.enphase_monitor")
    assert loaded & (NEVER_LOADED | NOT_AT_THE_START) == set()


def test_whole_daemon_is_light() -> None:
    """Everything that a poll can need, loaded at once."""
    names = modules_in(OF_THE_DAEMON)
    loaded = loaded_after(f"{PACKAGE}.cli.enphase_monitor", *names)
    assert loaded & NEVER_LOADED == set()


def test_late_imports_are_preloaded() -> None:
    """What a function of the daemon loads, it has before the loop begins."""
    early = {*preload.ALWAYS, *preload.GATEWAY, *preload.INVERTER}
    found = {
        (name, target)
        for name in modules_in(OF_THE_DAEMON)
        for target in late_imports_of(name)
    }
    assert {name for name, _ in found} >= {f"{PACKAGE}.{name}" for name in LATE}
    late = {each for each in found if not is_in(each[0], set(LATE))}
    parents = {name.rpartition(".")[0] for name in early}
    assert {target for _, target in late} <= early | parents, late
    for name in early:
        importlib.import_module(name)


def test_class_name_stands_once() -> None:
    """One meaning, one name: nobody has to ask which Reading is meant."""
    places: dict[str, list[str]] = {}
    for name, module in MODULES.items():
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(name)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
