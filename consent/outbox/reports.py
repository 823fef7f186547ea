"""What a site's report of a month says, and who is sent it: members of the site who asked for it, once a month.

A month is reported when all its days are closed (closing.py), in figures that may be shown. The words are the staff
pages' (dashboard/report_letter.py).
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from consent.core import log_throttle, mail, periods
from consent.core.db import upsert
from consent.core.errors import Contradiction, Invalid
from consent.core.mail import Mailer, Refused
from consent.core.periods import Period
from consent.models import Figure, Membership, ReportSubscription, Site, Staff
from consent.site import versions
from consent.site.schema import SiteFile
from consent.stats import closing, comparison, consents, figures, visits
from consent.stats.comparison import Number

# The tables of visits, and how many rows each has.
TOPS: tuple[visits.By, ...] = ("page", "entry", "referrer")
MOST_ROWS = 10
# What a process that sends a report has it to itself for; then another may try.
CLAIM = timedelta(minutes=10)
# Before a report that the mail server did not take is tried again.
PAUSE = timedelta(hours=6)


class Publication(NamedTuple):
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
    decided: consents.Answer
    # Both have a step for each day.
    decisions: list[consents.Step]
    views: list[visits.Step]
    published: list[Publication]
    # Of each dimension the largest rows, and what is in none of them.
    tops: dict[visits.By, tuple[list[visits.Row], int]]
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
            Publication(version.number, day, version.is_material)
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


def send(
    session: Session, site: str, smtp_url: str, write: Write, clock: Callable[[], datetime]
) -> Iterator[Sent]:
    """Sends the last month's report to each member who asked for it and has not had it.

    May be stopped, and begun again, at any point and by several processes at once. Raises UnknownSite, and NoMail if
    there is no connection, or it is lost.
    """
    month = last_month(session, site, clock())
    due = session.execute(
        select(ReportSubscription.staff, ReportSubscription.language, Staff.email)
        .join(Staff, Staff.id == ReportSubscription.staff)
        .where(ReportSubscription.site == site, *_is_due(month, clock()))
        .order_by(ReportSubscription.staff)
    ).all()
    if not due:
        return
    report = of_month(session, site, month, clock())

    @cache
    def letter(language: str) -> EmailMessage:
        return write(report, language)

    with Mailer(smtp_url) as mailer:
        for member, language, email in due:
            if not _claim(session, site, member, month, clock()):
                continue

            def note(member: uuid.UUID = member) -> None:
                _set(session, site, member, sent_through=month.first, next_attempt_at=None)

            try:
                mailer.send(mail.addressed(letter(language), email), before_the_end=note)
            except (Refused, Invalid) as error:
                if isinstance(error, Refused) and error.is_for_good:
                    note()
                else:
                    later = clock() + PAUSE
                    before = report.before.first
                    _set(session, site, member, sent_through=before, next_attempt_at=later)
                yield Sent(email, error.detail)
            else:
                yield Sent(email)


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


def _is_due(month: Period, now: datetime) -> list[ColumnElement[bool]]:
    """For members that may still see the site, and that no process is writing to."""
    return [
        ReportSubscription.sent_through < month.first,
        or_(
            ReportSubscription.next_attempt_at.is_(None), ReportSubscription.next_attempt_at <= now
        ),
        exists().where(
            Membership.site == ReportSubscription.site,
            Membership.staff == ReportSubscription.staff,
        ),
    ]


def _claim(session: Session, site: str, member: uuid.UUID, month: Period, now: datetime) -> bool:
    """Whether this process is the one that sends it now. Once another has it, it is not due."""
    claimed = session.execute(
        update(ReportSubscription)
        .where(*_of(site, member), *_is_due(month, now))
        .values(next_attempt_at=now + CLAIM)
        .execution_options(synchronize_session=False)
    )
    session.commit()
    return bool(claimed.rowcount)  # type: ignore[attr-defined]


def _set(session: Session, site: str, member: uuid.UUID, **values: Any) -> None:
    session.execute(
        update(ReportSubscription)
        .where(*_of(site, member))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.commit()
