"""What all visitor pages share: the site's language, its time zone, and how long a page may be kept."""

from typing import Any

from flask import Response, g, render_template

from consent.core import i18n
from consent.models import Version
from consent.site import versions


def of_one_person(response: Response) -> Response:
    if response.content_type.startswith("text/html"):
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Accept-Language, Cookie, Sec-GPC, DNT"
    return response


def language(version: Version) -> str:
    """The one of the site's languages that the visitor reads."""
    return i18n.choose(versions.site_file(version).site.languages)


def render(template: str, version: Version, **values: Any) -> str:
    site_file = versions.site_file(version)
    g.timezone = site_file.site.timezone
    return render_template(
        template,
        version=version,
        file=site_file,
        language=language(version),
        languages=site_file.site.languages,
        **values,
    )
