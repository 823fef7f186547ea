"""Periods of days, as questions name them. Days are those of a site's time zone."""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from consent.core.errors import Contradiction, Invalid

DEFAULT_DAYS = 30
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
ISO_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
# Before there was anything to count, and far enough from the calendar's first day.
EARLIEST = date(2000, 1, 1)
LONGEST_DAYS = 800
# Steps of a picture; what is longer comes in weeks, and then in months.
MOST_DAYS = 45
MOST_WEEKS = 30


@dataclass(frozen=True)
class Period:
    """A run of days, both ends included."""

    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        for offset in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=offset)


def parse(text: str) -> date:
    """The day that is written so. Raises ValueError, which says how to write one."""
    # Python reads other ways of ISO 8601 too, which others do not.
    try:
        return date.fromisoformat(text if ISO_DAY.fullmatch(text) else "")
    except ValueError:
        raise ValueError(f"{text!r} is no day; write it as 2026-01-31.") from None


def period(first: str | None, last: str | None, today: date) -> Period:
    """The period that `from` and `to` ask for, as texts. Raises as `between`, and Invalid for what is no day."""
    return between(_day("from", first), _day("to", last), today)


def between(first: date | None, last: date | None, today: date) -> Period:
    """The period from `first` to `last`; without them, the last 30 days.

    Raises Contradiction for an end before the beginning, and for more than 800 days.
    """
    end = max(last or today, EARLIEST)
    begin = first or end - timedelta(days=DEFAULT_DAYS - 1)
    if begin > end:
        raise Contradiction(f"from ({begin}) is later than to ({end}).")
    if (end - begin).days >= LONGEST_DAYS:
        raise Contradiction(f"from {begin} to {end} is more than {LONGEST_DAYS} days.")
    return Period(begin, end)


def before(period: Period) -> Period:
    """The period of the same length that ends where this one begins."""
    length = period.last - period.first
    last = period.first - timedelta(days=1)
    return Period(last - length, last)


def month_of(day: date) -> Period:
    """The whole month that a day is in."""
    last = calendar.monthrange(day.year, day.month)[1]
    return Period(day.replace(day=1), day.replace(day=last))


def month_before(month: Period) -> Period:
    return month_of(month.first - timedelta(days=1))


def parse_month(text: str) -> Period:
    """The month that is written so. Raises Invalid."""
    try:
        found = month_of(date.fromisoformat(f"{text}-01" if ISO_MONTH.fullmatch(text) else ""))
    except ValueError:
        found = None
    if found is None or found.first < EARLIEST:
        raise Invalid(f"{text!r} is no month; write it as 2026-01.")
    return found


def steps(period: Period) -> list[Period]:
    """A period in days, weeks (from Monday) or months, whichever can be told apart in a picture."""
    length = (period.last - period.first).days + 1
    if length <= MOST_DAYS:
        return [Period(day, day) for day in period]
    found: list[Period] = []
    for day in period:
        begins = day.weekday() == 0 if length <= MOST_WEEKS * 7 else day.day == 1
        if begins or not found:
            found.append(Period(day, day))
        else:
            found[-1] = Period(found[-1].first, day)
    return found


def _day(name: str, value: str | None) -> date | None:
    if not value:
        return None
    try:
        return parse(value)
    except ValueError as error:
        raise Invalid(f"{name}: {error}") from None


def samples(first: date | None, last: date | None, period: Period) -> Period | None:
    """The part of `period` whose figures are samples, if there is one."""
    if first is None or last is None or last < period.first or first > period.last:
        return None
    return Period(max(first, period.first), min(last, period.last))
