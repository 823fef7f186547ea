"""Staff pages: the site's versions, what each changed, and who was asked again."""

from typing import NamedTuple

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consent.models import Staff, Version
from consent.notice import change_words
from consent.notice.change_words import Said
from consent.people import staff
from consent.site import versions
from consent.web import context
from consent.web.dashboard import frame
from consent.web.dashboard.frame import members_only

blueprint = Blueprint("versions", __name__, url_prefix="/dashboard")
frame.init(blueprint)

# Versions on one page, and changes that are named of each.
MOST = 20
MOST_NAMED = 3


class Entry(NamedTuple):
    """A version, and what was different in it from the one before."""

    version: Version
    # None: it is the first.
    before: Version | None
    said: list[Said]
    # Titles of the purposes about which those who had granted them were asked again.
    asked_again: list[str]


@blueprint.get("/<site>/versions")
@members_only
def page(member: Staff, site: str) -> str:
    shared = frame.of_site(member, site)
    found = versions.of_site(context.session(), site)
    below = request.args.get("below", found[0].number + 1, type=int)
    # One more than is shown: each is compared with the one before it.
    listed = [each for each in found if each.number < below][: MOST + 1]
    entries = [
        _entry(version, before)
        for version, before in zip(listed[:MOST], [*listed[1:], None], strict=False)
    ]
    return render_template(
        "dashboard/versions.html",
        **shared,
        entries=entries,
        found=found,
        older=listed[MOST - 1].number if len(listed) > MOST else None,
        most_named=MOST_NAMED,
    )


@blueprint.get("/<site>/versions/<int:number>")
@members_only
def version_page(member: Staff, site: str, number: int) -> str:
    shared, session = frame.of_site(member, site), context.session()
    version = versions.get(session, site, number)
    before = versions.get(session, site, number - 1) if number > 1 else None
    return render_template(
        "dashboard/version.html",
        **shared,
        entry=_entry(version, before),
        version=version,
        spoken=versions.site_file(version).site.languages,
    )


@blueprint.get("/<site>/versions/<int:number>.toml")
@members_only
def site_file(member: Staff, site: str, number: int) -> Response:
    """The site file as it was published, comments and all."""
    session = context.session()
    staff.require_site(session, member, site)
    version = versions.get(session, site, number)
    response = Response(version.source, content_type="application/toml; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{site}-{number}.toml"'
    return response


@blueprint.get("/<site>/versions/<int:number>/since/<int:old>")
@members_only
def comparison(member: Staff, site: str, number: int, old: int) -> str:
    shared, session = frame.of_site(member, site), context.session()
    version, before = versions.get(session, site, number), versions.get(session, site, old)
    return render_template(
        "dashboard/comparison.html", **shared, entry=_entry(version, before), version=version
    )


@blueprint.get("/<site>/versions/compare")
@members_only
def compare(member: Staff, site: str) -> ResponseReturnValue:
    """From the form to the address of the comparison."""
    staff.require_site(context.session(), member, site)
    old, new = context.two_versions()
    return redirect(url_for("versions.comparison", site=site, number=new, old=old), 303)


def _entry(version: Version, before: Version | None) -> Entry:
    if before is None:
        return Entry(version, None, [], [])
    old, new = versions.site_file(before), versions.site_file(version)
    return Entry(
        version,
        before,
        change_words.between(old, new, g.language),
        change_words.asked_again(old, new, g.language),
    )
