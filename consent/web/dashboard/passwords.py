"""Staff pages: a new password, for who has forgotten theirs."""

import hmac

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from consent.core import tokens
from consent.core.errors import BadToken, ExpiredToken, Invalid, NotFound
from consent.models import Staff
from consent.outbox import letters as outbox
from consent.people import audit, staff
from consent.web import context, letters
from consent.web.dashboard import frame
from consent.web.security import MAIL_LIMIT, limiter

blueprint = Blueprint("passwords", __name__, url_prefix="/dashboard/-")
frame.init(blueprint)


@blueprint.get("/forgotten")
def forgotten() -> ResponseReturnValue:
    return render_template(
        "dashboard/forgotten.html", sends_mail=context.sends_mail(), asked="asked" in request.args
    )


@blueprint.post("/forgotten")
@limiter.limit(MAIL_LIMIT)
@limiter.limit(
    MAIL_LIMIT, key_func=lambda: f"account {request.form.get('email', '').strip().lower()}"
)
def ask() -> ResponseReturnValue:
    """Sends a link, if there is such a member. The answer is the same, and as fast, if there is none."""
    session = context.session()
    member = staff.by_email(session, request.form.get("email", ""))
    if context.sends_mail():
        # For nobody too: it takes as long, and is thrown away when it is to be sent.
        content = {"member": str(member.id) if member else None, "language": g.language}
        outbox.put(session, audit.ACCOUNT, "reset", content, context.now())
        session.commit()
        letters.send_soon()
    return redirect(url_for("passwords.forgotten", asked=1), 303)


@blueprint.get("/reset/<token>")
def reset(token: str) -> ResponseReturnValue:
    return render_template("dashboard/reset.html", token=token, of=_member(token), problem=None)


@blueprint.post("/reset/<token>")
@limiter.limit(MAIL_LIMIT)
def choose(token: str) -> ResponseReturnValue:
    member = _member(token)
    audit.note(context.session(), audit.ACCOUNT, member.email, "password-changed", context.now())
    try:
        staff.change_password(context.session(), member, request.form.get("password", ""))
    except Invalid:
        context.session().rollback()
        problem = too_short()
        page = render_template("dashboard/reset.html", token=token, of=member, problem=problem)
        return page, 422
    return redirect(url_for("dashboard.login", changed=1), 303)


@blueprint.errorhandler(NotFound)
def gone(_: NotFound) -> ResponseReturnValue:
    return render_template("dashboard/link_gone.html", is_invitation=False), 404


def too_short() -> str:
    return str(
        gettext("The password needs at least %(num)s characters.", num=staff.SHORTEST_PASSWORD)
    )


def _member(token: str) -> Staff:
    """Whose link it is. Raises NotFound if it is too old, or was used."""
    try:
        identity, fingerprint = tokens.read_reset(
            context.settings().secret_keys, token, context.now()
        )
    except (BadToken, ExpiredToken) as error:
        raise NotFound(error.detail) from None
    member = staff.member(context.session(), identity)
    if member is None or not hmac.compare_digest(fingerprint, staff.fingerprint(member)):
        raise NotFound("The link was used already. Ask for another.")
    return member
