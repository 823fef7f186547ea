"""Staff pages: logging in at one's organization (OpenID Connect Core 1.0, code flow with PKCE)."""

from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import (
    Blueprint,
    Flask,
    current_app,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from requests import RequestException

from consent import identities, invitations, web
from consent.dashboard import frame
from consent.errors import NotFound, Unauthenticated
from consent.settings import Settings

blueprint = Blueprint("provider", __name__, url_prefix="/dashboard/-/oidc")
frame.init(blueprint)

# Seconds for which the provider may be silent.
PATIENCE = 10


def init_app(app: Flask, settings: Settings) -> None:
    app.register_blueprint(blueprint)
    clients = OAuth(app)
    clients.register(
        "provider",
        server_metadata_url=f"{settings.oidc_issuer}/.well-known/openid-configuration",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        client_kwargs={
            "scope": "openid email",
            "code_challenge_method": "S256",
            "default_timeout": PATIENCE,
        },
    )
    app.extensions["consent_provider"] = clients.provider


@blueprint.get("")
def begin() -> ResponseReturnValue:
    session["next"] = request.args.get("next", "")
    session["invitation"] = request.args.get("invitation", "")
    # As it is registered there.
    address = web.public_url() + url_for("provider.callback", lang=None)
    try:
        answer: ResponseReturnValue = _client().authorize_redirect(address)
    except RequestException:
        return _failed("away"), 503
    return answer


@blueprint.get("/callback")
def callback() -> ResponseReturnValue:
    """Takes the provider's word for who somebody is."""
    target = session.get("next", "")
    try:
        claims = _client().authorize_access_token()["userinfo"]
        member = identities.log_in(web.session(), claims, _invited(), web.now())
    except RequestException:
        return _failed("away"), 503
    except (AuthlibBaseError, JoseError, KeyError):
        return _failed("refused"), 401
    except Unauthenticated:
        return _failed("unknown"), 401
    return frame.log_in(member, target)


def _invited() -> str:
    """The address of the invitation whose page led here."""
    try:
        found = invitations.find(web.session(), session.get("invitation", ""), web.now())
    except NotFound:
        return ""
    return found[0].email


def _client() -> Any:
    return current_app.extensions["consent_provider"]


def _failed(why: str) -> str:
    return render_template("dashboard/provider.html", why=why, provider=frame.provider_name())
