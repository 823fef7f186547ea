"""What the server keeps for how long: one list of periods, and the purge that follows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, literal, or_, select, update
from sqlalchemy.orm import Session

from consent.core import log_throttle
from consent.core.db import Base
from consent.models import (
    AuditEntry,
    Decision,
    Delivery,
    Figure,
    Invitation,
    Merge,
    OutboxItem,
    Site,
    Subscriber,
)
from consent.models.outbox import LETTER, REPORT, WEBHOOK
from consent.people import audit, invitations, sessions
from consent.site import versions
from consent.site.schema import SiteFile
from consent.site.values import Lifetime
from consent.stats import closing, consents, figures

# Rows that one transaction deletes, so that nobody waits long for it.
AT_ONCE = 1000
# Rows that are counted where somebody only wants to know whether there are any to erase.
MOST_COUNTED = 1000
# How long a process may take from adding hits to the counters to removing their file. It is the next thing it does.
MERGES = Lifetime(amount=7, unit="day")
# Who has not confirmed by then will not.
UNCONFIRMED = Lifetime(amount=7, unit="day")
# Delivered or given up long before.
MESSAGES = Lifetime(amount=30, unit="day")
# For how long an announcement may be begun again without telling anybody twice.
DELIVERIES = Lifetime(amount=60, unit="day")

INVITATIONS = Lifetime(amount=invitations.LIFETIME.days, unit="day")
# What staff did, to a site and to their accounts.
LOG = Lifetime(amount=2, unit="year")


# Which rows of a site are from before a day: conditions on the table that Task names.
Old = Callable[[str, date], list[ColumnElement[bool]]]


@dataclass(frozen=True)
class Task:
    """Rows of one kind: how long a site's are kept, and what erases some of those from before a day."""

    what: str
    kept_for: Callable[[SiteFile], Lifetime]
    table: type[Base]
    old: Old
    # Returns how many it erased; none, when there are no more.
    erase: Callable[[Session, str, date], int]


def _rows(what: str, kept_for: Callable[[SiteFile], Lifetime], table: type[Base], old: Old) -> Task:
    """Rows that nothing else depends on, and that are few enough to go at once."""

    def erase(session: Session, site: str, before: date) -> int:
        return _erase(session, delete(table).where(*old(site, before)))

    return Task(what, kept_for, table, old, erase)


def _figures(
    what: str, kept_for: Callable[[SiteFile], Lifetime], dimensions: Sequence[str]
) -> Task:
    def old(site: str, before: date) -> list[ColumnElement[bool]]:
        return figures.of_days_before(site, dimensions, before)

    def erase(session: Session, site: str, before: date) -> int:
        """Erases those of the oldest day."""
        return figures.erase_oldest(session.connection(), site, dimensions, before)

    return Task(what, kept_for, Figure, old, erase)


def _old_decisions(site: str, before: date) -> list[ColumnElement[bool]]:
    return [Decision.site == site, Decision.day < before]


def _erase_decisions(session: Session, site: str, before: date) -> int:
    some = select(Decision.id).where(*_old_decisions(site, before)).limit(AT_ONCE)
    return _erase(session, delete(Decision).where(Decision.site == site, Decision.id.in_(some)))


def _old_unconfirmed(site: str, before: date) -> list[ColumnElement[bool]]:
    return [
        Subscriber.site == site,
        Subscriber.confirmed_at.is_(None),
        Subscriber.asked_at < _midnight(before),
    ]


def _old_deliveries(site: str, before: date) -> list[ColumnElement[bool]]:
    return [Delivery.site == site, Delivery.sent_at < _midnight(before)]


def _old_messages(site: str, before: date) -> list[ColumnElement[bool]]:
    # An announcement's goes with its version.
    kinds = (WEBHOOK, REPORT, LETTER)
    return [
        OutboxItem.site == site,
        OutboxItem.kind.in_(kinds),
        OutboxItem.queued_at < _midnight(before),
    ]


def _old_merges(site: str, before: date) -> list[ColumnElement[bool]]:
    return [Merge.site == site, Merge.merged_at < _midnight(before)]


def _old_invitations(site: str, before: date) -> list[ColumnElement[bool]]:
    return [Invitation.site == site, Invitation.invited_at < _midnight(before)]


def _old_log(site: str, before: date) -> list[ColumnElement[bool]]:
    return [AuditEntry.site == site, AuditEntry.at < _midnight(before)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _erase(session: Session, statement: Any) -> int:
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]


def _counters(site_file: SiteFile) -> Lifetime:
    return site_file.keep.counters


def _totals(site_file: SiteFile) -> Lifetime:
    """Totals stay as long after the decisions as counters do."""
    keep = site_file.keep
    return Lifetime(amount=keep.decisions.days + keep.counters.days, unit="day")


TASKS = (
    Task(
        "decisions",
        lambda site_file: site_file.keep.decisions,
        Decision,
        _old_decisions,
        _erase_decisions,
    ),
    _figures("counters", _counters, closing.OF_PAGE_VIEWS),
    _figures("totals of decisions", _totals, (*consents.EXACT, *consents.BROKEN_DOWN)),
    _rows("unconfirmed subscribers", lambda _: UNCONFIRMED, Subscriber, _old_unconfirmed),
    _rows("deliveries", lambda _: DELIVERIES, Delivery, _old_deliveries),
    _rows("messages", lambda _: MESSAGES, OutboxItem, _old_messages),
    _rows("merges", lambda _: MERGES, Merge, _old_merges),
    _rows("invitations", lambda _: INVITATIONS, Invitation, _old_invitations),
    _rows("log of staff", lambda _: LOG, AuditEntry, _old_log),
)


@dataclass(frozen=True)
class Due:
    """What a task erases of a site, today."""

    what: str
    kept_for: Lifetime
    # Rows from before this day (site's time zone) go.
    before: date
    # How many there are still, at most MOST_COUNTED.
    count: int


def due(session: Session, site: str, site_file: SiteFile, now: datetime) -> list[Due]:
    """For each task, what the next purge would erase."""
    found = []
    for task in TASKS:
        kept_for = task.kept_for(site_file)
        before = _before(task, site_file, now)
        some = select(literal(1)).select_from(task.table).where(*task.old(site, before))
        count = select(func.count()).select_from(some.limit(MOST_COUNTED).subquery())
        found.append(Due(task.what, kept_for, before, session.scalar(count) or 0))
    return found


def _before(task: Task, site_file: SiteFile, now: datetime) -> date:
    today = now.astimezone(site_file.zone).date()
    return today - timedelta(days=task.kept_for(site_file).days)


def purge(session: Session, site: str, now: datetime) -> dict[str, int]:
    """Erases what the site's current version no longer keeps, and commits. How many rows of each kind that was.

    Raises UnknownSite.
    """
    site_file = versions.site_file(versions.current(session, site))
    # What is erased is counted first.
    closing.close_due(session.get_bind(), site, site_file, now)  # type: ignore[arg-type]
    erased = {}
    for task in TASKS:
        before = _before(task, site_file, now)
        erased[task.what] = 0
        while count := task.erase(session, site, before):
            session.commit()
            erased[task.what] += count
    session.commit()
    return erased


def purge_accounts(session: Session, now: datetime) -> dict[str, int]:
    """Erases what is no longer kept of staff, who belong to no site, and commits."""
    old = _old_log(audit.ACCOUNT, now.date() - timedelta(days=LOG.days))
    letters = _old_messages(audit.ACCOUNT, now.date() - timedelta(days=MESSAGES.days))
    erased = {
        "sessions": sessions.end_old(session, now),
        "letters": _erase(session, delete(OutboxItem).where(*letters)),
        "log of accounts": _erase(session, delete(AuditEntry).where(*old)),
    }
    session.commit()
    return erased


def purge_due(session: Session, now: datetime) -> dict[str, dict[str, int]]:
    """Purges each site that was not purged today, by whichever process, and commits."""
    found = {}
    for site in sites(session):
        if _claim(session, site, now):
            try:
                found[site] = purge(session, site, now)
            except Exception as error:
                session.rollback()
                session.execute(update(Site).where(Site.site == site).values(purged_on=None))
                session.commit()
                log_throttle.log_error(__name__, f"Site {site} is not purged: {error}")
    return found


def sites(session: Session) -> list[str]:
    return list(session.scalars(select(Site.site).order_by(Site.site)))


def _claim(session: Session, site: str, now: datetime) -> bool:
    """Whether this process is the first that wants to purge the site today (UTC)."""
    today = now.astimezone(UTC).date()
    due = or_(Site.purged_on.is_(None), Site.purged_on < today)
    claimed = session.execute(update(Site).where(Site.site == site, due).values(purged_on=today))
    session.commit()
    return bool(claimed.rowcount)  # type: ignore[attr-defined]
