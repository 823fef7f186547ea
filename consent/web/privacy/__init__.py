"""The pages of visitors: the notice, and their own choices. Every page works without JavaScript."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Registers the pages. They are imported here, so that a command can import one module alone."""
    from consent.web.privacy import (
        history,
        notice,
        published,
        subscriptions,
    )

    for page in (
        notice,
        history,
        subscriptions,
        published,
    ):
        app.register_blueprint(page.blueprint)
