"""Visitor pages of those who want to be told of changes by e-mail."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from consent.core import i18n
from consent.core.errors import NotFound
from consent.models import Version
from consent.outbox import announcements
from consent.site import versions
from consent.web import context, letters
from consent.web.privacy import frame
from consent.web.security import limiter, require_own_page

blueprint = Blueprint("subscriptions", __name__, url_prefix="/privacy/<site>")
blueprint.after_request(frame.of_one_person)

# Per address. Nobody fills another's mailbox with questions whether it was they.
ASK_LIMIT = "5 per hour"


@blueprint.get("/subscribe")
def page(site: str) -> str:
    return frame.render("privacy/subscribe.html", _version(site))


@blueprint.post("/subscribe")
@limiter.limit(ASK_LIMIT)
def ask(site: str) -> ResponseReturnValue:
    require_own_page()
    site_file = versions.site_file(_version(site))
    subscriber = announcements.ask(
        context.session(),
        site_file,
        request.form.get("email", ""),
        request.form.get("language", ""),
        context.now(),
    )
    if subscriber:
        letters.send_soon()
    # The same answer whether or not the address was known.
    language = i18n.choose(site_file.site.languages)
    return _to("subscriptions.page", site, lang=language, asked=1)


@blueprint.get("/subscription/<token>")
def subscription(site: str, token: str) -> str:
    found = announcements.get(context.session(), context.settings().secret_keys, site, token)
    return frame.render(
        "privacy/subscription.html",
        _version(site),
        token=token,
        is_confirmed=found.confirmed_at is not None,
    )


@blueprint.post("/subscription/<token>")
def confirm(site: str, token: str) -> ResponseReturnValue:
    require_own_page()
    found = announcements.get(context.session(), context.settings().secret_keys, site, token)
    announcements.confirm(context.session(), found, context.now())
    return _to("subscriptions.subscription", site, token=token, lang=found.language, confirmed=1)


@blueprint.post("/subscription/<token>/leave")
def leave(site: str, token: str) -> ResponseReturnValue:
    """From the page, and from mail programs in one click (RFC 8058)."""
    is_one_click = request.form.get("List-Unsubscribe") == "One-Click"
    try:
        found = announcements.get(context.session(), context.settings().secret_keys, site, token)
    except NotFound:
        if is_one_click:
            return "", 204  # they have left already
        raise
    language = found.language
    announcements.leave(context.session(), found)
    # A mail program is not to be sent elsewhere (RFC 8058, section 3.1).
    return ("", 204) if is_one_click else _to("subscriptions.page", site, lang=language, left=1)


def _version(site: str) -> Version:
    found = versions.current(context.session(), site)
    if not context.sends_mail():
        raise NotFound("This server sends no e-mail.")
    return found


def _to(endpoint: str, site: str, **values: object) -> ResponseReturnValue:
    return redirect(url_for(endpoint, site=site, **values), 303)  # type: ignore[arg-type]
