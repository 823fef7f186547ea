"""Staff pages: log in, choose a site, look at its figures."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from consent import charts, consents, days, i18n, notice, staff, suppression, versions, visits, web
from consent.errors import NotFound, Unauthenticated
from consent.models import Site, Staff
from consent.security import LOGIN_LIMIT, limiter, require_own_page

blueprint = Blueprint("dashboard", __name__, url_prefix="/dashboard")

View = Callable[..., ResponseReturnValue]


@blueprint.before_request
def _guard() -> None:
    g.language = i18n.choose(i18n.STAFF_LANGUAGES)
    if request.method == "POST":
        require_own_page()


@blueprint.context_processor
def _language() -> dict[str, Any]:
    return {"language": g.language, "languages": i18n.STAFF_LANGUAGES}


def members_only(view: View) -> View:
    """Hands the view the member of staff who is logged in; sends everybody else to the login page."""

    @wraps(view)
    def guarded(**arguments: Any) -> ResponseReturnValue:
        identity = session.get("staff")
        member = staff.member(web.session(), identity) if identity else None
        if member is None:
            return redirect(url_for("dashboard.login", next=request.full_path.rstrip("?")), 303)
        return view(member, **arguments)

    return guarded


@blueprint.get("/login")
def login() -> str:
    return render_template("dashboard/login.html", wrong=False, next=request.args.get("next", ""))


@blueprint.post("/login")
@limiter.limit(LOGIN_LIMIT)
def log_in() -> ResponseReturnValue:
    form = request.form
    try:
        member = staff.log_in(web.session(), form.get("email", ""), form.get("password", ""))
    except Unauthenticated:
        page = render_template("dashboard/login.html", wrong=True, next=form.get("next", ""))
        return page, 401
    session.clear()
    session["staff"] = member.id.hex
    target = form.get("next", "")
    # Only our own pages: anything else would send people on to a stranger after they logged in here.
    own = target.startswith(url_for("dashboard.index")) and "\\" not in target
    return redirect(target if own else url_for("dashboard.index"), 303)


@blueprint.post("/logout")
def log_out() -> ResponseReturnValue:
    session.clear()
    return redirect(url_for("dashboard.login"), 303)


@blueprint.get("/")
@members_only
def index(member: Staff) -> ResponseReturnValue:
    sites = staff.sites_of(web.session(), member)
    if len(sites) == 1:
        return redirect(url_for("dashboard.figures", site=sites[0]), 303)
    named = [
        (site, versions.site_file(versions.current(web.session(), site)).site.name)
        for site in sites
    ]
    return render_template("dashboard/index.html", sites=named, member=member)


@blueprint.get("/<site>/")
@members_only
def figures(member: Staff, site: str) -> ResponseReturnValue:
    return render_template("dashboard/figures.html", **_figures(member, site))


@blueprint.get("/<site>/figures")
@members_only
def figures_part(member: Staff, site: str) -> ResponseReturnValue:
    """The part of the page that follows the period, for htmx."""
    return render_template("dashboard/_figures.html", **_figures(member, site))


@blueprint.get("/<site>/<name>.svg")
@members_only
def chart(member: Staff, site: str, name: str) -> ResponseReturnValue:
    found = _figures(member, site)
    days_of = found["visits"].days
    known = {
        "consents": [(gettext("Decisions"), [row.decisions for row in found["consents"].rows])],
        "visits": [
            (gettext("Page views"), [day.views for day in days_of]),
            (gettext("Visits"), [day.visits for day in days_of]),
        ],
    }
    if name not in known:
        raise NotFound(f"There is no chart {name!r}.")
    drawn = charts.bars(known[name], list(found["period"]), g.language)
    return Response(drawn, content_type="image/svg+xml")


def _figures(member: Staff, site: str) -> dict[str, Any]:
    database, now = web.session(), web.now()
    row: Site = staff.require_site(database, member, site)
    site_file = web.settle(site)
    today = now.astimezone(site_file.zone).date()
    period = days.period(request.args.get("from"), request.args.get("to"), today)
    return {
        "site": row,
        "file": site_file,
        "period": period,
        "today": today,
        "samples": days.samples(row.samples_from, row.samples_to, period),
        "consents": consents.answer(database, site, period, "day", now),
        "visits": visits.answer(database, site, period, "day", now),
        "member": member,
        "purposes": consents.answer(database, site, period, "purpose", now),
        "titles": {each.key: each.title for each in notice.purposes(site_file, g.language)},
        "k": suppression.K,
        "tables": {
            by: visits.answer(database, site, period, by, now)
            for by in ("page", "referrer", "browser", "system", "device", "network")
        },
    }
