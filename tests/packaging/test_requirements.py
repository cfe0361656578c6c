"""What is installed: every import declared, every version locked by its hash."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.readme.tables import MANUAL

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MANUAL_TEXT = "\n".join(path.read_text(encoding="utf-8") for path in MANUAL)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
LOCK_TEXT = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")

#: Where the name of the distribution is not that of the module.
DISTRIBUTIONS = {
    "axe_core_python": "axe-core-python",
    "jwt": "pyjwt",
    "paho": "paho-mqtt",
    "pynut2": "nut2",
    "prometheus_client": "prometheus-client",
}
#: Used without being imported: a database driver and data.
NOT_IMPORTED = {"psycopg", "tzdata"}


def name_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return found[0].lower()


def names(requirements: list[object]) -> set[str]:
    """Names of requirements; a group in a group is looked up."""
    found: set[str] = set()
    for each in requirements:
        if isinstance(each, dict):
            found |= names(PROJECT["dependency-groups"][each["include-group"]])
        else:
            found.add(name_of(str(each)))
    return found


BASE = names(PROJECT["project"]["dependencies"])
EXTRAS = {
    extra: names(needed)
    for extra, needed in PROJECT["project"]["optional-dependencies"].items()
}
GROUPS = {group: names(list(x)) for group, x in PROJECT["dependency-groups"].items()}

#: Modules that may import more than the base: each loads it when it is needed.
MORE = {
    "nutbridge/collector/": EXTRAS["collector"],
    "nutbridge/collector/mqtt/": EXTRAS["mqtt"],
    "nutbridge/cli/reports/": EXTRAS["collector"],
    "nutbridge/man/": GROUPS["build"],
    "nutbridge/simulator/": EXTRAS["demo"],
    "nutbridge/sources/discovery.py": EXTRAS["discovery"],
    "nutbridge/tools/demo/": EXTRAS["demo"],
    "nutbridge/web/": EXTRAS["web"],
    "nutbridge/cli/web": EXTRAS["web"],
}

LOCKS = {
    "requirements.lock": BASE | EXTRAS["discovery"] | GROUPS["build"],
    "requirements-collector.lock": BASE
    | EXTRAS["discovery"]
    | EXTRAS["collector"]
    | EXTRAS["web"]
    | EXTRAS["mqtt"]
    | GROUPS["build"],
    "requirements-dev.lock": BASE.union(*EXTRAS.values(), GROUPS["dev"]),
}


def imported(folder: str) -> Iterator[tuple[str, str]]:
    """Yield each file of a folder with the distributions that it imports."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found = [node.module or ""]
            else:
                continue
            for name in {each.partition(".")[0] for each in found}:
                if name not in sys.stdlib_module_names | {"nutbridge", "tests"}:
                    yield str(path.relative_to(ROOT)), DISTRIBUTIONS.get(name, name)


def test_every_import_is_declared_and_every_requirement_used() -> None:
    """What a library happens to bring along may be gone with its next version."""
    undeclared, used = [], set()
    for file, distribution in imported("nutbridge"):
        more = [names for start, names in MORE.items() if file.startswith(start)]
        used.add(distribution)
        if distribution not in BASE.union(*more):
            undeclared.append(f"{file}: {distribution}")
    assert undeclared == []
    declared = BASE.union(*EXTRAS.values(), GROUPS["build"])
    assert declared - used == NOT_IMPORTED


def test_every_import_of_the_tests_is_declared() -> None:
    declared = BASE.union(*EXTRAS.values(), GROUPS["dev"])
    assert {name for _, name in imported("tests")} - declared == set()


@pytest.mark.parametrize("file", LOCKS)
def test_lock_holds_what_is_declared(file: str) -> None:
    """Each requirement is locked, with hashes, and from no private index."""
    text = (ROOT / file).read_text(encoding="utf-8")
    entries = text.replace("\\\n", " ").splitlines()
    lines = [line for line in entries if line and not line.startswith((" ", "#"))]
    assert LOCKS[file] - {name_of(line) for line in lines} == set()
    assert all("==" in line and "--hash=sha256:" in line for line in lines)
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_what_is_installed_was_tested() -> None:
    """The locks of an installation are parts of the one that the tests run with."""
    tested = set(pinned("requirements-dev.lock"))
    for file in LOCKS:
        assert set(pinned(file)) - tested == set()


def pinned(file: str) -> list[str]:
    text = (ROOT / file).read_text(encoding="utf-8")
    return re.findall(r"^([a-z0-9.-]+(?:\[[a-z]+\])?==[^ ]+)", text, re.MULTILINE)


def test_monitor_is_installed_without_what_makes_its_start_slow() -> None:
    found = {each.partition("==")[0] for each in pinned("requirements.lock")}
    assert found & {"click", "cryptography", "pydantic", "sqlalchemy", "uvicorn"} == (
        set()
    )


def test_root_installs_nothing_without_a_hash() -> None:
    """Each line of the manual in which root fetches packages names a lock."""
    text = re.sub(r" \\\n +", " ", MANUAL_TEXT)
    lines = re.findall(r"^ +(sudo .*(?:pipx?|uv) .*install.*)$", text, re.MULTILINE)
    assert lines
    for line in lines:
        locked = re.search(r"--require-hashes -r (\S+)$", line)
        if locked is None:
            assert line.endswith("--no-deps --no-build-isolation ."), line
        else:
            assert locked[1] in LOCKS


def test_locks_come_from_where_the_user_says() -> None:
    """No package index is named, for pip or for uv."""
    text = MAKEFILE + (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert not re.findall(r"://\S*(?:pypi|simple)|--[a-z-]*index\b[ =]", text)


def test_tool_that_makes_the_locks_is_pinned() -> None:
    assert re.search(r"^LOCK_TOOL := uv==\d+(\.\d+)+$", MAKEFILE, re.MULTILINE)


def test_uvicorn_is_bounded_below_its_next_minor() -> None:
    """The collector extends its inner classes (listeners.py)."""
    bounds = re.findall(r'"uvicorn>=\S+,<0\.(\d+)"', str(PROJECT).replace("'", '"'))
    (bound,) = set(bounds)
    (locked,) = re.findall(r"^uvicorn==0\.(\d+)", LOCK_TEXT, re.MULTILINE)
    assert int(bound) == int(locked) + 1
