"""Staff pages: the next version of a site file, as forms or as a text, and how it is published."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from consent import (
    change_words,
    changes,
    drafts,
    known_services,
    notice,
    sitefile,
    siteform,
    tomledit,
    versions,
    web,
)
from consent.canonical import digest
from consent.dashboard import frame, labels, preview
from consent.dashboard.fields import shown_fields, yes_or_no
from consent.dashboard.frame import members_only
from consent.drafts import Stand
from consent.errors import Conflict, Invalid, NotFound
from consent.mistakes import Mistake
from consent.models import Staff
from consent.sitefile import SiteFile, SiteFileError
from consent.siteform import PARTS, ROWS, Place

blueprint = Blueprint("draft", __name__, url_prefix="/dashboard/<site>/draft")
frame.init(blueprint)

# Bytes of a site file. A form of it is larger than what visitors send.
LARGEST = 1024 * 1024
# The parts in the order in which somebody fills them in.
ORDER = (
    "site",
    "banner",
    "purposes",
    "services",
    "processors",
    "data",
    "sources",
    "retention",
    "rights",
    "safeguards",
    "statements",
    "contacts",
    "signals",
    "keep",
)


# The parts that show in the banner.
PREVIEWED = ("banner", "purposes", "services")


@blueprint.before_request
def _allow_large_forms() -> None:
    request.max_content_length = LARGEST
    request.max_form_memory_size = LARGEST


@blueprint.get("")
@members_only
def page(member: Staff, site: str) -> ResponseReturnValue:
    shared, stand = _editors(member, site)
    found = drafts.of_source(stand.source, site)
    return render_template(
        "dashboard/draft/index.html",
        **shared,
        stand=stand,
        current=versions.current(web.session(), site).number,
        parts=[
            (part, labels.parts()[part], _count(part, stand), len(_within(part, found)))
            for part in ORDER
        ],
        mistakes=found,
    )


@blueprint.get("/<part>")
@members_only
def part_page(member: Staff, site: str, part: str) -> ResponseReturnValue:
    _require_part(part)
    if part in PARTS:
        return _form(member, site, Place(part))
    shared, stand = _editors(member, site)
    rows = tomledit.at(tomledit.plain(stand.source), (part,))
    found = drafts.of_source(stand.source, site)
    return render_template(
        "dashboard/draft/rows.html",
        **shared,
        stand=stand,
        part=part,
        title=labels.parts()[part],
        new=labels.new_rows()[part],
        rows=[
            (
                _row_name(row, shared["file"], stand),
                siteform.hash_of(row),
                len(_within(part, found, index)),
            )
            for index, row in enumerate(rows if isinstance(rows, list) else [])
        ],
        known=known_services.known()["services"] if part == "services" else {},
    )


@blueprint.post("/<part>")
@members_only
def save_part(member: Staff, site: str, part: str) -> ResponseReturnValue:
    _require_part(part)
    if part in ROWS:
        raise NotFound(f"There is no form {part!r}.")
    return _save(member, site, Place(part))


@blueprint.get("/<part>/new")
@members_only
def new_row(member: Staff, site: str, part: str) -> ResponseReturnValue:
    _require_row(part)
    return _form(member, site, Place(part))


@blueprint.post("/<part>/new")
@members_only
def add_row(member: Staff, site: str, part: str) -> ResponseReturnValue:
    _require_row(part)
    return _save(member, site, Place(part))


@blueprint.get("/<part>/<int:index>")
@members_only
def row(member: Staff, site: str, part: str, index: int) -> ResponseReturnValue:
    _require_row(part)
    return _form(member, site, Place(part, index))


@blueprint.post("/<part>/<int:index>")
@members_only
def save_row(member: Staff, site: str, part: str, index: int) -> ResponseReturnValue:
    _require_row(part)
    return _save(member, site, Place(part, index))


@blueprint.post("/<part>/<int:index>/remove")
@members_only
def remove_row(member: Staff, site: str, part: str, index: int) -> ResponseReturnValue:
    return _rearrange(member, site, part, index, lambda text: tomledit.remove(text, part, index))


@blueprint.post("/<part>/<int:index>/up")
@members_only
def move_row(member: Staff, site: str, part: str, index: int) -> ResponseReturnValue:
    return _rearrange(member, site, part, index, lambda text: tomledit.swap(text, part, index - 1))


@blueprint.post("/<part>/preview")
@members_only
def stage_part(member: Staff, site: str, part: str) -> ResponseReturnValue:
    _require_part(part)
    return _stage(member, site, Place(part))


@blueprint.post("/<part>/<int:index>/preview")
@members_only
def stage_row(member: Staff, site: str, part: str, index: int) -> ResponseReturnValue:
    _require_row(part)
    return _stage(member, site, Place(part, index))


@blueprint.get("/-/text")
@members_only
def text(member: Staff, site: str) -> ResponseReturnValue:
    shared, stand = _editors(member, site)
    return render_template(
        "dashboard/draft/text.html",
        **shared,
        stand=stand,
        source=stand.source,
        mistakes=drafts.of_source(stand.source, site),
    )


@blueprint.post("/-/text")
@members_only
def save_text(member: Staff, site: str) -> ResponseReturnValue:
    """Takes the whole file; one that is no TOML is not kept, and stays in the form."""
    shared, stand = _editors(member, site)
    source = request.form.get("source", "").replace("\r\n", "\n")
    found = drafts.syntax_of(source)
    was_changed = request.form.get("was") != stand.hash
    if not found and not was_changed:
        drafts.change(web.session(), site, member.email, web.now(), lambda _: source)
        return redirect(url_for("draft.text", site=site, saved=1, lang=_lang()), 303)
    page = render_template(
        "dashboard/draft/text.html",
        **shared,
        stand=stand,
        source=source,
        mistakes=found,
        is_kept=False,
        was_changed=was_changed,
    )
    return page, 409 if was_changed else 422


@blueprint.get("/-/site.toml")
@members_only
def export(member: Staff, site: str) -> ResponseReturnValue:
    """The draft as a file, to be kept under version control."""
    _, stand = _editors(member, site)
    response = Response(stand.source, content_type="application/toml; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{site}.toml"'
    return response


@blueprint.post("/-/discard")
@members_only
def discard(member: Staff, site: str) -> ResponseReturnValue:
    _editors(member, site)
    drafts.discard(web.session(), site)
    return redirect(url_for("draft.page", site=site, discarded=1, lang=_lang()), 303)


@blueprint.get("/-/review")
@members_only
def review(member: Staff, site: str) -> ResponseReturnValue:
    """What publishing the draft would change, and whom it would ask again."""
    return _review(member, site)


@blueprint.post("/-/review")
@members_only
def publish(member: Staff, site: str) -> ResponseReturnValue:
    _editors(member, site)
    form, session = request.form, web.session()
    weight = form.get("weight", "")
    try:
        made = drafts.publish(
            session,
            site,
            form.get("seen", ""),
            member.email,
            web.now(),
            dated="dated" in form,
            raised=weight == "raised",
            lowered_because=form.get("reason", "") if weight == "lowered" else None,
        )
    except Conflict:
        session.rollback()
        problem = gettext(
            "Somebody has changed the draft or published a version meanwhile. Look once more at what is published."
        )
        return _review(member, site, problem), 409
    except Invalid as error:
        session.rollback()
        reason = gettext("Say why the change is not material: the reason is shown.")
        problem = reason if weight == "lowered" else error.detail
        return _review(member, site, problem), 422
    except SiteFileError:
        session.rollback()
        return _review(member, site), 422
    return redirect(
        url_for("draft.page", site=site, published=made.version.number, lang=_lang()), 303
    )


def _editors(member: Staff, site: str) -> tuple[dict[str, Any], Stand]:
    shared = frame.of_site(member, site, "editor")
    return shared, drafts.of_site(web.session(), site)


def _lang() -> str | None:
    return request.args.get("lang")


def _require_part(part: str) -> None:
    if part not in PARTS and part not in ROWS:
        raise NotFound(f"A site file has no part {part!r}.")


def _require_row(part: str) -> None:
    if part not in ROWS:
        raise NotFound(f"A site file has no rows {part!r}.")


def _within(part: str, found: list[Mistake], index: int | None = None) -> list[Mistake]:
    """The mistakes in a part, or in one of its rows."""
    roots = [(part, index)] if index is not None else [(name,) for name in PARTS.get(part, (part,))]
    return [each for each in found if any(each.path[: len(root)] == root for root in roots)]


def _count(part: str, stand: Stand) -> int | None:
    """How many rows there are; None of a part that has none."""
    if part in PARTS:
        return None
    rows = tomledit.at(tomledit.plain(stand.source), (part,))
    return len(rows) if isinstance(rows, list) else 0


def _is_new(place: Place) -> bool:
    return place.part in ROWS and place.index is None


def _require_there(place: Place, stand: Stand) -> None:
    if place.index is not None and not place.content(stand.source):
        raise NotFound(f"There is no row {place.index} in {place.part!r}.")


def _form(
    member: Staff, site: str, place: Place, status: int = 200, **more: Any
) -> ResponseReturnValue:
    shared, stand = _editors(member, site)
    _require_there(place, stand)
    found = drafts.of_source(stand.source, site)
    if _is_new(place) and request.method == "GET":
        found = []
    form = request.form if request.method == "POST" else None
    own = _within(place.part, found, _index(place, stand))
    titles = {each.key: each.title for each in notice.purposes(shared["file"], g.language)}
    shown = shown_fields(place, stand.source, own, form, titles)
    said = {each for field in shown for each in field.all_mistakes}
    page = render_template(
        "dashboard/draft/form.html",
        **shared,
        stand=stand,
        place=place,
        title=_title(place, shared["file"], stand),
        shown=shown,
        spoken=siteform.languages(stand.source),
        was=place.hash(stand.source),
        others=[each for each in own if each not in said],
        yes_or_no=yes_or_no(),
        is_row=place.part in ROWS,
        part_title=labels.parts()[place.part],
        action=_action(site, place),
        stage=_action(site, place, "stage_row" if place.index is not None else "stage_part"),
        has_preview=place.part in PREVIEWED,
        **more,
    )
    return page, status


def _index(place: Place, stand: Stand) -> int | None:
    """Of the row that the form is about, or will be."""
    root = place.root(stand.source)
    return int(root[1]) if root else None


def _title(place: Place, site_file: SiteFile, stand: Stand) -> str:
    if place.part in PARTS:
        return labels.parts()[place.part]
    if place.index is None:
        return labels.new_rows()[place.part]
    return _row_name(place.inherited(stand.source), site_file, stand)


def _row_name(row: Any, site_file: SiteFile, stand: Stand) -> str:
    """What a row is called: in the language of the member, if the site speaks it."""
    if not isinstance(row, dict):
        return "–"
    if row.get("use") in known_services.known()["services"] and "name" not in row:
        return str(known_services.known()["services"][row["use"]]["name"])
    standard = {each.key: each.title for each in notice.purposes(site_file, g.language)}
    for key in ("name", "title", "what", "key"):
        said = row.get(key)
        if isinstance(said, dict):
            said = said.get(g.language) or next(iter(said.values()), "")
        if said and isinstance(said, str):
            return standard.get(said, said) if key == "key" else said
    return "–"


def _action(site: str, place: Place, endpoint: str = "") -> str:
    """The address that takes the form."""
    if _is_new(place):
        return url_for(f"draft.{endpoint or 'add_row'}", site=site, part=place.part, lang=_lang())
    if place.index is None:
        return url_for(f"draft.{endpoint or 'save_part'}", site=site, part=place.part, lang=_lang())
    return url_for(
        f"draft.{endpoint or 'save_row'}",
        site=site,
        part=place.part,
        index=place.index,
        lang=_lang(),
    )


def _save(member: Staff, site: str, place: Place) -> ResponseReturnValue:
    """Puts what was sent into the draft, mistakes and all, unless somebody else has changed the same meanwhile."""
    _, stand = _editors(member, site)
    _require_there(place, stand)
    form, root = request.form, place.root(stand.source)

    def write(source: str) -> str:
        if not _is_new(place) and place.hash(source) != form.get("was"):
            raise Conflict("Somebody has changed this meanwhile.")
        return tomledit.write(source, siteform.sent(place, form, source))

    try:
        drafts.change(web.session(), site, member.email, web.now(), write)
    except Conflict:
        return _form(member, site, place, 409, was_changed=True)
    except Invalid:
        problem = gettext(
            "The file is written in a way that forms cannot change. Change it as a text."
        )
        return _form(member, site, place, 422, problem=problem)
    if place.part in ROWS:
        return redirect(
            url_for("draft.row", site=site, part=place.part, index=root[1], saved=1, lang=_lang()),
            303,
        )
    return redirect(
        url_for("draft.part_page", site=site, part=place.part, saved=1, lang=_lang()), 303
    )


def _rearrange(
    member: Staff, site: str, part: str, index: int, make: Callable[[str], str]
) -> ResponseReturnValue:
    _require_row(part)
    _, stand = _editors(member, site)
    place = Place(part, index)
    _require_there(place, stand)
    back = url_for("draft.part_page", site=site, part=part, lang=_lang())

    def change(source: str) -> str:
        if place.hash(source) != request.form.get("was"):
            raise Conflict("Somebody has changed this meanwhile.")
        return make(source)

    try:
        drafts.change(web.session(), site, member.email, web.now(), change)
    except Conflict:
        return redirect(f"{back}{'&' if '?' in back else '?'}changed=1", 303)
    except Invalid:
        return redirect(f"{back}{'&' if '?' in back else '?'}text=1", 303)
    return redirect(back, 303)


def _stage(member: Staff, site: str, place: Place) -> ResponseReturnValue:
    """The draft with what is typed in the form, as visitors would see it. Nothing is kept."""
    shared, stand = _editors(member, site)
    _require_there(place, stand)
    try:
        source = tomledit.write(stand.source, siteform.sent(place, request.form, stand.source))
        site_file = sitefile.parse(source)
    except (SiteFileError, Invalid):
        page = render_template("dashboard/draft/unseen.html", **shared)
        response = Response(page)
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; frame-ancestors 'self'"
        )
        return response
    number = versions.current(web.session(), site).number + 1
    return preview.staged(site_file, number, request.form.get("spoken", ""), "banner")


def _review(member: Staff, site: str, problem: str = "") -> str:
    shared, stand = _editors(member, site)
    current = versions.current(web.session(), site)
    found, raw = drafts.of_source(stand.source, site), tomledit.plain(stand.source)
    values: dict[str, Any] = {}
    if not found:
        new = sitefile.parse(stand.source)
        old = versions.site_file(current)
        language = g.language if g.language in new.site.languages else new.default_language
        differences = changes.compare(old, new)
        asked_again = versions.asked_again(old, new)
        today: date = web.now().astimezone(new.zone).date()
        values = {
            "said": change_words.say(differences, old, new, language),
            "is_material": changes.is_material(differences),
            "asked_again": [
                each.title for each in notice.purposes(new, g.language) if each.key in asked_again
            ],
            "updated": new.site.updated,
            "today": today,
        }
    return render_template(
        "dashboard/draft/review.html",
        **shared,
        stand=stand,
        current=current,
        mistakes=[(each, _place_of(each, raw)) for each in found],
        seen=digest([stand.hash, current.number]),
        problem=problem,
        **values,
    )


def _place_of(mistake: Mistake, raw: dict[str, Any]) -> dict[str, Any] | None:
    """The form where a mistake is mended, for an address; None where that is the text only."""
    if not mistake.path:
        return None
    first = mistake.path[0]
    for part, names in PARTS.items():
        if first in names:
            return {"endpoint": "draft.part_page", "part": part}
    if first not in ROWS:
        return None
    rows = tomledit.at(raw, (first,))
    index = mistake.path[1] if len(mistake.path) > 1 else None
    if isinstance(rows, list) and isinstance(index, int) and index < len(rows):
        return {"endpoint": "draft.row", "part": first, "index": index}
    return {"endpoint": "draft.part_page", "part": first}
