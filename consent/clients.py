"""What programs read that speak for visitors: the statement on Global Privacy Control, and rules by which
automatic consent clients answer the banner. And what editors read: the schema of the site file."""

from flask import Blueprint, Response, jsonify, send_from_directory

from consent import sitefile
from consent.paths import STATIC

blueprint = Blueprint("clients", __name__)

# What the statement says has held since this day.
GPC_SINCE = "2026-11-24"


@blueprint.get("/.well-known/gpc.json")
def gpc() -> Response:
    """This server's own statement (Global Privacy Control, section 4); each website makes its own."""
    return jsonify(gpc=True, lastUpdate=GPC_SINCE)


@blueprint.get("/clients/<any('autoconsent', 'consent-o-matic'):client>.json")
def rules(client: str) -> Response:
    response = send_from_directory(STATIC / "clients", f"{client}.json")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.get("/site-file.schema.json")
def site_file_schema() -> Response:
    """For editors, which complete and check a site file by it."""
    response = jsonify(sitefile.json_schema())
    response.content_type = "application/schema+json"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
