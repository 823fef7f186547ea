"""Finds the line on which a key of a TOML file stands.

tomllib drops positions, so the file is parsed a second time into a syntax tree. The file is known to be
valid TOML by then; only where things stand is asked here.
"""

import re
import tomllib
from typing import Any

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

TOML = Language(tree_sitter_toml.language())
Path = tuple[str | int, ...]


# Of whole numbers (TOML v1.0.0, Integer). Python writes none of thousands of digits, though it reads them in hex.
LARGEST = 2**63
# Tables and lists within each other; a site file has seven.
DEEPEST = 32
# Dots, as they stand between the parts of a key, and all else in which one may stand. What has no end reaches to where
# tomllib gives up, so that nothing is looked at twice.
_DOT = re.compile(
    r'''"""(?:\\[\s\S]|[^\\])*?(?:"""|\\?\Z)|\'\'\'[\s\S]*?(?:\'\'\'|\Z)'''
    r"""|"(?:\\.|[^"\\\n])*"?|'[^'\n]*'?|#.*|(\.)|\n"""
)


def loads(source: str) -> dict[str, Any]:
    """As tomllib does. Raises TOMLDecodeError, and RecursionError for what is nested deeper than any site file.

    What follows is not made for that, and tomllib itself takes hours over a key of a hundred thousand parts.
    """
    dots = 0
    for found in _DOT.finditer(source):
        dots = 0 if found[0] == "\n" else dots + bool(found[1])
        if dots > DEEPEST:
            raise RecursionError("a key has too many parts")
    try:
        made = tomllib.loads(source)
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:
        # Python reads no number of more digits (sys.get_int_max_str_digits).
        raise tomllib.TOMLDecodeError(_place_of_number(source)) from None
    level: list[Any] = [made]
    for _ in range(DEEPEST):
        values = [
            value for each in level for value in (each.values() if isinstance(each, dict) else each)
        ]
        if any(isinstance(value, int) and not -LARGEST <= value < LARGEST for value in values):
            raise tomllib.TOMLDecodeError(_place_of_number(source))
        level = [value for value in values if isinstance(value, dict | list)]
        if not level:
            return made
    raise RecursionError("tables or lists are nested too deep")


def _place_of_number(source: str) -> str:
    numbers = re.finditer(r"0x[0-9A-Fa-f_]+|0[ob][0-7_]+|[0-9][0-9_]*", source)
    digits = max(numbers, key=lambda found: len(found[0]))
    before = source[: digits.start()]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return f"Number of {len(digits[0])} digits (at line {line}, column {column})"


class Lines:
    def __init__(self, source: str) -> None:
        self._lines: dict[Path, int] = {(): 1}
        self._tables: dict[Path, int] = {}
        for node in Parser(TOML).parse(source.encode()).root_node.named_children:
            if node.type == "pair":
                self._pair((), node)
            elif node.type in ("table", "table_array_element"):
                self._table(node)

    def of(self, path: Path) -> int:
        """The line of `path`, counted from 1, or of the nearest thing around it that is written down."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _table(self, node: Node) -> None:
        header, *pairs = node.named_children
        *around, last = key(header)
        path: Path = ()
        for name in around:
            path = (*path, name)
            # A header below an array of tables speaks of the array's latest element.
            if path in self._tables:
                path = (*path, self._tables[path])
        path = (*path, last)
        if node.type == "table_array_element":
            index = self._tables[path] = self._tables.get(path, -1) + 1
            self._lines.setdefault(path, header.start_point.row + 1)
            path = (*path, index)
        self._note(path, header)
        for pair in pairs:
            if pair.type == "pair":
                self._pair(path, pair)

    def _pair(self, path: Path, node: Node) -> None:
        name_node, value = node.named_children[:2]
        for name in key(name_node):
            path = (*path, name)
            self._note(path, node)
        self._value(path, value)

    def _value(self, path: Path, node: Node) -> None:
        if node.type == "inline_table":
            for pair in node.named_children:
                if pair.type == "pair":
                    self._pair(path, pair)
        elif node.type == "array":
            items = [child for child in node.named_children if child.type != "comment"]
            for index, item in enumerate(items):
                self._note((*path, index), item)
                self._value((*path, index), item)

    def _note(self, path: Path, node: Node) -> None:
        self._lines.setdefault(path, node.start_point.row + 1)


def key(node: Node) -> tuple[str, ...]:
    if node.type == "dotted_key":
        return tuple(name for child in node.named_children for name in key(child))
    text = (node.text or b"").decode()
    if node.type == "bare_key":
        return (text,)
    return (next(iter(tomllib.loads(f"{text} = 0"))),)
