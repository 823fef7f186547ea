"""Staff pages: what the server keeps of the site for how long, and what is erased next."""

from typing import NamedTuple

from flask import Blueprint, render_template
from flask_babel import gettext

from consent import retention
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
    words, periods = _words(), _periods(keep)
    kept = [
        Kept(
            *words[due.what],
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


def _words() -> dict[str, tuple[str, str]]:
    """What each task is about, and what it is kept for."""
    return {
        "decisions": (gettext("Decisions"), gettext("Evidence of who agreed to what.")),
        "counters": (
            gettext("Figures of page views"),
            gettext("Counts by day and month, which identify nobody."),
        ),
        "totals of decisions": (
            gettext("Figures of decisions"),
            gettext("Counts that stay when the decisions themselves are gone."),
        ),
        "unconfirmed subscribers": (
            gettext("Addresses that nobody confirmed"),
            gettext("Of people who asked to be told of changes, and did not confirm it."),
        ),
        "deliveries": (
            gettext("Who was told of a version"),
            gettext("A keyed hash of each address, so that nobody is told twice."),
        ),
        "messages": (
            gettext("Messages that were sent"),
            gettext(
                "To webhooks, and reports and letters by e-mail, with how often each was tried."
            ),
        ),
        "invitations": (
            gettext("Invitations"),
            gettext("The addresses of people who were invited to look after the site."),
        ),
        "log of staff": (
            gettext("What staff did"),
            gettext("So that owners see who changed what."),
        ),
        "merges": (
            gettext("Marks of counted page views"),
            gettext("So that none is counted twice; nothing about visitors is in them."),
        ),
    }
