"""Staff pages of figures: all sites at a glance, then one site with its charts, tables and files."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qsl

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from consent.core import periods
from consent.core.errors import Contradiction, Invalid, NotFound
from consent.core.periods import Period
from consent.models import Site, Staff
from consent.notice import rendering
from consent.people import staff
from consent.site import versions
from consent.site.schema import SiteFile
from consent.stats import charts, comparison, consents, figures, suppression, visits
from consent.stats.comparison import Number
from consent.stats.suppression import share
from consent.web import context
from consent.web.api.operations import as_csv
from consent.web.dashboard import frame, names, pictures
from consent.web.dashboard.frame import members_only

blueprint = Blueprint("figures", __name__, url_prefix="/dashboard")
frame.init(blueprint)

# Cards show one of these at a time; the address says which. All but `decisions` are about visits.
CARDS: dict[str, tuple[str, ...]] = {
    "decisions": ("language", "device", "country", "version", "took", "layout"),
    "pages": ("page", "entry", "exit", "flow"),
    "sources": ("referrer", "campaign", "source", "medium", "term", "content"),
    "technology": ("browser", "system", "device", "language", "country", "network"),
}
MOST_ROWS = 10
# Days of the periods that are one click away.
PERIODS = (7, 30, 90, 365)


@blueprint.get("/")
@members_only
def index(member: Staff) -> ResponseReturnValue:
    session = context.session()
    sites = staff.sites_of(session, member)
    if len(sites) == 1:
        return redirect(url_for("figures.page", site=sites[0]), 303)
    yesterday = context.now().date() - timedelta(days=1)
    period = periods.between(None, yesterday, yesterday)
    return render_template(
        "dashboard/index.html", member=member, period=period, sites=_at_a_glance(sites, period)
    )


@blueprint.get("/<site>/")
@members_only
def page(member: Staff, site: str) -> ResponseReturnValue:
    return render_template("dashboard/figures.html", **_shown(member, site).whole())


@blueprint.get("/<site>/figures")
@members_only
def part(member: Staff, site: str) -> ResponseReturnValue:
    """The part of the page that follows the period, for htmx."""
    asked = _shown(member, site)
    response = Response(render_template("dashboard/_figures.html", **asked.whole()))
    response.headers["HX-Push-Url"] = url_for("figures.page", site=site, **asked.state)
    return response


@blueprint.get("/<site>/cards/<name>")
@members_only
def card(member: Staff, site: str, name: str) -> ResponseReturnValue:
    """One card, for htmx."""
    asked = _asked(member, site)
    if name not in CARDS:
        raise NotFound(f"There is no card {name!r}.")
    values = {**asked.common(), "card": asked.card(name)}
    response = Response(render_template("dashboard/_card.html", **values))
    response.headers["HX-Push-Url"] = url_for("figures.page", site=site, **asked.state)
    return response


@blueprint.get("/<site>/<name>.svg")
@members_only
def chart(member: Staff, site: str, name: str) -> ResponseReturnValue:
    drawn = _asked(member, site).drawn(name, "narrow" in request.args)
    return Response(drawn, content_type="image/svg+xml")


@blueprint.get("/<site>/<what>.csv")
@members_only
def table(member: Staff, site: str, what: str) -> ResponseReturnValue:
    return _asked(member, site).csv(what)


class CardRow(NamedTuple):
    name: str
    number: int
    # Of decisions, the share that accepted all, where that may be shown.
    accepted: float | None = None


@dataclass(frozen=True)
class Card:
    """A table of one dimension, and the others that it could be."""

    name: str
    heading: str
    by: str
    titles: dict[str, str]
    rows: list[CardRow]
    other: int
    unit: str

    @property
    def largest(self) -> int:
        return max((row.number for row in self.rows), default=1)


def _shown(member: Staff, site: str) -> "Asked":
    """The same for a page, which says what is wrong with a period and shows the last 30 days instead."""
    try:
        return _asked(member, site)
    except (Contradiction, Invalid):
        problem = gettext(
            "Choose a period of at most %(num)s days that begins before it ends.",
            num=periods.LONGEST_DAYS,
        )
        return _asked(member, site, problem)


def _asked(member: Staff, site: str, problem: str = "") -> "Asked":
    """What the request asks of a site that is this member's. Raises NotFound; Contradiction and Invalid for its days.

    Where these have a `problem`, the usual days.
    """
    row = staff.require_site(context.session(), member, site)
    site_file = context.settle(site)
    today = context.now().astimezone(site_file.zone).date()
    first, last = (None, None) if problem else (request.args.get("from"), request.args.get("to"))
    period = periods.period(first, last, today)
    # The other cards are as they are in the page, which htmx tells.
    there = request.headers.get("HX-Current-URL", "").partition("#")[0]
    shown = dict(parse_qsl(there.partition("?")[2]))
    chosen = {}
    for name, dimensions in CARDS.items():
        by = shown.get(name, dimensions[0])
        if (request.view_args or {}).get("name") in (None, name) or not shown:
            by = request.args.get(name, dimensions[0])
        chosen[name] = by if by in dimensions else dimensions[0]
    return Asked(member, row, site_file, period, chosen, problem)


@dataclass(frozen=True)
class Asked:
    """A question of a member of staff: which site, which days, and which table on each card."""

    member: Staff
    site: Site
    site_file: SiteFile
    period: Period
    chosen: dict[str, str]
    # With the days that were asked for.
    problem: str

    @property
    def state(self) -> dict[str, Any]:
        """All of it that is not as usual, for addresses."""
        cards: dict[str, Any] = {
            name: by for name, by in self.chosen.items() if by != CARDS[name][0]
        }
        return {
            "from": str(self.period.first),
            "to": str(self.period.last),
            "lang": g.language,
        } | cards

    def common(self) -> dict[str, Any]:
        now = context.now()
        return {
            **frame.of_site(self.member, self.site.site),
            "period": self.period,
            "before": periods.before(self.period),
            "problem": self.problem,
            "today": now.astimezone(self.site_file.zone).date(),
            "state": self.state,
            "periods": PERIODS,
            "days": lambda count: timedelta(days=count),
            "samples": periods.samples(self.site.samples_from, self.site.samples_to, self.period),
            "k": suppression.K,
            "version_days": self._versions(),
        }

    def whole(self) -> dict[str, Any]:
        session, site = context.session(), self.site.site
        in_detail = cast(consents.By, self.chosen["decisions"])
        asked: list[consents.By] = ["service", "purpose", in_detail]
        decided = consents.answers(session, site, self.period, asked, context.now())
        seen = visits.answer(session, site, self.period, "day", context.now())
        return {
            **self.common(),
            "numbers": comparison.numbers(
                session, site, decided["service"], seen, periods.before(self.period)
            ),
            "number_names": names.numbers(),
            "action_names": names.actions(),
            "consents": decided["service"],
            "purposes": decided["purpose"],
            "visits": seen,
            "timeline": consents.timeline(session, site, self.period),
            "seen_over_time": visits.timeline(seen.days, self.period),
            "hours": visits.detail(session, site, self.period, "hour")[0],
            "cards": {name: self.card(name, decided[in_detail]) for name in CARDS},
            "titles": {
                each.key: each.title for each in rendering.purposes(self.site_file, g.language)
            },
            "services": {each.key: each.name for each in self.site_file.services},
        }

    def card(self, name: str, decided: consents.ConsentResult | None = None) -> Card:
        by = self.chosen[name]
        session, site = context.session(), self.site.site
        titles = names.titles()
        there = {each: titles[name, each] for each in CARDS[name] if self._counts(name, each)}
        heading = names.headings()[name] if len(there) > 1 else titles[name, by]
        if name == "decisions":
            found = decided or consents.answer(
                session, site, self.period, cast(consents.By, by), context.now()
            )
            rows = [
                CardRow(
                    names.of_value(by, each.value),
                    each.decisions or 0,
                    share(each.actions.get("accept"), each.actions.get(consents.BASE + "accept")),
                )
                for each in found.rows[:MOST_ROWS]
            ]
            rest = sum(each.decisions or 0 for each in found.rows[MOST_ROWS:])
            return Card(name, heading, by, there, rows, rest + (found.other or 0), name)
        seen, rest = visits.largest(session, site, self.period, cast(visits.By, by), MOST_ROWS)
        rows = [
            CardRow(
                f"{each.value} → {each.onward}" if each.onward else names.of_value(by, each.value),
                each.count,
            )
            for each in seen
        ]
        unit = "views" if by in visits.OF_VIEWS else "visits"
        return Card(name, heading, by, there, rows, rest, unit)

    def drawn(self, name: str, narrow: bool) -> bytes:
        session, site = context.session(), self.site.site
        if name == "visits":
            seen = visits.answer(session, site, self.period, "day", context.now())
            return pictures.over_time(visits.timeline(seen.days, self.period), narrow)
        if name == "consents":
            steps = consents.timeline(session, site, self.period)
            return pictures.accepted(steps, self._versions().values(), narrow)
        if name == "hours":
            counts = {
                row.value: row.count for row in visits.detail(session, site, self.period, "hour")[0]
            }
            hours = [f"{hour:02}" for hour in range(24)]
            return charts.bars(
                [(gettext("Page views"), [counts.get(each) for each in hours])], hours, narrow
            )
        raise NotFound(f"There is no chart {name!r}.")

    def csv(self, what: str) -> Response:
        by = request.args.get("by", "day")
        session, site, now = context.session(), self.site.site, context.now()
        if what == "visits" and by in visits.DIMENSIONS:
            seen = visits.answer(session, site, self.period, by, now)
            rows = seen.table()
        elif what == "consents" and by in consents.DIMENSIONS:
            decided = consents.answer(session, site, self.period, by, now)
            rows = decided.table()
        else:
            raise NotFound(f"There is no table {what!r} by {by!r}.")
        samples = periods.samples(self.site.samples_from, self.site.samples_to, self.period)
        header = list(rows[0]) if rows else [by]
        response = as_csv(header, rows, (samples.first, samples.last) if samples else None, None)
        name = f"{site}-{what}-{by}-{self.period.first}-{self.period.last}.csv"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def _counts(self, card_name: str, by: str) -> bool:
        """Whether a site has such figures at all."""
        if card_name == "sources" and by != "referrer":
            return f"utm_{by}" in self.site_file.hits.campaigns
        looked_up = {
            "network": context.settings().isp_database,
            "country": context.settings().country_database,
        }
        return bool(looked_up.get(by, True)) or self.site.samples_from is not None

    def _versions(self) -> dict[int, date]:
        """The day of each version that was published in the period."""
        found = versions.published_in(context.session(), self.site.site, self.period)
        return {version.number: day for version, day in found}


@dataclass(frozen=True)
class Glance:
    """One site among all: its visits, and how it was decided."""

    site: str
    name: str
    visits: Number
    decisions: int
    accepted: float | None


def _at_a_glance(sites: list[str], period: Period) -> list[Glance]:
    session = context.session()
    counted = [
        {
            dimension: figures.sums(session, sites, dimension, each)
            for dimension in ("total", "consents.action")
        }
        for each in (period, periods.before(period))
    ]
    names_of_sites = versions.names(session, sites)
    found = []
    for site in sites:
        actions = {
            action: counted[0]["consents.action"].get((site, action), 0)
            for action in consents.ACTIONS
        }
        now, before = (each["total"].get((site, "visits")) for each in counted)
        decided = sum(actions.values())
        found.append(
            Glance(
                site,
                names_of_sites[site],
                Number("visits", now, before),
                decided,
                share(actions["accept"], decided),
            )
        )
    return found
