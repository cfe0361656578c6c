"""Files that one can read: short, and at home on any machine."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 50


def python_files() -> list[Path]:
    return [
        path
        for folder in ("nutbridge", "tests")
        for path in (ROOT / folder).rglob("*.py")
    ]


def test_files_are_short() -> None:
    lines = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in python_files()
    }
    assert {
        name: count for name, count in lines.items() if count > MOST_LINES_OF_A_FILE
    } == {}


def test_functions_fit_a_screen() -> None:
    long = []
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > MOST_LINES_OF_A_FUNCTION:
                    long.append(f"{path.name}: {node.name}: {lines} lines")
    assert long == []
