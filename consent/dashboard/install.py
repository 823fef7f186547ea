"""Staff pages: how a website carries the banner, and whether a page of it does."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from consent import script, signals, staff, versions, web
from consent.dashboard import frame, installation
from consent.dashboard.frame import members_only
from consent.errors import Invalid
from consent.models import Staff
from consent.security import CHECK_LIMIT, limiter

blueprint = Blueprint("install", __name__, url_prefix="/dashboard")
frame.init(blueprint)


@blueprint.get("/<site>/install")
@members_only
def page(member: Staff, site: str) -> ResponseReturnValue:
    return _page(member, site)


@blueprint.post("/<site>/install")
@members_only
@limiter.limit(CHECK_LIMIT)
def check(member: Staff, site: str) -> ResponseReturnValue:
    """Looks at a page of the website."""
    staff.require_site(web.session(), member, site)
    site_file = versions.site_file(versions.current(web.session(), site))
    address = request.form.get("address", "").strip()
    try:
        found = installation.fetch(address, site_file.site.origins)
    except Invalid as error:
        return _page(member, site, address=address, problem=error.detail), 422
    checked = installation.check(found, address, web.public_url(), site)
    return _page(member, site, address=address, checked=checked)


def _page(member: Staff, site: str, **more: object) -> str:
    session = web.session()
    row = staff.require_site(session, member, site)
    site_file = versions.site_file(versions.current(session, site))
    server = web.public_url()
    return render_template(
        "dashboard/install.html",
        **{
            "member": member,
            "site": row,
            "file": site_file,
            "lines": signals.lines(site_file, server),
            "pinned": signals.lines(site_file, server, script.body(session, site)),
            "image": f'<noscript><img src="{server}/e/{site}/hits.gif" alt="" width="1" height="1" '
            'referrerpolicy="no-referrer-when-downgrade"></noscript>',
            "address": f"{site_file.site.origins[0]}/",
            "checked": None,
            "problem": None,
            **more,
        },
    )
