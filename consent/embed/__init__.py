"""What websites load and send: the script, its fragments, decisions and hits."""

from collections import Counter as Tally
from typing import TypeVar

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError

from consent import ledger, tokens, versions, visits, web
from consent import script as scripts
from consent.errors import Malformed, NotFound, WrongOrigin, invalid_values
from consent.models import VersionText
from consent.script import Served
from consent.sitefile import SiteFile
from consent.useragent import classify

Model = TypeVar("Model", bound=BaseModel)

blueprint = Blueprint("embed", __name__, url_prefix="/e")

FRAGMENTS = ("settings", "cookies", "notice")
FOR_EVER = "public, max-age=31536000, immutable"
# Seconds. A browser may use its copy for five minutes, and a stale one while it asks for a newer.
SCRIPT_AGE = "public, max-age=300, stale-while-revalidate=3600"


@blueprint.get("/<site>.js")
def script(site: str) -> Response:
    return _served(web.scripts().current(web.session(), site), SCRIPT_AGE)


@blueprint.get("/<site>/<script_hash>.js")
def pinned(site: str, script_hash: str) -> Response:
    return _served(scripts.pinned(web.session(), site, script_hash), FOR_EVER)


def _served(served: Served, cache_control: str) -> Response:
    encoding = (
        request.accept_encodings.best_match(["br", "gzip"]) if request.accept_encodings else None
    )
    body = {"br": served.brotli, "gzip": served.gzip}.get(encoding or "", served.plain)
    response = Response(body, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = cache_control
    response.headers["Vary"] = "Accept-Encoding"
    if encoding:
        response.headers["Content-Encoding"] = encoding
    # A strong tag names these very bytes, so each encoding has its own.
    response.set_etag(f"{served.etag[:32]}-{encoding or 'plain'}")
    return response.make_conditional(request)  # type: ignore[return-value]


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


@blueprint.post("/<site>/decisions")
def decide(site: str) -> ResponseReturnValue:
    session, now = web.session(), web.now()
    site_file = versions.site_file(versions.current(session, site))
    _require_origin(site_file)
    choice = _with_headers(_body(ledger.Choice))
    keys = web.settings().secret_keys
    visitor = tokens.read(keys, site, choice.token, now) if choice.token else None
    device = classify(request.headers.get("User-Agent", "")).device
    recorded = ledger.record(session, site, choice, visitor, device, now)
    decision = recorded.decision
    return jsonify(
        token=tokens.issue(keys, site, decision.visitor, decision.decided_at),
        receipt=ledger.receipt(session, decision),
    ), 201 if recorded.is_new else 200


@blueprint.post("/<site>/hits")
def hit(site: str) -> ResponseReturnValue:
    session = web.session()
    site_file = versions.site_file(versions.current(session, site))
    _require_origin(site_file)
    sent = _body(visits.Hit)
    if reason := _uncounted(site_file):
        return Response(status=204, headers={"X-Consent": f"not counted: {reason}"})
    network = web.networks().name(request.remote_addr)
    client = classify(request.headers.get("User-Agent", ""))
    counted = visits.cells(
        site_file, sent, request.headers.get("Origin"), client, network, web.now()
    )
    visits.add(session, site, Tally(counted))
    session.commit()
    return Response(status=204)


def _with_headers(choice: ledger.Choice) -> ledger.Choice:
    """The choice, with what the browser says of itself in headers, which a page's scripts cannot take back."""
    return choice.model_copy(
        update={"gpc": choice.gpc or web.sends_gpc(), "dnt": choice.dnt or web.sends_dnt()}
    )


def _uncounted(site_file: SiteFile) -> str | None:
    """Why this page view is left out of the counters, in a word for whoever looks at the network panel."""
    if site_file.hits.when == "never":
        return "the site file says never"
    if web.sends_gpc():
        return "Global Privacy Control"
    if web.sends_dnt():
        return "Do Not Track"
    if classify(request.headers.get("User-Agent", "")).is_bot:
        return "a robot"
    return None


def _require_origin(site_file: SiteFile) -> None:
    # Browsers always name the origin of a page that posts; a client without one acts for nobody else.
    origin = request.headers.get("Origin")
    if origin is not None and origin not in site_file.site.origins:
        raise WrongOrigin(
            f"{origin} is not among the origins of site {site_file.site.key!r}: "
            f"{', '.join(site_file.site.origins)}. Add it to site.origins and publish."
        )


def _body(model: type[Model]) -> Model:
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        if any(each["type"] == "json_invalid" for each in error.errors()):
            raise Malformed(f"The body is no JSON: {error.errors()[0]['ctx']['error']}.") from None
        raise invalid_values(error) from None
