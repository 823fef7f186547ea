"""Which room may import which, and what the lowest of them do without. docs/architecture.md has the rooms."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "consent"
# The lowest first. Those on one line know nothing of each other.
ROOMS = """
core
models
migrations
site
counting banner people
stats notice
ledger
outbox retention
web
app
server
demo
cli
__main__
"""
LEVELS = {
    room: number for number, line in enumerate(ROOMS.strip().splitlines()) for room in line.split()
}


def imports() -> Iterator[tuple[str, str, str]]:
    """The place of each import of ours, the room it is in, and the room it names."""
    for path in PACKAGE.rglob("*.py"):
        inside = path.relative_to(PACKAGE)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            for name in names:
                if name.startswith("consent.") and name != "consent.__version__":
                    yield (
                        f"{inside}:{node.lineno}",
                        inside.parts[0].removesuffix(".py"),
                        name.split(".")[1],
                    )


def test_each_room_imports_from_itself_and_from_lower_ones() -> None:
    found = list(imports())
    upwards = [
        f"{place} imports {there}"
        for place, here, there in found
        if here != there and LEVELS[here] <= LEVELS[there]
    ]

    assert {here for _, here, _ in found} <= set(LEVELS)
    assert upwards == []


@pytest.mark.parametrize("module", ["consent", "consent.core.errors", "consent.site.schema"])
def test_it_loads_neither_flask_nor_a_database(module: str) -> None:
    program = f"import sys, {module}; print(*{{'flask', 'sqlalchemy'}} & set(sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert answer.stdout.split() == []
