"""Staff pages: one's own account: password, second factor, sessions."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from consent.core.errors import Invalid
from consent.models import Staff
from consent.people import audit, second_factor, sessions, staff
from consent.web import context
from consent.web.dashboard import audit_words, frame, passwords
from consent.web.dashboard.frame import members_only
from consent.web.security import CODE_LIMIT, limiter, refused

blueprint = Blueprint("account", __name__, url_prefix="/dashboard/-/account")
frame.init(blueprint)

# Lines of what was done to the account.
MOST_ENTRIES = 20


def _whose() -> str:
    return str(session.get("staff", ""))


@blueprint.get("")
@members_only
def page(member: Staff) -> ResponseReturnValue:
    return _page(member)


@blueprint.post("/password")
@members_only
@limiter.limit(CODE_LIMIT, key_func=_whose, deduct_when=refused)
def change_password(member: Staff) -> ResponseReturnValue:
    """Takes a new password. Other browsers are logged out."""
    form = request.form
    if member.password_hash and not staff.is_theirs(member, form.get("current", "")):
        return _page(member, password_problem=_not_theirs()), 401
    try:
        staff.require_password(form.get("password", ""))
    except Invalid:
        return _page(member, password_problem=passwords.too_short()), 422
    _note(member, "password-changed")
    staff.change_password(context.session(), member, form["password"])
    return frame.log_in(member, _address())


@blueprint.get("/second-factor")
@members_only
def second_factor_page(member: Staff) -> ResponseReturnValue:
    """Shows a new secret, for the app to take."""
    if member.totp_secret or not member.password_hash:
        return redirect(_address(), 303)
    session["secret_shown"] = second_factor.new_secret()
    return _set_up(member)


@blueprint.post("/second-factor")
@members_only
@limiter.limit(CODE_LIMIT, key_func=_whose, deduct_when=refused)
def turn_on(member: Staff) -> ResponseReturnValue:
    secret = session.get("secret_shown")
    # Who has no password logs in elsewhere, and is never asked for a code here.
    if not secret or member.totp_secret or not member.password_hash:
        return redirect(_address(), 303)
    # Whoever finds a browser unattended is not to lock its owner out.
    if not staff.is_theirs(member, request.form.get("current", "")):
        return _set_up(member, problem=_not_theirs()), 401
    keys, code = context.settings().secret_keys, request.form.get("code", "")
    _note(member, "second-factor-on")
    try:
        codes = second_factor.turn_on(context.session(), keys, member, secret, code, context.now())
    except Invalid:
        context.session().rollback()
        problem = gettext("The code is wrong. Enter the code that the app shows now.")
        return _set_up(member, problem=problem), 422
    session.pop("secret_shown")
    return _page(member, codes=codes)


@blueprint.post("/second-factor/off")
@members_only
@limiter.limit(CODE_LIMIT, key_func=_whose, deduct_when=refused)
def turn_off(member: Staff) -> ResponseReturnValue:
    """Only with the password: whoever finds a browser unattended is not to take the factor away."""
    if not staff.is_theirs(member, request.form.get("current", "")):
        return _page(member, factor_problem=_not_theirs()), 401
    _note(member, "second-factor-off")
    second_factor.turn_off(context.session(), member)
    return redirect(_address(), 303)


@blueprint.post("/recovery-codes")
@members_only
@limiter.limit(CODE_LIMIT, key_func=_whose, deduct_when=refused)
def new_codes(member: Staff) -> ResponseReturnValue:
    if not member.totp_secret:
        return redirect(_address(), 303)
    if not staff.is_theirs(member, request.form.get("current", "")):
        return _page(member, factor_problem=_not_theirs()), 401
    _note(member, "recovery-codes-made")
    return _page(member, codes=second_factor.new_codes(context.session(), member))


@blueprint.post("/sessions/end")
@members_only
def end_others(member: Staff) -> ResponseReturnValue:
    """Logs the member out of every other browser."""
    _note(member, "sessions-ended")
    sessions.end_all(context.session(), member, but=frame.current().hash)
    context.session().commit()
    return redirect(_address(), 303)


@blueprint.post("/sessions/<session_hash>/end")
@members_only
def end(member: Staff, session_hash: str) -> ResponseReturnValue:
    _note(member, "sessions-ended")
    sessions.end(context.session(), member, session_hash)
    context.session().commit()
    return redirect(_address(), 303)


def _note(member: Staff, action: str) -> None:
    audit.note(context.session(), audit.ACCOUNT, member.email, action, context.now())


def _not_theirs() -> str:
    return str(gettext("The password is wrong."))


def _address() -> str:
    return url_for("account.page")


def _set_up(member: Staff, **more: Any) -> str:
    import segno

    secret = session["secret_shown"]
    address = second_factor.address(secret, member)
    return render_template(
        "dashboard/second_factor.html",
        member=member,
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        address=address,
        picture=segno.make(address).svg_data_uri(scale=4, border=4, light="white"),
        **more,
    )


def _page(member: Staff, **more: Any) -> str:
    db_session = context.session()
    return render_template(
        "dashboard/account.html",
        member=member,
        sessions=sessions.of(db_session, member, context.now()),
        current=frame.current(),
        codes_left=second_factor.codes_left(db_session, member),
        entries=[
            (each, audit_words.said(each))
            for each in audit.of_account(db_session, member.email, MOST_ENTRIES)
        ],
        provider=frame.provider_name(),
        **more,
    )
