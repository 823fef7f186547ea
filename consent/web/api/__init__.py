"""The JSON API. Each operation is declared in views.py, and describes itself at /api/v1/."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Registers the pages. They are imported here, so that a command can import one module alone."""
    from consent.web.api import views

    app.register_blueprint(views.blueprint)
