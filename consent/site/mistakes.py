"""Puts a site file's mistakes into words: where, what is wrong, and how to mend it.

The words are those of the language in force: a page shows them beside the field, and the command line has no language
but English. They say nothing that only one of the two could make sense of.
"""

import re
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from consent.core.catalogues import gettext, gettext_noop
from consent.site.toml_lines import Lines, Path
from consent.site.values import A_TEXT, FORMS, closest, said

WHOLE_NUMBER = gettext_noop("This must be a whole number, such as 12.")
NUMBER = gettext_noop("This must be a number, such as 0.5.")
YES_OR_NO = gettext_noop("This must be true or false.")
DATE = gettext_noop("This must be a date, such as 2026-01-31.")
TABLE = gettext_noop("This must be a table of keys and values.")
NO_SUCH_KEY = gettext_noop("There is no such key here. Remove it, or use one of: %(names)s.")
ONE_OF = gettext_noop("Write one of: %(names)s.")
# By pydantic's type of error; what a value that matches no pattern should be is in values.FORMS.
WORDS = {
    "string_type": A_TEXT,
    "int_type": WHOLE_NUMBER,
    "int_parsing": WHOLE_NUMBER,
    "int_parsing_size": WHOLE_NUMBER,
    "int_from_float": WHOLE_NUMBER,
    "finite_number": WHOLE_NUMBER,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "bool_type": YES_OR_NO,
    "bool_parsing": YES_OR_NO,
    "list_type": gettext_noop("This must be a list: […] around values, or [[…]] above each table."),
    "dict_type": TABLE,
    "model_type": TABLE,
    "date_type": DATE,
    "date_from_datetime_parsing": DATE,
    "date_from_datetime_inexact": gettext_noop(
        "This must be a date without a time, such as 2026-01-31."
    ),
    "string_too_short": gettext_noop("This must not be empty."),
    "string_too_long": gettext_noop("This is too long: at most %(max_length)s characters."),
    "too_short": gettext_noop("At least %(min_length)s is needed here."),
    "greater_than": gettext_noop("This is too small: it must be more than %(gt)s."),
    "greater_than_equal": gettext_noop("This is too small: it must be at least %(ge)s."),
    "less_than_equal": gettext_noop("This is too large: it must be at most %(le)s."),
    "missing": gettext_noop("%(name)s is missing. Add it."),
}


@dataclass(frozen=True)
class Mistake:
    line: int
    # As written in the file: ("purposes", 1, "title"). Empty where it is no key's.
    path: Path
    message: str

    @property
    def key(self) -> str:
        return "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path
        ).lstrip(".")

    def __str__(self) -> str:
        return (
            f"{self.line}: {self.key}: {self.message}"
            if self.key
            else f"{self.line}: {self.message}"
        )


def of_syntax(error: tomllib.TOMLDecodeError, source: str) -> Mistake:
    match = re.match(r"(.*) \(at line (\d+), column (\d+)\)", str(error))
    if not match:
        # The only place that tomllib does not number is the end.
        message = gettext("This is not TOML: %(reason)s.", reason=error)
        return Mistake(source.count("\n") + 1, (), message)
    message = gettext(
        "This is not TOML: %(reason)s, at column %(column)s.", reason=match[1], column=match[3]
    )
    return Mistake(int(match[2]), (), message)


def of_validation(
    error: ErrorDetails, raw: Mapping[str, Any], lines: Lines, model: type[BaseModel]
) -> Mistake:
    path = _written(error["loc"], raw)
    return Mistake(lines.of(path), path, _message(error, path, model))


def _message(error: ErrorDetails, path: Path, model: type[BaseModel]) -> str:
    kind, told = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        names = _fields(model, path[:-1])
        listed, meant = ", ".join(names), closest(str(path[-1]), names)
        return said(NO_SUCH_KEY, meant, names=listed)
    if kind == "literal_error":
        # pydantic's list of them has an English word in it.
        names = re.findall(r"'([^']*)'", told["expected"])
        return said(ONE_OF, names=", ".join(names))
    if kind == "string_pattern_mismatch":
        return said(FORMS[told["pattern"]])
    if kind in WORDS:
        return said(WORDS[kind], name=path[-1], **_numbers(told))
    # What values.py says is in the language in force already.
    return error["msg"]


def _numbers(told: Mapping[str, Any]) -> dict[str, Any]:
    """The bounds of a float as they were written: 100, not 100.0."""
    return {
        name: f"{value:g}" if isinstance(value, float) else value for name, value in told.items()
    }


def _written(location: tuple[str | int, ...], raw: Any) -> Path:
    """The error's location without the steps that pydantic adds for unions and the like."""
    path: Path = ()
    for position, part in enumerate(location):
        known = isinstance(raw, list) and isinstance(part, int) and part < len(raw)
        if known or (isinstance(raw, dict) and part in raw):
            raw = raw[part]
        # A mistake in a table's key itself is one more step, too.
        elif position < len(location) - 1 or part == "[key]":
            continue
        path = (*path, part)
    return path


def _fields(model: type[BaseModel], path: Path) -> list[str]:
    for part in path:
        if isinstance(part, str):
            inner = _model(model.model_fields[part].annotation)
            if inner is None:
                return []
            model = inner
    return list(model.model_fields)


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) is list or isinstance(annotation, UnionType):
        return next(
            (found for each in typing.get_args(annotation) if (found := _model(each))), None
        )
    return None
