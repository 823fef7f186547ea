"""Announces versions that staff ask for in the dashboard: queued in the database, and sent by the server itself.

Thousands of e-mails take longer than a request may. Whichever process comes first goes on with an announcement for a
turn, so that its other work waits no longer; it claims the turn in the database, and one that is killed leaves the rest
to the next. Nobody is told twice: `announcements.announce` notes each address before the mail server has the message.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from consent.core import mail
from consent.core.errors import Conflict, ConsentError, Invalid, NotFound
from consent.core.mail import Mailer
from consent.models import Announcement, Delivery, Subscriber, Version
from consent.outbox import announcements
from consent.outbox.announcements import Recipient, Sender, Told
from consent.site import versions

# A version is announced so soon after its publication, or by `consent announce`. Who was told is remembered twice as
# long (retention.DELIVERIES), so that nobody is told again.
WITHIN = timedelta(days=30)
# For how long a process sends before it looks after something else.
TURN = timedelta(seconds=10)
# What a process has an announcement to itself for; then another may go on with it. To be let in, and for the last
# message, the mail server has as long as it may.
CLAIM = TURN + timedelta(seconds=2 * mail.PATIENCE)
# Before each further try while the mail server takes nothing, or not all; after the last it is given up.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 1440))
AT_ONCE = 100


@dataclass(frozen=True)
class Subscribers:
    confirmed: int
    # They have not opened the link in their first e-mail.
    waiting: int


def subscribers(session: Session, site: str) -> Subscribers:
    found = select(func.count(), func.count(Subscriber.confirmed_at)).where(Subscriber.site == site)
    everybody, confirmed = session.execute(found).one()
    return Subscribers(confirmed, everybody - confirmed)


@dataclass(frozen=True)
class Announced:
    """What is known of the announcement of a version, by the server or by `consent announce`."""

    # None: nobody asked the server for it.
    asked: Announcement | None
    told: int
    # When the last of them was told; None where nobody was, or it is no longer known.
    last: datetime | None


def of_site(session: Session, site: str) -> dict[int, Announced]:
    """By the number of the version; only those of which something is known."""
    asked = {
        each.version: each
        for each in session.scalars(select(Announcement).where(Announcement.site == site))
    }
    told = {
        number: (count, last)
        for number, count, last in session.execute(
            select(Delivery.version, func.count(), func.max(Delivery.sent_at))
            .where(Delivery.site == site)
            .group_by(Delivery.version)
        )
    }
    return {
        number: _announced(asked.get(number), *told.get(number, (0, None)))
        for number in asked.keys() | told.keys()
    }


def _announced(asked: Announcement | None, told: int, last: datetime | None) -> Announced:
    # Deliveries are forgotten sooner than announcements.
    if asked is not None:
        return Announced(asked, max(told, asked.told), last or asked.finished_at)
    return Announced(asked, told, last)


def is_in_time(version: Version, now: datetime) -> bool:
    """Whether it may be announced. The first has changed nothing."""
    return version.number > 1 and now - version.published_at < WITHIN


def ask(session: Session, site: str, number: int, now: datetime, *, minor: bool = False) -> None:
    """Has the server announce the version, and commits. Once more: those who were not told are.

    Raises NotFound, Invalid for one that is not material unless `minor`, Conflict where it is too late.
    """
    version = versions.get(session, site, number)
    if not (version.is_material or minor):
        raise Invalid(f"Version {number} is no material change.")
    if not is_in_time(version, now):
        raise Conflict(f"Version {number} is announced within {WITHIN.days} days or not at all.")
    begun = {
        "asked_at": now,
        "next_turn_at": now,
        "through": None,
        "refused": 0,
        "put_off": 0,
        "failures": 0,
        "finished_at": None,
        "error": None,
    }
    again = update(Announcement).where(*_key(site, number), Announcement.next_turn_at.is_(None))
    # Where it is under way nothing has to be done: a button may be pressed twice.
    if not _changes_one(session, again.values(**begun)) and not session.get(
        Announcement, (site, number)
    ):
        session.add(Announcement(site=site, version=number, told=0, **begun))
    try:
        session.commit()
    except IntegrityError:  # at the same moment, in another tab
        session.rollback()


def stop(session: Session, site: str, number: int) -> None:
    """Tells nobody more, after the one who is being told. Commits. Raises NotFound."""
    versions.get(session, site, number)
    under_way = update(Announcement).where(
        *_key(site, number), Announcement.next_turn_at.is_not(None)
    )
    if not _changes_one(session, under_way.values(next_turn_at=None, error=None, failures=0)):
        raise NotFound(f"Version {number} of site {site!r} is not being announced.")
    session.commit()


def send_due(
    session: Session,
    clock: Callable[[], datetime],
    sender: Sender,
    open_mailer: Callable[[], Mailer],
) -> None:
    """Goes on for a turn with each announcement that no other process is at, and commits."""
    due = (
        select(Announcement.site, Announcement.version)
        .where(Announcement.next_turn_at <= clock())
        .order_by(Announcement.next_turn_at)
    )
    for site, number in session.execute(due).all():
        claim = clock() + CLAIM
        if _claim(session, site, number, clock(), claim):
            after = _take_turn(session, clock, sender, open_mailer, (site, number), claim)
            told = select(func.count()).where(Delivery.site == site, Delivery.version == number)
            this = update(Announcement).where(*_key(site, number))
            session.execute(this.values(told=session.scalar(told)))
            # Unless it was stopped meanwhile, or this process took so long that another has it.
            session.execute(this.where(Announcement.next_turn_at == claim).values(**after))
            session.commit()


def _claim(session: Session, site: str, number: int, now: datetime, until: datetime) -> bool:
    """Whether this process is the one that goes on with it now."""
    due = update(Announcement).where(*_key(site, number), Announcement.next_turn_at <= now)
    claimed = _changes_one(session, due.values(next_turn_at=until))
    session.commit()
    return claimed


def _take_turn(
    session: Session,
    clock: Callable[[], datetime],
    sender: Sender,
    open_mailer: Callable[[], Mailer],
    key: tuple[str, int],
    claim: datetime,
) -> dict[str, Any]:
    """Tells some subscribers. What the announcement is afterwards."""
    until = clock() + TURN
    progress = Progress.of(session.get_one(Announcement, key))
    version = versions.get(session, *key)
    to = _untold(session, key[0], progress)
    try:
        with open_mailer() as mailer:
            for told in announcements.announce(session, mailer, sender, version, to, clock()):
                progress.add(told)
                if clock() >= until or not _is_claimed(session, key, claim):
                    break
            else:
                progress.is_whole = True
    except ConsentError as problem:
        progress.has_failed, progress.error = True, problem.detail[:300]
    return progress.after(clock())


@dataclass
class Progress:
    """How far a round through all subscribers has come."""

    asked_at: datetime
    through: uuid.UUID | None
    refused: int
    put_off: int
    failures: int
    error: str | None = None
    # Whether it came to the end, or was broken off by something that went wrong.
    is_whole: bool = False
    has_failed: bool = False
    has_told: bool = False

    @classmethod
    def of(cls, stored: Announcement) -> "Progress":
        return cls(stored.asked_at, stored.through, stored.refused, stored.put_off, stored.failures)

    def add(self, told: Told) -> None:
        self.through = told.recipient.subscriber
        self.refused += bool(told.refused) and told.is_for_good
        self.put_off += bool(told.refused) and not told.is_for_good
        self.has_told |= told.is_new and not told.refused

    def after(self, now: datetime) -> dict[str, Any]:
        """Columns of the announcement at the end of a turn."""
        kept = {
            "through": self.through,
            "refused": self.refused,
            "put_off": self.put_off,
            "error": self.error,
            "failures": 0 if self.has_told else self.failures,
        }
        if self.is_whole and not self.put_off:
            return {**kept, "next_turn_at": None, "finished_at": now}
        if not (self.is_whole or self.has_failed):
            return {**kept, "next_turn_at": now}
        failures = 1 if self.has_told else self.failures + 1
        if failures > len(PAUSES):
            return {**kept, "next_turn_at": None, "failures": failures}
        later = {**kept, "next_turn_at": now + PAUSES[failures - 1], "failures": failures}
        # Those who were put off may stand anywhere, so the next round begins with the first of all.
        return later | ({"through": None, "refused": 0, "put_off": 0} if self.is_whole else {})


def _untold(session: Session, site: str, progress: Progress) -> Iterator[Recipient]:
    """Those who wanted to be told when it was asked for, from where the round has come to."""
    after = progress.through
    while True:
        query = (
            select(Subscriber.email, Subscriber.language, Subscriber.id)
            .where(Subscriber.site == site, Subscriber.confirmed_at <= progress.asked_at)
            .order_by(Subscriber.id)
            .limit(AT_ONCE)
        )
        some = session.execute(query.where(Subscriber.id > after) if after else query).all()
        for email, language, identity in some:
            yield Recipient(email, language, identity)
        if len(some) < AT_ONCE:
            return
        after = some[-1].id


def _is_claimed(session: Session, key: tuple[str, int], claim: datetime) -> bool:
    found = session.scalar(select(Announcement.next_turn_at).where(*_key(*key)))
    return found == claim


def _key(site: str, number: int) -> list[ColumnElement[bool]]:
    return [Announcement.site == site, Announcement.version == number]


def _changes_one(session: Session, statement: Any) -> bool:
    return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]
