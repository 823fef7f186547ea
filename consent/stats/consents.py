"""Counts decisions. The counts themselves are exact and at once, since staff may read the ledger; what
breaks them down by day, language, device, country, layout, version or time follows the rule of visits
(suppression.py). Whoever asks for one day alone gets that day's count, as the ledger would tell them.

Each decision is counted in the transaction that stores it. When its day is closed (closing.py), the counts become
figures. Neither changes when decisions are erased: no figure tells that somebody was forgotten.
"""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consent.core.bulk import Bulk
from consent.core.periods import Period, steps
from consent.counting.bounds import OTHER
from consent.counting.cleaning import UNKNOWN
from consent.models import DecisionCount
from consent.site import versions
from consent.site.schema import SiteFile
from consent.stats import figures
from consent.stats.suppression import K, release, step

By = Literal[
    "action",
    "purpose",
    "service",
    "day",
    "language",
    "device",
    "country",
    "layout",
    "version",
    "took",
]
DIMENSIONS: tuple[By, ...] = By.__args__  # type: ignore[attr-defined]
ACTIONS = ("accept", "refuse", "choose", "withdraw")
# What figures know of decisions, exactly.
EXACT = ("consents.action", "consents.purpose", "consents.service", "consents.answer")
# What they know with suppression; each by action.
BROKEN_DOWN = (
    "consents.language",
    "consents.device",
    "consents.country",
    "consents.version",
    "consents.took",
)
GRANTED, REFUSED = "granted", "refused"
# Before an action: all decisions of the days on which that action is shown.
BASE = "of "

# Processes that count decisions at the same time on PostgreSQL, each in rows of its own. More share some.
SLOTS = 16

# What is counted of a decision: a dimension, its value, and what was decided.
Counted = tuple[str, str, str]


class Countable(Protocol):
    """A decision, as far as it is counted."""

    @property
    def action(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def purposes(self) -> Mapping[str, bool]: ...
    @property
    def services(self) -> Mapping[str, bool]: ...
    @property
    def version(self) -> int: ...
    @property
    def gpc(self) -> bool: ...
    @property
    def dnt(self) -> bool: ...
    @property
    def language(self) -> str: ...
    @property
    def device(self) -> str: ...
    @property
    def country(self) -> str | None: ...
    @property
    def took(self) -> int | None: ...


@dataclass(frozen=True)
class ConsentRow:
    value: str
    # None: withheld or nothing, which look alike.
    decisions: int | None
    # Of the decisions, those that granted; only by purpose and service.
    granted: int | None = None
    # On the days on which that may be shown, how many were of each action, and (after BASE) of how many.
    actions: Mapping[str, int] = field(default_factory=dict)
    running: bool = False
    # Visits on which the banner was shown, where that may be known.
    shown: int | None = None


@dataclass(frozen=True)
class Funnel:
    """From banner to answer, on the closed days on which that may be shown; else None.

    Of browsers that ask not to be counted there is neither.
    """

    # Visits on which the banner was shown.
    shown: int | None
    # Answers that it got, in its settings too.
    answered: int | None
    undecided: int | None


@dataclass(frozen=True)
class ConsentResult:
    period: Period
    by: By
    decisions: int
    actions: dict[str, int]
    # Purpose to the number of decisions that granted it.
    granted: dict[str, int]
    funnel: Funnel
    rows: list[ConsentRow]
    # In the period but in no row; None where the rows are complete counts.
    other: int | None

    def table(self) -> list[dict[str, Any]]:
        """The rows for programs: each figure under its name."""
        return [self._named(row) for row in self.rows]

    def _value(self, value: str) -> str | int | None:
        if self.by not in ("version", "took"):
            return value
        return None if value == UNKNOWN else int(value)

    def _named(self, row: ConsentRow) -> dict[str, Any]:
        if self.by == "day":
            return {
                "day": row.value,
                "decisions": row.decisions,
                "shown": row.shown,
                "running": row.running,
            }
        if self.by == "action":
            return {"action": row.value, "decisions": row.decisions}
        if self.by in ("purpose", "service"):
            return {self.by: row.value, "decisions": row.decisions, "granted": row.granted}
        return {
            self.by: self._value(row.value),
            "decisions": row.decisions,
            **({} if self.by == "took" else {"shown": row.shown}),
            **{action: row.actions.get(action) for action in ACTIONS},
            **{f"{action}_of": row.actions.get(BASE + action) for action in ACTIONS},
        }


def counted(decision: Countable, site_file: SiteFile) -> list[Counted]:
    """What is counted of a decision. `site_file` is that of its version."""
    return [*_totals(decision, site_file), *_detail(decision)]


def _totals(decision: Countable, site_file: SiteFile) -> list[Counted]:
    """What it adds to the exact figures."""
    action, purposes = decision.action, decision.purposes
    found = [("consents.action", action, "")]
    asks_not_to_be_counted = decision.gpc or decision.dnt
    if action != "withdraw" and decision.source != "privacy" and not asks_not_to_be_counted:
        found.append(("consents.answer", action, ""))
    for purpose, granted in purposes.items():
        found.append(("consents.purpose", purpose, GRANTED if granted else REFUSED))
    for service in site_file.services:
        if service.key in site_file.asked_services:
            granted = decision.services.get(service.key, purposes.get(service.purpose, False))
            found.append(("consents.service", service.key, GRANTED if granted else REFUSED))
    return found


def _detail(decision: Countable) -> list[Counted]:
    """What it adds to the others. Each has all decisions, because their number is known exactly."""
    action = decision.action
    found = [
        ("consents.language", decision.language, action),
        ("consents.device", decision.device, action),
        ("consents.country", decision.country or UNKNOWN, action),
        ("consents.version", str(decision.version), action),
    ]
    # A withdrawal is not timed. Among the answers of unknown time, it would tell how many others there are.
    if action != "withdraw":
        took = UNKNOWN if decision.took is None else str(decision.took)
        found.append(("consents.took", took, action))
    return found


ADD = Bulk(
    DecisionCount,
    "(site, day, slot, dimension, value, onward) "
    'DO UPDATE SET "count" = stored."count" + excluded."count"',
)


def rows(days: Mapping[tuple[str, date], Tally[Counted]], slot: int) -> list[tuple[Any, ...]]:
    """What ADD adds to sites' days, in one order everywhere: so two writers never wait for each other crosswise."""
    return [
        (site, day, slot, *counted, count)
        for (site, day), counts in sorted(days.items())
        for counted, count in sorted(counts.items())
    ]


def answer(session: Session, site: str, period: Period, by: By, now: datetime) -> ConsentResult:
    """What may be shown of the site's decisions. Raises UnknownSite."""
    return answers(session, site, period, [by], now)[by]


def answers(
    session: Session, site: str, period: Period, wanted: Sequence[By], now: datetime
) -> dict[By, ConsentResult]:
    """The same for several dimensions, whose sums are found once."""
    site_file = versions.site_file(versions.current(session, site))
    closed = figures.closed(session, site, period)
    running = _running(session, site, period, closed)
    exact = {each: _exact(session, site, each, closed, running) for each in EXACT[:2]}
    actions = dict.fromkeys(ACTIONS, 0)
    for (action, _), count in exact["consents.action"].items():
        actions[action] += count
    granted = dict.fromkeys(site_file.asked_purposes, 0)
    for (purpose, outcome), count in exact["consents.purpose"].items():
        if outcome == GRANTED:
            granted[purpose] = granted.get(purpose, 0) + count
    funnel = _funnel(session, site, closed)
    found = {}
    for by in wanted:
        rows: list[ConsentRow]
        other = None
        if by == "action":
            rows = [ConsentRow(action, count) for action, count in actions.items()]
        elif by == "purpose":
            rows = _granted(exact["consents.purpose"], site_file.asked_purposes)
        elif by == "service":
            there = [
                each.key for each in site_file.services if each.key in site_file.asked_services
            ]
            rows = _granted(_exact(session, site, "consents.service", closed, running), there)
        elif by == "day":
            today = now.astimezone(site_file.zone).date()
            rows = _days(session, site, period, closed, running, today)
        else:
            rows, other = _broken_down(session, site, closed, by)
        decisions = sum(actions.values())
        found[by] = ConsentResult(period, by, decisions, actions, granted, funnel, rows, other)
    return found


def _running(
    session: Session, site: str, period: Period, closed: Period | None
) -> dict[date, Tally[Counted]]:
    """What is counted of the days that are not closed."""
    if closed and closed.last == period.last:
        return {}
    after = Period(closed.last + timedelta(days=1), period.last) if closed else period
    counted = (DecisionCount.dimension, DecisionCount.value, DecisionCount.onward)
    query = (
        select(DecisionCount.day, *counted, func.sum(DecisionCount.count))
        .where(
            DecisionCount.site == site,
            DecisionCount.day.between(after.first, after.last),
            DecisionCount.dimension.in_(EXACT),
        )
        .group_by(DecisionCount.day, *counted)
    )
    found: dict[date, Tally[Counted]] = {}
    for day, dimension, value, onward, count in session.execute(query):
        found.setdefault(day, Tally())[dimension, value, onward] = int(count)
    return found


def _exact(
    session: Session,
    site: str,
    dimension: str,
    closed: Period | None,
    running: Mapping[date, Tally[Counted]],
) -> Tally[tuple[str, str]]:
    sums = Tally[tuple[str, str]]()
    for row in figures.totals(session, site, dimension, closed) if closed else ():
        sums[row.value, row.onward] += row.number
    for of_day in running.values():
        for (name, value, onward), count in of_day.items():
            if name == dimension:
                sums[value, onward] += count
    return sums


def _granted(sums: Tally[tuple[str, str]], there: Iterable[str]) -> list[ConsentRow]:
    """Those that the site file has, in its order, and then those that it had."""
    values = dict.fromkeys([*there, *sorted(value for value, _ in sums)])
    return [
        ConsentRow(value, sums[value, GRANTED] + sums[value, REFUSED], sums[value, GRANTED])
        for value in values
    ]


def _days(
    session: Session,
    site: str,
    period: Period,
    closed: Period | None,
    running: Mapping[date, Tally[Counted]],
    today: date,
) -> list[ConsentRow]:
    of_closed = figures.by_day(session, site, "consents.action", closed) if closed else {}
    banners = figures.by_day(session, site, "banner", closed) if closed else {}
    rows = []
    for day in period:
        is_closed = closed is not None and day <= closed.last
        actions = Tally[str]()
        for row in of_closed.get(day, ()):
            actions[row.value] += row.number
        for (dimension, value, _), count in running.get(day, {}).items():
            if dimension == "consents.action":
                actions[value] += count
        count = actions.total()
        shown = (count if count >= K else None) if is_closed else step(count) or None
        seen = {row.value: row.number for row in banners.get(day, ())}
        running_day = not is_closed and day <= today
        rows.append(
            ConsentRow(day.isoformat(), shown, running=running_day, shown=seen.get("shown"))
        )
    return rows


@dataclass(frozen=True)
class Step:
    """A part of a period, in a picture of the whole: its decisions, and how many accepted all."""

    period: Period
    # None: withheld or nothing, which look alike. The accepted are shown where others are shown, too.
    decisions: int | None
    accepted: int | None


def timeline(session: Session, site: str, period: Period) -> list[Step]:
    """How decisions went over time, on closed days. Raises UnknownSite."""
    versions.current(session, site)
    closed = figures.closed(session, site, period)
    of_days = figures.by_day(session, site, "consents.action", closed) if closed else {}
    found = []
    for part in steps(period):
        actions = Tally[str]()
        for day in part:
            for row in of_days.get(day, ()):
                actions[row.value] += row.number
        decided = actions.total()
        shown, _ = release({"accept": actions["accept"]}, decided)
        found.append(Step(part, decided if decided >= K else None, shown.get("accept")))
    return found


def _broken_down(
    session: Session, site: str, closed: Period | None, by: By
) -> tuple[list[ConsentRow], int]:
    # A version has one layout: released apart, they would tell of each other.
    of = "version" if by == "layout" else by
    sums, actions, shown = Tally[str](), dict[str, Tally[str]](), Tally[str]()

    def name(value: str) -> str:
        if by != "layout" or value == OTHER:
            return value
        return versions.site_file(versions.get(session, site, int(value))).looks.layout

    for row in figures.totals(session, site, f"consents.{of}", closed) if closed else ():
        if row.onward:
            actions.setdefault(name(row.value), Tally())[row.onward] += row.number
        else:
            sums[name(row.value)] += row.number
    for row in figures.totals(session, site, f"shown.{of}", closed) if closed else ():
        shown[name(row.value)] += row.number
    other = sums.pop(OTHER, 0)
    rows = [
        ConsentRow(value, count, actions=dict(actions.get(value, {})), shown=shown.get(value))
        for value, count in sums.most_common()
    ]
    if by in ("version", "took"):
        rows.sort(key=lambda row: (row.value == UNKNOWN, row.value.zfill(9)))
    return rows, other


def _funnel(session: Session, site: str, closed: Period | None) -> Funnel:
    found = figures.totals(session, site, "banner", closed) if closed else []
    sums = {row.value: row.number for row in found}
    shown = sums.get("shown")
    if shown is None:
        return Funnel(None, None, None)
    answered = sums.get("answered")
    undecided = None if answered is None else max(0, shown - answered)
    return Funnel(shown, answered, undecided if undecided and undecided >= K else None)
