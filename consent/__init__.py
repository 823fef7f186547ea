"""Samtykke: a consent and privacy-notice server."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix

from consent import (
    api,
    clients,
    dashboard,
    embed,
    errors,
    health,
    i18n,
    ledger,
    paths,
    privacy,
    security,
    settings,
    visits,
)
from consent.bounds import Bounds
from consent.canonical import digest
from consent.commits import GroupCommit
from consent.dashboard import (
    account,
    decisions,
    draft,
    install,
    invitation,
    passwords,
    people,
    review,
)
from consent.dashboard import announcements as dashboard_announcements
from consent.dashboard import figures as dashboard_figures
from consent.dashboard import preview as dashboard_preview
from consent.dashboard import report as dashboard_report
from consent.dashboard import retention as dashboard_retention
from consent.dashboard import tokens as dashboard_tokens
from consent.dashboard import versions as dashboard_versions
from consent.db import db, engine_options
from consent.embed.hot import HotPaths
from consent.journal import Journal
from consent.memory import Memory
from consent.networks import Networks
from consent.privacy import history, published, subscriptions


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application. `config` holds settings (settings.py) that win over the environment.

    Raises settings.SettingError.
    """
    read = settings.read(**(config or {}))
    app = Flask(__name__, template_folder=str(paths.TEMPLATES), static_folder=str(paths.STATIC))
    app.config.update(
        SQLALCHEMY_DATABASE_URI=read.database,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(read.database, read.threads),
        SECRET_KEY=read.secret_keys[0],
        SECRET_KEY_FALLBACKS=list(read.secret_keys[1:]),
        SESSION_COOKIE_NAME="consent_staff",
        SESSION_COOKIE_PATH="/dashboard",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=read.public_url.startswith("https://"),
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["consent_settings"] = read
    app.extensions["consent_networks"] = Networks(read.isp_database)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for part in (db, i18n, errors):
        part.init_app(app)
    security.init_app(app, read)
    for blueprint in (
        embed.blueprint,
        privacy.blueprint,
        history.blueprint,
        subscriptions.blueprint,
        published.blueprint,
        dashboard.blueprint,
        dashboard_figures.blueprint,
        install.blueprint,
        dashboard_report.blueprint,
        dashboard_versions.blueprint,
        decisions.blueprint,
        dashboard_announcements.blueprint,
        dashboard_retention.blueprint,
        dashboard_tokens.blueprint,
        draft.blueprint,
        review.blueprint,
        dashboard_preview.blueprint,
        people.blueprint,
        account.blueprint,
        invitation.blueprint,
        passwords.blueprint,
        api.blueprint,
        clients.blueprint,
        health.blueprint,
    ):
        app.register_blueprint(blueprint)
    if read.oidc_issuer:
        # Imported here, since what it needs takes some 15 MB that other servers can do without.
        from consent.dashboard import provider

        provider.init_app(app, read)
    with app.app_context():
        engine = db.engine
    memory = app.extensions["consent_memory"] = Memory(partial(Session, engine), read.public_url)
    app.extensions["consent_journal"] = Journal(
        _hits_folder(read, engine), partial(visits.merge, engine, Bounds())
    )
    app.wsgi_app = HotPaths(  # type: ignore[method-assign]
        app, memory, GroupCommit(partial(ledger.commit, engine))
    )
    if read.trusted_proxies:
        hops = read.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _hits_folder(read: settings.Settings, engine: Engine) -> Path:
    if read.hits_folder:
        return Path(read.hits_folder)
    if engine.dialect.name == "sqlite" and engine.url.database:
        return Path(f"{engine.url.database}-hits")
    # Another server that is started here has another database, and no part in these.
    return Path(f"consent-hits-{digest(str(engine.url.set(password=None)))[:8]}")
