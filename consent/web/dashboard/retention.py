"""Staff pages: what the server keeps of the site for how long, and what is erased next."""

from typing import NamedTuple

from flask import Blueprint, render_template
from flask_babel import gettext

from consent import retention
from consent.core.catalogues import gettext_noop
from consent.models import Staff
from consent.notice import rendering
from consent.retention import Due
from consent.site.schema import Keep
from consent.web import context
from consent.web.dashboard import frame
from consent.web.dashboard.frame import members_only

blueprint = Blueprint("retention", __name__, url_prefix="/dashboard")
frame.init(blueprint)

# The key of the site file that says how long each is kept.
KEYS = {
    "decisions": "keep.decisions",
    "counters": "keep.counters",
    "totals of decisions": "keep.decisions + keep.counters",
}
# What each task is about, and what it is kept for.
WORDS = {
    "decisions": (gettext_noop("Decisions"), gettext_noop("Evidence of consent.")),
    "counters": (
        gettext_noop("Page view statistics"),
        gettext_noop("Counts by day and month, which identify nobody."),
    ),
    "totals of decisions": (
        gettext_noop("Decision statistics"),
        gettext_noop("Counts that remain after the decisions are erased."),
    ),
    "unconfirmed subscribers": (
        gettext_noop("Unconfirmed addresses"),
        gettext_noop("From people who asked for e-mail about changes, but did not confirm."),
    ),
    "deliveries": (
        gettext_noop("Sent announcements"),
        gettext_noop("A keyed hash of each address, so that nobody gets the same e-mail twice."),
    ),
    "messages": (
        gettext_noop("Sent messages"),
        gettext_noop(
            "Webhook messages, reports and letters, with the number of attempts for each."
        ),
    ),
    "invitations": (
        gettext_noop("Invitations"),
        gettext_noop("Addresses of people who were invited to the site."),
    ),
    "log of staff": (
        gettext_noop("Activity log"),
        gettext_noop("Shows owners who changed what."),
    ),
    "merges": (
        gettext_noop("Markers of counted page views"),
        gettext_noop("They prevent counting twice, and hold nothing about visitors."),
    ),
}


class Kept(NamedTuple):
    """Something that is kept, as staff read it."""

    title: str
    note: str
    period: str
    # Where the site file says for how long; empty where the program does.
    key: str
    due: Due


@blueprint.get("/<site>/retention")
@members_only
def page(member: Staff, site: str) -> str:
    shared = frame.of_site(member, site)
    keep: Keep = shared["file"].keep
    periods = _periods(keep)
    kept = [
        Kept(
            *_said(due.what),
            periods.get(due.what) or rendering.lifetime(due.kept_for),
            KEYS.get(due.what, ""),
            due,
        )
        for due in retention.due(context.session(), site, shared["file"], context.now())
    ]
    return render_template(
        "dashboard/retention.html",
        **shared,
        kept=kept,
        most=retention.MOST_COUNTED,
        table=f'[keep]\ndecisions = "{keep.decisions.written}"\ncounters = "{keep.counters.written}"',
    )


def _periods(keep: Keep) -> dict[str, str]:
    """Periods that are sums, which are read more easily as such."""
    both = rendering.lifetime(keep.decisions), rendering.lifetime(keep.counters)
    return {"totals of decisions": " + ".join(both)}


def _said(what: str) -> tuple[str, str]:
    title, note = WORDS[what]
    return gettext(title), gettext(note)
