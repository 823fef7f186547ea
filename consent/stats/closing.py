"""Closes days: what was counted becomes figures that may be shown, and the counters are deleted.

This happens once for each count, whoever asks what afterwards. Counts that arrive for a closed day (from a log, or from
a process that was away) are closed by themselves: what may be shown of them alone is added.
"""

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.orm import Session

from consent.core import db, log_throttle
from consent.counting import hits
from consent.counting.bounds import OTHER
from consent.models import Counter, DecisionCount, Site
from consent.site import versions
from consent.site.schema import SiteFile
from consent.stats import consents, figures, visits
from consent.stats.auditor import auditor
from consent.stats.disclosure import (
    DEVICES,
    SYSTEMS,
    of_clicks,
    of_clients,
    of_combinations,
    of_countries,
    of_decisions,
)
from consent.stats.figures import FigureRow
from consent.stats.noise import Noise
from consent.stats.suppression import K, is_safe, release, release_nested, release_table

# By then all that was answered before midnight is counted, unless the database was away.
GRACE = timedelta(minutes=10)
# How often a day is judged again because something came in between.
MOST_TRIES = 3
# Values of a dimension that a day shows; all others are shown together.
MOST_SHOWN = 500

COUNTED_IN: tuple[type[Counter] | type[DecisionCount], ...] = (Counter, DecisionCount)
# Dimension → value and what followed → count.
Counted = Mapping[str, Mapping[tuple[str, str], int]]

# Each of these adds up to all views, or to all visits, by itself. Entries, exits and flows do so together.
PARTS_OF_VIEWS = ("page", "hour")
PARTS_OF_VISITS = tuple(
    each for each in visits.DIMENSIONS if each not in (*visits.OF_VIEWS, "day", "entry")
)
# All that figures tell of page views.
OF_PAGE_VIEWS = (
    "total",
    *PARTS_OF_VIEWS,
    *PARTS_OF_VISITS,
    "entry",
    "exit",
    "flow",
    "banner",
    *hits.SHOWN,
    "noise",
)


class Changed(Exception):
    """More was counted of a day, or somebody else has closed it, while it was judged."""


def close_due(engine: Engine, site: str, site_file: SiteFile, now: datetime) -> None:
    """Closes the site's days that are over, each in a transaction of its own. Raises SQLAlchemyError."""
    last = (now.astimezone(site_file.zone) - GRACE).date() - timedelta(days=1)
    with engine.connect() as connection:
        through, importing_until = connection.execute(
            select(Site.closed_through, Site.importing_until).where(Site.site == site)
        ).one()
        late = _days(connection, Counter, site, None, last)
        if importing_until is not None and importing_until > now:
            # A log is on its way. In pieces, less of it could be shown.
            late = [day for day in late if through is not None and day > through]
        if through == last and not late:
            return
        decided = _days(connection, DecisionCount, site, through, last)
    noise = Noise(site_file.hits.noise) if site_file.hits.noise else None
    for day in sorted({*late, *decided}):
        _close(engine, site, day, noise)
    with db.write(engine) as connection:
        _advance(connection, site, last)
        # A decision that comes after its day is closed is in the ledger, and in no figure.
        over = (DecisionCount.site == site, DecisionCount.day <= last)
        connection.execute(delete(DecisionCount).where(*over))


def close_all(session: Session, now: datetime) -> None:
    """Closes what is over, of every site. One that fails keeps no other from it."""
    for site in session.scalars(select(Site.site).order_by(Site.site)).all():
        try:
            site_file = versions.site_file(versions.current(session, site))
            close_due(session.get_bind(), site, site_file, now)  # type: ignore[arg-type]
        except Exception as error:
            session.rollback()
            log_throttle.log_error(__name__, f"Site {site}: a day is not closed: {error}")


def _days(
    connection: Connection,
    table: type[Counter] | type[DecisionCount],
    site: str,
    after: date | None,
    last: date,
) -> list[date]:
    query = select(table.day).where(table.site == site, table.day <= last).distinct()
    if after is not None:
        query = query.where(table.day > after)
    return list(connection.scalars(query))


def _close(engine: Engine, site: str, day: date, noise: Noise | None) -> None:
    """Judges what was counted outside of any transaction: it may take seconds, and others want to write."""
    for _ in range(MOST_TRIES):
        with engine.connect() as connection:
            seen = _look(connection, site, day)
        rows = released(seen, noise)
        with suppress(Changed), db.write(engine) as connection:
            if _take(connection, site, day) != seen:
                raise Changed
            figures.add(connection, site, day, rows)
            return
    with db.write(engine) as connection:
        figures.add(connection, site, day, released(_take(connection, site, day), noise))


def _take(connection: Connection, site: str, day: date) -> Counted:
    """What was counted of a day, which is deleted, so that it becomes figures once."""
    is_first = _advance(connection, site, day)
    # Whoever counts now has this row locked; whoever comes later counts anew.
    connection.execute(
        select(Counter.count)
        .where(Counter.site == site, Counter.day == day, Counter.dimension == "total")
        .with_for_update()
    )
    taken = [
        delete(each).where(each.site == site, each.day == day).returning(*_cells(each))
        for each in COUNTED_IN
    ]
    return _sum_up(chain.from_iterable(map(connection.execute, taken)), is_first)


def _look(connection: Connection, site: str, day: date) -> Counted:
    """The same, and it stays."""
    through = connection.scalar(select(Site.closed_through).where(Site.site == site))
    is_first = through is None or through < day
    there = [select(*_cells(each)).where(each.site == site, each.day == day) for each in COUNTED_IN]
    return _sum_up(chain.from_iterable(map(connection.execute, there)), is_first)


def _cells(table: type[Counter] | type[DecisionCount]) -> tuple[Any, ...]:
    return table.dimension, table.value, table.onward, table.count


def _sum_up(cells: Iterable[Any], is_first: bool) -> Counted:
    counted: dict[str, Tally[tuple[str, str]]] = defaultdict(Tally)
    for dimension, value, onward, count in cells:
        counted[dimension][value, onward] += count
    if not is_first:
        # Its decisions were counted with the others of that day: without them it would seem that nobody answered.
        counted.pop("banner", None)
        # The figures of decisions are exact: a late one, added by itself, would show what it was.
        for dimension in (*consents.EXACT, *consents.BROKEN_DOWN):
            counted.pop(dimension, None)
    return counted


def _advance(connection: Connection, site: str, day: date) -> bool:
    """Whether nobody closed this day before. Others who close wait until the end of this transaction."""
    through = figures.lock(connection, site)
    if through is not None and through >= day:
        return False
    connection.execute(update(Site).where(Site.site == site).values(closed_through=day))
    return True


def released(counted: Counted, noise: Noise | None = None) -> list[FigureRow]:
    """What may be shown of a day."""
    of_visits = _noisy(counted, noise) if noise else _exact(counted)
    return [*of_visits, *_of_decisions(counted)]


def _exact(counted: Counted) -> list[FigureRow]:
    total = counted.get("total", {})
    views, all_visits = total.get(("views", ""), 0), total.get(("visits", ""), 0)
    if views < K:
        return []
    rows = [FigureRow("total", "views", "", views)]
    values = {
        dimension: _values(counted.get(dimension, {}))
        for dimension in (*PARTS_OF_VIEWS, *PARTS_OF_VISITS)
    }
    # Of each dimension: how much there is in all, and what may be shown.
    wholes = {each: views for each in PARTS_OF_VIEWS if values[each]}
    # Visits and the views that followed them make up the views: showing visits shows both.
    shows_visits = all_visits >= K and is_safe(views - all_visits)
    if shows_visits:
        rows.append(FigureRow("total", "visits", "", all_visits))
        wholes |= {each: all_visits for each in PARTS_OF_VISITS if values[each]}
    tables = {
        each: release(values[each], whole, most=MOST_SHOWN)[0] for each, whole in wholes.items()
    }
    if shows_visits:
        if "page" in tables:
            rows += _clicks(counted, tables["page"], views)
        banners, shown = _shown_banners(counted, tables, all_visits)
        rows += [FigureRow("banner", value, "", count) for value, count in banners.items()]
        tables |= shown
        wholes |= dict.fromkeys(shown, banners.get("shown", 0))
        _withhold_what_tells(counted, tables, all_visits, banners.get("shown"))
        _nest(tables, "device", "system", DEVICES, all_visits)
        _nest(tables, "system", "browser", SYSTEMS, all_visits)
    for dimension, visible in tables.items():
        rows += [FigureRow(dimension, value, "", count) for value, count in visible.items()]
        rest = wholes[dimension] - sum(visible.values())
        rows += [FigureRow(dimension, OTHER, "", rest)] if rest >= K else []
    return rows


def _nest(
    tables: Mapping[str, dict[str, int]],
    coarse: str,
    fine: str,
    groups: Iterable[tuple[tuple[str, ...], tuple[str, ...]]],
    total: int,
) -> None:
    if coarse in tables and fine in tables:
        release_nested(tables[coarse], tables[fine], groups, total)


def _withhold_what_tells(
    counted: Counted, tables: dict[str, dict[str, int]], all_visits: int, banners: int | None
) -> None:
    """Takes from the tables what tells a small count beside others. `banners`: on how many visits one was shown."""
    by_country = {each: _values(counted.get(each, {})) for each in ("country", "shown.country")}
    systems = [
        of_clients(tables, all_visits, banners, _combinations(counted, "client")),
        of_countries(tables, all_visits, banners, by_country),
    ]
    for combined, dimensions in hits.TOGETHER.items():
        there = [each for each in dimensions if tables.get(each)]
        combinations = _combinations(counted, combined)
        if len(there) > 1 and combinations.total() == all_visits:
            systems.append(of_combinations(tables, dimensions, combinations, all_visits))
        else:
            # Nobody can tell which of them hold which.
            tables |= {each: {} for each in there[1:]}
    for system in systems:
        for figure in auditor.withheld(system):
            # A country is in two of them.
            tables[figure.dimension].pop(figure.value, None)


def _combinations(counted: Counted, dimension: str) -> Tally[tuple[str, ...]]:
    return hits.combinations(_values(counted.get(dimension, {})))


def _values(cells: Mapping[tuple[str, str], int]) -> dict[str, int]:
    # What was too much to count by name is shown with all else that has none.
    return {value: count for (value, _), count in cells.items() if value != OTHER}


UNKNOWN_PAGE = "?"


def _clicks(counted: Counted, pages: Mapping[str, int], views: int) -> list[FigureRow]:
    """Entries, exits, and the ways between pages."""
    table = _table(counted, pages, views)
    visible = {
        way: count
        for way, count in release_table(table, _kind, _is_possible, most=2 * MOST_SHOWN).items()
        if way[0] not in (OTHER, UNKNOWN_PAGE) and way[1] != OTHER
    }
    for figure in auditor.withheld(of_clicks(table, visible, _kind, _is_possible)):
        del visible[figure.value, figure.onward]
    rows = [
        FigureRow("entry", onward, "", count)
        if _kind((page, onward)) == "entry"
        else FigureRow(_kind((page, onward)), page, onward, count)
        for (page, onward), count in visible.items()
    ]
    rest = Tally[str]()
    for way, count in table.items():
        if way not in visible:
            rest[_kind(way)] += count
    return [
        *rows,
        *(FigureRow(kind, OTHER, "", count) for kind, count in rest.items() if count >= K),
    ]


def _table(counted: Counted, pages: Mapping[str, int], views: int) -> dict[tuple[str, str], int]:
    """A day's click stream as a table from page to page: from "" is an entry, to "" is an exit.

    Its rows and columns add up to the views of the pages, so the pages that are withheld there are one
    page, `*`, here.
    """

    def name(page: str) -> str:
        return page if page in pages else OTHER

    table: dict[tuple[str, str], int] = defaultdict(int)
    for (page, _), count in counted.get("entry", {}).items():
        table["", name(page)] += count
    for (page, onward), count in counted.get("flow", {}).items():
        table[name(page), name(onward)] += count
    arrived, went_on = Tally[str](), Tally[str]()
    for (page, onward), count in table.items():
        arrived[onward] += count
        went_on[page] += count
    for page, of_page in {**pages, OTHER: views - sum(pages.values())}.items():
        # Where somebody opened several pages from one, more went on than came.
        table[page, ""] = max(0, of_page - went_on[page])
        table[UNKNOWN_PAGE, page] = max(0, of_page - arrived[page])
    return {cell: count for cell, count in table.items() if count}


def _kind(cell: tuple[str, str]) -> str:
    page, onward = cell
    if page == "":
        return "entry"
    # From where nobody knows is a way, too: the total of both is known.
    return "exit" if onward == "" else "flow"


def _is_possible(cell: tuple[str, str]) -> bool:
    """Nobody comes and goes without a page."""
    page, onward = cell
    return onward != "" or page not in ("", UNKNOWN_PAGE)


def _shown_banners(
    counted: Counted, tables: Mapping[str, Mapping[str, int]], all_visits: int
) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Visits on which the banner was shown, beside the decisions, whose number is known exactly.

    How many there were and how many of them got an answer, and what may be shown of them by each dimension.
    """
    count = counted.get("banner", {}).get(("shown", ""), 0)
    answered = sum(counted.get("consents.answer", {}).values())
    decided = sum(
        times
        for (action, _), times in counted.get("consents.action", {}).items()
        if action != "withdraw"
    )
    known = (all_visits - count, max(0, count - answered), answered, decided - answered)
    if count < K or not all(map(is_safe, known)):
        return {}, {}
    shown = {}
    for dimension in hits.SHOWN:
        values = _values(counted.get(dimension, {}))
        _, _, name = dimension.partition(".")
        # Beside the visits and the decisions of the same kind it must not tell who is missing there.
        beside: list[Mapping[str, int]] = [_sums(counted.get(f"consents.{name}", {}))]
        if name in ("device", "country") and name in tables:
            beside.append(tables[name])
        safe = {
            value: each
            for value, each in values.items()
            if all(is_safe(abs(other.get(value, 0) - each)) for other in beside)
        }
        shown[dimension] = release(safe, count)[0]
    return {"shown": count, "answered": answered}, shown


def _sums(table: Mapping[tuple[str, str], int]) -> Tally[str]:
    sums = Tally[str]()
    for (value, _), count in table.items():
        sums[value] += count
    return sums


def _of_decisions(counted: Counted) -> list[FigureRow]:
    rows = [
        FigureRow(dimension, value, onward, count)
        for dimension in consents.EXACT
        for (value, onward), count in counted.get(dimension, {}).items()
    ]
    for dimension in consents.BROKEN_DOWN:
        table = counted.get(dimension, {})
        sums = _sums(table)
        visible, _ = release(sums, sums.total())
        cells = {place: n for place, n in release_table(table).items() if place[0] in visible}
        for figure in auditor.withheld(of_decisions(dimension, table, visible, cells)):
            if figure.onward:
                del cells[figure.value, figure.onward]
            else:
                del visible[figure.value]
        rows += [FigureRow(dimension, value, "", count) for value, count in visible.items()]
        rest = sums.total() - sum(visible.values())
        rows += [FigureRow(dimension, OTHER, "", rest)] if rest >= K else []
        for (value, action), count in cells.items():
            if value in visible:
                rows.append(FigureRow(dimension, value, action, count))
                # An action is not shown on each day; its share is that of the days on which it is.
                rows.append(FigureRow(dimension, value, consents.BASE + action, visible[value]))
    return rows


def _noisy(counted: Counted, noise: Noise) -> list[FigureRow]:
    """Figures with noise, each by itself: what one tells of another is no better than a guess."""
    # Each by itself: no page view may decide what another is called.
    pages, went_on = _values(counted.get("page", {})), _sums(counted.get("flow", {}))
    tables: dict[str, Mapping[tuple[str, str], int]] = {
        "exit": {(page, ""): max(0, count - went_on[page]) for page, count in pages.items()}
    }
    for dimension in (
        "total",
        *PARTS_OF_VIEWS,
        *PARTS_OF_VISITS,
        "entry",
        "flow",
        "banner",
        *hits.SHOWN,
    ):
        tables[dimension] = counted.get(dimension, {})
    rows = [
        FigureRow(dimension, value, onward, shown)
        for dimension, cells in tables.items()
        for (value, onward), count in cells.items()
        if OTHER not in (value, onward) and (shown := noise.release(count)) is not None
    ]
    return [*rows, FigureRow("noise", str(noise.epsilon), "", 1)] if rows else []
