"""What websites load and send: the script, its fragments, decisions and hits.

The script in force and the two POSTs are hot, and answered in hot.py.
"""

from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, request

from consent.banner import script
from consent.banner.in_force import Memory
from consent.core.errors import NotFound
from consent.counting import cleaning
from consent.counting.hits import Hit
from consent.models import VersionText
from consent.site import versions
from consent.web import context
from consent.web.embed import hot

blueprint = Blueprint("embed", __name__, url_prefix="/e")

FRAGMENTS = ("settings", "cookies", "notice")
# Characters of why something is not counted. Some name what was sent.
LONGEST_REASON = 200
FOR_EVER = "public, max-age=31536000, immutable"


@blueprint.get("/<site>/<script_hash>.js")
def pinned(site: str, script_hash: str) -> Response:
    answer = hot.script(
        request.environ, script.pinned(context.session(), site, script_hash), FOR_EVER
    )
    return Response(answer.body, answer.status, answer.headers)


# A transparent GIF of one pixel.
PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)


@blueprint.get("/<site>/hits.gif")
def noscript(site: str) -> Response:
    """Counts a page view of a browser without scripts: `path` says of which page, or else the referrer."""
    memory: Memory = current_app.extensions["consent_memory"]
    in_force = memory.current(site).published
    referrer = request.headers.get("Referer", "")
    origin = cleaning.origin_of(referrer)
    path = request.args.get("path") or urlsplit(referrer if origin else "").path
    if origin is not None and origin not in in_force.site_file.site.origins:
        return _pixel(f"{origin} is not among the site's origins")
    if in_force.site_file.hits.when == "analytics":
        return _pixel("the site file wants consent, and there is nobody to ask")
    if not path.startswith("/"):
        return _pixel("neither path nor referrer names a page")
    hit = Hit(path=path[:4096], referrer=None)
    paths: hot.HotPaths = current_app.extensions["consent_hot"]
    counted = paths.written(hot.viewed(current_app, request.environ, in_force, hit))
    response = _pixel()
    response.headers.extend(counted.headers)
    return response


def _pixel(reason: str = "") -> Response:
    """The image. `reason`: why it counts nothing."""
    response = Response(PIXEL, content_type="image/gif", headers={"Cache-Control": "no-store"})
    if reason:
        response.headers["X-Consent"] = f"not counted: {reason[:LONGEST_REASON]}"
    return response


@blueprint.get("/<site>/<int:number>/<language>/<name>")
def fragment(site: str, number: int, language: str, name: str) -> Response:
    if name not in FRAGMENTS:
        raise NotFound(f"There is no fragment {name!r}; there are {', '.join(FRAGMENTS)}.")
    session = context.session()
    text: VersionText = versions.text(session, versions.get(session, site, number), language)
    response = Response(getattr(text, name), content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = FOR_EVER
    response.headers["Content-Language"] = language
    return response
