"""What the server keeps for how long: one list of periods, and the purge that follows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from consent import (
    audit,
    closing,
    consents,
    figures,
    invitations,
    seldom,
    staff_sessions,
    versions,
)
from consent.models import (
    AuditEntry,
    Decision,
    Delivery,
    Invitation,
    Merge,
    Site,
    Subscriber,
    WebhookMessage,
)
from consent.sitefile import SiteFile
from consent.values import Lifetime

# Rows that one transaction deletes, so that nobody waits long for it.
AT_ONCE = 1000
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


@dataclass(frozen=True)
class Task:
    """Rows of one kind: how long a site's are kept, and what erases some of those from before a day."""

    what: str
    kept_for: Callable[[SiteFile], Lifetime]
    # Returns how many it erased; none, when there are no more.
    erase: Callable[[Session, str, date], int]


def _decisions(session: Session, site: str, before: date) -> int:
    old = select(Decision.id).where(Decision.site == site, Decision.day < before).limit(AT_ONCE)
    return _erase(session, delete(Decision).where(Decision.site == site, Decision.id.in_(old)))


def _figures(dimensions: Sequence[str]) -> Callable[[Session, str, date], int]:
    """Erases those of the oldest day."""

    def erase(session: Session, site: str, before: date) -> int:
        return figures.erase_oldest(session.connection(), site, dimensions, before)

    return erase


def _unconfirmed(session: Session, site: str, before: date) -> int:
    return _erase(
        session,
        delete(Subscriber).where(
            Subscriber.site == site,
            Subscriber.confirmed_at.is_(None),
            Subscriber.asked_at < _midnight(before),
        ),
    )


def _deliveries(session: Session, site: str, before: date) -> int:
    old = Delivery.sent_at < _midnight(before)
    return _erase(session, delete(Delivery).where(Delivery.site == site, old))


def _messages(session: Session, site: str, before: date) -> int:
    old = WebhookMessage.queued_at < _midnight(before)
    return _erase(session, delete(WebhookMessage).where(WebhookMessage.site == site, old))


def _merges(session: Session, site: str, before: date) -> int:
    old = Merge.merged_at < _midnight(before)
    return _erase(session, delete(Merge).where(Merge.site == site, old))


def _invitations(session: Session, site: str, before: date) -> int:
    old = Invitation.invited_at < _midnight(before)
    return _erase(session, delete(Invitation).where(Invitation.site == site, old))


def _log(session: Session, site: str, before: date) -> int:
    old = AuditEntry.at < _midnight(before)
    return _erase(session, delete(AuditEntry).where(AuditEntry.site == site, old))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _erase(session: Session, statement: Any) -> int:
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]


def _totals(site_file: SiteFile) -> Lifetime:
    """Totals stay as long after the decisions as counters do."""
    keep = site_file.keep
    return Lifetime(amount=keep.decisions.days + keep.counters.days, unit="day")


TASKS = (
    Task("decisions", lambda site_file: site_file.keep.decisions, _decisions),
    Task("counters", lambda site_file: site_file.keep.counters, _figures(closing.OF_PAGE_VIEWS)),
    Task("totals of decisions", _totals, _figures((*consents.EXACT, *consents.BROKEN_DOWN))),
    Task("unconfirmed subscribers", lambda _: UNCONFIRMED, _unconfirmed),
    Task("deliveries", lambda _: DELIVERIES, _deliveries),
    Task("webhook messages", lambda _: MESSAGES, _messages),
    Task("merges", lambda _: MERGES, _merges),
    Task("invitations", lambda _: INVITATIONS, _invitations),
    Task("log of staff", lambda _: LOG, _log),
)


def purge(session: Session, site: str, now: datetime) -> dict[str, int]:
    """Erases what the site's current version no longer keeps, and commits. How many rows of each kind that was.

    Raises UnknownSite.
    """
    site_file = versions.site_file(versions.current(session, site))
    today = now.astimezone(site_file.zone).date()
    # What is erased is counted first.
    closing.close_due(session.get_bind(), site, site_file, now)  # type: ignore[arg-type]
    erased = {}
    for task in TASKS:
        before = today - timedelta(days=task.kept_for(site_file).days)
        erased[task.what] = 0
        while count := task.erase(session, site, before):
            session.commit()
            erased[task.what] += count
    session.commit()
    return erased


def purge_accounts(session: Session, now: datetime) -> dict[str, int]:
    """Erases what is no longer kept of staff, who belong to no site, and commits."""
    erased = {
        "sessions": staff_sessions.end_old(session, now),
        "log of accounts": _log(session, audit.ACCOUNT, now.date() - timedelta(days=LOG.days)),
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
                seldom.log_error(__name__, f"Site {site} is not purged: {error}")
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
