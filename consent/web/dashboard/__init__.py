"""The pages of members. Each page is a module; frame.py says who is logged in, and may see a site."""

from importlib import import_module

from flask import Flask

PAGES = (
    "login",
    "figures",
    "install",
    "report",
    "versions",
    "decisions",
    "announcements",
    "retention",
    "tokens",
    "draft",
    "review",
    "preview",
    "people",
    "account",
    "invitation",
    "passwords",
)


def init_app(app: Flask) -> None:
    """Registers the pages. They are imported here, so that a command can import one module alone."""
    for name in PAGES:
        app.register_blueprint(import_module(f"{__name__}.{name}").blueprint)
