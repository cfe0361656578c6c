"""Functions that one can read without scrolling; how complex they may be, ruff says."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: One screen; tables of examples in tests may be longer.
MOST_LINES = {"nutbridge": 55, "tests": 80}


def test_functions_fit_a_screen() -> None:
    long = []
    for folder, most in MOST_LINES.items():
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    lines = (node.end_lineno or 0) - node.lineno + 1
                    if lines > most:
                        long.append(f"{path.name}: {node.name}: {lines} lines")
    assert long == []
