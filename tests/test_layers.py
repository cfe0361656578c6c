"""Who may import whom, by the tables of layers.py, and what a start may load."""

import ast
import functools
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

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
    OF_THE_COLLECTOR,
    OF_THE_DAEMON,
    ONLY_IN,
    PACKAGE,
    PURE,
    ROOMS,
)

ROOT = Path(__file__).parents[1]


def _name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


#: Name -> file. Read when a test asks: every worker collects all tests.
MODULES = {_name_of(path): path for path in sorted((ROOT / PACKAGE).rglob("*.py"))}
ROOT_MODULES = {PACKAGE, f"{PACKAGE}.__main__"}


def room_of(name: str) -> str:
    """Return the room of a module, or of a module that is one itself."""
    return name.split(".")[1]


@functools.cache
def nodes_of(name: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(MODULES[name].read_bytes())))


def calls_of(name: str) -> Iterator[tuple[ast.expr, int]]:
    for node in nodes_of(name):
        if isinstance(node, ast.Call):
            yield node.func, node.lineno


@functools.cache
def imports_of(name: str) -> tuple[tuple[str, int], ...]:
    """List what a module imports anywhere in it, with the line."""
    found: list[tuple[str, int]] = []
    for node in nodes_of(name):
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
    for function in nodes_of(name):
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


def test_rooms_know_those_below() -> None:
    wrong = [
        f"{name}:{line}: {target}"
        for name in MODULES.keys() - ROOT_MODULES
        for target, line in imports_of(name)
        if not may_import(name, target)
    ]
    assert not wrong, "\n".join(wrong)


def may_import(name: str, target: str) -> bool:
    """Tell whether the room of a module knows that of another; none by a dot."""
    if target.partition(".")[0] != PACKAGE or target in ROOT_MODULES:
        return not target.startswith(".")
    room, there = room_of(name), room_of(target)
    if there == ALONE.get(room, ("",))[0] and not is_in(name, {ALONE[room][1]}):
        return False
    return there in {room, "errors", *ROOMS[room]}


def test_every_named_module_is_there() -> None:
    named = {f"{PACKAGE}.{place}" for place in (*PURE, *CLOCK_IS_GIVEN)}
    assert named - MODULES.keys() == set()


def test_libraries_stay_in_their_modules() -> None:
    wrong = [
        f"{name}:{line}: {target}"
        for name in MODULES
        for target, line in imports_of(name)
        if (allowed := ONLY_IN.get(target.partition(".")[0])) is not None
        and not is_in(name, allowed)
    ]
    assert not wrong, "\n".join(wrong)


def test_pure_modules_ask_nothing_of_the_machine() -> None:
    wrong = []
    for name in modules_in(PURE):
        wrong += [
            f"{name}:{line}: imports {target}"
            for target, line in imports_of(name)
            if {target, target.partition(".")[0]} & IMPURE_MODULES
        ]
        for function, line in calls_of(name):
            match function:
                case ast.Name(id=called) if called in IMPURE_CALLS:
                    wrong.append(f"{name}:{line}: {called}()")
                case ast.Attribute(attr=called) if called in IMPURE_METHODS:
                    wrong.append(f"{name}:{line}: .{called}()")
    assert not wrong, "\n".join(wrong)


def test_loop_is_given_its_clock() -> None:
    wrong = []
    for name in modules_in(CLOCK_IS_GIVEN):
        for node in nodes_of(name):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="time"), attr=each)):
                    taken = {each}
                case ast.ImportFrom(module="time", names=names):
                    taken = {alias.name for alias in names}
                case _:
                    continue
            wrong += [f"{name}:{node.lineno}: {each}" for each in taken & CLOCK_CALLS]
    assert not wrong, "\n".join(wrong)


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
    names = set(modules_in(OF_THE_DAEMON)) - set(modules_in(OF_THE_COLLECTOR))
    loaded = loaded_after(f"{PACKAGE}.cli.enphase_monitor", *sorted(names))
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
    for name, path in MODULES.items():
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(name)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


_RUN = re.compile(
    r"(?<!`)\b(systemctl (daemon|dis|edit|en|re|sta|sto|try)|journalctl -)"
)


def test_one_module_says_how_services_are_run() -> None:
    """A line of systemctl written anywhere else is shown where no systemd runs."""
    found = [
        f"{name}:{node.lineno}: {node.value}"
        for name in MODULES
        for node in nodes_of(name)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if _RUN.search(node.value)
    ]
    assert found == []
