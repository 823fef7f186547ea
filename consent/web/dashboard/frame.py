"""What all staff pages share: who may see them, and in which language."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from consent.core import i18n, tokens
from consent.core.errors import NotAllowed
from consent.counting.useragent import classify
from consent.models import Staff, StaffSession
from consent.notice import drafts
from consent.notice.drafts import Snapshot
from consent.people import audit, sessions, staff
from consent.site import versions
from consent.web import context
from consent.web.security import DEVICE, LARGEST_FORM, own_cookie, require_own_page

View = Callable[..., ResponseReturnValue]
# Seconds for which a browser is known.
DEVICE_LIFETIME = 365 * 24 * 60 * 60
# Characters of a page's address that people are sent back to. Quoted and escaped, each may take twelve.
LONGEST_TARGET = 500


def init(blueprint: Blueprint) -> None:
    blueprint.before_request(_guard)
    blueprint.url_defaults(_keep_language)
    blueprint.context_processor(_shared)
    blueprint.register_error_handler(NotAllowed, _not_allowed)


def _guard() -> None:
    g.language = i18n.choose(i18n.STAFF_LANGUAGES)
    if request.method == "POST":
        require_own_page()


def _keep_language(_endpoint: str, values: dict[str, Any]) -> None:
    """Who has chosen a language reads the next page in it, too."""
    if "lang" in request.args:
        values.setdefault("lang", g.language)


def take_large_forms(blueprint: Blueprint) -> None:
    @blueprint.before_request
    def allow() -> None:
        request.max_content_length = request.max_form_memory_size = LARGEST_FORM


def _shared() -> dict[str, Any]:
    return {
        "language": g.language,
        "languages": i18n.STAFF_LANGUAGES,
        "shortest_password": staff.SHORTEST_PASSWORD,
    }


def _not_allowed(_: NotAllowed) -> ResponseReturnValue:
    return render_template("dashboard/not_allowed.html", member=logged_in()), 403


def provider_name() -> str:
    """What staff call the organization where they may log in. Empty where there is none."""
    settings = context.settings()
    return settings.oidc_name or urlsplit(settings.oidc_issuer).hostname or ""


def roles() -> dict[str, str]:
    return {
        "viewer": gettext("Viewer"),
        "editor": gettext("Editor"),
        "owner": gettext("Owner"),
    }


def of_site(member: Staff, site: str, role: str = "viewer") -> dict[str, Any]:
    """What the pages of a site share, for a member who has that role there. Raises NotFound, NotAllowed."""
    db_session = context.session()
    row = staff.require_site(db_session, member, site, role)
    site_file = versions.site_file(versions.current(db_session, site))
    g.timezone = site_file.site.timezone
    has = staff.role_in(db_session, member, site)
    return {
        "member": member,
        "may_edit": has in ("editor", "owner"),
        "is_owner": has == "owner",
        "site": row,
        "file": site_file,
    }


def of_draft(member: Staff, site: str) -> tuple[dict[str, Any], Snapshot]:
    """The same for its editors, and the draft of the site file. Raises NotFound, NotAllowed."""
    return of_site(member, site, "editor"), drafts.of_site(context.session(), site)


def members_only(view: View) -> View:
    """Hands the view the member of staff who is logged in; sends everybody else to the login page."""

    @wraps(view)
    def guarded(**arguments: Any) -> ResponseReturnValue:
        member = logged_in()
        if member is None:
            back = request.full_path.rstrip("?") if request.method == "GET" else ""
            return redirect(url_for("dashboard.login", next=own_page(back) or None), 303)
        return view(member, **arguments)

    return guarded


def logged_in() -> Staff | None:
    """Who has logged in with this browser, if that still holds."""
    if "staff_session" in g:
        return staff.member(context.session(), g.staff_session.staff)
    identity, secret = session.get("staff"), session.get("secret")
    if not identity or not secret:
        return None
    member = staff.member(context.session(), uuid.UUID(hex=identity))
    found = member and sessions.find(context.session(), member, secret, context.now())
    if not found:
        return None
    g.staff_session = found
    return member


def current() -> StaffSession:
    """The session of whoever has logged in with this browser."""
    found: StaffSession = g.staff_session
    return found


def log_in(member: Staff, target: str) -> Response:
    """Begins a session in this browser, and goes on to `target`, if that is a page of ours."""
    now, browser = context.now(), _browser()
    audit.note(context.session(), audit.ACCOUNT, member.email, "logged-in", now, browser=browser)
    secret = sessions.begin(context.session(), member, browser, now)
    session.clear()
    session.update(staff=member.id.hex, secret=secret)
    response = redirect(own_page(target) or url_for("figures.index"), 303)
    settings = context.settings()
    response.set_cookie(
        own_cookie(DEVICE, settings),
        tokens.issue_device(settings.secret_keys, member.email),
        max_age=DEVICE_LIFETIME,
        path="/" if settings.is_https else url_for("dashboard.login"),
        secure=settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return response  # type: ignore[return-value]


def own_page(target: str) -> str:
    """`target`, or nothing: anything else would send people on to a stranger after they logged in here."""
    is_own = target.startswith(url_for("figures.index", lang=None)) and "\\" not in target
    # What cannot be printed may not stand in a header either.
    return target if is_own and target.isprintable() and len(target) <= LONGEST_TARGET else ""


def _browser() -> str:
    client = classify(request.headers.get("User-Agent", ""))
    return f"{client.browser}, {client.system}"
