"""Staff pages: who is told of new versions, by e-mail and by webhook, and what has been announced."""

import uuid
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from consent import retention
from consent.core.errors import Invalid, NotFound
from consent.models import Staff, Version, Webhook
from consent.outbox import announcements, announcing, webhooks
from consent.outbox.announcing import Announced
from consent.people import audit
from consent.site import versions
from consent.web import context
from consent.web.dashboard import frame
from consent.web.dashboard.frame import members_only

blueprint = Blueprint("announcements", __name__, url_prefix="/dashboard")
frame.init(blueprint)

# Versions that are listed, the newest.
MOST = 20
# After so long it seems that no process sends: another server than `consent serve` runs.
LATE = timedelta(minutes=5)


class Entry(NamedTuple):
    version: Version
    # None: nothing is known.
    announced: Announced | None
    # Whether it may still be announced from here.
    is_in_time: bool


@blueprint.get("/<site>/announcements")
@members_only
def page(member: Staff, site: str) -> str:
    return _page(member, site)


@blueprint.post("/<site>/announcements")
@members_only
def add_webhook(member: Staff, site: str) -> ResponseReturnValue:
    """Adds a webhook, and shows its secret this once."""
    session, address = context.session(), request.form.get("address", "").strip()
    # Of owners only: the server is to send to an address, which may be one that others do not reach.
    frame.of_site(member, site, "owner")
    audit.note(session, site, member.email, "webhook-added", context.now(), url=address)
    try:
        made = webhooks.add(session, site, address, context.now())
    except Invalid:
        session.rollback()
        problem = gettext("Write the full address in plain ASCII letters: https://…")
        return _page(member, site, problem=problem, address=address), 422
    return _page(member, site, made=made)


@blueprint.post("/<site>/announcements/webhooks/<uuid:identity>/remove")
@members_only
def remove_webhook(member: Staff, site: str, identity: uuid.UUID) -> ResponseReturnValue:
    session = context.session()
    frame.of_site(member, site, "owner")
    gone = {each.id: each.url for each in webhooks.of_site(session, site)}
    webhooks.remove(session, site, identity)
    url = gone[identity]
    audit.note(session, site, member.email, "webhook-removed", context.now(), url=url)
    session.commit()
    return redirect(url_for("announcements.page", site=site), 303)


@blueprint.get("/<site>/announcements/<int:number>")
@members_only
def announcement(member: Staff, site: str, number: int) -> str:
    shared, session = frame.of_site(member, site), context.session()
    entry = _entry(site, number)
    spoken = versions.site_file(entry.version).site.languages
    return render_template(
        "dashboard/announcement.html",
        **shared,
        **_progress(site, entry),
        previews={
            language: announcements.preview(session, context.sender(), entry.version, language)
            for language in spoken
        },
        mail_from=context.settings().mail_from,
    )


@blueprint.get("/<site>/announcements/<int:number>/progress")
@members_only
def progress(member: Staff, site: str, number: int) -> str:
    """The part of the page that says how far it is, for htmx."""
    shared = frame.of_site(member, site)
    return render_template(
        "dashboard/_announcement.html", **shared, **_progress(site, _entry(site, number))
    )


@blueprint.post("/<site>/announcements/<int:number>")
@members_only
def announce(member: Staff, site: str, number: int) -> ResponseReturnValue:
    """Has the server send it; no request would last as long as that takes."""
    session = context.session()
    frame.of_site(member, site, "editor")
    if not context.sends_mail():
        raise NotFound("This server sends no e-mail.")
    audit.note(session, site, member.email, "announced", context.now(), number=number)
    announcing.ask(session, site, number, context.now(), minor="minor" in request.form)
    return _to(site, number)


@blueprint.post("/<site>/announcements/<int:number>/stop")
@members_only
def stop(member: Staff, site: str, number: int) -> ResponseReturnValue:
    session = context.session()
    frame.of_site(member, site, "editor")
    audit.note(session, site, member.email, "announcement-stopped", context.now(), number=number)
    announcing.stop(session, site, number)
    return _to(site, number)


def _page(member: Staff, site: str, **more: str | Webhook) -> str:
    shared, session = frame.of_site(member, site), context.session()
    known, now = announcing.of_site(session, site), context.now()
    entries = [
        Entry(each, known.get(each.number), announcing.is_in_time(each, now))
        for each in versions.of_site(session, site)
        if each.number > 1
    ]
    return render_template(
        "dashboard/announcements.html",
        **shared,
        entries=entries[:MOST],
        unknown_before=_unknown_before(),
        subscribers=announcing.subscribers(session, site),
        sends_mail=context.sends_mail(),
        feed=context.public_url() + url_for("history.feed", site=site),
        webhooks=webhooks.states(session, site),
        **more,
    )


def _entry(site: str, number: int) -> Entry:
    """Raises NotFound, for the first version too: it has changed nothing."""
    version = versions.get(context.session(), site, number)
    if number == 1:
        raise NotFound("The first version has changed nothing.")
    known = announcing.of_site(context.session(), site)
    return Entry(version, known.get(number), announcing.is_in_time(version, context.now()))


def _progress(site: str, entry: Entry) -> dict[str, Any]:
    asked = entry.announced.asked if entry.announced else None
    turn = asked.next_turn_at if asked else None
    return {
        "entry": entry,
        "subscribers": announcing.subscribers(context.session(), site),
        "sends_mail": context.sends_mail(),
        "unknown_before": _unknown_before(),
        "is_late": turn is not None and context.now() - turn > LATE,
    }


def _unknown_before() -> datetime:
    """Of versions from before then it may not be known who was told by command."""
    return context.now() - timedelta(days=retention.DELIVERIES.days)


def _to(site: str, number: int) -> ResponseReturnValue:
    return redirect(url_for("announcements.announcement", site=site, number=number), 303)
