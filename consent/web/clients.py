"""What programs read that speak for visitors: the statement on Global Privacy Control, and rules by which
automatic consent clients answer the banner. What editors read: the schema of the site file. And what those read who
find a fault: where to report it."""

from datetime import timedelta

from flask import Blueprint, Response, jsonify, send_from_directory

from consent.core.errors import NotFound
from consent.core.paths import STATIC
from consent.site import schema
from consent.web import context

blueprint = Blueprint("clients", __name__)

# What the statement says has held since this day.
GPC_SINCE = "2026-11-24"


@blueprint.get("/.well-known/gpc.json")
def gpc() -> Response:
    """This server's own statement (Global Privacy Control, section 4); each website makes its own."""
    return jsonify(gpc=True, lastUpdate=GPC_SINCE)


@blueprint.get("/.well-known/security.txt")
def security_txt() -> Response:
    """Where faults in this server's security are reported (RFC 9116)."""
    settings = context.settings()
    if not settings.security_contact:
        raise NotFound("CONSENT_SECURITY_CONTACT is not set.")
    # Within a year, and the same for all of a month.
    expires = (context.now() + timedelta(days=300)).replace(day=1, hour=0, minute=0, second=0)
    lines = [
        f"Contact: {settings.security_contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        f"Canonical: {context.public_url()}/.well-known/security.txt",
    ]
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/clients/<any('autoconsent', 'consent-o-matic'):client>.json")
def rules(client: str) -> Response:
    response = send_from_directory(STATIC / "clients", f"{client}.json")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.get("/site-file.schema.json")
def site_file_schema() -> Response:
    """For editors, which complete and check a site file by it."""
    response = jsonify(schema.json_schema())
    response.content_type = "application/schema+json"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
