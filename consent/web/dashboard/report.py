"""Staff pages: the report of a month, and who is sent it."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consent.core import extras, periods
from consent.core.errors import NotFound
from consent.models import Staff
from consent.outbox import reports
from consent.web import context
from consent.web.dashboard import frame, report_letter
from consent.web.dashboard.frame import members_only

blueprint = Blueprint("report", __name__, url_prefix="/dashboard")
frame.init(blueprint)


@blueprint.get("/<site>/report")
@members_only
def page(member: Staff, site: str) -> ResponseReturnValue:
    shared = frame.of_site(member, site)
    context.settle(site)
    session, now = context.session(), context.now()
    asked = request.args.get("month")
    report = reports.of_month(session, site, periods.parse_month(asked) if asked else None, now)
    months = reports.months(session, site, reports.last_month(session, site, now))
    return render_template(
        "dashboard/report.html",
        **shared,
        **report_letter.values(report, g.language, context.public_url()),
        months={f"{each.first:%Y-%m}": report_letter.month_name(each) for each in months},
        chosen=f"{report.month.first:%Y-%m}",
        subscription=reports.subscription(session, site, member),
        sends_mail=_sends_reports(),
    )


@blueprint.post("/<site>/report")
@members_only
def subscribe(member: Staff, site: str) -> ResponseReturnValue:
    frame.of_site(member, site)
    if not _sends_reports():
        raise NotFound("This server sends no reports by e-mail.")
    reports.subscribe(context.session(), site, member, g.language, context.now())
    return _back(site)


@blueprint.post("/<site>/report/stop")
@members_only
def stop(member: Staff, site: str) -> ResponseReturnValue:
    frame.of_site(member, site)
    reports.stop(context.session(), site, member)
    return _back(site)


def _sends_reports() -> bool:
    return context.sends_mail() and extras.is_installed("report")


def _back(site: str) -> ResponseReturnValue:
    return redirect(url_for("report.page", site=site, lang=g.language), 303)
