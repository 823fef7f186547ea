"""The demo website: another origin, which carries the banner as any website would."""

import socket
from typing import Any

from flask import Flask, render_template
from werkzeug.serving import WSGIRequestHandler, make_server

from consent.core.paths import DEMO
from consent.demo.samples import SITE
from consent.server.parents import end_with_parent
from consent.site import schema, signals

PAGES = {
    "/": "index",
    "/tjenester": "services",
    "/kundeservice": "support",
    "/video": "video",
    "/en": "english",
    "/player": "player",
}


def create_app(consent: str, source: str) -> Flask:
    """The website; `consent` is the address of the consent server, `source` the site file it has published."""
    head = signals.lines(schema.parse(source), consent)
    folder = DEMO / "website"
    app = Flask(
        __name__, template_folder=str(folder / "templates"), static_folder=str(folder / "static")
    )
    for path, name in PAGES.items():
        app.add_url_rule(path, name, _page(name, consent, head))
    return app


def _page(name: str, consent: str, head: str):  # type: ignore[no-untyped-def]
    return lambda: render_template(f"{name}.html", consent=consent, head=head, site=SITE, page=name)


class _Silent(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Writes no address anywhere."""


def serve(consent: str, source: str, listening: socket.socket, parent: int) -> None:
    """Serves the website until the process ends, or the one of this id that began it."""
    end_with_parent(parent)
    host, port = listening.getsockname()
    make_server(
        host,
        port,
        create_app(consent, source),
        threaded=True,
        request_handler=_Silent,
        fd=listening.fileno(),
    ).serve_forever()
