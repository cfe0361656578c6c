"""Who may import whom, by the tables of layers.py, and what a start may load."""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.layers import (
    ADAPTER,
    BASE,
    BELOW,
    CLOCK_CALLS,
    GROUPS,
    IMPURE_CALLS,
    IMPURE_METHODS,
    IMPURE_MODULES,
    LAYERS,
    LOOP,
    MIXED,
    NEVER_LOADED,
    NOT_AT_THE_START,
    NOT_OF_THE_DAEMON,
    ONLY_IN,
    PACKAGE,
    PURE,
    SHARED_ADAPTERS,
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
PLACES: dict[str, str] = {
    (name if name == PACKAGE else f"{PACKAGE}.{name}"): layer
    for layer, names in LAYERS.items()
    for name in names
}


def layer_of(name: str) -> str | None:
    """Find the layer of a module, or of the nearest package that has one."""
    if name in PLACES:
        return PLACES[name]
    parent = name.rpartition(".")[0]
    return None if not parent or parent in MIXED else layer_of(parent)


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


def is_in(name: str, places: tuple[str, ...] | set[str]) -> bool:
    """Tell whether a module is one of ``places`` or inside of one."""
    inner = name.removeprefix(f"{PACKAGE}.")
    return any(inner == place or inner.startswith(f"{place}.") for place in places)


def modules_of(*layers: str) -> list[str]:
    return [name for name in MODULES if layer_of(name) in layers]


def test_every_module_has_a_layer() -> None:
    assert [name for name in MODULES if layer_of(name) is None] == []


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_downwards(name: str) -> None:
    layer = layer_of(name)
    assert layer is not None
    for target, line in imports_of(name):
        assert not target.startswith("."), f"{name}:{line}: relative import"
        if target.partition(".")[0] != PACKAGE:
            continue
        there = layer_of(target)
        where = f"{name}:{line}: {layer} imports {target} ({there})"
        assert there == layer or there in BELOW[layer], where
        if layer == there == ADAPTER:
            inside = any(is_in(name, g) and is_in(target, g) for g in GROUPS)
            assert inside or is_in(target, SHARED_ADAPTERS), where


@pytest.mark.parametrize("name", MODULES)
def test_libraries_stay_in_their_modules(name: str) -> None:
    for target, line in imports_of(name):
        allowed = ONLY_IN.get(target.partition(".")[0])
        assert allowed is None or is_in(name, allowed), f"{name}:{line}: {target}"


@pytest.mark.parametrize("name", modules_of(BASE, PURE))
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


@pytest.mark.parametrize("name", modules_of(LOOP))
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
    names = [
        name
        for name in modules_of(BASE, PURE, ADAPTER, LOOP)
        if not is_in(name, NOT_OF_THE_DAEMON)
    ]
    loaded = loaded_after(f"{PACKAGE}.cli.enphase_monitor", *names)
    assert loaded & NEVER_LOADED == set()
