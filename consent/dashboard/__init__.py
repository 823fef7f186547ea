"""Staff pages: who logs in, and out."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from consent import staff, web
from consent.dashboard import frame
from consent.errors import Unauthenticated
from consent.security import LOGIN_LIMIT, limiter

blueprint = Blueprint("dashboard", __name__, url_prefix="/dashboard")
frame.init(blueprint)


@blueprint.get("/login")
def login() -> str:
    return render_template("dashboard/login.html", wrong=False, next=request.args.get("next", ""))


@blueprint.post("/login")
@limiter.limit(LOGIN_LIMIT)
def log_in() -> ResponseReturnValue:
    form = request.form
    try:
        member = staff.log_in(web.session(), form.get("email", ""), form.get("password", ""))
    except Unauthenticated:
        page = render_template("dashboard/login.html", wrong=True, next=form.get("next", ""))
        return page, 401
    session.clear()
    session["staff"] = member.id.hex
    target = form.get("next", "")
    # Only our own pages: anything else would send people on to a stranger after they logged in here.
    own = target.startswith(url_for("figures.index")) and "\\" not in target
    return redirect(target if own else url_for("figures.index"), 303)


@blueprint.post("/logout")
def log_out() -> ResponseReturnValue:
    session.clear()
    return redirect(url_for("dashboard.login"), 303)
