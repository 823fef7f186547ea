"""Whatever a site file says wrongly is answered in our own words, in each language of staff."""

import json
import types
import typing
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from pydantic import BaseModel, ValidationError

from consent.core.i18n import STAFF_LANGUAGES
from consent.site import known_services, schema
from consent.site.mistakes import WORDS
from consent.site.schema import SiteFile, SiteFileError
from consent.site.toml_lines import Path

# One or more of every kind of value that TOML has, and of every text that a form may send for one.
WRONG = (
    *("", " ", "x", "Ærlig talt!", "a\nb", "x" * 1000, "9" * 5000, "12.5", "inf", "nan", "1e400"),
    *("31.01.2026", "2026-02-30", "true", "x;y", "consent", "constructor", "#zzz", "session"),
    *(0, -1, 7, 10**30, -(10**30), 1.5, -0.5, float("inf"), float("-inf"), float("nan")),
    *(True, False, [], [[]], ["x", "x"], ["", ""], [7], [{}], {}, {"x": 1}, {"en": 7}),
    {"amount": -1, "unit": "eon"},
    {"amount": "x", "unit": 7},
    *(date(2026, 1, 31), time(12, 30), datetime(2026, 1, 31, 12, 30, tzinfo=UTC)),
)


def places(model: type[BaseModel], path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every place where a site file may say something, and what kind of value belongs there."""
    for name, field in model.model_fields.items():
        for inner, annotation in inside(field.annotation, (*path, name)):
            yield inner, f"{field.annotation} {field.metadata} {inner[len(path) + 1 :]}"
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                yield from places(annotation, inner)


def inside(annotation: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """The place itself, and one in each list or table that it holds."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        yield from inside(arguments[0], path)
    elif origin in (types.UnionType, typing.Union):
        for each in arguments:
            yield from inside(each, path)
    else:
        yield path, annotation
        if origin is list:
            yield from inside(arguments[0], (*path, 0))
        if origin is dict:
            for key in ("en", "utm_source"):
                yield from inside(arguments[1], (*path, key))


# One place for each kind of value.
KINDS = {kind: path for path, kind in places(SiteFile)}


def holding(path: Path, value: Any, languages: list[str]) -> dict[str, Any]:
    """A file that has nothing but its languages and the value at this place."""
    for part in reversed(path):
        value = [value] if isinstance(part, int) else {part: value}
    raw: dict[str, Any] = {"site": {"languages": languages}, **value}
    if isinstance(raw["site"], dict):
        raw["site"] = {"languages": languages, **raw["site"]}
    return raw


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, date | time):
        return value.isoformat()
    return json.dumps(value).replace("Infinity", "inf").replace("NaN", "nan")


def source(table: dict[str, Any]) -> str:
    return "".join(f"{name} = {toml(value)}\n" for name, value in table.items())


def of_pydantic(raw: dict[str, Any]) -> dict[str, str]:
    """What pydantic itself would say, by its type of error."""
    expanded = known_services.expand(raw)
    with pytest.raises(ValidationError) as error:
        SiteFile.model_validate(expanded, context=schema.context_of(expanded))
    return {each["type"]: each["msg"] for each in error.value.errors()}


def messages(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(SiteFileError) as error:
        schema.parse(source(raw))
    return [each.message for each in error.value.mistakes]


CASES = [(path, value) for path in KINDS.values() for value in WRONG]


# A file of two languages may say a few things wrongly that one of a single language cannot: its texts.
@pytest.mark.parametrize(("languages", "cases"), [(["en"], CASES), (["en", "nb"], CASES[::3])])
def test_every_mistake_has_words_of_ours_in_each_language(
    app: Flask, languages: list[str], cases: list[tuple[Path, Any]]
) -> None:
    files = [holding(path, value, languages) for path, value in cases]
    theirs = [of_pydantic(each) for each in files]
    said: dict[str, list[set[str]]] = {}
    with app.app_context():
        for language in STAFF_LANGUAGES:
            with force_locale(language):
                said[language] = [set(messages(each)) for each in files]

    for case, of_theirs, en, nb, nn in zip(cases, theirs, *said.values(), strict=True):
        assert not en & {text for kind, text in of_theirs.items() if kind != "site_file"}, case
        assert not en & (nb | nn), case
        assert len(en) == len(nb) == len(nn), case
    # No more is worded than a file can say, and all of that was met.
    others = {"extra_forbidden", "literal_error", "string_pattern_mismatch", "site_file"}
    met = {kind for each in theirs for kind in each}
    assert met <= {*WORDS, *others}
    assert met == {*WORDS, *others} or cases is not CASES
