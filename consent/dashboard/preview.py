"""Staff pages: what visitors see of a version, or of the draft, in each language and layout."""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from consent import drafts, preview, sitefile, staff, versions, web
from consent.dashboard import frame, labels
from consent.dashboard.frame import members_only
from consent.errors import NotFound
from consent.models import Staff
from consent.sitefile import SiteFile, SiteFileError

blueprint = Blueprint("preview", __name__, url_prefix="/dashboard")
frame.init(blueprint)

SHOWN = ("banner", "settings", "notice", "cookies")
DRAFT = "draft"


@blueprint.get("/<site>/preview")
@members_only
def page(member: Staff, site: str) -> ResponseReturnValue:
    shared = frame.of_site(member, site)
    session = web.session()
    numbers = [each.number for each in versions.of_site(session, site)]
    stand = drafts.of_site(session, site)
    asked = {
        "version": request.args.get("version", str(numbers[0])),
        "spoken": request.args.get("spoken", shared["file"].default_language),
        "layout": request.args.get("layout", shared["file"].looks.layout),
        "scheme": request.args.get("scheme", shared["file"].looks.scheme),
        "show": request.args.get("show", SHOWN[0]),
    }
    return render_template(
        "dashboard/preview.html",
        **shared,
        asked=asked,
        numbers=numbers,
        has_draft=stand.changed_by is not None,
        option=labels.option,
        layouts=preview.LAYOUTS,
        schemes=preview.SCHEMES,
        spoken=_of_version(site, asked["version"])[0].site.languages,
    )


@blueprint.get("/<site>/preview/stage")
@members_only
def stage(member: Staff, site: str) -> ResponseReturnValue:
    """The page within the page."""
    staff.require_site(web.session(), member, site)
    site_file, number = _of_version(site, request.args.get("version", ""))
    layout, scheme = request.args.get("layout", ""), request.args.get("scheme", "")
    dressed = preview.dressed(site_file, layout, scheme)
    return staged(dressed, number, request.args.get("spoken", ""), request.args.get("show", ""))


def staged(site_file: SiteFile, number: int, language: str, show: str) -> Response:
    """A page that shows a site file as its visitors would see it."""
    spoken = language if language in site_file.site.languages else site_file.default_language
    made = preview.of(site_file, number, spoken)
    response = Response(
        render_template(
            "dashboard/stage.html",
            file=site_file,
            preview=made,
            spoken=spoken,
            show=show if show in SHOWN else SHOWN[0],
            address=f"{web.public_url()}/e/{site_file.site.key}.js",
        )
    )
    # The banner's script runs as it is, and reaches nobody.
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' {' '.join(made.hashes)}; style-src 'self'; "
        f"img-src data: {' '.join(site_file.site.origins)}; connect-src 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    )
    return response


def _of_version(site: str, version: str) -> tuple[SiteFile, int]:
    """The site file of a version, or of the draft. Raises NotFound, also where the draft has mistakes."""
    session = web.session()
    current = versions.current(session, site)
    if version == DRAFT:
        try:
            return sitefile.parse(drafts.of_site(session, site).source), current.number + 1
        except SiteFileError:
            raise NotFound("The draft has mistakes, and cannot be shown.") from None
    if version and not version.isdecimal():
        raise NotFound(f"There is no version {version!r}.")
    found = versions.get(session, site, int(version)) if version else current
    return versions.site_file(found), found.number
