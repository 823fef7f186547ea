"""Runs the application on a WSGI server: one process, a few threads, no access log."""

import logging
from typing import Any

import click
from flask import Flask
from waitress.server import create_server

from consent import create_app
from consent.db import db, migrate
from consent.settings import Settings


def ready_app(config: dict[str, Any] | None = None) -> Flask:
    """The application, with its database at the newest schema."""
    app = create_app(config)
    with app.app_context():
        migrate(db.engine)
    return app


def server(app: Any, host: str, port: int, threads: int) -> Any:
    """A server that listens already; `run()` answers until the process is told to stop."""
    # Its queue warnings name no visitor; its access log does not exist.
    logging.getLogger("waitress").setLevel(logging.ERROR)
    return create_server(app, host=host, port=port, threads=threads, ident=None)


def serve(app: Flask) -> None:
    settings: Settings = app.extensions["consent_settings"]
    listening = server(app, settings.host, settings.port, settings.threads)
    click.echo(f"listening: http://{settings.host}:{settings.port}/")
    listening.run()
