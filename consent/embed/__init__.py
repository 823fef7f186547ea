"""What websites load and send: the script, its fragments, decisions and hits.

The script in force and the two POSTs are hot, and answered in hot.py.
"""

from flask import Blueprint, Response, request

from consent import script, versions, web
from consent.embed import hot
from consent.errors import NotFound
from consent.models import VersionText

blueprint = Blueprint("embed", __name__, url_prefix="/e")

FRAGMENTS = ("settings", "cookies", "notice")
FOR_EVER = "public, max-age=31536000, immutable"


@blueprint.get("/<site>/<script_hash>.js")
def pinned(site: str, script_hash: str) -> Response:
    answer = hot.script(request.environ, script.pinned(web.session(), site, script_hash), FOR_EVER)
    return Response(answer.body, answer.status, answer.headers)


@blueprint.get("/<site>/<int:number>/<language>/<name>")
def fragment(site: str, number: int, language: str, name: str) -> Response:
    if name not in FRAGMENTS:
        raise NotFound(f"There is no fragment {name!r}; there are {', '.join(FRAGMENTS)}.")
    session = web.session()
    text: VersionText = versions.text(session, versions.get(session, site, number), language)
    response = Response(getattr(text, name), content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = FOR_EVER
    response.headers["Content-Language"] = language
    return response
