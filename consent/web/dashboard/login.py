"""Staff pages: who logs in, and out."""

import uuid
from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from consent.core.errors import Unauthenticated
from consent.models import Staff
from consent.people import second_factor, sessions, staff
from consent.web import context
from consent.web.dashboard import frame
from consent.web.security import (
    ATTEMPTS_LIMIT,
    CODE_LIMIT,
    LOGIN_LIMIT,
    known_device,
    limiter,
    refused,
    who_logs_in,
)

blueprint = Blueprint("dashboard", __name__, url_prefix="/dashboard")
frame.init(blueprint)

# Between the password and the second factor.
PENDING = timedelta(minutes=10)


@blueprint.get("/login")
def login() -> str:
    return _login_page(frame.own_page(request.args.get("next", "")))


@blueprint.post("/login")
@limiter.limit(ATTEMPTS_LIMIT, exempt_when=lambda: known_device() is not None)
@limiter.limit(LOGIN_LIMIT, key_func=who_logs_in, deduct_when=refused)
def log_in() -> ResponseReturnValue:
    form = request.form
    target = frame.own_page(form.get("next", ""))
    try:
        member = staff.log_in(context.session(), form.get("email", ""), form.get("password", ""))
    except Unauthenticated:
        return _login_page(target, wrong=True), 401
    if member.totp_secret is None:
        return frame.log_in(member, target)
    session.clear()
    session.update(
        pending=member.id.hex,
        password=staff.fingerprint(member),
        since=int(context.now().timestamp()),
    )
    return redirect(url_for("dashboard.code", next=target or None), 303)


@blueprint.get("/-/code")
def code() -> ResponseReturnValue:
    if _pending() is None:
        return redirect(url_for("dashboard.login"), 303)
    target = frame.own_page(request.args.get("next", ""))
    return render_template("dashboard/code.html", wrong=False, next=target)


@blueprint.post("/-/code")
@limiter.limit(CODE_LIMIT, key_func=lambda: session.get("pending", ""), deduct_when=refused)
def second_step() -> ResponseReturnValue:
    """Takes the code of the second factor, after the password."""
    member, target = _pending(), frame.own_page(request.form.get("next", ""))
    if member is None:
        return redirect(url_for("dashboard.login"), 303)
    keys = context.settings().secret_keys
    try:
        second_factor.check(
            context.session(), keys, member, request.form.get("code", ""), context.now()
        )
    except Unauthenticated:
        return render_template("dashboard/code.html", wrong=True, next=target), 401
    return frame.log_in(member, target)


@blueprint.post("/logout")
def log_out() -> ResponseReturnValue:
    if member := frame.logged_in():
        sessions.end(context.session(), member, frame.current().hash)
        context.session().commit()
    session.clear()
    return redirect(url_for("dashboard.login"), 303)


def _pending() -> Staff | None:
    """Who has given their password in this browser, and not the second factor yet."""
    identity, since = session.get("pending"), session.get("since", 0)
    if not identity or context.now().timestamp() - since > PENDING.total_seconds():
        return None
    member = staff.member(context.session(), uuid.UUID(hex=identity))
    # Another password ends what the old one began.
    if member is None or session.get("password") != staff.fingerprint(member):
        return None
    return member


def _login_page(target: str, wrong: bool = False) -> str:
    return render_template(
        "dashboard/login.html",
        wrong=wrong,
        next=target,
        provider=frame.provider_name(),
    )
