"""Writes docs/real-pages.md: what pages may do and what then happens, in the words of the tests that show it."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/real-pages.md"
HEAD = """# What pages may do

Each row is a test in a real browser, in `tests/browser/`. The name of the test says what the page
does and what happens then.

`python docs/list_real_pages.py` writes this page.

| the page, and what happens | test |
|---|---|
"""


def rows() -> list[str]:
    made = []
    for pattern in ("test_pages_*.py", "test_engines.py", "test_libraries_*.py"):
        for path in sorted((ROOT / "tests/browser").glob(pattern)):
            made += [f"| {said} | `{path.name}` |" for said in sentences(path)]
    return made


def sentences(path: Path) -> list[str]:
    """The names of the tests of a file, as sentences; those of a class begin with its name."""
    made = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            context = f"{node.name.removeprefix('Test')}: "
            made += [context + name for name in names(node.body)]
        made += names([node])
    return made


def names(nodes: list[ast.stmt]) -> list[str]:
    return [
        each.name.removeprefix("test_").replace("_", " ")
        for each in nodes
        if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")
    ]


def text() -> str:
    return HEAD + "\n".join(rows()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(text())
