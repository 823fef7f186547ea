"""What websites load and send. hot.py answers what is asked most, before Flask is entered."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Registers the pages. They are imported here: who needs one module of the package loads no other."""
    from consent.web.embed import (
        views,
    )

    for page in (views,):
        app.register_blueprint(page.blueprint)
