"""What a site's report of a month says, and who is sent it: members of the site who asked for it, once a month.

A month is reported when all its days are closed (closing.py), in figures that may be shown. The words are the staff
pages' (dashboard/report_letter.py).
"""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from functools import cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from consent.core import log_throttle, mail, periods
from consent.core.db import upsert
from consent.core.errors import Contradiction, Invalid
from consent.core.mail import Mailer, Refused
from consent.core.periods import Period
from consent.models import Figure, Membership, OutboxItem, ReportSubscription, Site, Staff
from consent.models.outbox import REPORT, queued
from consent.outbox import queue
from consent.site import versions
from consent.site.schema import SiteFile
from consent.stats import closing, comparison, consents, figures, visits
from consent.stats.comparison import Number

# The tables of visits, and how many rows each has.
TOPS: tuple[visits.By, ...] = ("page", "entry", "referrer")
MOST_ROWS = 10
# What a process that sends a report has it to itself for; then another may try.
CLAIM = timedelta(minutes=10)
# Before each further try of a report that the mail server did not take; after the last it is given up.
PAUSES = tuple(timedelta(hours=hours) for hours in (6, 6, 12, 24, 24, 24, 24))


class PublishedVersion(NamedTuple):
    number: int
    day: date
    is_material: bool


@dataclass(frozen=True)
class Report:
    site: str
    site_file: SiteFile
    month: Period
    # The month before, beside which the numbers stand.
    before: Period
    numbers: list[Number]
    # By purpose.
    decided: consents.ConsentResult
    # Both have a step for each day.
    decisions: list[consents.Step]
    views: list[visits.Step]
    published: list[PublishedVersion]
    # Of each dimension the largest rows, and what is in none of them.
    tops: dict[visits.By, tuple[list[visits.VisitRow], int]]
    # The days whose figures are invented, if there are some.
    samples: Period | None
    has_noise: bool


def last_month(session: Session, site: str, now: datetime) -> Period:
    """The last month that is over and closed. Closes the days that are due. Raises UnknownSite."""
    site_file = versions.site_file(versions.current(session, site))
    closing.close_due(session.get_bind(), site, site_file, now)  # type: ignore[arg-type]
    through = figures.closed_through(session, site)
    assert through is not None  # it was closed just now
    return periods.month_before(periods.month_of(through + timedelta(days=1)))


def months(session: Session, site: str, last: Period) -> list[Period]:
    """`last`, and the months before it of which there are figures; the newest first."""
    query = (
        select(Figure.day)
        .where(
            Figure.site == site,
            Figure.dimension.in_(("total", "consents.action")),
            Figure.span == "month",
            Figure.day < last.first,
        )
        .distinct()
    )
    return [
        last,
        *(periods.month_of(each) for each in sorted(session.scalars(query), reverse=True)),
    ]


def of_month(session: Session, site: str, month: Period | None, now: datetime) -> Report:
    """The report of a month; of the last one that is over, where none is named.

    Raises UnknownSite, and Contradiction for a month that is not over.
    """
    last = last_month(session, site, now)
    month = month or last
    if month.first > last.first:
        raise Contradiction(
            f"{month.first:%Y-%m} is not over and counted; the last month that is, is {last.first:%Y-%m}."
        )
    site_file = versions.site_file(versions.current(session, site))
    row = session.get_one(Site, site)
    before = periods.month_before(month)
    decided = consents.answer(session, site, month, "purpose", now)
    seen = visits.answer(session, site, month, "day", now)
    return Report(
        site,
        site_file,
        month,
        before,
        comparison.numbers(session, site, decided, seen, before),
        decided,
        consents.timeline(session, site, month),
        visits.timeline(seen.days, month),
        [
            PublishedVersion(version.number, day, version.is_material)
            for version, day in reversed(versions.published_in(session, site, month))
        ],
        {by: visits.largest(session, site, month, by, MOST_ROWS) for by in TOPS},
        periods.samples(row.samples_from, row.samples_to, month),
        bool(seen.noise),
    )


def subscription(session: Session, site: str, member: Staff) -> ReportSubscription | None:
    return session.get(ReportSubscription, (site, member.id))


def subscribe(session: Session, site: str, member: Staff, language: str, now: datetime) -> None:
    """From the month that is running on, the member is sent the site's reports. Commits. Raises UnknownSite."""
    values = {"language": language, "sent_through": last_month(session, site, now).first}
    session.execute(
        upsert(session, ReportSubscription)
        .values(site=site, staff=member.id, **values)
        .on_conflict_do_update(index_elements=["site", "staff"], set_={"language": language})
    )
    session.commit()


def stop(session: Session, site: str, member: Staff) -> None:
    """Commits."""
    session.execute(delete(ReportSubscription).where(*_of(site, member.id)))
    session.commit()


class Sent(NamedTuple):
    """What became of one member's report."""

    email: str
    # Empty: the mail server took it.
    refused: str = ""


# Writes a report in a language, to nobody yet.
Write = Callable[[Report, str], EmailMessage]


def queue_due(session: Session, site: str, now: datetime) -> Period:
    """Queues the last month's report for each member who asked for it and has not had it, and commits. That month.

    Raises UnknownSite.
    """
    month = last_month(session, site, now)
    query = select(ReportSubscription.staff).where(ReportSubscription.site == site, *_is_due(month))
    for member in session.scalars(query.order_by(ReportSubscription.staff)).all():
        # Of several processes that come at once, one finds it due.
        found = session.execute(
            update(ReportSubscription)
            .where(*_of(site, member), *_is_due(month))
            .values(sent_through=month.first)
            .execution_options(synchronize_session=False)
        )
        if found.rowcount:  # type: ignore[attr-defined]
            content = json.dumps({"month": f"{month.first:%Y-%m}"})
            session.add(queued(REPORT, site, str(member), content, now))
        session.commit()
    return month


def send(
    session: Session, site: str, smtp_url: str, write: Write, clock: Callable[[], datetime]
) -> Iterator[Sent]:
    """Sends the last month's report to each member who asked for it and has not had it.

    May be stopped, and begun again, at any point and by several processes at once. Raises UnknownSite, and NoMail if
    there is no connection, or it is lost.
    """
    queue_due(session, site, clock())
    if not queue.due(session, REPORT, clock(), OutboxItem.site == site):
        return

    @cache
    def letter(month: str, language: str) -> EmailMessage:
        return write(of_month(session, site, periods.parse_month(month), clock()), language)

    with Mailer(smtp_url) as mailer:
        for key in queue.claimed(session, REPORT, clock, CLAIM, OutboxItem.site == site):
            item = session.get_one(OutboxItem, key)
            to = _recipient(session, item)
            if to is None:
                queue.failed(session, key, "Nobody wants it any more.", clock(), (), for_good=True)
                continue
            email, language = to
            month = json.loads(item.content)["month"]
            refused = _deliver(session, mailer, letter(month, language), email, key, clock)
            yield Sent(email, refused)


def _recipient(session: Session, item: OutboxItem) -> tuple[str, str] | None:
    """Their address and language, if they still want it and may still see the site."""
    member = uuid.UUID(item.about)
    found = session.execute(
        select(Staff.email, ReportSubscription.language)
        .join(Staff, Staff.id == ReportSubscription.staff)
        .where(*_of(item.site, member), _may_see())
    ).one_or_none()
    return found and (found.email, found.language)


def _deliver(
    session: Session,
    mailer: Mailer,
    letter: EmailMessage,
    email: str,
    key: queue.Key,
    clock: Callable[[], datetime],
) -> str:
    """What is wrong, or nothing. Raises NoMail."""
    try:
        mailer.send(
            mail.addressed(letter, email), before_the_end=lambda: queue.sent(session, key, clock())
        )
    except (Refused, Invalid) as error:
        is_for_good = isinstance(error, Refused) and error.is_for_good
        queue.failed(session, key, error.detail, clock(), PAUSES, for_good=is_for_good)
        return error.detail
    return ""


def send_due(
    session: Session, smtp_url: str, write: Write, clock: Callable[[], datetime]
) -> list[Sent]:
    """Sends what is due of every site. One that fails keeps no other from it."""
    found: list[Sent] = []
    sites = select(ReportSubscription.site).distinct().order_by(ReportSubscription.site)
    for site in session.scalars(sites).all():
        try:
            found += send(session, site, smtp_url, write, clock)
        except Exception as error:
            session.rollback()
            detail = getattr(error, "detail", error)
            log_throttle.log_error(__name__, f"Site {site}: reports are not sent: {detail}")
    for refused in {each.refused for each in found if each.refused}:
        log_throttle.log_error(__name__, f"A report was not taken: {refused}")
    return found


def _of(site: str, member: uuid.UUID) -> list[ColumnElement[bool]]:
    return [ReportSubscription.site == site, ReportSubscription.staff == member]


def _is_due(month: Period) -> list[ColumnElement[bool]]:
    return [ReportSubscription.sent_through < month.first, _may_see()]


def _may_see() -> ColumnElement[bool]:
    return exists().where(
        Membership.site == ReportSubscription.site,
        Membership.staff == ReportSubscription.staff,
    )
