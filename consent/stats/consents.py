"""Counts decisions. The counts themselves are exact and at once, since staff may read the ledger; what
breaks them down by day, language, device, country, layout, version or time follows the rule of visits
(suppression.py). Whoever asks for one day alone gets that day's count, as the ledger would tell them.

When a day is closed (closing.py), its decisions are counted into figures, which stay when the decisions are erased.
What a visitor erases before that is counted at once (`keep_counted`): no figure changes because somebody was forgotten.
"""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from consent.core.periods import Period, steps
from consent.counting import counters
from consent.counting.bounds import OTHER
from consent.counting.cleaning import UNKNOWN
from consent.counting.counters import Sums
from consent.models import Counter, Decision
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

# What is counted of a decision: a dimension, its value, and what was decided.
Counted = tuple[str, str, str]
# What is known exactly of a decision follows from these, and all else from these.
OF_TOTALS = (
    Decision.action,
    Decision.source,
    Decision.purposes,
    Decision.services,
    Decision.version,
    Decision.gpc,
    Decision.dnt,
)
OF_DETAIL = (Decision.language, Decision.device, Decision.country, Decision.took)


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


def totals(decision: Mapping[str, Any], site_file: SiteFile) -> list[Counted]:
    """What a decision adds to the exact figures. It has OF_TOTALS by their names; `site_file` is its version's."""
    action, purposes = decision["action"], decision["purposes"]
    found = [("consents.action", action, "")]
    asks_not_to_be_counted = decision["gpc"] or decision["dnt"]
    if action != "withdraw" and decision["source"] != "privacy" and not asks_not_to_be_counted:
        found.append(("consents.answer", action, ""))
    for purpose, granted in purposes.items():
        found.append(("consents.purpose", purpose, GRANTED if granted else REFUSED))
    for service in site_file.services:
        if service.key in site_file.asked_services:
            granted = decision["services"].get(service.key, purposes.get(service.purpose, False))
            found.append(("consents.service", service.key, GRANTED if granted else REFUSED))
    return found


def detail(decision: Mapping[str, Any]) -> list[Counted]:
    """What a decision adds to the others. Each has all decisions, because their number is known exactly."""
    action = decision["action"]
    found = [
        ("consents.language", decision["language"], action),
        ("consents.device", decision["device"], action),
        ("consents.country", decision["country"] or UNKNOWN, action),
        ("consents.version", str(decision["version"]), action),
    ]
    # A withdrawal is not timed. Among the answers of unknown time, it would tell how many others there are.
    if action != "withdraw":
        took = UNKNOWN if decision["took"] is None else str(decision["took"])
        found.append(("consents.took", took, action))
    return found


def of_day(connection: Connection, site: str, day: date) -> Tally[Counted]:
    """All that is counted of the decisions that the ledger has of a day."""
    found = _in_ledger(connection, site, Period(day, day), with_detail=True)
    return found.get(day, Tally())


def _in_ledger(
    connection: Connection, site: str, period: Period, with_detail: bool
) -> dict[date, Tally[Counted]]:
    found: dict[date, Tally[Counted]] = {}
    columns = (Decision.day, *OF_TOTALS, *(OF_DETAIL if with_detail else ()))
    query = (
        select(*columns, func.count().label("times"))
        .where(Decision.site == site, Decision.day.between(period.first, period.last))
        .group_by(*columns)
    )
    site_files: dict[int, SiteFile] = {}
    session = Session(connection)
    for row in connection.execute(query).mappings().all():
        number = row["version"]
        if number not in site_files:
            site_files[number] = versions.site_file(versions.get(session, site, number))
        sums = found.setdefault(row["day"], Tally())
        decision = dict(row)
        for each in totals(decision, site_files[number]):
            sums[each] += row["times"]
        for each in detail(decision) if with_detail else ():
            sums[each] += row["times"]
    return found


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
    """What is counted of the days that are not closed: what the ledger has, and what was erased from it."""
    if closed and closed.last == period.last:
        return {}
    after = Period(closed.last + timedelta(days=1), period.last) if closed else period
    found = _in_ledger(session.connection(), site, after, with_detail=False)
    erased = select(
        Counter.day, Counter.dimension, Counter.value, Counter.onward, Counter.count
    ).where(
        Counter.site == site,
        Counter.day.between(after.first, after.last),
        Counter.dimension.in_(EXACT),
    )
    for day, dimension, value, onward, count in session.execute(erased):
        found.setdefault(day, Tally())[dimension, value, onward] += count
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


def keep_counted(connection: Connection, site: str, decisions: Iterable[Decision]) -> None:
    """Counts decisions that are about to be erased from a day that is not closed. The caller commits."""
    through = figures.lock(connection, site)
    session = Session(connection)
    sums = Sums()
    for each in decisions:
        if through is None or each.day > through:
            site_file = versions.site_file(versions.get(session, site, each.version))
            columns = (column.key for column in (*OF_TOTALS, *OF_DETAIL))
            decision = {name: getattr(each, name) for name in columns}
            cells = [*totals(decision, site_file), *detail(decision)]
            sums.update((site, (each.day, *cell)) for cell in cells)
    counters.add(connection, sums)
