"""What websites load and send. hot.py answers what is asked most, before Flask is entered."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Registers the pages. They are imported here, so that a command can import one module alone."""
    from consent.web.embed import views

    app.register_blueprint(views.blueprint)
