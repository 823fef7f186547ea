"""Staff pages: somebody who was invited becomes a member."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consent.core.errors import Invalid, NotFound
from consent.models import Invitation, Staff
from consent.people import audit, invitations, staff
from consent.site import versions
from consent.web import context
from consent.web.dashboard import frame, passwords

blueprint = Blueprint("invitation", __name__, url_prefix="/dashboard/-/invitations")
frame.init(blueprint)


@blueprint.get("/<secret>")
def page(secret: str) -> ResponseReturnValue:
    return _page(secret, _found(secret))


@blueprint.post("/<secret>")
def accept(secret: str) -> ResponseReturnValue:
    """Who has logged in joins; who has no account yet gets one, with the password in the form."""
    session, found = context.session(), _found(secret)
    member = frame.logged_in()
    if member is not None:
        if member.email != found[0].email:
            return _page(secret, found), 409
        _join(found, member)
        session.commit()
        return redirect(url_for("figures.index"), 303)
    if staff.by_email(session, found[0].email):
        # Theirs is the account only once they have logged in.
        return redirect(
            url_for("dashboard.login", next=url_for("invitation.page", secret=secret)), 303
        )
    try:
        staff.require_password(request.form.get("password", ""))
    except Invalid:
        return _page(secret, found, problem=passwords.too_short()), 422
    member = staff.create(session, found[0].email, context.now())
    staff.change_password(session, member, request.form["password"])
    _join(found, member)
    return frame.log_in(member, "")


@blueprint.errorhandler(NotFound)
def gone(_: NotFound) -> ResponseReturnValue:
    return render_template("dashboard/link_gone.html", is_invitation=True), 404


def _found(secret: str) -> list[Invitation]:
    return invitations.find(context.session(), secret, context.now())


def _join(found: list[Invitation], member: Staff) -> None:
    for each in found:
        audit.note(
            context.session(),
            each.site,
            member.email,
            "joined",
            context.now(),
            role=each.role,
            by=each.invited_by,
        )
    invitations.accept(context.session(), found, member)


def _page(secret: str, found: list[Invitation], problem: str = "") -> str:
    session = context.session()
    names = versions.names(session, [each.site for each in found])
    return render_template(
        "dashboard/invitation.html",
        secret=secret,
        invitation=found[0],
        sites=[names[each.site] for each in found],
        role=frame.roles()[found[0].role],
        member=frame.logged_in(),
        has_account=staff.by_email(session, found[0].email) is not None,
        provider=frame.provider_name(),
        problem=problem,
    )
