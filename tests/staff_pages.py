"""The addresses of all staff pages, by the application's own map: a new page is among them the day it is added."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from flask import Flask

from consent.site.forms import PARTS, ROWS
from consent.stats import consents, visits
from consent.web.dashboard import preview
from consent.web.dashboard.figures import CARDS

# What can stand at each place of an address, where that is not the site's own.
PLACES: dict[tuple[str, str], tuple[str, ...]] = {
    ("draft.part_page", "part"): (*PARTS, *ROWS),
    ("draft.more_rows", "part"): ("services",),
    ("draft.row", "part"): ROWS,
    ("draft.row", "index"): ("0",),
    ("figures.card", "name"): tuple(CARDS),
    ("figures.chart", "name"): ("visits", "consents", "hours"),
    ("figures.table", "what"): ("visits", "consents"),
}
# Files for somebody to keep, and the pictures of a page.
NO_PAGES = ("figures.table", "versions.site_file", "review.export", "figures.chart")


def addresses(app: Flask, own: Mapping[str, str], **period: str) -> Iterator[tuple[str, str]]:
    """Endpoint and address of all that staff GET. `own` has what else stands in addresses, by its name.

    A period is that of the figures. Raises KeyError for a page about something that nobody has named.
    """
    urls = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/dashboard") or "GET" not in (rule.methods or ()):
            continue
        names = sorted(rule.arguments)
        choices = [PLACES.get((rule.endpoint, name)) or (own[name],) for name in names]
        for chosen in product(*choices):
            places = dict(zip(names, chosen, strict=True))
            for query in _queries(rule.endpoint, places, own):
                dated = period if rule.endpoint.startswith("figures.") and "site" in places else {}
                yield rule.endpoint, urls.build(rule.endpoint, {**places, **query, **dated})


def _queries(
    endpoint: str, places: Mapping[str, str], own: Mapping[str, str]
) -> list[dict[str, Any]]:
    """What is asked of a page beyond its address."""
    if endpoint == "figures.card":
        return [{places["name"]: by} for by in CARDS[places["name"]]]
    if endpoint == "figures.table":
        of = visits.DIMENSIONS if places["what"] == "visits" else consents.DIMENSIONS
        return [{"by": by} for by in of]
    if endpoint == "preview.stage":
        return [{"show": show} for show in preview.SHOWN]
    if endpoint == "draft.more_rows":
        return [{"name": "cookies", "number": "2"}]
    if endpoint == "versions.compare":
        return [{"from": own["old"], "to": own["number"]}]
    return [{}]
