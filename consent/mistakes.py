"""Puts a site file's mistakes into words: where, what is wrong, and how to mend it."""

import difflib
import re
import tomllib
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from consent.tomllines import Lines, Path

WORDS = {
    "value_error": "{error}.",
    "string_type": "This must be a text in quotes.",
    "int_type": "This must be a whole number without quotes.",
    "int_parsing": "This must be a whole number.",
    "int_from_float": "This must be a whole number.",
    "bool_type": "This must be true or false, without quotes.",
    "list_type": "This must be a list, in square brackets, or a series of [[…]] tables.",
    "dict_type": "This must be a table.",
    "model_type": "This must be a table.",
    "model_attributes_type": "This must be a table.",
    "date_type": "This must be a date without quotes, such as 2026-01-31.",
    "date_from_datetime_inexact": "This must be a date without a time, such as 2026-01-31.",
    "date_from_datetime_parsing": "This must be a date, such as 2026-01-31.",
    "string_pattern_mismatch": "This does not have the right form: it must match {pattern}.",
    "string_too_short": "This must not be empty.",
    "string_too_long": "This is too long: {max_length} characters at the most.",
    "too_short": "At least {min_length} is needed here.",
    "greater_than_equal": "This is too small: {ge} at the least.",
    "less_than_equal": "This is too large: {le} at the most.",
    "literal_error": "Write {expected}.",
    "missing": "{name} is missing. Add it.",
}


@dataclass(frozen=True)
class Mistake:
    line: int
    key: str
    message: str

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
        return Mistake(source.count("\n") + 1, "", f"This is not TOML: {error}.")
    return Mistake(int(match[2]), "", f"This is not TOML: {match[1]}, at column {match[3]}.")


def of_validation(
    error: ErrorDetails, raw: Mapping[str, Any], lines: Lines, model: type[BaseModel]
) -> Mistake:
    path = _written(error["loc"], raw)
    if error["type"] == "extra_forbidden":
        names = _fields(model, path[:-1])
        hint = did_you_mean(str(path[-1]), names)
        message = f"There is no such key here{hint}. Remove it, or use one of: {', '.join(names)}."
    elif error["type"] in WORDS:
        message = WORDS[error["type"]].format(**error.get("ctx", {}), name=path[-1])
    else:
        message = error["msg"]
    return Mistake(lines.of(path), dotted(path), message)


def dotted(path: Iterable[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(
        "."
    )


def did_you_mean(value: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(value, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _written(location: tuple[str | int, ...], raw: Any) -> Path:
    """The error's location without the steps that pydantic adds for unions and the like."""
    path: Path = ()
    for position, part in enumerate(location):
        known = isinstance(raw, list) and isinstance(part, int) and part < len(raw)
        if known or (isinstance(raw, dict) and part in raw):
            raw = raw[part]
        elif position < len(location) - 1:
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
