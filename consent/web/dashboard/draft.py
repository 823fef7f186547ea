"""Staff pages: the next version of a site file, as forms."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from consent.core.errors import Conflict, Invalid, NotFound
from consent.models import Staff
from consent.notice import drafts, rendering
from consent.notice.drafts import Snapshot
from consent.site import edit, forms, known_services, schema, versions
from consent.site.forms import PARTS, ROWS, Place
from consent.site.mistakes import Mistake
from consent.site.schema import SiteFile, SiteFileError
from consent.site.toml_lines import Path
from consent.web import context
from consent.web.dashboard import frame, labels, preview
from consent.web.dashboard.fields import Shown, empty_row, shown_fields, yes_or_no
from consent.web.dashboard.frame import members_only

blueprint = Blueprint("draft", __name__, url_prefix="/dashboard/<site>/draft")
frame.init(blueprint)
frame.take_large_forms(blueprint)

# The parts that show in the banner.
PREVIEWED = ("banner", "purposes", "services")


@blueprint.get("")
@members_only
def page(member: Staff, site: str) -> ResponseReturnValue:
    shared, draft = frame.of_draft(member, site)
    found = drafts.mistakes_in(draft.source, site)
    return render_template(
        "dashboard/draft/index.html",
        **shared,
        draft=draft,
        current=versions.current(context.session(), site).number,
        parts=[
            (
                part,
                labels.of_part(part),
                len(forms.rows_of(part, draft.source)) if part in ROWS else None,
                len([each for each in found if _is_in(part, each)]),
            )
            for part in labels.parts()
        ],
        mistakes=found,
    )


@blueprint.get("/<part>")
@members_only
def part_page(member: Staff, site: str, part: str) -> ResponseReturnValue:
    _require_part(part)
    if part in PARTS:
        return _form(member, site, Place(part))
    shared, draft = frame.of_draft(member, site)
    found = drafts.mistakes_in(draft.source, site)
    return render_template(
        "dashboard/draft/rows.html",
        **shared,
        draft=draft,
        part=part,
        title=labels.of_part(part),
        new=labels.of_new_row(part),
        rows=[
            (
                _row_name(row, shared["file"]),
                forms.hash_of(row),
                len(Place(part, index).mistakes(found, draft.source)),
            )
            for index, row in enumerate(forms.rows_of(part, draft.source))
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
@blueprint.get("/<part>/<int:index>")
@members_only
def row(member: Staff, site: str, part: str, index: int | None = None) -> ResponseReturnValue:
    """The form of a row; without an index, of one that is not there yet."""
    _require_row(part)
    return _form(member, site, Place(part, index))


@blueprint.post("/<part>/new")
@blueprint.post("/<part>/<int:index>")
@members_only
def save_row(member: Staff, site: str, part: str, index: int | None = None) -> ResponseReturnValue:
    _require_row(part)
    return _save(member, site, Place(part, index))


@blueprint.post("/<part>/<int:index>/remove")
@members_only
def remove_row(member: Staff, site: str, part: str, index: int) -> ResponseReturnValue:
    return _rearrange(member, site, part, index, lambda text: edit.remove(text, part, index))


@blueprint.post("/<part>/<int:index>/up")
@members_only
def move_row(member: Staff, site: str, part: str, index: int) -> ResponseReturnValue:
    return _rearrange(member, site, part, index, lambda text: edit.swap(text, part, index - 1))


@blueprint.post("/<part>/preview")
@blueprint.post("/<part>/<int:index>/preview")
@members_only
def stage(member: Staff, site: str, part: str, index: int | None = None) -> ResponseReturnValue:
    """The draft with what is typed in the form, as visitors would see it. Nothing is kept."""
    draft, place = _filled_in(member, site, part, index)
    try:
        source = edit.write(draft.source, forms.sent(place, request.form, draft.source))
        site_file = schema.parse(source)
    except (SiteFileError, Invalid):
        return preview.unseen()
    number = versions.current(context.session(), site).number + 1
    return preview.staged(site_file, number, request.form.get("spoken", ""), "banner")


@blueprint.post("/<part>/check")
@blueprint.post("/<part>/<int:index>/check")
@members_only
def check(member: Staff, site: str, part: str, index: int | None = None) -> ResponseReturnValue:
    """What is wrong with what is typed in the form, for htmx. Nothing is kept."""
    draft, place = _filled_in(member, site, part, index)
    try:
        source = edit.write(draft.source, forms.sent(place, request.form, draft.source))
    except Invalid:
        return "", 204  # saving says so
    # Where a new row would stand.
    written = Place(part, int(place.root(draft.source)[1])) if place.is_new else place
    found = written.mistakes(drafts.mistakes_in(source, site), source)
    site_file = versions.site_file(versions.current(context.session(), site))
    shown = _shown(place, source, found, request.form, site_file)
    return render_template("dashboard/draft/_complaints.html", shown=shown)


@blueprint.get("/<part>/more")
@members_only
def more_rows(member: Staff, site: str, part: str) -> ResponseReturnValue:
    """Fields for one more row within a row, such as a cookie, for htmx."""
    _require_row(part)
    _, draft = frame.of_draft(member, site)
    name, number = request.args.get("name", ""), request.args.get("number", 0, type=int)
    rows = next((each for each in forms.fields(part) if each.name == name and each.fields), None)
    if rows is None or not 0 <= number < forms.MOST_ROWS:
        raise NotFound(f"{part} have no rows {name!r}.")
    return render_template(
        "dashboard/draft/_more.html",
        rows=rows,
        label=labels.label(f"{part}.{name}"),
        row=empty_row(part, rows, number, draft.source),
        number=number + 1,
        spoken=forms.languages(draft.source),
        yes_or_no=yes_or_no(),
        more=url_for("draft.more_rows", site=site, part=part),
    )


def _require_part(part: str) -> None:
    if part not in PARTS and part not in ROWS:
        raise NotFound(f"A site file has no part {part!r}.")


def _require_row(part: str) -> None:
    if part not in ROWS:
        raise NotFound(f"A site file has no rows {part!r}.")


def _filled_in(member: Staff, site: str, part: str, index: int | None) -> tuple[Snapshot, Place]:
    """The draft, and what of it a form is about that is being filled in. Raises NotFound, NotAllowed."""
    _require_part(part)
    if index is not None:
        _require_row(part)
    _, draft = frame.of_draft(member, site)
    place = Place(part, index)
    _require_there(place, draft)
    return draft, place


def _require_there(place: Place, draft: Snapshot) -> None:
    if not place.is_there(draft.source):
        raise NotFound(f"There is no row {place.index} in {place.part!r}.")


def _is_in(part: str, mistake: Mistake) -> bool:
    return bool(mistake.path) and mistake.path[0] in PARTS.get(part, (part,))


def _form(
    member: Staff, site: str, place: Place, status: int = 200, **more: Any
) -> ResponseReturnValue:
    shared, draft = frame.of_draft(member, site)
    _require_there(place, draft)
    found = drafts.mistakes_in(draft.source, site)
    # Of a row that nobody has filled in yet there are none.
    own = [] if place.is_new else place.mistakes(found, draft.source)
    form = request.form if request.method == "POST" else None
    shown = _shown(place, draft.source, own, form, shared["file"])
    said = {each for field in shown for each in field.all_mistakes}
    where: dict[str, Any] = {"site": site, "part": place.part, "index": place.index}
    page = render_template(
        "dashboard/draft/form.html",
        **shared,
        draft=draft,
        place=place,
        title=_title(place, shared["file"], draft),
        part_title=labels.of_part(place.part),
        is_row=place.part in ROWS,
        shown=shown,
        spoken=forms.languages(draft.source),
        yes_or_no=yes_or_no(),
        was=place.hash(draft.source),
        others=[each for each in own if each not in said],
        action=url_for("draft.save_row" if place.part in ROWS else "draft.save_part", **where),
        check=url_for("draft.check", **where),
        stage=url_for("draft.stage", **where),
        more=url_for("draft.more_rows", site=site, part=place.part),
        has_preview=place.part in PREVIEWED,
        **more,
    )
    return page, status


def _shown(
    place: Place, source: str, found: list[Mistake], form: Any, site_file: SiteFile
) -> list[Shown]:
    titles = {each.key: each.title for each in rendering.purposes(site_file, g.language)}
    return shown_fields(place, source, found, form, titles)


def _title(place: Place, site_file: SiteFile, draft: Snapshot) -> str:
    if place.part in PARTS:
        return labels.of_part(place.part)
    if place.is_new:
        return labels.of_new_row(place.part)
    return _row_name(place.inherited(draft.source), site_file)


def _row_name(row: Any, site_file: SiteFile) -> str:
    """What a row is called: in the language of the member, if the site speaks it."""
    if not isinstance(row, dict):
        return "–"
    used = row.get("use")
    known = known_services.known()["services"].get(used) if isinstance(used, str) else None
    if known and "name" not in row:
        return str(known["name"])
    standard = {each.key: each.title for each in rendering.purposes(site_file, g.language)}
    for key in ("name", "title", "what", "key"):
        said = row.get(key)
        if isinstance(said, dict):
            said = said.get(g.language) or next(iter(said.values()), "")
        if said and isinstance(said, str):
            return standard.get(said, said) if key == "key" else said
    return "–"


def _save(member: Staff, site: str, place: Place) -> ResponseReturnValue:
    """Puts what was sent into the draft, mistakes and all, unless somebody else has changed the same meanwhile."""
    _, draft = frame.of_draft(member, site)
    _require_there(place, draft)
    form = request.form
    roots: list[Path] = []

    def write(source: str) -> str:
        if not place.is_new and place.hash(source) != form.get("was"):
            raise Conflict("Somebody has changed this meanwhile.")
        roots.append(place.root(source))
        return edit.write(source, forms.sent(place, form, source))

    try:
        saved = drafts.change(context.session(), site, member.email, context.now(), write)
    except Conflict:
        return _form(member, site, place, 409, was_changed=True)
    except Invalid:
        problem = gettext("The forms cannot change a file written in this way. Edit it as text.")
        return _form(member, site, place, 422, problem=problem)
    if not roots[-1] or edit.at(edit.plain(saved.source), roots[-1]) is None:
        return redirect(url_for("draft.part_page", site=site, part=place.part, saved=1), 303)
    index = int(roots[-1][1])
    return redirect(url_for("draft.row", site=site, part=place.part, index=index, saved=1), 303)


def _rearrange(
    member: Staff, site: str, part: str, index: int, make: Callable[[str], str]
) -> ResponseReturnValue:
    _require_row(part)
    _, draft = frame.of_draft(member, site)
    place = Place(part, index)
    if index >= len(forms.rows_of(part, draft.source)):
        raise NotFound(f"There is no row {index} in {part!r}.")

    def change(source: str) -> str:
        if place.hash(source) != request.form.get("was"):
            raise Conflict("Somebody has changed this meanwhile.")
        return make(source)

    problem: dict[str, Any] = {}
    try:
        drafts.change(context.session(), site, member.email, context.now(), change)
    except Conflict:
        problem = {"changed": 1}
    except Invalid:
        problem = {"text": 1}
    return redirect(url_for("draft.part_page", site=site, part=part, **problem), 303)
