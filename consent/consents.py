"""Counts decisions. The counts themselves are exact and at once, since staff may read the ledger; what
breaks them down by day, language or device follows the rule of visits (suppression.py). Whoever asks for one day
alone gets that day's count, as the ledger would tell them."""

from collections import Counter as Tally
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from consent import versions
from consent.days import Period
from consent.models import Decision
from consent.suppression import release, step

By = Literal["action", "purpose", "day", "language", "device"]
DIMENSIONS: tuple[By, ...] = By.__args__  # type: ignore[attr-defined]
ACTIONS = ("accept", "refuse", "choose", "withdraw")


@dataclass(frozen=True)
class Row:
    value: str
    # None: withheld or nothing, which look alike.
    decisions: int | None
    # Of the decisions, those that granted; only by purpose.
    granted: int | None = None
    running: bool = False


@dataclass(frozen=True)
class Answer:
    period: Period
    by: By
    decisions: int
    actions: dict[str, int]
    # Purpose to the number of decisions that granted it.
    granted: dict[str, int]
    rows: list[Row]
    # In the period but in no row; None where the rows are complete counts.
    other: int | None


def answer(session: Session, site: str, period: Period, by: By, now: datetime) -> Answer:
    """What may be shown of the site's decisions. Raises UnknownSite."""
    site_file = versions.site_file(versions.current(session, site))
    within = (Decision.site == site, Decision.day.between(period.first, period.last))
    found = session.execute(
        select(Decision.action, Decision.purposes, func.count())
        .where(*within)
        .group_by(Decision.action, Decision.purposes)
    )
    actions = Tally(dict.fromkeys(ACTIONS, 0))
    asked: Tally[str] = Tally()
    granted: Tally[str] = Tally(dict.fromkeys(site_file.asked_purposes, 0))
    for action, purposes, count in found:
        actions[action] += count
        asked.update(dict.fromkeys(purposes, count))
        granted.update({purpose: count for purpose, value in purposes.items() if value})
    rows, other = [], None
    if by == "action":
        rows = [Row(action, actions[action]) for action in ACTIONS]
    elif by == "purpose":
        rows = [Row(purpose, asked[purpose], granted[purpose]) for purpose in granted]
    else:
        rows, other = _broken_down(
            session, within, period, by, now.astimezone(site_file.zone).date()
        )
    return Answer(period, by, actions.total(), dict(actions), dict(granted), rows, other)


def _broken_down(
    session: Session, within: tuple[Any, ...], period: Period, by: By, today: date
) -> tuple[list[Row], int | None]:
    value = {"day": literal(""), "language": Decision.language, "device": Decision.device}[by]
    days: dict[date, Tally[str]] = {day: Tally() for day in period}
    query = select(Decision.day, value, func.count()).where(*within).group_by(Decision.day, value)
    for day, name, count in session.execute(query):
        days[day][name] += count
    if by == "day":
        shown, _ = release({day: counts.total() for day, counts in days.items() if day < today})
        running = step(days[today].total()) or None if today in days else None
        rows = [
            Row(day.isoformat(), running if day == today else shown.get(day), running=day == today)
            for day in period
        ]
        return rows, None
    sums: Tally[str] = Tally()
    other = 0
    for day, counts in days.items():
        if day < today:
            shown_values, rest = release(counts)
            sums.update(shown_values)
            other += rest
    return [Row(name, count) for name, count in sums.most_common()], other
