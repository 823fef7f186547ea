"""Announces versions that staff ask for in the dashboard: queued in the database, and sent by the server itself.

Thousands of e-mails take longer than a request may. Whichever process comes first goes on with an announcement for a
turn, so that its other work waits no longer. Nobody is told twice: `announcements.announce` notes each address before
the mail server has the message.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from consent.core import mail
from consent.core.errors import Conflict, ConsentError, Invalid, NotFound
from consent.core.mail import Mailer
from consent.models import Announcement, Delivery, OutboxItem, Subscriber, Version
from consent.models.outbox import ANNOUNCEMENT, queued
from consent.outbox import announcements, queue
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
class Asked:
    """An announcement that the server was asked for, and how far it is."""

    asked_at: datetime
    # None: it is finished, stopped or given up.
    next_turn_at: datetime | None
    finished_at: datetime | None
    # How many the mail server refused in this round: for good, and for now.
    refused: int
    put_off: int
    # Turns and rounds in a row that failed and told nobody.
    failures: int
    told: int
    error: str | None


@dataclass(frozen=True)
class Announced:
    """What is known of the announcement of a version, by the server or by `consent announce`."""

    # None: nobody asked the server for it.
    asked: Asked | None
    told: int
    # When the last of them was told; None where nobody was, or it is no longer known.
    last: datetime | None


def of_site(session: Session, site: str) -> dict[int, Announced]:
    """By the number of the version; only those of which something is known."""
    query = select(Announcement, OutboxItem).join(OutboxItem, _is_its_item())
    asked = {
        each.version: _asked(each, item)
        for each, item in session.execute(query.where(Announcement.site == site))
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


def _asked(announcement: Announcement, item: OutboxItem) -> Asked:
    return Asked(
        announcement.asked_at,
        item.next_attempt_at,
        item.sent_at,
        announcement.refused,
        announcement.put_off,
        item.attempts,
        announcement.told,
        item.error,
    )


def _announced(asked: Asked | None, told: int, last: datetime | None) -> Announced:
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
    announcement = session.get(Announcement, (site, number), with_for_update=True)
    if announcement is None:
        item = queued(ANNOUNCEMENT, site, str(number), "{}", now)
        announcement = Announcement(site=site, version=number, item=item.id, told=0)
        session.add_all((item, announcement))
    else:
        item = session.get_one(OutboxItem, (site, announcement.item))
        # Where it is under way nothing has to be done: a button may be pressed twice.
        if item.next_attempt_at is not None:
            return
        item.next_attempt_at, item.sent_at, item.error, item.attempts = now, None, None, 0
    announcement.asked_at, announcement.through = now, None
    announcement.refused = announcement.put_off = 0
    try:
        session.commit()
    except IntegrityError:  # at the same moment, in another tab
        session.rollback()


def stop(session: Session, site: str, number: int) -> None:
    """Tells nobody more, after the one who is being told. Commits. Raises NotFound."""
    versions.get(session, site, number)
    under_way = update(OutboxItem).where(
        OutboxItem.site == site,
        OutboxItem.kind == ANNOUNCEMENT,
        OutboxItem.about == str(number),
        OutboxItem.next_attempt_at.is_not(None),
    )
    stopped = session.execute(under_way.values(next_attempt_at=None, error=None, attempts=0))
    if not stopped.rowcount:  # type: ignore[attr-defined]
        raise NotFound(f"Version {number} of site {site!r} is not being announced.")
    session.commit()


def send_due(
    session: Session,
    clock: Callable[[], datetime],
    sender: Sender,
    open_mailer: Callable[[], Mailer],
) -> None:
    """Goes on for a turn with each announcement that no other process is at, and commits."""
    for item in queue.due(session, ANNOUNCEMENT, clock()):
        now = clock()
        if queue.claim(session, item, now, now + CLAIM):
            _take_turn(session, clock, sender, open_mailer, item, now + CLAIM)


def _take_turn(
    session: Session,
    clock: Callable[[], datetime],
    sender: Sender,
    open_mailer: Callable[[], Mailer],
    item: queue.Key,
    claim: datetime,
) -> None:
    """Tells some subscribers, and notes what the announcement is afterwards. Commits."""
    until = clock() + TURN
    found = select(Announcement, OutboxItem).join(OutboxItem, _is_its_item())
    announcement, stored = session.execute(
        found.where(Announcement.site == item[0], Announcement.item == item[1])
    ).one()
    key = (announcement.site, announcement.version)
    progress = Progress.of(announcement, stored)
    version = versions.get(session, *key)
    to = _untold(session, key[0], progress)
    try:
        with open_mailer() as mailer:
            for told in announcements.announce(session, mailer, sender, version, to, clock()):
                progress.add(told)
                if clock() >= until or not queue.is_claimed(session, item, claim):
                    break
            else:
                progress.is_whole = True
    except ConsentError as problem:
        progress.has_failed, progress.error = True, problem.detail[: queue.LONGEST_ERROR]
    state = progress.after(clock())
    told_so_far = select(func.count()).where(Delivery.site == key[0], Delivery.version == key[1])
    this = update(Announcement).where(Announcement.site == key[0], Announcement.version == key[1])
    session.execute(this.values(told=session.scalar(told_so_far)))
    # Unless it was stopped meanwhile, or this process took so long that another has it.
    if queue.change(session, item, claim, **state):
        session.execute(this.values(progress.round(state["next_attempt_at"] is None)))
    session.commit()


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
    def of(cls, announcement: Announcement, item: OutboxItem) -> "Progress":
        return cls(
            announcement.asked_at,
            announcement.through,
            announcement.refused,
            announcement.put_off,
            item.attempts,
        )

    def add(self, told: Told) -> None:
        self.through = told.recipient.subscriber
        self.refused += bool(told.refused) and told.is_for_good
        self.put_off += bool(told.refused) and not told.is_for_good
        self.has_told |= told.is_new and not told.refused

    def after(self, now: datetime) -> dict[str, Any]:
        """What the item of the announcement is at the end of a turn."""
        kept = {"error": self.error, "attempts": 0 if self.has_told else self.failures}
        if self.is_whole and not self.put_off:
            return {**kept, "next_attempt_at": None, "sent_at": now}
        if not (self.is_whole or self.has_failed):
            return {**kept, "next_attempt_at": now}
        failures = 1 if self.has_told else self.failures + 1
        pause = queue.pause(PAUSES, failures)
        return {**kept, "next_attempt_at": pause and now + pause, "attempts": failures}

    def round(self, is_over: bool) -> dict[str, Any]:
        """Where the round has come to at the end of a turn."""
        if self.is_whole and not is_over:
            # Those who were put off may be anywhere, so the next round begins with the first of all.
            return {"through": None, "refused": 0, "put_off": 0}
        return {"through": self.through, "refused": self.refused, "put_off": self.put_off}


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


def _is_its_item() -> ColumnElement[bool]:
    return and_(OutboxItem.site == Announcement.site, OutboxItem.id == Announcement.item)
