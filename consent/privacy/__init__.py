"""Visitor pages: the notice, and one's own choice. Every page works without JavaScript."""

import uuid
from datetime import datetime
from typing import Any

import uuid_utils.compat
from flask import Blueprint, Response, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from consent import i18n, ledger, notice, tokens, versions, web
from consent.errors import Conflict, ConsentError, Malformed, invalid_values
from consent.ledger import Choice
from consent.models import Decision, Version
from consent.security import require_own_page
from consent.sitefile import SiteFile
from consent.useragent import classify

blueprint = Blueprint("privacy", __name__, url_prefix="/privacy/<site>")

# On the consent server's own host, and only for somebody who has decided. Scripts cannot read it.
COOKIE = "consent_visitor"


@blueprint.after_request
def _of_one_person(response: Response) -> Response:
    if response.content_type.startswith("text/html"):
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Accept-Language, Cookie, Sec-GPC, DNT"
    return response


@blueprint.get("/")
def page(site: str) -> str:
    version = versions.current(web.session(), site)
    return _page("privacy/notice.html", version)


@blueprint.get("/choices")
def choices(site: str) -> str:
    version = versions.current(web.session(), site)
    return _page("privacy/choices.html", version)


@blueprint.get("/current.json")
def current(site: str) -> Response:
    """The version in force, for programs."""
    version = versions.current(web.session(), site)
    languages = versions.site_file(version).site.languages
    address = web.public_url() + url_for("privacy.page", site=site)
    response = jsonify(
        site=site,
        number=version.number,
        date=version.published_at.isoformat(),
        updated=versions.site_file(version).site.updated.isoformat(),
        hash=version.hash,
        languages=languages,
        addresses={
            "notice": {language: f"{address}?lang={language}" for language in languages},
            "choices": web.public_url() + url_for("privacy.choices", site=site),
            "script": f"{web.public_url()}/e/{site}.js",
        },
    )
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.post("/choices")
def choose(site: str) -> ResponseReturnValue:
    """Records what the form says, and shows it."""
    require_own_page()
    session, now = web.session(), web.now()
    visitor = _visitor(site)
    choice = _choice(site, visitor)
    device = classify(request.headers.get("User-Agent", "")).device
    version = versions.published(session, site, choice.version)
    (recorded,) = ledger.record(
        session.connection(), [ledger.row(version, choice, visitor, device, now)]
    )
    if isinstance(recorded, Conflict):
        raise recorded
    session.commit()
    back = "privacy.choices" if request.form.get("page") == "choices" else "privacy.page"
    language = recorded.decision.language
    response = redirect(url_for(back, site=site, lang=language, saved=1, _anchor="choices"), 303)
    _remember(response, site, recorded.decision.visitor, recorded.decision.decided_at)
    return response


@blueprint.post("/choices/open")
def open_choices(site: str) -> ResponseReturnValue:
    """Takes the token that the website handed over, so that the pages know whose choice to show."""
    require_own_page()
    versions.current(web.session(), site)
    now = web.now()
    visitor = tokens.read(web.settings().secret_keys, site, request.form.get("token", ""), now)
    response = Response(status=204)
    _remember(response, site, visitor, now)
    return response


def _choice(site: str, visitor: uuid.UUID | None) -> Choice:
    version = versions.current(web.session(), site)
    site_file = versions.site_file(version)
    form = request.form
    try:
        shown = versions.get(web.session(), site, int(form["version"]))
        identity = uuid.UUID(form["id"])
    except (KeyError, ValueError):
        raise Malformed(
            "The form is incomplete. Go back, load the page again and send it once more."
        ) from None
    asked = versions.site_file(shown).asked_purposes
    answer = form.get("answer", "choose")
    # As in the banner: what the browser has refused is agreed to by name only, not by "all".
    withheld = _withheld(versions.site_file(shown)) if answer == "accept" else []
    if answer == "choose":
        granted = {purpose: f"purpose-{purpose}" in form for purpose in asked}
    else:
        granted = {purpose: answer == "accept" and purpose not in withheld for purpose in asked}
    action = answer if answer in ("accept", "refuse") and not withheld else "choose"
    before = _latest(site, visitor)
    if action == "refuse" and _grants(before):
        action = "withdraw"
    if sent_before := web.session().get(Decision, (site, identity)):
        # The same form once more: what it meant then is what it means now.
        action = sent_before.action
    language = form.get("language", site_file.default_language)
    values = {
        "id": identity,
        "version": shown.number,
        "language": language,
        "action": action,
        "source": "privacy",
        "purposes": granted,
        "services": _services(answer),
        "gpc": web.sends_gpc(request.environ),
        "dnt": web.sends_dnt(request.environ),
    }
    try:
        return Choice.model_validate(values)
    except ValidationError as error:
        raise invalid_values(error) from None


def _services(action: str) -> dict[str, bool]:
    """The services that the form showed apart from their purpose, and what it says of them."""
    if action != "choose":
        return {}
    return {key: f"service-{key}" in request.form for key in request.form.getlist("shown-service")}


def _withheld(site_file: SiteFile) -> list[str]:
    """The purposes that this browser asks to leave off."""
    return (
        site_file.withheld_purposes
        if web.sends_gpc(request.environ) or web.sends_dnt(request.environ)
        else []
    )


def _page(template: str, version: Version) -> str:
    session = web.session()
    site_file = versions.site_file(version)
    language = i18n.choose(site_file.site.languages)
    g.timezone = site_file.site.timezone
    latest = _latest(version.site, _visitor(version.site))
    return render_template(
        template,
        version=version,
        file=site_file,
        language=language,
        languages=site_file.site.languages,
        text=versions.text(session, version, language),
        purposes=notice.purposes(site_file, language),
        decision=latest,
        granted=_state(latest),
        decision_id=uuid_utils.compat.uuid7(),
        saved="saved" in request.args,
        opted_out=notice.opted_out(site_file, language) if _withheld(site_file) else "",
    )


def _state(decision: Decision | None) -> dict[str, Any]:
    return decision.purposes if decision else {}


def _grants(decision: Decision | None) -> bool:
    return decision is not None and (
        any(decision.purposes.values()) or any(decision.services.values())
    )


def _latest(site: str, visitor: uuid.UUID | None) -> Decision | None:
    found = ledger.history(web.session(), site, visitor) if visitor else []
    return found[0] if found else None


def _visitor(site: str) -> uuid.UUID | None:
    """Whose pages these are, if the browser says so with a token that still holds."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    try:
        return tokens.read(web.settings().secret_keys, site, token, web.now())
    except ConsentError:
        return None


def _remember(response: Any, site: str, visitor: uuid.UUID, moment: datetime) -> None:
    response.set_cookie(
        COOKIE,
        tokens.issue(web.settings().secret_keys, site, visitor, moment),
        max_age=tokens.LIFETIME,
        path=url_for("privacy.page", site=site),
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
