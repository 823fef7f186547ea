"""Visitor pages: the notice, and one's own choice. Every page works without JavaScript."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import uuid_utils.compat
from flask import Blueprint, Response, current_app, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from pydantic import ValidationError

from consent.core import i18n, tokens
from consent.core.errors import Conflict, ConsentError, Malformed, NotFound, invalid_values
from consent.counting.useragent import classify
from consent.ledger import decisions
from consent.ledger.decisions import Choice
from consent.models import Decision, Version
from consent.notice import rendering
from consent.site import versions
from consent.site.schema import SiteFile
from consent.web import context
from consent.web.privacy import frame
from consent.web.security import require_own_page

blueprint = Blueprint("privacy", __name__, url_prefix="/privacy/<site>")

# On the consent server's own host, and only for somebody who has decided. Scripts cannot read it.
COOKIE = "consent_visitor"
# Characters of a search among recipients.
LONGEST_SEARCH = 200


blueprint.after_request(frame.of_one_person)


@blueprint.get("/")
def page(site: str) -> str:
    version = versions.current(context.session(), site)
    return _page("privacy/notice.html", version)


@blueprint.get("/recipients")
def recipients(site: str) -> str:
    """The processors as a table to search."""
    return _recipients(site, "privacy/recipients.html")


@blueprint.get("/recipients/table")
def recipients_part(site: str) -> str:
    return _recipients(site, "privacy/_recipients.html")


@blueprint.get("/choices")
def choices(site: str) -> str:
    version = versions.current(context.session(), site)
    return _page("privacy/choices.html", version, made=_made(site, _visitor(site)))


@blueprint.get("/choices/<uuid:identity>")
def choice_page(site: str, identity: uuid.UUID) -> str:
    """One of the visitor's own choices, with what they had before them when they made it."""
    session = context.session()
    decision = session.get(Decision, (site, identity))
    if decision is None or decision.visitor != _visitor(site):
        raise NotFound("You made no such choice in this browser.")
    version = versions.get(session, site, decision.version)
    return frame.render(
        "privacy/choice.html",
        version,
        made=_described(decision, version),
        seen=versions.text(session, version, decision.language),
        receipt=decisions.receipt(decision, version.hash),
    )


@blueprint.get("/choices.json")
def choices_as_json(site: str) -> Response:
    """All that is stored of the visitor's choices, as a file (GDPR article 20)."""
    visitor = _required_visitor(site)
    response = jsonify(
        site=site,
        visitor=str(visitor),
        decisions=decisions.receipts(context.session(), site, visitor),
    )
    response.headers["Content-Disposition"] = f'attachment; filename="choices-{site}.json"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.post("/choices/erase")
def erase(site: str) -> ResponseReturnValue:
    require_own_page()
    session = context.session()
    decisions.erase(session, site, _required_visitor(site))
    session.commit()
    language = i18n.choose(versions.site_file(versions.current(session, site)).site.languages)
    response = redirect(url_for("privacy.choices", site=site, lang=language, erased=1), 303)
    response.delete_cookie(COOKIE, path=url_for("privacy.page", site=site))
    return response


@blueprint.get("/current.json")
def current(site: str) -> Response:
    """The version in force, for programs."""
    version = versions.current(context.session(), site)
    languages = versions.site_file(version).site.languages
    address = context.public_url() + url_for("privacy.page", site=site)
    response = jsonify(
        site=site,
        number=version.number,
        date=version.published_at.isoformat(),
        updated=versions.site_file(version).site.updated.isoformat(),
        hash=version.hash,
        languages=languages,
        addresses={
            "notice": {language: f"{address}?lang={language}" for language in languages},
            "choices": context.public_url() + url_for("privacy.choices", site=site),
            "versions": context.public_url() + url_for("history.versions_page", site=site),
            "feed": context.public_url() + url_for("history.feed", site=site),
            "json": context.public_url()
            + url_for("history.as_json", site=site, number=version.number),
            "json_ld": context.public_url()
            + url_for("history.as_json_ld", site=site, number=version.number),
            "script": f"{context.public_url()}/e/{site}.js",
        },
    )
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.post("/choices")
def choose(site: str) -> ResponseReturnValue:
    """Records what the form says, and shows it."""
    require_own_page()
    session, now = context.session(), context.now()
    visitor = _visitor(site)
    choice = _choice(site, visitor)
    device = classify(request.headers.get("User-Agent", "")).device
    country = current_app.extensions["consent_countries"].of(request.remote_addr)
    version = versions.published(session, site, choice.version)
    (recorded,) = decisions.record(
        session.connection(), [decisions.decided(version, choice, visitor, device, country, now)]
    )
    if isinstance(recorded, Conflict):
        raise recorded
    if not recorded.is_senders(visitor, now):
        raise Conflict("This choice was sent before. Load the page again to change it.")
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
    versions.current(context.session(), site)
    now = context.now()
    visitor = tokens.read(context.settings().secret_keys, site, request.form.get("token", ""), now)
    response = Response(status=204)
    _remember(response, site, visitor, now)
    return response


def _choice(site: str, visitor: uuid.UUID | None) -> Choice:
    version = versions.current(context.session(), site)
    site_file = versions.site_file(version)
    form = request.form
    try:
        shown = versions.get(context.session(), site, int(form["version"]))
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
    if sent_before := context.session().get(Decision, (site, identity)):
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
        "gpc": context.sends_gpc(request.environ),
        "dnt": context.sends_dnt(request.environ),
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
        if context.sends_gpc(request.environ) or context.sends_dnt(request.environ)
        else []
    )


def _recipients(site: str, template: str) -> str:
    version = versions.current(context.session(), site)
    site_file, language = versions.site_file(version), frame.language(version)
    asked = {
        name: request.args.get(name, "").strip()[:LONGEST_SEARCH]
        for name in ("q", "country", "purpose")
    }
    return frame.render(
        template,
        version,
        asked=asked,
        found=rendering.recipients(site_file, language, **asked),
        countries=sorted(
            {
                (code, i18n.country(code))
                for each in site_file.processors
                for code in rendering.places(each)
            },
            key=lambda each: each[1],
        ),
        purposes=[
            each
            for each in rendering.purposes(site_file, language)
            if site_file.services_of(each.key)
        ],
    )


@dataclass(frozen=True)
class Made:
    """A choice as its visitor reads it."""

    decision: Decision
    said: str
    # Titles of what was agreed to.
    granted: list[str]


def _made(site: str, visitor: uuid.UUID | None) -> list[Made]:
    session = context.session()
    found = decisions.history(session, site, visitor) if visitor else []
    return [_described(each, versions.get(session, site, each.version)) for each in found]


def _described(decision: Decision, version: Version) -> Made:
    site_file = versions.site_file(version)
    language = frame.language(version)
    said = {
        "accept": gettext("You accepted everything"),
        "refuse": gettext("You rejected everything"),
        "choose": gettext("You customised your choices"),
        "withdraw": gettext("You withdrew your consent"),
    }
    granted = [
        each.title
        for each in rendering.purposes(site_file, language)
        if decision.purposes.get(each.key)
    ]
    granted += [each.name for each in site_file.services if decision.services.get(each.key)]
    return Made(decision, said[decision.action], granted)


def _required_visitor(site: str) -> uuid.UUID:
    versions.current(context.session(), site)
    visitor = _visitor(site)
    if visitor is None:
        raise NotFound("No choice is known in this browser.")
    return visitor


def _page(template: str, version: Version, **values: Any) -> str:
    site_file = versions.site_file(version)
    language = frame.language(version)
    latest = _latest(version.site, _visitor(version.site))
    return frame.render(
        template,
        version,
        text=versions.text(context.session(), version, language),
        purposes=rendering.purposes(site_file, language),
        decision=latest,
        granted=_state(latest),
        decision_id=uuid_utils.compat.uuid7(),
        saved="saved" in request.args,
        opted_out=rendering.opted_out(site_file, language) if _withheld(site_file) else "",
        **values,
    )


def _state(decision: Decision | None) -> dict[str, Any]:
    return decision.purposes if decision else {}


def _grants(decision: Decision | None) -> bool:
    return decision is not None and (
        any(decision.purposes.values()) or any(decision.services.values())
    )


def _latest(site: str, visitor: uuid.UUID | None) -> Decision | None:
    found = decisions.history(context.session(), site, visitor) if visitor else []
    return found[0] if found else None


def _visitor(site: str) -> uuid.UUID | None:
    """Whose pages these are, if the browser says so with a token that still holds."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    try:
        return tokens.read(context.settings().secret_keys, site, token, context.now())
    except ConsentError:
        return None


def _remember(response: Any, site: str, visitor: uuid.UUID, moment: datetime) -> None:
    response.set_cookie(
        COOKIE,
        tokens.issue(context.settings().secret_keys, site, visitor, moment),
        max_age=tokens.LIFETIME,
        path=url_for("privacy.page", site=site),
        # A proxy in front may speak plain HTTP to this server.
        secure=request.is_secure or context.settings().is_https,
        httponly=True,
        samesite="Lax",
    )
