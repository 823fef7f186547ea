"""Visitor pages of a notice's versions: each as it was, what it changed, and a feed of them."""

from itertools import islice
from typing import NamedTuple

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale

from consent.models import Version
from consent.notice import change_words, dpv
from consent.notice.change_words import Said
from consent.site import schema, versions
from consent.web import context
from consent.web.embed.views import FOR_EVER
from consent.web.privacy import frame

blueprint = Blueprint("history", __name__, url_prefix="/privacy/<site>")
blueprint.after_request(frame.of_one_person)


@blueprint.get("/versions")
def versions_page(site: str) -> str:
    found = versions.of_site(context.session(), site)
    return frame.render("privacy/versions.html", found[0], found=found, mails=context.sends_mail())


@blueprint.get("/versions/<int:number>")
def version_page(site: str, number: int) -> str:
    session = context.session()
    current, shown = versions.current(session, site), versions.get(session, site, number)
    language = frame.language(shown)
    return frame.render(
        "privacy/version.html",
        shown,
        in_force=current.number == number,
        text=versions.text(session, shown, language),
        said=_said(versions.get(session, site, number - 1), shown, language) if number > 1 else [],
    )


@blueprint.get("/versions/<int:number>/since/<int:old>")
def comparison(site: str, number: int, old: int) -> str:
    session = context.session()
    shown, before = versions.get(session, site, number), versions.get(session, site, old)
    language = frame.language(shown)
    return frame.render(
        "privacy/comparison.html",
        shown,
        before=before,
        said=_said(before, shown, language),
        asked_again=change_words.asked_again(
            versions.site_file(before), versions.site_file(shown), language
        ),
    )


@blueprint.get("/versions/compare")
def compare(site: str) -> ResponseReturnValue:
    """From the form to the address of the comparison."""
    old, new = context.two_versions()
    shown = versions.get(context.session(), site, new)
    language = frame.language(shown) if "lang" in request.args else None
    return redirect(
        url_for("history.comparison", site=site, number=new, old=old, lang=language), 303
    )


@blueprint.get("/versions/<int:number>.json")
def as_json(site: str, number: int) -> Response:
    """All that the version says, as data."""
    version = versions.get(context.session(), site, number)
    return _for_ever(
        jsonify(
            site=site,
            number=number,
            date=version.published_at.isoformat(),
            hash=version.hash,
            material=version.is_material,
            notice=schema.whole(versions.site_file(version)),
        )
    )


@blueprint.get("/versions/<int:number>.jsonld")
def as_json_ld(site: str, number: int) -> Response:
    """The same in the W3C Data Privacy Vocabulary."""
    version = versions.get(context.session(), site, number)
    address = context.public_url() + url_for("history.version_page", site=site, number=number)
    response = jsonify(
        dpv.document(versions.site_file(version), number, address, version.published_at)
    )
    response.content_type = "application/ld+json"
    return _for_ever(response)


def _for_ever(response: Response) -> Response:
    response.headers["Cache-Control"] = FOR_EVER
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


# Versions in the feed, the newest.
MOST_IN_FEED = 20


class Entry(NamedTuple):
    version: Version
    address: str
    said: list[Said]


@blueprint.get("/feed.atom")
def feed(site: str) -> Response:
    """The versions as a feed (RFC 4287), with what each changed."""
    found = versions.of_site(context.session(), site)
    language = frame.language(found[0])
    address = context.public_url() + url_for("privacy.page", site=site)
    with force_locale(language):
        entries = [
            Entry(
                version,
                context.public_url()
                + url_for("history.version_page", site=site, number=version.number),
                _said(before, version, language) if before else [],
            )
            for version, before in islice(zip(found, [*found[1:], None], strict=True), MOST_IN_FEED)
        ]
        body = render_template(
            "privacy/feed.xml",
            file=versions.site_file(found[0]),
            language=language,
            address=address,
            entries=entries,
        )
    response = Response(body, content_type="application/atom+xml; charset=utf-8")
    response.headers["Vary"] = "Accept-Language"
    return response


def _said(before: Version, after: Version, language: str) -> list[Said]:
    return change_words.between(versions.site_file(before), versions.site_file(after), language)
