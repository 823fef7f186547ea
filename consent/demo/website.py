"""The demo website: another origin, which carries the banner as any website would."""

from flask import Flask, render_template

from consent.demo.samples import SITE
from consent.paths import DEMO

PAGES = {
    "/": "index",
    "/tjenester": "services",
    "/kundeservice": "support",
    "/video": "video",
    "/en": "english",
    "/player": "player",
}


def create_app(consent: str) -> Flask:
    """The website; `consent` is the address of the consent server."""
    folder = DEMO / "website"
    app = Flask(
        __name__, template_folder=str(folder / "templates"), static_folder=str(folder / "static")
    )
    for path, name in PAGES.items():
        app.add_url_rule(path, name, _page(name, consent))
    return app


def _page(name: str, consent: str):  # type: ignore[no-untyped-def]
    return lambda: render_template(f"{name}.html", consent=consent, site=SITE, page=name)
