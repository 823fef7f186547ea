"""An agency's server: sixty sites that were there for a year, one of them as busy as the program's bounds allow.

Versions, members, decisions and what else there is are made by the program's own rules, but for the figures: those
would take days.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

import click
from flask import Flask
from sqlalchemy import Engine, insert, text, update
from sqlalchemy.orm import Session

from benchmarks.load import KEY
from benchmarks.year import figures_of
from consent import retention
from consent.core import tokens
from consent.core.db import db, write
from consent.counting import hits
from consent.counting.bounds import Bounds
from consent.counting.counters import Sums
from consent.demo import SITE_FILE
from consent.demo.samples import SITE as WRITTEN_KEY
from consent.ledger import decisions
from consent.ledger.decisions import Choice
from consent.models import Delivery, Site, Subscriber
from consent.notice import drafts, publishing
from consent.outbox import announcing, webhooks
from consent.people import api_tokens, audit, invitations, staff
from consent.server.serving import ready_app
from consent.site import versions
from consent.stats import figures
from consent.stats.closing import GRACE, MOST_SHOWN
from consent.stats.figures import FigureRow

SITES = 60
DAYS = 365
# Of the busy site, more than a page lists.
VERSIONS = 24
COLLEAGUES = 20
SUBSCRIBERS = 2000
WEBHOOKS = 5
LOGGED = 300
PAGES = 2000
# Of the day that is not over, and how many of them are a single visitor's.
DECISIONS = 3600
OF_ONE = 200
# By so much the days of the other sites are smaller.
LESS = 10

OWNER, OTHER_OWNER, PASSWORD = "agency@example.no", "own@example.no", "correct horse battery"


@dataclass(frozen=True)
class Agency:
    app: Flask
    # The busy one.
    site: str
    # Whose decision it is has OF_ONE of them.
    decision: uuid.UUID
    # What links to be invited, and to a new password, hold.
    invitation: str
    reset: str

    def close(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()


def make(url: str, sites: int) -> Agency:
    app = ready_app(
        {
            "secret_keys": (KEY,),
            "database": url,
            "public_url": "http://localhost",
            "smtp_url": "smtp://127.0.0.1:9",
            "mail_from": "consent@example.no",
        }
    )
    now = datetime.now(UTC)
    busy, *others = keys = [f"site-{number:02}" for number in range(1, sites + 1)]
    with app.app_context():
        session, engine = db.session(), db.engine
        _publish(session, keys, now)
        _fill(engine, keys, now)
        for key in others:
            _today(engine, session, key, LESS, now)
        decision = _today(engine, session, busy, 1, now)
        invitation, reset = _people(session, keys, now)
        _occupy(session, busy, now)
        if engine.dialect.name == "postgresql":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
        db.session.remove()
    return Agency(app, busy, decision, invitation, reset)


def _publish(session: Session, keys: list[str], now: datetime) -> None:
    """Two versions of each site; of the first, many over the year, of which its webhooks are told."""
    began = now - timedelta(days=DAYS)
    for key in keys:
        publishing.publish(session, _source(key, 1), began)
    for number in range(WEBHOOKS):
        webhooks.add(session, keys[0], f"https://hooks.example/{number}", began)
    for key in keys:
        count = VERSIONS if key == keys[0] else 2
        for number in range(2, count + 1):
            days = DAYS * (number - 1) / count
            publishing.publish(session, _source(key, number), began + timedelta(days=days))


def _source(key: str, number: int) -> str:
    """The demo's site file, as a version of another site."""
    source = SITE_FILE.read_text(encoding="utf-8")
    for old, new in (
        (f'"{WRITTEN_KEY}"', f'"{key}"'),
        ('name = "07 SØR IT DRIFT AS"', f'name = "Website {key}"'),
        ('"Syse AS"', f'"Syse {number} AS"'),
    ):
        assert old in source
        source = source.replace(old, new)
    return source


def _fill(engine: Engine, keys: list[str], now: datetime) -> None:
    """Closes a year: the busy site's, a lesser one's, and the same again for all others."""
    busy, lesser, *others = keys
    with Session(engine) as session:
        zone = versions.site_file(versions.current(session, busy)).zone
    last = (now.astimezone(zone) - GRACE).date() - timedelta(days=1)
    with click.progressbar(range(DAYS), label="A year") as days:
        for ago in days:
            day = last - timedelta(days=ago)
            with write(engine) as connection:
                figures.add(connection, busy, day, [*_of_demo(day, MOST_SHOWN)])
                figures.add(connection, lesser, day, [*_of_demo(day, MOST_SHOWN // LESS)])
    copy = text(
        "INSERT INTO figures SELECT :to, dimension, span, day, value, onward, count FROM figures WHERE site = :lesser"
    )
    with click.progressbar(others, label=f"{len(others)} times more") as progress:
        for key in progress:
            with write(engine) as connection:
                connection.execute(copy, {"to": key, "lesser": lesser})
    with write(engine) as connection:
        connection.execute(update(Site).values(closed_through=last))


def _of_demo(day: date, most: int) -> Iterator[FigureRow]:
    """A day's figures, with what the demo's site file adds to them."""
    yield from figures_of(day, most)
    yield FigureRow("consents.purpose", "marketing", "granted", 1700)
    yield FigureRow("consents.purpose", "marketing", "refused", 1900)
    for service in ("google-analytics", "google-ads", "meta-pixel", "youtube"):
        yield FigureRow("consents.service", service, "granted", 1700)
        yield FigureRow("consents.service", service, "refused", 1900)
    yield from (
        FigureRow("consents.answer", action, "", 900) for action in ("accept", "refuse", "choose")
    )
    yield from (FigureRow("banner", "shown", "", 9000), FigureRow("banner", "answered", "", 2700))
    yield from (FigureRow("shown.device", device, "", 3000) for device in ("phone", "desktop"))
    yield from (FigureRow("shown.language", language, "", 3000) for language in ("nb", "nn", "en"))


def _today(engine: Engine, session: Session, key: str, less: int, now: datetime) -> uuid.UUID:
    """Counts and decisions of the day that is not over. Returns a decision of the visitor who made many."""
    version = versions.published(session, key, session.get_one(Site, key).current)
    chance, one = Random(7), uuid.uuid4()
    rows = [
        decisions.decided(
            version,
            _choice(version, chance),
            one if number < OF_ONE // less else None,
            chance.choice(("phone", "desktop", "tablet")),
            None,
            now,
        )
        for number in range(DECISIONS // less)
    ]
    day = rows[0].row.day
    counted: Sums = Sums()
    for name, count in {"views": 1_000_000, "visits": 400_000}.items():
        counted[key, (day, "total", name, "")] = count // less
    for number in range(PAGES // less):
        counted[key, (day, "page", f"/page/{number}", "")] = 500
        counted[key, (day, "entry", f"/page/{number}", "")] = 200
    with write(engine) as connection:
        decisions.record(connection, rows)
        hits.add(connection, counted, Bounds())
    return rows[0].row.id


def _choice(version: versions.Published, chance: Random) -> Choice:
    action = chance.choice(("accept", "refuse", "choose"))
    purposes = version.site_file.asked_purposes
    granted = {
        each: action == "accept" or (action == "choose" and chance.random() < 0.5)
        for each in purposes
    }
    return Choice(
        id=uuid.uuid4(),
        version=version.number,
        language=chance.choice(version.site_file.site.languages),
        action=action,
        source="banner",
        purposes=granted,
        took=chance.randrange(100),
    )


def _people(session: Session, keys: list[str], now: datetime) -> tuple[str, str]:
    """Members and who is invited. What the links of an invitation and of a new password hold."""
    owner = staff.add(session, OWNER, PASSWORD, keys, now)
    staff.add(session, OTHER_OWNER, PASSWORD, keys[:1], now)
    for number in range(COLLEAGUES):
        colleague = staff.create(session, f"colleague-{number}@example.no", now)
        staff.join(session, colleague, keys[0], "viewer")
    for number in range(COLLEAGUES // 2):
        secret = invitations.invite(session, owner, f"new-{number}@example.no", keys, "editor", now)
    session.commit()
    return secret, tokens.issue_reset((KEY,), owner.id, staff.fingerprint(owner), now)


def _occupy(session: Session, key: str, now: datetime) -> None:
    """What one site has had done to it in a year."""
    for number in range(LOGGED):
        audit.note(session, key, OWNER, "published", now, number=1 + number % VERSIONS)
    for number in range(10):
        api_tokens.issue(session, key, f"Program {number}", now)
    people = [f"subscriber-{number}@example.no" for number in range(SUBSCRIBERS)]
    session.execute(
        insert(Subscriber),
        [
            {"site": key, "id": uuid.uuid4(), "email": each, "language": "nb", "asked_at": now}
            | {"confirmed_at": now}
            for each in people
        ],
    )
    within = now - timedelta(days=retention.DELIVERIES.days)
    recent = [each for each in versions.of_site(session, key) if each.published_at > within]
    session.execute(
        insert(Delivery),
        [
            {"site": key, "version": each.number, "recipient": f"{person:064}", "sent_at": now}
            for each in recent
            for person in range(SUBSCRIBERS)
        ],
    )
    session.commit()
    announcing.ask(session, key, VERSIONS, now)
    drafts.change(
        session,
        key,
        OWNER,
        now,
        lambda source: source.replace(f'"Syse {VERSIONS} AS"', '"Syse ASA"'),
    )
