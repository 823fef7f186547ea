"""The pages of visitors: the notice, and their own choices. Every page works without JavaScript."""

from importlib import import_module

from flask import Flask

PAGES = ("notice", "history", "subscriptions", "published")


def init_app(app: Flask) -> None:
    """Registers the pages. They are imported here, so that a command can import one module alone."""
    for name in PAGES:
        app.register_blueprint(import_module(f"{__name__}.{name}").blueprint)
