"""The JSON API: figures, versions and decisions for programs, and a visitor's own history."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from consent.core import i18n, periods, tokens
from consent.core.periods import Period
from consent.ledger import decisions
from consent.models import Site
from consent.site import versions
from consent.stats import consents, suppression, visits
from consent.web import context
from consent.web.api import openapi
from consent.web.api.models import (
    CONSENT_ROWS,
    VISIT_ROWS,
    ConsentsAnswer,
    ConsentsQuery,
    DecisionsAnswer,
    HistoryAnswer,
    PeriodQuery,
    Query,
    VersionsAnswer,
    VisitsAnswer,
    VisitsQuery,
)
from consent.web.api.operations import (
    OPERATIONS,
    answered,
    as_csv,
    bearer,
    operation,
    page,
    wants_csv,
)

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.after_request
def _headers(response: Response) -> Response:
    # The embed script reads the visitor's own history from the website's origin; no cookie is involved.
    if request.endpoint == "api.me":
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = "Authorization"
        response.headers["Access-Control-Max-Age"] = "86400"
    # Copies are asked about each time, and are nobody else's.
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@operation(blueprint, "/sites/{site}/visitors/me", HistoryAnswer)
def me(site: str) -> ResponseReturnValue:
    """The decisions of the visitor whose token this is, the latest first."""
    session = context.session()
    versions.current(session, site)
    visitor = tokens.read(context.settings().secret_keys, site, bearer(), context.now())
    found = decisions.receipts(session, site, visitor)
    return answered(
        HistoryAnswer.model_validate({"site": site, "visitor": str(visitor), "decisions": found})
    )


@operation(blueprint, "/sites/{site}/stats/visits", VisitsAnswer, VisitsQuery, "stats", VISIT_ROWS)
def stats_visits(site: str, query: VisitsQuery) -> ResponseReturnValue:
    """Page views and visits: what of them identifies nobody."""
    period = _period(site, query)
    found = visits.answer(context.session(), site, period, query.by, context.now())
    return _answer(
        VisitsAnswer,
        site,
        period,
        query,
        found.table(),
        list(VISIT_ROWS[query.by].model_fields),
        unit=found.unit,
        totals={"views": found.views, "visits": found.visits},
        other=found.other,
        noise=found.noise,
    )


@operation(
    blueprint, "/sites/{site}/stats/consents", ConsentsAnswer, ConsentsQuery, "stats", CONSENT_ROWS
)
def stats_consents(site: str, query: ConsentsQuery) -> ResponseReturnValue:
    """Decisions: exactly how many, and what more of them identifies nobody."""
    period = _period(site, query)
    session = context.session()
    found = consents.answer(session, site, period, query.by, context.now())
    rows = found.table()
    return _answer(
        ConsentsAnswer,
        site,
        period,
        query,
        rows,
        list(rows[0] if rows else CONSENT_ROWS[query.by].model_fields),
        totals={"decisions": found.decisions, **found.actions},
        granted=found.granted,
        funnel=asdict(found.funnel),
        publications=[
            {"version": each.number, "published_at": each.published_at, "day": day}
            for each, day in versions.published_in(session, site, period)
        ],
        other=found.other,
    )


@operation(blueprint, "/sites/{site}/versions", VersionsAnswer, Query, "versions")
def version_list(site: str, query: Query) -> ResponseReturnValue:
    """The site's versions, the latest first."""
    rows, following = page(
        versions.of_site(context.session(), site), query, lambda version: str(version.number)
    )
    found = [
        {
            "version": each.number,
            "hash": each.hash,
            "published_at": each.published_at,
            "material": each.is_material,
        }
        for each in rows
    ]
    return answered(VersionsAnswer.model_validate({"site": site, "rows": found, "next": following}))


@operation(blueprint, "/sites/{site}/decisions", DecisionsAnswer, PeriodQuery, "decisions")
def decision_list(site: str, query: PeriodQuery) -> ResponseReturnValue:
    """The receipts of a period's decisions, day by day."""
    period = _period(site, query)
    rows, following = decisions.of_period(
        context.session(), site, period, query.limit, query.cursor
    )
    return answered(DecisionsAnswer.model_validate({"site": site, "rows": rows, "next": following}))


@blueprint.get("/openapi.json")
def openapi_document() -> ResponseReturnValue:
    response = jsonify(openapi.document())
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.add_etag()
    return response.make_conditional(request)


@blueprint.get("/")
def described() -> str:
    """The OpenAPI document, for people."""
    return render_template(
        "api/described.html",
        document=openapi.document(),
        operations=OPERATIONS,
        language=i18n.choose(("en",)),
    )


def _period(site: str, query: PeriodQuery) -> Period:
    site_file = context.settle(site)
    return periods.between(query.first, query.last, context.now().astimezone(site_file.zone).date())


def _answer(
    model: type[VisitsAnswer] | type[ConsentsAnswer],
    site: str,
    period: Period,
    query: VisitsQuery | ConsentsQuery,
    rows: list[dict[str, Any]],
    names: list[str],
    **more: Any,
) -> Response:
    row = context.session().get_one(Site, site)
    samples = periods.samples(row.samples_from, row.samples_to, period)
    found, following = page(rows, query, _key)
    if wants_csv():
        return as_csv(names, found, (samples.first, samples.last) if samples else None, following)
    return answered(
        model.model_validate(
            {
                "site": site,
                "from": period.first,
                "to": period.last,
                "by": query.by,
                "k": suppression.K,
                "samples": {"from": samples.first, "to": samples.last} if samples else None,
                "next": following,
                "rows": found,
                **more,
            }
        )
    )


def _key(row: dict[str, Any]) -> str:
    """What names a row: its value, and the page that followed."""
    first, *others = row.values()
    return "\n".join([str(first), *(str(each) for each in others if isinstance(each, str))])
