"""Changes a TOML file and keeps the rest of it: comments, order, and how things are written.

Values are changed in tomlkit's tree. Rows of tables (`[[services]]`) are moved and removed as lines of text: a comment
above a header is about what follows, and tomlkit has it at the end of what goes before.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from io import StringIO
from itertools import pairwise
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, String, StringType, Table, Trivia
from tree_sitter import Parser

from consent.core.errors import Invalid
from consent.site.toml_lines import TOML, Path, key

UNCHANGEABLE = "The file is written in a way that the forms cannot change. Change it as a text."
# Texts by language, in place of one text.
Texts = dict[str, str]
# What a basic string escapes, and one of several lines (TOML v1.0.0, String).
_IN_LINE = re.compile(r'[\0-\x1f\x7f"\\]')
_IN_LINES = re.compile(r'[\0-\x09\x0b-\x1f\x7f\\]|"""')
_ESCAPES = {
    **{"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"},
    **{'"': '\\"', "\\": "\\\\", '"""': '""\\"'},
}


def write(source: str, values: Mapping[Path, Any]) -> str:
    """The file with these values at these places, none of which lies within another; None removes what is there.

    Tables and rows that are missing on the way are added. A place is left as it is written where its value is the same.

    Raises Invalid if the file is written in a way that this cannot change.
    """
    before = tomllib.loads(source)
    values = {path: value for path, value in values.items() if at(before, path) != value}
    if not values:
        return source
    try:
        document = tomlkit.parse(source)
        # It moves rows of tables that others stand between.
        if document.as_string() != source:
            raise Invalid(UNCHANGEABLE)
        for path, value in values.items():
            _set(document, path, value)
        made = document.as_string()
        is_right = tomllib.loads(made) == _expected(before, values)
    except (TOMLKitError, AttributeError, LookupError, TypeError, ValueError):
        is_right = False
    if not is_right:
        raise Invalid(UNCHANGEABLE)
    return made


@lru_cache(maxsize=4)
def plain(source: str) -> dict[str, Any]:
    """What the file says, to be read only: whoever asks next gets the same. Raises tomllib.TOMLDecodeError.

    A page of the draft asks a dozen times, and to read a whole site file takes some milliseconds.
    """
    return tomllib.loads(source)


def at(tree: Any, path: Path) -> Any:
    """What stands there, or None."""
    for part in path:
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def _set(container: Any, path: Path, value: Any) -> None:
    first, *rest = path
    if not rest:
        _put(container, first, value)
        return
    if value is None and at(container, path) is None:
        return
    if isinstance(first, int):
        while len(container) <= first:
            container.append(tomlkit.table())
    elif first not in container:
        container.append(first, tomlkit.aot() if isinstance(rest[0], int) else tomlkit.table())
    _set(container[first], tuple(rest), value)


def _put(container: Any, name: Any, value: Any) -> None:
    if value is None:
        if name in container or isinstance(container, AoT):
            del container[name]
    elif isinstance(value, dict) and _has_same_keys(container.get(name), value):
        for each, inner in value.items():
            if container[name][each] != inner:
                container[name][each] = _item(inner)
    elif isinstance(value, dict) and isinstance(container, Table):
        # title.en = "…", as site files have it, and no table of its own.
        if name in container:
            del container[name]
        for each, text in value.items():
            container.append(tomlkit.key([name, each]), _item(text))
    else:
        container[name] = _item(value)


def _has_same_keys(item: Any, value: Texts) -> bool:
    return isinstance(item, dict) and item.keys() == value.keys()


def _item(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        made = tomlkit.array()
        made.extend([_item(each) for each in value])
        return made
    return value


def _text(value: str) -> String:
    """As tomlkit.string makes it, which for a text of nothing but quotes takes time with the square of its length."""
    if "\n" not in value:
        return String(StringType.SLB, value, _IN_LINE.sub(_escaped, value), Trivia())
    # The first end of a line is no part of the text.
    start = "\n" if value.startswith("\n") else ""
    return String(StringType.MLB, value, start + _IN_LINES.sub(_escaped, value), Trivia())


def _escaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04x}"


def _expected(tree: Any, values: Mapping[Path, Any]) -> Any:
    made = _copy(tree)
    for path, value in values.items():
        place = made
        for part, following in pairwise(path):
            if isinstance(part, int):
                while len(place) <= part:
                    place.append({})
            elif part not in place:
                place[part] = [] if isinstance(following, int) else {}
            place = place[part]
        if value is None:
            del place[path[-1]]
        else:
            place[path[-1]] = value
    return made


def _copy(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _copy(value) for key, value in tree.items()}
    return [_copy(each) for each in tree] if isinstance(tree, list) else tree


def remove(source: str, kind: str, index: int) -> str:
    """The file without one of the rows of a kind, and without the comment above it. Raises Invalid."""
    start, end = _row(_rows(source, kind), kind, index)
    lines = _lines(source)
    expected = _copy(plain(source))
    del expected[kind][index]
    if not expected[kind]:
        del expected[kind]
    return _checked("".join(lines[:start] + lines[end:]), expected)


def swap(source: str, kind: str, index: int) -> str:
    """The file with a row and the one after it in each other's place, with the comments above them. Raises Invalid."""
    rows = _rows(source, kind)
    first, second = _row(rows, kind, index), _row(rows, kind, index + 1)
    lines = _lines(source)
    lines[-1] = lines[-1].rstrip("\n") + "\n"
    one, other = lines[slice(*first)], lines[slice(*second)]
    # Tables of another kind may stand between the two.
    middle = lines[first[1] : second[0]]
    between: list[str] = []
    if other[-1].strip():  # the last row of a file has no empty line after it
        between = ["\n"] if one[-1].strip() else [one.pop()]
    expected = _copy(plain(source))
    found = expected[kind]
    found[index], found[index + 1] = found[index + 1], found[index]
    made = [*lines[: first[0]], *other, *between, *middle, *one, *lines[second[1] :]]
    return _checked("".join(made), expected)


def _lines(source: str) -> list[str]:
    """With their ends. A line ends where TOML says so, and not at each character that Unicode has for it."""
    return StringIO(source, newline="\n").readlines()


def _checked(made: str, expected: dict[str, Any]) -> str:
    """The file, if that is what it says: a row may reach over another table, and a text look like a comment."""
    try:
        if tomllib.loads(made) == expected:
            return made
    except tomllib.TOMLDecodeError:
        pass
    raise Invalid(UNCHANGEABLE)


def _row(rows: list[tuple[int, int]], kind: str, index: int) -> tuple[int, int]:
    if not 0 <= index < len(rows):
        raise Invalid(UNCHANGEABLE)
    return rows[index]


def _rows(source: str, kind: str) -> list[tuple[int, int]]:
    """The lines of each row of a kind: from the first of its comment to the next table's, counted from 0."""
    lines = _lines(source)
    rows: list[tuple[int, int]] = []
    starts = _headers(source)
    for position, (line, path, is_row) in enumerate(starts):
        if path[0] != kind:
            continue
        following = starts[position + 1][0] if position + 1 < len(starts) else len(lines)
        end = _above(lines, following) if following < len(lines) else following
        if is_row and path == (kind,):
            rows.append((_above(lines, line), end))
        elif rows:
            rows[-1] = (rows[-1][0], end)
    return rows


def _headers(source: str) -> list[tuple[int, tuple[str, ...], bool]]:
    """Line, name, and whether it is that of a row, of each table."""
    return [
        (
            node.start_point.row,
            key(node.named_children[0]),
            node.type == "table_array_element",
        )
        for node in Parser(TOML).parse(source.encode()).root_node.named_children
        if node.type in ("table", "table_array_element")
    ]


def _above(lines: list[str], line: int) -> int:
    """The first line of the comment that stands directly above."""
    while line and lines[line - 1].startswith("#"):
        line -= 1
    return line
