"""The site file as forms: which fields each part has, by the file's own schema, and what of it a form sends.

What is sent may be wrong: it goes into the draft as it was typed, and the file's own validation says what to mend.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from werkzeug.datastructures import MultiDict

from consent.core.canonical import digest
from consent.site import known_services, schema
from consent.site.edit import at, plain
from consent.site.mistakes import Mistake
from consent.site.toml_lines import Path
from consent.site.values import Lifetime

# The parts that are one form each, and what of the file they are about.
PARTS: dict[str, tuple[str, ...]] = {
    "site": ("introduction", "site"),
    "contacts": ("controller", "dpo", "authority"),
    "banner": ("banner", "asking", "looks"),
    "signals": ("signals", "hits"),
    "keep": ("keep",),
    "sources": ("sources", "transfers"),
}
# The parts that are rows, and a form for each row.
ROWS = (
    "purposes",
    "services",
    "processors",
    "data",
    "retention",
    "rights",
    "safeguards",
    "statements",
)
# Rows within a row. No service has as many cookies.
MOST_ROWS = 200
# What a site never changes.
FIXED = (("site", "key"),)

Kind = Literal[
    "text", "texts", "choice", "flag", "maybe", "number", "date", "lines", "many", "rows"
]
Schema = dict[str, Any]
Tree = dict[str, Any]


@dataclass(frozen=True)
class Field:
    # Within the form's part.
    path: tuple[str, ...]
    kind: Kind
    options: tuple[str, ...] = ()
    # What the program takes where the file says nothing.
    default: Any = None
    # Of each row, for rows within the row.
    fields: "tuple[Field, ...]" = ()

    @property
    def name(self) -> str:
        return ".".join(self.path)


@cache
def fields(part: str) -> tuple[Field, ...]:
    """The fields of one of PARTS, or of each row of one of ROWS."""
    whole = _schema()
    if part in ROWS:
        return tuple(_fields((), whole["properties"][part]["items"]))
    found = [
        field
        for name in PARTS[part]
        for field in _field((name,), whole["properties"][name])
        if field.path not in FIXED
    ]
    # What a table says itself comes before the tables in it.
    return tuple(
        sorted(found, key=lambda field: (PARTS[part].index(field.path[0]), len(field.path) > 2))
    )


@cache
def _schema() -> Schema:
    return schema.json_schema()


def _fields(path: tuple[str, ...], described: Schema) -> Iterator[Field]:
    described = _resolved(described)
    for name, inner in described["properties"].items():
        yield from _field((*path, name), inner)


def _resolved(described: Schema) -> Schema:
    reference = described.get("$ref")
    return _schema()["$defs"][reference.rpartition("/")[2]] if reference else described


def _field(path: tuple[str, ...], described: Schema) -> Iterator[Field]:
    kinds = [each for each in described.get("anyOf", [described]) if each.get("type") != "null"]
    may_be_null = len(kinds) < len(described.get("anyOf", [described]))
    inner = _resolved(kinds[-1])
    items, names = inner.get("items", {}), inner.get("propertyNames", {}).get("enum")
    options: tuple[str, ...] = ()
    rows: tuple[Field, ...] = ()
    kind: Kind = "text"
    if "properties" in inner:
        yield from _fields(path, inner)
        return
    if names and inner["additionalProperties"].get("type") == "array":
        for name in names:
            yield Field((*path, name), "lines")
        return
    if names:
        kind = "texts"
    elif "$ref" in items:
        kind, rows = "rows", tuple(_fields((), items))
    elif "enum" in items:
        kind, options = "many", tuple(items["enum"])
    elif "enum" in inner:
        kind, options = "choice", tuple(inner["enum"])
    elif inner.get("type") == "array":
        kind = "lines"
    elif inner.get("type") == "boolean":
        kind = "maybe" if may_be_null else "flag"
    elif inner.get("type") in ("integer", "number"):
        kind = "number"
    elif inner.get("format") == "date":
        kind = "date"
    default = described.get("default")
    if kind == "text" and isinstance(default, dict):
        default = Lifetime.model_validate(default).written
    yield Field(path, kind, options, default, rows)


@dataclass(frozen=True)
class Place:
    """The part of a draft that a form is about: one of PARTS, or a row of ROWS."""

    part: str
    # None: no row, or one that is not there yet.
    index: int | None = None

    def root(self, source: str) -> Path:
        if self.part not in ROWS:
            return ()
        if self.index is not None:
            return (self.part, self.index)
        return (self.part, len(rows_of(self.part, source)))

    @property
    def is_new(self) -> bool:
        """Whether it is a row that is not there yet."""
        return self.part in ROWS and self.index is None

    def is_there(self, source: str) -> bool:
        return self.index is None or isinstance(at(plain(source), self.root(source)), dict)

    def mistakes(self, found: list[Mistake], source: str) -> list[Mistake]:
        """Those that are made there."""
        roots: list[Path] = [(name,) for name in PARTS.get(self.part, ())] or [self.root(source)]
        return [each for each in found if any(each.path[: len(root)] == root for root in roots)]

    def content(self, source: str) -> Tree:
        """What the draft says there."""
        raw = plain(source)
        if self.part in ROWS:
            found = at(raw, self.root(source))
            return found if isinstance(found, dict) else {}
        return {name: raw[name] for name in PARTS[self.part] if name in raw}

    def inherited(self, source: str) -> Tree:
        """The same, with what it takes from a known service."""
        if self.part not in ROWS or self.index is None:
            return self.content(source)
        found = at(known_services.expand(plain(source)), (self.part, self.index))
        return found if isinstance(found, dict) else {}

    def hash(self, source: str) -> str:
        """Of what the draft says there: another one, once somebody has changed it."""
        return hash_of(self.content(source))


def hash_of(content: Any) -> str:
    """`Place.hash` of what stands at a place."""
    return digest(_plain(content if isinstance(content, dict) else {}))


def place_of(path: Path, source: str) -> Place | None:
    """Where what stands at a place of the file can be changed; None: in no form."""
    first = path[0] if path else None
    for part, names in PARTS.items():
        if first in names:
            return Place(part)
    if first not in ROWS:
        return None
    index = path[1] if len(path) > 1 and isinstance(path[1], int) else None
    found = Place(str(first), index)
    return found if found.is_there(source) else Place(str(first))


def rows_of(part: str, source: str) -> list[Any]:
    """What the draft says in its rows of a part, whatever that is."""
    found = at(plain(source), (part,))
    return found if isinstance(found, list) else []


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def languages(source: str) -> list[str]:
    """The languages in which the draft's texts are needed."""
    found: list[str] = schema.context_of(plain(source))["languages"]
    return found


def sent(place: Place, form: "MultiDict[str, str]", source: str) -> dict[Path, Any]:
    """The values that a form gives to the draft, for `tomledit.write`."""
    root, before = place.root(source), place.content(source)
    spoken = languages(source)
    values: dict[Path, Any] = {}
    gone: list[Path] = []
    for field in fields(place.part):
        if field.kind != "rows":
            values[field.path] = _value(field, field.name, form, spoken, at(before, field.path))
            continue
        there = at(before, field.path)
        there = there if isinstance(there, list) else []
        kept = 0
        for row in range(max(len(there), count(form, field.name))):
            old = at(there, (row,))
            inner = {
                each.path: _value(
                    each, f"{field.name}.{row}.{each.name}", form, spoken, at(old, each.path)
                )
                for each in field.fields
            }
            if all(value is None for value in inner.values()):
                gone += [(*field.path, row)] if row < len(there) else []
                continue
            # Those that are new follow upon those that there were.
            position = row if row < len(there) else len(there) + kept
            kept += row >= len(there)
            values |= {(*field.path, position, *path): value for path, value in inner.items()}
        if len(gone) == len(there) and not kept and there:
            values[field.path], gone = None, []
    # From the last, so that the others stay where they are counted.
    values |= dict.fromkeys(reversed(gone), None)
    return {(*root, *path): value for path, value in _without_empty_tables(values, before, place)}


def _without_empty_tables(
    values: dict[Path, Any], before: Tree, place: Place
) -> Iterator[tuple[Path, Any]]:
    """The values; for a table that may be left out and in which nothing stands any more, that it goes."""
    optional = [
        name
        for name in PARTS.get(place.part, ())
        if _schema()["properties"][name].get("default", "") is None
    ]
    for name in optional:
        if all(value is None for path, value in values.items() if path[0] == name):
            values = {path: value for path, value in values.items() if path[0] != name}
            if name in before:
                values[name,] = None
    yield from values.items()


def count(form: "MultiDict[str, str]", name: str) -> int:
    """How many rows of this name a form says that it has within its row; each row says which it is."""
    numbers = [int(each) for each in form.getlist(f"{name}.rows") if re.fullmatch(r"\d{1,3}", each)]
    # No form has more.
    return min(max(numbers, default=0), MOST_ROWS)


def _value(
    field: Field, name: str, form: "MultiDict[str, str]", spoken: list[str], before: Any
) -> Any:
    """What the file is to say in this field; None: nothing."""
    if field.kind == "texts":
        return _texts(name, form, spoken, before)
    if field.kind == "many":
        return [each for each in field.options if each in form.getlist(name)] or _empty(before)
    text = form.get(name, "").replace("\r\n", "\n").strip()
    if field.kind == "flag":
        return True if text else (None if before is None else False)
    if not text:
        return _empty(before) if field.kind == "lines" else None
    if field.kind == "maybe":
        return text == "yes"
    if field.kind == "lines":
        return [each.strip() for each in text.split("\n") if each.strip()]
    if field.kind == "number":
        return _as_number(text)
    if field.kind == "date":
        return _as_date(text)
    return text


def _empty(before: Any) -> Any:
    """An empty list stays one that the file says, where it said so."""
    return before if before == [] else None


def _texts(name: str, form: Mapping[str, str], spoken: list[str], before: Any) -> Any:
    found = {
        language: text
        for language in spoken
        if (text := form.get(f"{name}.{language}", "").replace("\r\n", "\n").strip())
    }
    if isinstance(before, str) and len(spoken) == 1:
        return found.get(spoken[0])
    return found or None


def _as_number(text: str) -> int | float | str:
    if re.fullmatch(r"-?\d{1,15}", text):
        return int(text)
    if re.fullmatch(r"-?\d{1,15}[.,]\d{1,15}", text):
        return float(text.replace(",", "."))
    return text


def _as_date(text: str) -> date | str:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text
