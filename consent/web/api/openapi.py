"""The OpenAPI document, made of the models that validate."""

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from consent import __version__
from consent.site.values import KEY
from consent.web.api.models import Problem
from consent.web.api.operations import OPERATIONS, Operation

REFERENCE = "#/components/schemas/{model}"
PROBLEMS = {
    "401": "There is no token, or it does not hold.",
    "403": "The token is for something else.",
    "404": "There is no such site, or nothing at the cursor.",
    "409": "`from` is later than `to`, or the period is too long; `detail` says which.",
    "422": "What was asked for makes no sense; `detail` says why.",
    "503": "The database does not answer. Try again after `Retry-After` seconds.",
}


@cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    models: set[type[BaseModel]] = {Problem}
    for each in OPERATIONS:
        models.update((each.answer, *each.rows.values()))
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema(
        [(model, "serialization") for model in ordered], by_alias=True, ref_template=REFERENCE
    )
    found: dict[str, Any] = schemas["$defs"]
    for each in OPERATIONS:
        if each.rows:
            rows = [{"$ref": REFERENCE.format(model=row.__name__)} for row in each.rows.values()]
            found[each.answer.__name__]["properties"]["rows"]["items"] = {"anyOf": rows}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Samtykke",
            "version": __version__,
            "description": "Figures, versions and decisions of the sites of this server. "
            "`consent token` makes a token; errors are problem details (RFC 9457).",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": {each.path: {"get": _described(each)} for each in OPERATIONS},
        "components": {
            "schemas": found,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of the site (`consent token`), with the scope of the operation.",
                },
                "visitor": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token that a visitor was given with a decision.",
                },
            },
        },
    }


def _described(each: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {
        "application/json": {"schema": {"$ref": REFERENCE.format(model=each.answer.__name__)}}
    }
    if each.rows:
        content["text/csv"] = {"schema": {"type": "string"}}
    problem = {
        "application/problem+json": {"schema": {"$ref": REFERENCE.format(model=Problem.__name__)}}
    }
    return {
        "operationId": each.name,
        "summary": each.summary,
        "security": [{"token" if each.scope else "visitor": []}],
        **({"description": f"Needs a token with the scope `{each.scope}`."} if each.scope else {}),
        "parameters": [_site(), *_parameters(each)],
        "responses": {
            "200": {
                "description": "The answer.",
                "headers": {"ETag": {"schema": {"type": "string"}}},
                "content": content,
            },
            "304": {"description": "The answer has not changed (`If-None-Match`)."},
            **{
                status: {"description": description, "content": problem}
                for status, description in PROBLEMS.items()
            },
        },
    }


def _site() -> dict[str, Any]:
    return {
        "name": "site",
        "in": "path",
        "required": True,
        "description": "The site's key.",
        "schema": {"type": "string", "pattern": KEY, "maxLength": 40},
    }


def _parameters(each: Operation) -> list[dict[str, Any]]:
    if each.query is None:
        return []
    schema = each.query.model_json_schema(by_alias=True)
    found = []
    for name, described in schema["properties"].items():
        # In an address there is no null: what is not asked for is left out.
        options = [one for one in described.get("anyOf", [described]) if one != {"type": "null"}]
        text = described.pop("description", "")
        inner = {key: value for key, value in (options[0]).items() if key != "title"}
        if described.get("default") is not None:
            inner["default"] = described["default"]
        found.append({"name": name, "in": "query", "description": text, "schema": inner})
    return found
