"""Staff pages: the site's tokens for the API."""

from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from consent.core.errors import Invalid
from consent.models import Staff
from consent.people import api_tokens, audit
from consent.web import context
from consent.web.dashboard import frame
from consent.web.dashboard.frame import members_only

blueprint = Blueprint("tokens", __name__, url_prefix="/dashboard")
frame.init(blueprint)

# How long a token may hold.
DAYS = (30, 90, 365)


@blueprint.get("/<site>/tokens")
@members_only
def page(member: Staff, site: str) -> ResponseReturnValue:
    return _page(member, site)


@blueprint.post("/<site>/tokens")
@members_only
def make(member: Staff, site: str) -> ResponseReturnValue:
    """Makes a token, and shows it this once."""
    session, form = context.session(), request.form
    frame.of_site(member, site, "editor")
    days = form.get("days", 0, type=int)
    if days not in DAYS:
        raise Invalid(f"A token holds for {', '.join(map(str, DAYS))} days.")
    name = form.get("name", "").strip()
    audit.note(session, site, member.email, "token-made", context.now(), name=name)
    try:
        made = api_tokens.issue(
            session,
            site,
            name,
            context.now(),
            form.getlist("scope"),
            timedelta(days=days),
        )
    except Invalid:
        session.rollback()
        problem = gettext("Give the token a name, and choose what it gives access to.")
        return _page(member, site, problem=problem), 422
    return _page(member, site, made=made)


@blueprint.post("/<site>/tokens/<token_hash>/revoke")
@members_only
def revoke(member: Staff, site: str, token_hash: str) -> ResponseReturnValue:
    session = context.session()
    frame.of_site(member, site, "editor")
    ended = api_tokens.revoke(session, site, token_hash, context.now())
    audit.note(session, site, member.email, "token-ended", context.now(), name=ended.name)
    session.commit()
    return redirect(url_for("tokens.page", site=site), 303)


def _page(member: Staff, site: str, **more: str) -> str:
    return render_template(
        "dashboard/tokens.html",
        **frame.of_site(member, site, "editor"),
        tokens=api_tokens.of_site(context.session(), site),
        now=context.now(),
        scopes={
            "stats": gettext("Statistics"),
            "versions": gettext("Versions"),
            "decisions": gettext("Decisions and receipts"),
        },
        lifetimes=DAYS,
        address=f"{context.public_url()}/api/v1/",
        **more,
    )
