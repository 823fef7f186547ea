"""Samtykke: a consent and privacy-notice server.

Nothing heavy is imported before `create_app` is called: commands that serve no page begin at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consent.core import paths, settings

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Engine


def database_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application without its pages, for commands that only count and ask: settings, languages, database, networks.

    `config` holds settings (settings.py) that win over the environment. Raises settings.SettingError.
    """
    from flask import Flask

    from consent.core import i18n
    from consent.core.db import db, engine_options
    from consent.counting.networks import Countries, Networks

    read = settings.read(**(config or {}))
    # The package's name: the folder of a relative SQLite path is named after it.
    app = Flask("consent", template_folder=str(paths.TEMPLATES), static_folder=str(paths.STATIC))
    app.config.update(
        SQLALCHEMY_DATABASE_URI=read.database,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(read.database, read.threads),
    )
    app.extensions["consent_settings"] = read
    app.extensions["consent_networks"] = Networks(read.isp_database)
    app.extensions["consent_countries"] = Countries(read.country_database)
    for part in (db, i18n):
        part.init_app(app)
    return app


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application. `config` holds settings (settings.py) that win over the environment.

    Raises settings.SettingError.
    """
    from sqlalchemy.orm import Session

    from consent.banner.in_force import Memory
    from consent.core.db import db
    from consent.counting import hits
    from consent.counting.bounds import Bounds
    from consent.counting.journal import Journal
    from consent.ledger.decisions import Writer
    from consent.ledger.group_commit import GroupCommit
    from consent.web import problems, security
    from consent.web.embed.crowding import Crowding
    from consent.web.embed.hot import HotPaths

    app = database_app(config)
    read: settings.Settings = app.extensions["consent_settings"]
    app.config.update(
        SECRET_KEY=read.secret_keys[0],
        SECRET_KEY_FALLBACKS=list(read.secret_keys[1:]),
        SESSION_COOKIE_NAME=security.own_cookie("consent_staff", read),
        # A name that begins with __Host- is for the whole host.
        SESSION_COOKIE_PATH="/" if read.is_https else "/dashboard",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=read.is_https,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    problems.init_app(app)
    security.init_app(app, read)
    _register_pages(app)
    if read.oidc_issuer:
        # Imported here, since what it needs takes some 15 MB that other servers can do without.
        from consent.web.dashboard import provider

        provider.init_app(app, read)
    with app.app_context():
        engine = db.engine
    memory = app.extensions["consent_memory"] = Memory(partial(Session, engine), read.public_url)
    app.extensions["consent_crowding"] = Crowding(read.embed_limit, read.view_limit)
    app.extensions["consent_journal"] = Journal(
        _hits_folder(read, engine), partial(hits.merge, engine, Bounds())
    )
    decisions = app.extensions["consent_decisions"] = GroupCommit(partial(Writer, engine))
    hot = app.extensions["consent_hot"] = HotPaths(app, memory, decisions)
    app.wsgi_app = security.behind_proxies(read.trusted_proxies, hot)  # type: ignore[method-assign, assignment]
    return app


def _register_pages(app: Flask) -> None:
    from consent.web import api, clients, dashboard, embed, health, privacy

    for pages in (embed, privacy, dashboard, api):
        pages.init_app(app)
    for page in (clients, health):
        app.register_blueprint(page.blueprint)


def _hits_folder(read: settings.Settings, engine: Engine) -> Path:
    if read.hits_folder:
        return Path(read.hits_folder)
    if engine.dialect.name == "sqlite" and engine.url.database:
        return Path(f"{engine.url.database}-hits")
    from consent.core.canonical import digest

    # Another server that is started here has another database, and no part in these.
    return Path(f"consent-hits-{digest(str(engine.url.set(password=None)))[:8]}")
