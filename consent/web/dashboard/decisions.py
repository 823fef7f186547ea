"""Staff pages: a decision looked up by its receipt, with what was shown, and erased where its visitor asks for it.

Ids travel in the bodies of forms: what stands in an address stays in histories and in the logs of proxies.
"""

import uuid
from typing import Any, NamedTuple

from flask import Blueprint, Response, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from consent.core.errors import Invalid, NotFound
from consent.ledger import decisions
from consent.models import Decision, Staff, Version
from consent.notice import rendering
from consent.people import audit, staff
from consent.site import versions
from consent.web import context
from consent.web.dashboard import frame, names
from consent.web.dashboard.frame import members_only

blueprint = Blueprint("decisions", __name__, url_prefix="/dashboard")
frame.init(blueprint)

# Decisions of one visitor that are listed, the latest. The file has all.
MOST = 50


class Answer(NamedTuple):
    """What was decided about one purpose or service."""

    title: str
    is_granted: bool


@blueprint.get("/<site>/decisions")
@members_only
def page(member: Staff, site: str) -> str:
    return _page(frame.of_site(member, site), erased=request.args.get("erased", type=int))


@blueprint.post("/<site>/decisions")
@members_only
def find(member: Staff, site: str) -> ResponseReturnValue:
    """Looks a decision up by its own id, or by its visitor's."""
    shared = frame.of_site(member, site)
    written = request.form.get("id", "").strip()
    try:
        decision = decisions.find(context.session(), site, uuid.UUID(written))
    except ValueError:
        problem = gettext("This is not an id. An id has 32 letters and digits and four hyphens.")
        return _page(shared, written=written, problem=problem), 422
    if decision is None:
        return _page(shared, written=written, missing=True), 404
    return render_template(
        "dashboard/decision.html", **shared, written=written, **_described(decision)
    )


@blueprint.post("/<site>/decisions/receipt")
@members_only
def receipt(member: Staff, site: str) -> Response:
    decision = _asked(member, site)
    version = versions.get(context.session(), site, decision.version)
    return _file(decisions.receipt(decision, version.hash), f"receipt-{site}.json")


@blueprint.post("/<site>/decisions/all")
@members_only
def everything(member: Staff, site: str) -> Response:
    """All that is stored of the decision's visitor (GDPR articles 15 and 20)."""
    visitor = _asked(member, site).visitor
    kept = decisions.receipts(context.session(), site, visitor)
    body = {"site": site, "visitor": str(visitor), "decisions": kept}
    return _file(body, f"choices-{site}.json")


@blueprint.post("/<site>/decisions/erase")
@members_only
def erase(member: Staff, site: str) -> ResponseReturnValue:
    """Erases what is stored of the decision's visitor (GDPR article 17)."""
    frame.of_site(member, site, "editor")
    session, visitor = context.session(), _asked(member, site).visitor
    if "sure" not in request.form:
        raise Invalid("Say that you are sure: what is erased cannot be had back.")
    erased = decisions.erase(session, site, visitor)
    # Without any id: that somebody was erased is all that is kept of it.
    audit.note(session, site, member.email, "decisions-erased", context.now(), count=erased)
    session.commit()
    return redirect(url_for("decisions.page", site=site, erased=erased), 303)


def _page(shared: dict[str, Any], **more: object) -> str:
    kept = rendering.lifetime(shared["file"].keep.decisions)
    return render_template("dashboard/decisions.html", **shared, kept=kept, **more)


def _asked(member: Staff, site: str) -> Decision:
    """The decision whose id the form carries. Raises NotFound."""
    session = context.session()
    staff.require_site(session, member, site)
    identity = request.form.get("id", type=uuid.UUID)
    decision = decisions.find(session, site, identity) if identity else None
    if decision is None:
        raise NotFound("There is no such decision.")
    return decision


def _described(decision: Decision) -> dict[str, Any]:
    session = context.session()
    version = versions.get(session, decision.site, decision.version)
    seen = versions.text(session, version, decision.language)
    history = decisions.history(session, decision.site, decision.visitor)
    return {
        "decision": decision,
        "version": version,
        "answers": _answers(decision, version),
        "seen": seen,
        "is_as_shown": versions.words_hash(seen.banner, seen.settings) == decision.words_hash,
        "receipt": decisions.receipt(decision, version.hash),
        "history": history[:MOST],
        "more": len(history) - len(history[:MOST]),
        "actions": names.actions(),
        "source": names.of_source(decision.source),
        "country": decision.country and names.of_value("country", decision.country),
        "took": decision.took and names.of_value("took", str(decision.took)),
    }


def _answers(decision: Decision, version: Version) -> list[Answer]:
    """About each purpose that was asked for, and about the services that were decided apart from theirs."""
    site_file = versions.site_file(version)
    purposes = [
        Answer(each.title, decision.purposes[each.key])
        for each in rendering.purposes(site_file, g.language)
        if each.key in decision.purposes
    ]
    services = [
        Answer(each.name, decision.services[each.key])
        for each in site_file.services
        if each.key in decision.services
    ]
    return purposes + services


def _file(body: dict[str, Any], name: str) -> Response:
    response = jsonify(body)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
