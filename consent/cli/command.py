"""What every command needs: the group, the database, the application."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from consent import __version__
from consent.app import create_app, database_app

if TYPE_CHECKING:
    from flask import Flask


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def commands() -> None:
    """Samtykke, a consent and privacy-notice server.

    Settings are environment variables: see docs/settings.md.
    """


Command = Callable[..., None]


def on_the_database(command: Command) -> Command:
    """Gives a command the database, at the newest schema."""
    return _within(database_app, command)


def on_the_app(command: Command) -> Command:
    """Gives a command the whole application, for what is made from its templates."""
    return _within(create_app, command)


def _within(make_app: Callable[[], Flask], command: Command) -> Command:
    @functools.wraps(command)
    def wrapped(**arguments: Any) -> None:
        from consent.core.db import db, migrate

        with make_app().app_context():
            try:
                migrate(db.engine)
                command(**arguments)
            finally:
                db.session.remove()
                db.engine.dispose()

    return wrapped


def require_mail() -> None:
    from consent.web import context

    settings = context.settings()
    if not settings.public_url.startswith("http"):
        raise click.ClickException(
            "CONSENT_PUBLIC_URL is not set. Set it to this server's address, for the links."
        )
    if not settings.mail_from:
        raise click.ClickException(
            "CONSENT_MAIL_FROM is not set. Set it to the address that e-mails are sent from."
        )


def now() -> datetime:
    return datetime.now(UTC)
