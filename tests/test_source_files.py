"""Functions that one can read without scrolling; how complex they may be, ruff says."""

import ast
import functools
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: One screen; tables of examples in tests may be longer.
MOST_LINES = {"nutbridge": 55, "tests": 80}


@functools.cache
def trees(folder: str) -> dict[Path, ast.Module]:
    return {
        path: ast.parse(path.read_bytes()) for path in (ROOT / folder).rglob("*.py")
    }


def test_helpers_of_tests_are_not_called_test() -> None:
    """A file of tests is imported by nobody: what two of them need has a file."""
    found = [
        str(path.relative_to(ROOT))
        for path, tree in trees("tests").items()
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("tests.")
        and (node.module or "").rpartition(".")[2].startswith("test_")
    ]
    assert found == []


def test_functions_fit_a_screen() -> None:
    long = []
    for folder, most in MOST_LINES.items():
        for path, tree in trees(folder).items():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    lines = (node.end_lineno or 0) - node.lineno + 1
                    if lines > most:
                        long.append(f"{path.name}: {node.name}: {lines} lines")
    assert long == []


def _described(doc: str, section: str) -> list[str]:
    found = re.search(rf"^{section}:\n((?:    .*\n|\n)+)", f"{doc}\n", re.MULTILINE)
    return re.findall(r"^    \*{0,2}(\w+):", found[1] if found else "", re.MULTILINE)


def test_docstrings_describe_what_is_there() -> None:
    """An argument or attribute that was renamed is renamed in its docstring too."""
    gone = []
    for path, tree in trees("nutbridge").items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            doc = ast.get_docstring(node) or ""
            if ":\n    " not in doc:
                continue
            code = "\n".join(ast.unparse(each) for each in node.body[1:])
            if isinstance(node, ast.FunctionDef):
                code = ast.unparse(node.args)
            there = set(re.findall(r"\w+", code))
            named = _described(doc, "Args") + _described(doc, "Attributes")
            gone += [f"{path.name}: {node.name}: {n}" for n in named if n not in there]
    assert gone == []


def test_files_that_are_named_are_there() -> None:
    """A module that was moved or renamed is so wherever a docstring names it."""
    there = {path.name for folder in MOST_LINES for path in trees(folder)}
    gone = [
        f"{path.name}: {name}"
        for path in trees("nutbridge")
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.startswith("Source:")
        for name in re.findall(r"\b\w+\.py\b", line)
        if name not in there
    ]
    assert gone == []
