"""Staff pages: what visitors see of a version, or of the draft, in each language and layout."""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from consent.core.errors import NotFound
from consent.models import Staff
from consent.notice import drafts, preview
from consent.people import staff
from consent.site import schema, versions
from consent.site.schema import SiteFile, SiteFileError
from consent.web import context
from consent.web.dashboard import frame, labels
from consent.web.dashboard.frame import members_only

blueprint = Blueprint("preview", __name__, url_prefix="/dashboard")
frame.init(blueprint)

SHOWN = ("banner", "settings", "notice", "cookies")
DRAFT = "draft"


@blueprint.get("/<site>/preview")
@members_only
def page(member: Staff, site: str) -> ResponseReturnValue:
    shared = frame.of_site(member, site)
    session = context.session()
    numbers = [each.number for each in versions.of_site(session, site)]
    version = request.args.get("version", str(numbers[0]))
    shown = _of_version(member, site, version)
    # A draft with mistakes looks like nothing; its choices are those of the version in force.
    site_file = shown[0] if shown else shared["file"]
    asked = {
        "version": version,
        "spoken": request.args.get("spoken", site_file.default_language),
        "layout": request.args.get("layout", site_file.looks.layout),
        "scheme": request.args.get("scheme", site_file.looks.scheme),
        "show": request.args.get("show", SHOWN[0]),
    }
    return render_template(
        "dashboard/preview.html",
        **shared,
        asked=asked,
        numbers=numbers,
        has_draft=shared["may_edit"] and drafts.of_site(session, site).changed_by is not None,
        option=labels.option,
        layouts=preview.LAYOUTS,
        schemes=preview.SCHEMES,
        spoken=site_file.site.languages,
    )


@blueprint.get("/<site>/preview/stage")
@members_only
def stage(member: Staff, site: str) -> ResponseReturnValue:
    """The page within the page."""
    staff.require_site(context.session(), member, site)
    shown = _of_version(member, site, request.args.get("version", ""))
    if shown is None:
        return unseen()
    site_file, number = shown
    layout, scheme = request.args.get("layout", ""), request.args.get("scheme", "")
    dressed = preview.dressed(site_file, layout, scheme)
    return staged(dressed, number, request.args.get("spoken", ""), request.args.get("show", ""))


def unseen() -> Response:
    """In place of a draft that cannot be shown."""
    response = Response(render_template("dashboard/draft/unseen.html"))
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; frame-ancestors 'self'"
    )
    return response


def staged(site_file: SiteFile, number: int, language: str, show: str) -> Response:
    """A page that shows a site file as its visitors would see it."""
    spoken = language if language in site_file.site.languages else site_file.default_language
    made = preview.of(site_file, number, spoken, context.public_url())
    response = Response(
        render_template(
            "dashboard/stage.html",
            file=site_file,
            preview=made,
            spoken=spoken,
            show=show if show in SHOWN else SHOWN[0],
        )
    )
    # The banner's script runs as it is, and reaches nobody.
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' {' '.join(made.hashes)}; style-src 'self'; "
        f"img-src data: {' '.join(site_file.site.origins)}; connect-src 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    )
    return response


def _of_version(member: Staff, site: str, version: str) -> tuple[SiteFile, int] | None:
    """The site file of a version, or of the draft, which editors may see; None where that one has mistakes.

    Raises NotFound, NotAllowed.
    """
    session = context.session()
    current = versions.current(session, site)
    if version == DRAFT:
        _, draft = frame.of_draft(member, site)
        try:
            return schema.parse(draft.source), current.number + 1
        except SiteFileError:
            return None
    # Longer numbers are none of a version.
    if version and not (version.isdecimal() and len(version) < 10):
        raise NotFound(f"There is no version {version!r}.")
    found = versions.get(session, site, int(version)) if version else current
    return versions.site_file(found), found.number
