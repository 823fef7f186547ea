"""Staff pages: how a website carries the banner, and whether a page of it does."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from consent.banner import script
from consent.core.errors import Invalid
from consent.models import Staff
from consent.site import signals
from consent.site.schema import SiteFile
from consent.web import context
from consent.web.dashboard import frame, installation
from consent.web.dashboard.frame import members_only
from consent.web.security import CHECK_LIMIT, limiter

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
    shared = frame.of_site(member, site)
    address = request.form.get("address", "").strip()
    try:
        found = installation.fetch(
            address, shared["file"].site.origins, context.settings().inside_hosts
        )
    except Invalid as error:
        return _page(member, site, address=address, problem=error.detail), 422
    checked = installation.check(found, address, context.public_url(), site)
    return _page(member, site, address=address, checked=checked)


def _page(member: Staff, site: str, **more: object) -> str:
    shared, server = frame.of_site(member, site), context.public_url()
    site_file: SiteFile = shared["file"]
    usual = {
        "lines": signals.lines(site_file, server),
        "pinned": signals.lines(
            site_file, server, script.body(context.session(), site, context.settings().public_url)
        ),
        "image": f'<noscript><img src="{server}/e/{site}/hits.gif" alt="" width="1" height="1" '
        'referrerpolicy="no-referrer-when-downgrade"></noscript>',
        "address": f"{site_file.site.origins[0]}/",
        "checked": None,
        "problem": None,
    }
    return render_template("dashboard/install.html", **shared, **(usual | more))
