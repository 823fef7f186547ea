"""How the API asks and answers: each operation names the models that validate it, and is described from them."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError

from consent.core.errors import Invalid, NotFound, Unauthenticated, invalid_values
from consent.people import api_tokens
from consent.web import context
from consent.web.api.models import Query

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Operation:
    path: str
    name: str
    summary: str
    answer: type[BaseModel]
    # None: there is nothing to ask.
    query: type[Query] | None
    # What its token has to be for; None: it is a visitor's own.
    scope: str | None
    # What a row may be, by what is asked for. It answers in CSV, too.
    rows: Mapping[str, type[BaseModel]]


OPERATIONS: list[Operation] = []


def operation(
    blueprint: Blueprint,
    path: str,
    answer: type[BaseModel],
    query: type[Query] | None = None,
    scope: str | None = None,
    rows: Mapping[str, type[BaseModel]] | None = None,
) -> Callable[[View], View]:
    """Makes a view of a function of the site and the validated query, for whoever brings a token with this scope."""

    def register(view: View) -> View:
        summary = (view.__doc__ or "").strip().splitlines()[0]
        OPERATIONS.append(Operation(path, view.__name__, summary, answer, query, scope, rows or {}))

        @wraps(view)
        def asked(site: str) -> ResponseReturnValue:
            if scope is not None:
                # An unknown site answers as a wrong token does.
                api_tokens.require(context.session(), site, bearer(), scope, context.now())
            return view(site) if query is None else view(site, _query(query))

        blueprint.get(path.replace("{site}", "<site>"))(asked)
        return view

    return register


def bearer() -> str:
    token = context.bearer()
    if token is None:
        raise Unauthenticated("Send the header `Authorization: Bearer <token>`.")
    return token


def _query(model: type[Query]) -> Query:
    given = request.args.to_dict(flat=False)
    if twice := [name for name, values in given.items() if len(values) > 1]:
        raise Invalid(f"{', '.join(twice)}: given more than once.")
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        known = ", ".join(field.alias or name for name, field in model.model_fields.items())
        raise invalid_values(error, f" There are {known}.") from None


def page(rows: list[Any], query: Query, key: Callable[[Any], str]) -> tuple[list[Any], str | None]:
    """The rows that a query asks for, and the cursor of those after them. `key` names a row.

    Raises NotFound for a cursor that names none.
    """
    begin = 0
    if query.cursor is not None:
        begin = 1 + next((at for at, row in enumerate(rows) if key(row) == query.cursor), len(rows))
        if begin > len(rows):
            raise NotFound("cursor: these rows are gone. Begin anew, without it.")
    found = rows[begin : begin + query.limit]
    more = begin + query.limit < len(rows)
    return found, key(found[-1]) if more else None


def answered(answer: BaseModel) -> Response:
    """The answer as JSON, with a tag by which it need not be sent twice."""
    return _tagged(jsonify(answer.model_dump(mode="json", by_alias=True)))


def wants_csv() -> bool:
    return request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv"


def as_csv(
    names: Iterable[str],
    rows: Iterable[Mapping[str, Any]],
    samples: tuple[date, date] | None,
    following: str | None,
) -> Response:
    """The rows as CSV that is safe to open in a spreadsheet. What was made up is marked in a column of its own.

    Where there are more rows, a Link header says where (RFC 8288).
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*names, "sample"] if samples else names)
    for row in rows:
        cells = [_cell(value) for value in row.values()]
        if samples:
            day = row.get("day")
            made_up = day is None or samples[0] <= date.fromisoformat(day) <= samples[1]
            cells.append("sample" if made_up else "")
        writer.writerow(cells)
    response = Response(out.getvalue(), content_type="text/csv; charset=utf-8")
    if following is not None:
        query = urlencode({**request.args, "cursor": following})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return _tagged(response)


def _cell(value: Any) -> Any:
    # Spreadsheets run a text that begins like a formula (OWASP, CSV injection).
    if isinstance(value, str) and value.lstrip().startswith(("=", "+", "-", "@", "|", "%")):
        return "'" + value
    if isinstance(value, str) and value.startswith(("\t", "\r", "\n")):
        return "'" + value
    return str(value).lower() if isinstance(value, bool) else value


def _tagged(response: Response) -> Response:
    response.headers["Vary"] = "Accept, Authorization"
    response.add_etag()
    response.make_conditional(request)
    return response
