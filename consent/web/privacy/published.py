"""Visit figures that a site shows to everybody: a page, its chart, and a picture with one number for other pages."""

from datetime import timedelta

from flask import Blueprint, Response, g, render_template, request
from flask_babel import gettext, ngettext

from consent.core import i18n
from consent.core.errors import NotFound
from consent.core.periods import DEFAULT_DAYS, Period
from consent.models import Version
from consent.site import versions
from consent.stats import charts, figures, suppression, visits
from consent.stats.visits import By, VisitResult
from consent.web import context
from consent.web.privacy import frame

blueprint = Blueprint("published", __name__, url_prefix="/privacy/<site>")

# An hour. Figures change once a day.
AGE = "public, max-age=3600"
TABLES: tuple[By, ...] = ("page", "referrer", "browser", "system", "device", "language")
MOST_ROWS = 10


@blueprint.get("/visits")
def visits_page(site: str) -> str:
    version, period = _published(site)
    return frame.render(
        "privacy/visits.html",
        version,
        found=_answer(site, period, "day"),
        tables={by: _table(site, period, by) for by in TABLES},
        k=suppression.K,
        public_k=suppression.PUBLIC_K,
    )


@blueprint.get("/visits-by-day.svg")
def chart(site: str) -> Response:
    version, period = _published(site)
    _language(version)
    days = _answer(site, period, "day").days
    series = (
        (gettext("Page views"), [day.views for day in days]),
        (gettext("Visits"), [day.visits for day in days]),
    )
    return _picture(
        charts.bars(series, [i18n.short_day(day) for day in period], "narrow" in request.args)
    )


@blueprint.get("/visits.svg")
def badge(site: str) -> Response:
    """One number, for the site's own pages."""
    version, period = _published(site)
    _language(version)
    count = _answer(site, period, "day").visits
    text = ngettext("%(num)s visit in 30 days", "%(num)s visits in 30 days", count)
    response = _picture(
        render_template("privacy/visits.svg", text=text if count else gettext("Visits")).encode()
    )
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _published(site: str) -> tuple[Version, Period]:
    """The version in force, and the last 30 closed days. Raises NotFound where the site does not show its figures."""
    version = versions.current(context.session(), site)
    if not context.settle(site).hits.public:
        raise NotFound(f"Site {site!r} does not publish its figures.")
    last = figures.closed_through(context.session(), site) or context.now().date()
    return version, Period(last - timedelta(days=DEFAULT_DAYS - 1), last)


def _language(version: Version) -> str:
    """That of a picture, which stands in pages of one language and is kept for all who read them."""
    languages = versions.site_file(version).site.languages
    wished = request.args.get("lang")
    g.language = wished if wished in languages else languages[0]
    return str(g.language)


def _table(site: str, period: Period, by: By) -> VisitResult:
    return visits.for_everybody(context.session(), site, _answer(site, period, by), MOST_ROWS)


def _answer(site: str, period: Period, by: By) -> VisitResult:
    return visits.answer(context.session(), site, period, by, context.now())


def _picture(drawn: bytes) -> Response:
    return Response(drawn, content_type="image/svg+xml", headers={"Cache-Control": AGE})
