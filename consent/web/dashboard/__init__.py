"""The pages of members. Each page is a module; frame.py says who is logged in, and may see a site."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Registers the pages. They are imported here, so that a command can import one module alone."""
    from consent.web.dashboard import (
        account,
        announcements,
        decisions,
        draft,
        figures,
        install,
        invitation,
        login,
        passwords,
        people,
        preview,
        report,
        retention,
        review,
        tokens,
        versions,
    )

    for page in (
        login,
        figures,
        install,
        report,
        versions,
        decisions,
        announcements,
        retention,
        tokens,
        draft,
        review,
        preview,
        people,
        account,
        invitation,
        passwords,
    ):
        app.register_blueprint(page.blueprint)
