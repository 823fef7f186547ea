"""Staff pages: the whole draft: as a text, as a file, compared with the version in force, and published."""

from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from consent.core.errors import Conflict, Invalid
from consent.models import Staff
from consent.notice import change_words, changes, drafts
from consent.site import forms, schema, versions
from consent.site.mistakes import Mistake
from consent.site.schema import SiteFileError
from consent.web import context
from consent.web.dashboard import frame, labels
from consent.web.dashboard.frame import members_only

# Beside the parts of the draft, which have no such name.
blueprint = Blueprint("review", __name__, url_prefix="/dashboard/<site>/draft/-")
frame.init(blueprint)
frame.take_large_forms(blueprint)


@blueprint.get("/text")
@members_only
def text(member: Staff, site: str) -> ResponseReturnValue:
    shared, draft = frame.of_draft(member, site)
    return render_template(
        "dashboard/draft/text.html",
        **shared,
        draft=draft,
        source=draft.source,
        was=drafts.hash_of(draft.source),
        mistakes=drafts.mistakes_in(draft.source, site),
    )


@blueprint.post("/text")
@members_only
def save_text(member: Staff, site: str) -> ResponseReturnValue:
    """Takes the whole file; one that is no TOML is not kept, and stays in the form."""
    shared, draft = frame.of_draft(member, site)
    source = request.form.get("source", "").replace("\r\n", "\n")
    found, was_changed = drafts.syntax_of(source), False

    def write(before: str) -> str:
        if request.form.get("was") != drafts.hash_of(before):
            raise Conflict("Somebody has changed the draft meanwhile.")
        return source

    if not found:
        try:
            drafts.change(context.session(), site, member.email, context.now(), write)
        except Conflict:
            was_changed = True
        else:
            return redirect(url_for("review.text", site=site, saved=1), 303)
    page = render_template(
        "dashboard/draft/text.html",
        **shared,
        draft=draft,
        source=source,
        was=drafts.hash_of(draft.source),
        mistakes=found,
        is_kept=False,
        was_changed=was_changed,
    )
    return page, 409 if was_changed else 422


@blueprint.get("/site.toml")
@members_only
def export(member: Staff, site: str) -> ResponseReturnValue:
    """The draft as a file, to be kept under version control."""
    _, draft = frame.of_draft(member, site)
    response = Response(draft.source, content_type="application/toml; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{site}.toml"'
    return response


@blueprint.post("/discard")
@members_only
def discard(member: Staff, site: str) -> ResponseReturnValue:
    frame.of_draft(member, site)
    try:
        drafts.discard(context.session(), site, request.form.get("was", ""))
    except Conflict:
        return redirect(url_for("draft.page", site=site, changed=1), 303)
    return redirect(url_for("draft.page", site=site, discarded=1), 303)


@blueprint.get("/review")
@members_only
def page(member: Staff, site: str) -> ResponseReturnValue:
    """What publishing the draft would change, and whom it would ask again."""
    return _page(member, site)


@blueprint.post("/review")
@members_only
def publish(member: Staff, site: str) -> ResponseReturnValue:
    frame.of_draft(member, site)
    form, session = request.form, context.session()
    weight, reason = form.get("weight", ""), form.get("reason", "").strip()
    if weight == "lowered" and not reason:
        problem = gettext("Give a reason why the change is not material. Visitors see it.")
        return _page(member, site, problem), 422
    try:
        made = drafts.publish(
            session,
            site,
            form.get("seen", ""),
            member.email,
            context.now(),
            dated="dated" in form,
            raised=weight == "raised",
            lowered_because=reason if weight == "lowered" else None,
        )
    except Conflict:
        session.rollback()
        problem = gettext(
            "Someone changed the draft or published a version in the meantime. "
            "Review the changes again before you publish."
        )
        return _page(member, site, problem), 409
    except Invalid as error:
        session.rollback()
        return _page(member, site, error.detail), 422
    except SiteFileError:
        session.rollback()
        return _page(member, site), 422
    return redirect(url_for("draft.page", site=site, published=made.version.number), 303)


def _page(member: Staff, site: str, problem: str = "") -> str:
    shared, draft = frame.of_draft(member, site)
    current = versions.current(context.session(), site)
    found = drafts.mistakes_in(draft.source, site)
    return render_template(
        "dashboard/draft/review.html",
        **shared,
        draft=draft,
        current=current,
        mistakes=[
            (each, labels.of_path(each.path), _form_of(each, draft.source)) for each in found
        ],
        seen=draft.seen(current.number),
        problem=problem,
        # Ticked as they were, or as they are at first.
        weight=request.form.get("weight", ""),
        is_dated=request.method == "GET" or "dated" in request.form,
        **({} if found else _compared(draft.source, versions.site_file(current))),
    )


def _compared(source: str, old: schema.SiteFile) -> dict[str, Any]:
    """What the source would change, as a page says it."""
    new = schema.parse(source)
    language = g.language if g.language in new.site.languages else new.default_language
    differences = changes.compare(old, new)
    return {
        "said": change_words.say(differences, old, new, language),
        "is_material": changes.is_material(differences),
        "asked_again": change_words.asked_again(old, new, g.language),
        "updated": new.site.updated,
        "today": context.now().astimezone(new.zone).date(),
    }


def _form_of(mistake: Mistake, source: str) -> dict[str, Any] | None:
    """The form where a mistake is mended, for an address; None where that is the text only."""
    place = forms.place_of(mistake.path, source)
    if place is None:
        return None
    if place.index is None:
        return {"endpoint": "draft.part_page", "part": place.part}
    return {"endpoint": "draft.row", "part": place.part, "index": place.index}
