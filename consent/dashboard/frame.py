"""What all staff pages share: who may see them, and in which language."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from consent import i18n, staff, versions, web
from consent.models import Staff
from consent.security import require_own_page

View = Callable[..., ResponseReturnValue]


def init(blueprint: Blueprint) -> None:
    blueprint.before_request(_guard)
    blueprint.context_processor(_language)


def _guard() -> None:
    g.language = i18n.choose(i18n.STAFF_LANGUAGES)
    if request.method == "POST":
        require_own_page()


def _language() -> dict[str, Any]:
    return {"language": g.language, "languages": i18n.STAFF_LANGUAGES}


def of_site(member: Staff, site: str) -> dict[str, Any]:
    """What the pages of a site share, for a member who may see it. Raises NotFound."""
    session = web.session()
    row = staff.require_site(session, member, site)
    site_file = versions.site_file(versions.current(session, site))
    g.timezone = site_file.site.timezone
    return {"member": member, "site": row, "file": site_file}


def members_only(view: View) -> View:
    """Hands the view the member of staff who is logged in; sends everybody else to the login page."""

    @wraps(view)
    def guarded(**arguments: Any) -> ResponseReturnValue:
        identity = session.get("staff")
        member = staff.member(web.session(), identity) if identity else None
        if member is None:
            return redirect(url_for("dashboard.login", next=request.full_path.rstrip("?")), 303)
        return view(member, **arguments)

    return guarded
