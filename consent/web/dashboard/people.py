"""Staff pages: who may see and change a site, and what they did."""

import secrets
import uuid

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from consent.core import tokens
from consent.core.errors import Conflict, Invalid, NotFound
from consent.models import Staff
from consent.outbox import letters as outbox
from consent.people import audit, invitations, staff
from consent.site import versions
from consent.web import context, letters
from consent.web.dashboard import frame
from consent.web.dashboard.audit_words import said
from consent.web.dashboard.frame import members_only
from consent.web.security import MAIL_LIMIT, limiter

blueprint = Blueprint("people", __name__, url_prefix="/dashboard")
frame.init(blueprint)

# Lines of the log on a page.
AT_ONCE = 50


@blueprint.get("/<site>/people")
@members_only
def page(member: Staff, site: str) -> ResponseReturnValue:
    return _page(member, site, sent=request.args.get("sent"))


@blueprint.post("/<site>/people")
@members_only
@limiter.limit(MAIL_LIMIT)
def invite(member: Staff, site: str) -> ResponseReturnValue:
    """Sends somebody an invitation; where no e-mail can be sent, shows the link instead."""
    frame.of_site(member, site, "owner")
    session, form, now = context.session(), request.form, context.now()
    email, role = form.get("email", "").strip(), form.get("role", "")
    sites = list(dict.fromkeys([site, *form.getlist("site")]))
    if role not in staff.ROLES:
        raise Invalid(f"{role!r} is no role.")
    if sites == [site] and staff.is_member(session, site, email, role):
        problem = gettext("%(email)s is already a member, with this role or more.", email=email)
        return _page(member, site, problem=problem, email=email), 409
    try:
        seed = secrets.token_urlsafe(16)
        secret = tokens.invitation(context.settings().secret_keys[0], seed)
        invitations.invite(session, member, email, sites, role, now, secret)
    except Invalid:
        problem = gettext("%(email)s is not a valid e-mail address.", email=email)
        return _page(member, site, problem=problem, email=email), 422
    for each in sites:
        audit.note(session, each, member.email, "invited", now, whom=email.lower(), role=role)
    if context.sends_mail():
        content = {"seed": seed, "language": g.language}
        key = outbox.put(session, audit.ACCOUNT, "invitation", content, now)
    session.commit()
    path = url_for("invitation.page", secret=secret, lang=g.language)
    address = context.public_url() + path
    if context.sends_mail():
        if problem := letters.send(key):
            more = {"problem": problem, "is_tried_again": outbox.is_tried_again(session, key)}
            return _page(member, site, link=address, **more)
        # Sent once, whoever loads the page again.
        lang = request.args.get("lang")
        return redirect(url_for("people.page", site=site, sent=email, lang=lang), 303)
    return _page(member, site, link=address)


@blueprint.post("/<site>/people/invitations/<invitation_hash>/withdraw")
@members_only
def withdraw(member: Staff, site: str, invitation_hash: str) -> ResponseReturnValue:
    frame.of_site(member, site, "owner")
    session = context.session()
    gone = invitations.withdraw(session, site, invitation_hash)
    audit.note(session, site, member.email, "invitation-withdrawn", context.now(), whom=gone.email)
    session.commit()
    return _back(site)


@blueprint.post("/<site>/people/<uuid:identity>")
@members_only
def change(member: Staff, site: str, identity: uuid.UUID) -> ResponseReturnValue:
    """Gives a member another role, or none."""
    frame.of_site(member, site, "owner")
    session, role = context.session(), request.form.get("role", "")
    other = staff.member(session, identity)
    if other is None:
        raise NotFound("There is no such member.")
    # Whoever is no member of this site is none that this page knows.
    had, email = staff.role_in(session, other, site), other.email
    try:
        if role == "none":
            staff.leave(session, other, site)
            audit.note(session, site, member.email, "removed", context.now(), whom=email)
        elif role != had:
            staff.join(session, other, site, role)
            audit.note(
                session, site, member.email, "role-changed", context.now(), whom=email, role=role
            )
    except Conflict:
        problem = gettext("A site needs an owner. Make another member an owner first.")
        return _page(member, site, problem=problem), 409
    session.commit()
    if identity == member.id and role != "owner":
        return redirect(url_for("figures.index"), 303)
    return _back(site)


@blueprint.get("/<site>/log")
@members_only
def log(member: Staff, site: str) -> ResponseReturnValue:
    """What staff did to the site."""
    shared = frame.of_site(member, site, "owner")
    before = request.args.get("before")
    try:
        older_than = uuid.UUID(before) if before else None
    except ValueError:
        raise NotFound("There is no such place in the log.") from None
    found = audit.of_site(context.session(), site, AT_ONCE + 1, older_than)
    return render_template(
        "dashboard/log.html",
        **shared,
        entries=[(each, said(each)) for each in found[:AT_ONCE]],
        older=found[AT_ONCE - 1].id if len(found) > AT_ONCE else None,
    )


def _page(member: Staff, site: str, **more: object) -> str:
    shared = frame.of_site(member, site, "owner")
    session = context.session()
    others = [each for each in staff.sites_of(session, member, "owner") if each != site]
    return render_template(
        "dashboard/people.html",
        **shared,
        people=staff.members_of(session, site),
        invitations=invitations.of_site(session, site, context.now()),
        other_sites=sorted(versions.names(session, others).items()),
        roles=frame.roles(),
        **more,
    )


def _back(site: str) -> ResponseReturnValue:
    return redirect(url_for("people.page", site=site), 303)
