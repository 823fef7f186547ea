"""Invents sixty days of traffic and decisions, through the same counting and recording as the real ones.

The site remembers which days they are, and every figure of these days is labelled.
"""

import random
import uuid
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from consent.counting import hits
from consent.counting.bounds import Bounds
from consent.counting.counters import Sums
from consent.counting.hits import Hit, Seen
from consent.counting.useragent import classify
from consent.ledger import decisions
from consent.ledger.decisions import Choice
from consent.models import Site
from consent.site import versions
from consent.site.versions import Published
from consent.stats import closing

T = TypeVar("T")

SITE = "07sor"
DAYS = 60

PATHS = {"/": 10, "/tjenester": 6, "/kundeservice": 5, "/video": 3, "/en": 2}
REFERRERS = {
    "": 8,
    "https://www.google.com/": 9,
    "https://www.bing.com/": 2,
    "https://www.facebook.com/": 3,
    "https://www.linkedin.com/": 2,
    "https://www.gulesider.no/": 2,
}
NETWORKS = {
    "Telenor Norge AS": 7,
    "Telia Norge AS": 5,
    "Altibox AS": 4,
    "Ice Norge AS": 2,
    "GlobalConnect AS": 1,
}
COUNTRIES = {"NO": 88, "SE": 5, "DK": 3, "DE": 2, "PL": 2}
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
AGENTS = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36": 8,
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0": 4,
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {SAFARI} Mobile/15E148 Safari/604.1": 8,
    f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36": 5,
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Safari/605.1.15": 4,
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0": 2,
    f"Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) {SAFARI} Mobile/15E148 Safari/604.1": 4,
}
LANGUAGES = {"nb": 12, "nn": 3, "en": 3}
ACTIONS = {"accept": 9, "refuse": 8, "choose": 3}
# Of a day's visits by the hour it begins in.
HOURS = {hour: 1 + 9 * (8 <= hour < 16) + 5 * (16 <= hour < 22) for hour in range(24)}


def invent(engine: Engine, session: Session, now: datetime) -> None:
    """Invents the sixty days before today, once: a site that has samples is left as it is."""
    site = session.get_one(Site, SITE)
    if site.samples_from is not None:
        return
    version = versions.published(session, SITE, site.current)
    today = now.astimezone(version.site_file.zone).date()
    # The same past for everybody, so that a screenshot can be taken again.
    chance = random.Random(7)  # noqa: S311
    # Apart, so that what else there is stays as it was.
    places = random.Random(11)  # noqa: S311
    days = [today - timedelta(days=ago) for ago in range(DAYS, 0, -1)]
    for position, day in enumerate(days):
        busy = 1.0 if day.weekday() < 5 else 0.45
        count = int((130 + position) * busy * chance.uniform(0.85, 1.15))
        _invent_day(session, version, day, count, chance, places)
    site.samples_from, site.samples_to = days[0], days[-1]
    session.commit()
    closing.close_due(engine, SITE, version.site_file, now)


def _invent_day(
    session: Session,
    version: Published,
    day: date,
    count: int,
    chance: random.Random,
    places: random.Random,
) -> None:
    site_file = version.site_file
    counted: Sums = Sums()
    decided: list[decisions.Decided] = []
    origin = site_file.site.origins[0]
    for _ in range(count):
        moment = datetime.combine(
            day,
            time(_pick(chance, HOURS), chance.randrange(60), chance.randrange(60)),
            site_file.zone,
        )
        client = classify(_pick(chance, AGENTS))
        language = _pick(chance, LANGUAGES)
        country = _pick(places, COUNTRIES)
        seen = Seen(origin, client, language, _pick(chance, NETWORKS), country)
        asked = language if chance.random() < 0.7 else None
        referrer = _pick(chance, REFERRERS)
        for _ in range(min(1 + int(chance.expovariate(0.7)), 8)):
            hit = Hit(path=_pick(chance, PATHS), referrer=referrer, banner=asked)
            cells = hits.cells(site_file, hit, seen, moment, version.number)
            counted.update((version.site, cell) for cell in cells)
            referrer = origin + hit.path
        if asked and chance.random() < 0.6:
            choice = _choice(version, language, chance)
            decided.append(decisions.decided(version, choice, None, client.device, country, moment))
    decisions.record(session.connection(), decided)
    hits.add(session.connection(), counted, Bounds())


def _choice(version: Published, language: str, chance: random.Random) -> Choice:
    action = _pick(chance, ACTIONS)
    granted = {
        purpose: action == "accept" or (action == "choose" and chance.random() < 0.5)
        for purpose in version.site_file.asked_purposes
    }
    return Choice.model_validate(
        {
            "id": uuid.UUID(int=chance.getrandbits(128), version=4),
            "version": version.number,
            "language": language,
            "action": action,
            "source": "settings" if action == "choose" else "banner",
            "purposes": granted,
            "took": min(int(chance.expovariate(0.12)), 600),
        }
    )


def _pick(chance: random.Random, weights: dict[T, int]) -> T:
    return chance.choices(list(weights), list(weights.values()))[0]
