"""Staff pages: logging in at one's organization (OpenID Connect Core 1.0, code flow with PKCE)."""

from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
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
from requests import ConnectionError as NoConnection
from requests import PreparedRequest, RequestException, Response
from requests.adapters import BaseAdapter

from consent.core import outside
from consent.core.errors import NotFound, Unauthenticated
from consent.core.settings import Settings
from consent.people import identities, invitations
from consent.web import context
from consent.web.dashboard import frame

blueprint = Blueprint("provider", __name__, url_prefix="/dashboard/-/oidc")
frame.init(blueprint)

# Seconds that one question to the provider may take, and bytes that it may answer.
PATIENCE = 10
# Characters of the secret in an invitation's address, at the most.
LONGEST_SECRET = 64
LARGEST = 1_000_000


class _Outside(BaseAdapter):
    """Sends requests as all that this server asks of others."""

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        settings = context.settings()
        # Whoever runs the server has named the provider itself.
        issuer = urlsplit(settings.oidc_issuer).hostname or ""
        body = request.body.encode() if isinstance(request.body, str) else request.body
        # Forms and nothing are all that is sent.
        assert body is None or isinstance(body, bytes)
        try:
            found = outside.exchange(
                request.method or "GET",
                request.url or "",
                {name: str(value) for name, value in request.headers.items()},
                seconds=PATIENCE,
                most=LARGEST,
                inside=(issuer, *settings.inside_hosts),
                body=body,
            )
        except (OSError, HTTPException, ValueError) as error:
            raise NoConnection(error, request=request) from error
        answer = Response()
        answer.status_code, answer.url, answer.request = found.status, request.url or "", request
        answer.headers.update(found.headers.items())
        answer._content = found.body
        answer.encoding = found.headers.get_content_charset()
        return answer

    def close(self) -> None:
        """Nothing is kept open."""


class _Session(OAuth2Session):  # type: ignore[misc]
    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        # What would be compressed could be of any size.
        self.headers["Accept-Encoding"] = "identity"
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Outside())


class _App(FlaskOAuth2App):  # type: ignore[misc]
    client_cls = _Session


def init_app(app: Flask, settings: Settings) -> None:
    app.register_blueprint(blueprint)
    clients = OAuth(app)
    clients.register(
        "provider",
        client_cls=_App,
        server_metadata_url=f"{settings.oidc_issuer}/.well-known/openid-configuration",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        client_kwargs={
            "scope": "openid email",
            "code_challenge_method": "S256",
        },
    )
    app.extensions["consent_provider"] = clients.provider


@blueprint.get("")
def begin() -> ResponseReturnValue:
    session["next"] = frame.own_page(request.args.get("next", ""))
    # It is kept in a cookie.
    session["invitation"] = request.args.get("invitation", "")[:LONGEST_SECRET]
    # As it is registered there.
    address = context.public_url() + url_for("provider.callback", lang=None)
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
        member = identities.log_in(context.session(), claims, _invited(), context.now())
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
        found = invitations.find(context.session(), session.get("invitation", ""), context.now())
    except NotFound:
        return ""
    return found[0].email


def _client() -> Any:
    return current_app.extensions["consent_provider"]


def _failed(why: str) -> str:
    return render_template("dashboard/provider.html", why=why, provider=frame.provider_name())
