"""The JSON API: statistics for programs, and a visitor's own history."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from consent import consents, days, ledger, staff, suppression, tokens, versions, visits, web
from consent.errors import Invalid, Unauthenticated
from consent.models import Site

blueprint = Blueprint("api", __name__, url_prefix="/api/v1/sites/<site>")


@blueprint.after_request
def _open_to_websites(response: Response) -> Response:
    # The embed script reads the visitor's own history from the website's origin; no cookie is involved.
    if request.endpoint == "api.me":
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = "Authorization"
        response.headers["Access-Control-Max-Age"] = "86400"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/visitors/me")
def me(site: str) -> ResponseReturnValue:
    """The decisions of the visitor whose token this is, the latest first."""
    session = web.session()
    versions.current(session, site)
    visitor = tokens.read(web.settings().secret_keys, site, _token(), web.now())
    return jsonify(
        site=site, visitor=str(visitor), decisions=ledger.receipts(session, site, visitor)
    )


@blueprint.get("/stats/visits")
def stats_visits(site: str) -> ResponseReturnValue:
    web.count_hits()
    session = web.session()
    row = _permitted(site)
    by = _by(visits.DIMENSIONS)
    found = visits.answer(session, site, _period(site), by, web.now())
    if by == "day":
        names: tuple[str, ...] = ("day", "views", "visits", "running")
        rows = [[day.day.isoformat(), day.views, day.visits, day.running] for day in found.days]
    elif by == "flow":
        names = ("page", "onward", found.unit)
        rows = [[each.value, each.onward, each.count] for each in found.rows]
    else:
        names = (by, found.unit)
        rows = [[each.value, each.count] for each in found.rows]
    return _answer(
        row,
        found.period,
        by,
        names,
        rows,
        totals={"views": found.views, "visits": found.visits},
        unit=found.unit,
        other=found.other,
    )


@blueprint.get("/stats/consents")
def stats_consents(site: str) -> ResponseReturnValue:
    session = web.session()
    row = _permitted(site)
    by = _by(consents.DIMENSIONS)
    found = consents.answer(session, site, _period(site), by, web.now())
    if by == "purpose":
        names: tuple[str, ...] = ("purpose", "decisions", "granted")
        rows = [[each.value, each.decisions, each.granted] for each in found.rows]
    elif by == "day":
        names = ("day", "decisions", "running")
        rows = [[each.value, each.decisions, each.running] for each in found.rows]
    else:
        names = (by, "decisions")
        rows = [[each.value, each.decisions] for each in found.rows]
    return _answer(
        row,
        found.period,
        by,
        names,
        rows,
        totals={"decisions": found.decisions, **found.actions},
        granted=found.granted,
        other=found.other,
    )


def _permitted(site: str) -> Site:
    """The site, for whoever brings one of its tokens. An unknown site answers as a wrong token does."""
    staff.require_token(web.session(), site, _token(), web.now())
    return web.session().get_one(Site, site)


def _token() -> str:
    token = web.bearer()
    if token is None:
        raise Unauthenticated("Send the header `Authorization: Bearer <token>`.")
    return token


def _by(dimensions: tuple[Any, ...]) -> Any:
    by = request.args.get("by", "day")
    if by not in dimensions:
        raise Invalid(f"by={by!r} is no dimension; there are {', '.join(dimensions)}.")
    return by


def _period(site: str) -> days.Period:
    zone = versions.site_file(versions.current(web.session(), site)).zone
    return days.period(
        request.args.get("from"), request.args.get("to"), web.now().astimezone(zone).date()
    )


def _answer(
    site: Site,
    period: days.Period,
    by: str,
    names: tuple[str, ...],
    rows: list[list[Any]],
    **more: Any,
) -> ResponseReturnValue:
    samples = _samples(site, period)
    if request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv":
        return _csv(names, rows, samples)
    return jsonify(
        {
            "site": site.site,
            "from": period.first.isoformat(),
            "to": period.last.isoformat(),
            "by": by,
            "k": suppression.K,
            **more,
            "samples": samples,
            "rows": [dict(zip(names, row, strict=True)) for row in rows],
        }
    )


def _samples(site: Site, period: days.Period) -> dict[str, str] | None:
    found = days.samples(site.samples_from, site.samples_to, period)
    return {"from": found.first.isoformat(), "to": found.last.isoformat()} if found else None


def _csv(
    names: tuple[str, ...], rows: Iterable[list[Any]], samples: dict[str, str] | None
) -> Response:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*names, "sample"] if samples else names)
    for row in rows:
        cells = [_cell(value) for value in row]
        if samples:
            in_samples = names[0] != "day" or samples["from"] <= row[0] <= samples["to"]
            cells.append("sample" if in_samples else "")
        writer.writerow(cells)
    return Response(
        out.getvalue(), content_type="text/csv; charset=utf-8", headers={"Vary": "Accept"}
    )


def _cell(value: Any) -> Any:
    # Spreadsheets run a text that begins like a formula (OWASP, CSV injection).
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + value
    if isinstance(value, bool):
        return str(value).lower()
    return value
