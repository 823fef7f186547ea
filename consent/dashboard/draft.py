"""Staff pages: the next version of a site file, as forms."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from consent import drafts, known_services, notice, sitefile, siteform, tomledit, versions, web
from consent.dashboard import frame, labels, preview
from consent.dashboard.fields import Shown, empty_row, shown_fields, yes_or_no
from consent.dashboard.frame import members_only
from consent.drafts import Stand
from consent.errors import Conflict, Invalid, NotFound
from consent.mistakes import Mistake
from consent.models import Staff
from consent.sitefile import SiteFile, SiteFileError
from consent.siteform import PARTS, ROWS, Place
from consent.tomllines import Path

blueprint = Blueprint("draft", __name__, url_prefix="/dashboard/<site>/draft")
frame.init(blueprint)
frame.take_large_forms(blueprint)

# The parts that show in the banner.
PREVIEWED = ("banner", "purposes", "services")


@blueprint.get("")
@members_only
def page(member: Staff, site: str) -> ResponseReturnValue:
    shared, stand = frame.of_draft(member, site)
    found = drafts.mistakes_in(stand.source, site)
    return render_template(
        "dashboard/draft/index.html",
        **shared,
        stand=stand,
        current=versions.current(web.session(), site).number,
        parts=[
            (
                part,
                title,
                len(siteform.rows_of(part, stand.source)) if part in ROWS else None,
                len([each for each in found if _is_in(part, each)]),
            )
            for part, title in labels.parts().items()
        ],
        mistakes=found,
    )


@blueprint.get("/<part>")
@members_only
def part_page(member: Staff, site: str, part: str) -> ResponseReturnValue:
    _require_part(part)
    if part in PARTS:
        return _form(member, site, Place(part))
    shared, stand = frame.of_draft(member, site)
    found = drafts.mistakes_in(stand.source, site)
    return render_template(
        "dashboard/draft/rows.html",
        **shared,
        stand=stand,
        part=part,
        title=labels.parts()[part],
        new=labels.new_rows()[part],
        rows=[
            (
                _row_name(row, shared["file"]),
                siteform.hash_of(row),
                len(Place(part, index).mistakes(found, stand.source)),
            )
            for index, row in enumerate(siteform.rows_of(part, stand.source))
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


@blueprint.post("/<part>/check")
@members_only
def check_part(member: Staff, site: str, part: str) -> ResponseReturnValue:
    _require_part(part)
    return _check(member, site, Place(part))


@blueprint.post("/<part>/<int:index>/check")
@members_only
def check_row(member: Staff, site: str, part: str, index: int) -> ResponseReturnValue:
    _require_row(part)
    return _check(member, site, Place(part, index))


@blueprint.get("/<part>/more")
@members_only
def more_rows(member: Staff, site: str, part: str) -> ResponseReturnValue:
    """Fields for one more row within a row, such as a cookie, for htmx."""
    _require_row(part)
    _, stand = frame.of_draft(member, site)
    name, number = request.args.get("name", ""), request.args.get("number", 0, type=int)
    rows = next((each for each in siteform.fields(part) if each.name == name and each.fields), None)
    if rows is None or not 0 <= number < siteform.MOST_ROWS:
        raise NotFound(f"{part} have no rows {name!r}.")
    return render_template(
        "dashboard/draft/_more.html",
        rows=rows,
        row=empty_row(part, rows, number, stand.source),
        number=number + 1,
        spoken=siteform.languages(stand.source),
        yes_or_no=yes_or_no(),
        more=url_for("draft.more_rows", site=site, part=part),
    )


def _require_part(part: str) -> None:
    if part not in PARTS and part not in ROWS:
        raise NotFound(f"A site file has no part {part!r}.")


def _require_row(part: str) -> None:
    if part not in ROWS:
        raise NotFound(f"A site file has no rows {part!r}.")


def _require_there(place: Place, stand: Stand) -> None:
    if not place.is_there(stand.source):
        raise NotFound(f"There is no row {place.index} in {place.part!r}.")


def _is_in(part: str, mistake: Mistake) -> bool:
    return bool(mistake.path) and mistake.path[0] in PARTS.get(part, (part,))


def _form(
    member: Staff, site: str, place: Place, status: int = 200, **more: Any
) -> ResponseReturnValue:
    shared, stand = frame.of_draft(member, site)
    _require_there(place, stand)
    found = drafts.mistakes_in(stand.source, site)
    # Of a row that nobody has filled in yet there are none.
    own = [] if place.is_new else place.mistakes(found, stand.source)
    form = request.form if request.method == "POST" else None
    shown = _shown(place, stand.source, own, form, shared["file"])
    said = {each for field in shown for each in field.all_mistakes}
    page = render_template(
        "dashboard/draft/form.html",
        **shared,
        stand=stand,
        place=place,
        title=_title(place, shared["file"], stand),
        part_title=labels.parts()[place.part],
        is_row=place.part in ROWS,
        shown=shown,
        spoken=siteform.languages(stand.source),
        yes_or_no=yes_or_no(),
        was=place.hash(stand.source),
        others=[each for each in own if each not in said],
        action=_address(site, place, "add_row" if place.is_new else "save"),
        check=_address(site, place, "check"),
        stage=_address(site, place, "stage"),
        more=url_for("draft.more_rows", site=site, part=place.part),
        has_preview=place.part in PREVIEWED,
        **more,
    )
    return page, status


def _shown(
    place: Place, source: str, found: list[Mistake], form: Any, site_file: SiteFile
) -> list[Shown]:
    titles = {each.key: each.title for each in notice.purposes(site_file, g.language)}
    return shown_fields(place, source, found, form, titles)


def _title(place: Place, site_file: SiteFile, stand: Stand) -> str:
    if place.part in PARTS:
        return labels.parts()[place.part]
    if place.is_new:
        return labels.new_rows()[place.part]
    return _row_name(place.inherited(stand.source), site_file)


def _row_name(row: Any, site_file: SiteFile) -> str:
    """What a row is called: in the language of the member, if the site speaks it."""
    if not isinstance(row, dict):
        return "–"
    used = row.get("use")
    known = known_services.known()["services"].get(used) if isinstance(used, str) else None
    if known and "name" not in row:
        return str(known["name"])
    standard = {each.key: each.title for each in notice.purposes(site_file, g.language)}
    for key in ("name", "title", "what", "key"):
        said = row.get(key)
        if isinstance(said, dict):
            said = said.get(g.language) or next(iter(said.values()), "")
        if said and isinstance(said, str):
            return standard.get(said, said) if key == "key" else said
    return "–"


def _address(site: str, place: Place, what: str) -> str:
    """Of what is done with a form: save, check, stage."""
    if what == "add_row" or place.index is None:
        endpoint = what if what == "add_row" else f"{what}_part"
        return url_for(f"draft.{endpoint}", site=site, part=place.part)
    return url_for(f"draft.{what}_row", site=site, part=place.part, index=place.index)


def _save(member: Staff, site: str, place: Place) -> ResponseReturnValue:
    """Puts what was sent into the draft, mistakes and all, unless somebody else has changed the same meanwhile."""
    _, stand = frame.of_draft(member, site)
    _require_there(place, stand)
    form = request.form
    roots: list[Path] = []

    def write(source: str) -> str:
        if not place.is_new and place.hash(source) != form.get("was"):
            raise Conflict("Somebody has changed this meanwhile.")
        roots.append(place.root(source))
        return tomledit.write(source, siteform.sent(place, form, source))

    try:
        saved = drafts.change(web.session(), site, member.email, web.now(), write)
    except Conflict:
        return _form(member, site, place, 409, was_changed=True)
    except Invalid:
        problem = gettext(
            "The file is written in a way that forms cannot change. Change it as a text."
        )
        return _form(member, site, place, 422, problem=problem)
    if not roots[-1] or tomledit.at(tomledit.plain(saved.source), roots[-1]) is None:
        return redirect(url_for("draft.part_page", site=site, part=place.part, saved=1), 303)
    index = int(roots[-1][1])
    return redirect(url_for("draft.row", site=site, part=place.part, index=index, saved=1), 303)


def _rearrange(
    member: Staff, site: str, part: str, index: int, make: Callable[[str], str]
) -> ResponseReturnValue:
    _require_row(part)
    _, stand = frame.of_draft(member, site)
    place = Place(part, index)
    if index >= len(siteform.rows_of(part, stand.source)):
        raise NotFound(f"There is no row {index} in {part!r}.")

    def change(source: str) -> str:
        if place.hash(source) != request.form.get("was"):
            raise Conflict("Somebody has changed this meanwhile.")
        return make(source)

    problem: dict[str, Any] = {}
    try:
        drafts.change(web.session(), site, member.email, web.now(), change)
    except Conflict:
        problem = {"changed": 1}
    except Invalid:
        problem = {"text": 1}
    return redirect(url_for("draft.part_page", site=site, part=part, **problem), 303)


def _check(member: Staff, site: str, place: Place) -> ResponseReturnValue:
    """What is wrong with what is typed in the form, for htmx. Nothing is kept."""
    shared, stand = frame.of_draft(member, site)
    _require_there(place, stand)
    try:
        source = tomledit.write(stand.source, siteform.sent(place, request.form, stand.source))
    except Invalid:
        return "", 204  # saving says so
    index = place.index
    if place.is_new:
        index = int(place.root(stand.source)[1])
    found = Place(place.part, index).mistakes(drafts.mistakes_in(source, site), source)
    shown = _shown(place, stand.source, found, request.form, shared["file"])
    return render_template("dashboard/draft/_complaints.html", shown=shown)


def _stage(member: Staff, site: str, place: Place) -> ResponseReturnValue:
    """The draft with what is typed in the form, as visitors would see it. Nothing is kept."""
    _, stand = frame.of_draft(member, site)
    _require_there(place, stand)
    try:
        source = tomledit.write(stand.source, siteform.sent(place, request.form, stand.source))
        site_file = sitefile.parse(source)
    except (SiteFileError, Invalid):
        return preview.unseen()
    number = versions.current(web.session(), site).number + 1
    return preview.staged(site_file, number, request.form.get("spoken", ""), "banner")
