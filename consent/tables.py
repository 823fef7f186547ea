"""Figures as a table of plain text, for a terminal."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from consent import closing, consents, days, suppression, versions, visits
from consent.errors import Invalid

# Stands for nothing, and for too little to be shown.
WITHHELD = "–"
OTHERS = "(others)"

Cell = str | int | None


def of_figures(
    session: Session,
    engine: Engine,
    site: str,
    what: str,
    by: str,
    first: str | None,
    last: str | None,
    now: datetime,
) -> str:
    """What the API answers to the same question. Raises UnknownSite, Invalid."""
    dimensions: Sequence[str] = visits.DIMENSIONS if what == "visits" else consents.DIMENSIONS
    if by not in dimensions:
        raise Invalid(f"by={by!r} is no dimension; there are {', '.join(dimensions)}.")
    site_file = versions.site_file(versions.current(session, site))
    closing.close_due(engine, site, site_file, now)
    period = days.period(first, last, now.astimezone(site_file.zone).date())
    if what == "visits":
        names, rows, sums = _visits(visits.answer(session, site, period, by, now))  # type: ignore[arg-type]
    else:
        names, rows, sums = _consents(consents.answer(session, site, period, by, now))  # type: ignore[arg-type]
    return "\n".join(
        [
            f"{site}, {period.first} to {period.last}: {sums}",
            "",
            *_table(names, rows),
            "",
            f"{WITHHELD} stands for nothing, or for fewer than {suppression.K}. Days marked * are not closed.",
        ]
    )


def _visits(found: visits.Answer) -> tuple[Sequence[str], list[Sequence[Cell]], str]:
    sums = f"{found.views} page views, {found.visits} visits"
    if found.noise:
        sums += f"; with noise (epsilon {', '.join(map(str, found.noise))})"
    if found.by == "day":
        rows: list[Sequence[Cell]] = [
            (_day(each.day.isoformat(), each.running), each.views, each.visits)
            for each in found.days
        ]
        return ("day", "views", "visits"), rows, sums
    others: list[Sequence[Cell]] = [(OTHERS, found.other)] if found.other else []
    if found.by == "flow":
        rows = [(f"{each.value} → {each.onward}", each.count) for each in found.rows]
    else:
        rows = [(each.value, each.count) for each in found.rows]
    return (found.by, found.unit), rows + others, sums


def _consents(found: consents.Answer) -> tuple[Sequence[str], list[Sequence[Cell]], str]:
    each_action = ", ".join(f"{count} {action}" for action, count in found.actions.items())
    sums = f"{found.decisions} decisions ({each_action})"
    names: Sequence[str] = (found.by, "decisions")
    if found.by in ("purpose", "service"):
        names = (*names, "granted")
        rows: list[Sequence[Cell]] = [
            (each.value, each.decisions, each.granted) for each in found.rows
        ]
    elif found.by in ("action", "day"):
        rows = [(_day(each.value, each.running), each.decisions) for each in found.rows]
    else:
        names = (*names, *consents.ACTIONS)
        rows = [
            (each.value, each.decisions, *(each.actions.get(one) for one in consents.ACTIONS))
            for each in found.rows
        ]
        rows += [(OTHERS, found.other, *[None] * len(consents.ACTIONS))] if found.other else []
    return names, rows, sums


def _day(day: str, running: bool) -> str:
    return f"{day} *" if running else day


def _table(names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[str]:
    written = [[WITHHELD if cell is None else str(cell) for cell in row] for row in (names, *rows)]
    widths = [max(map(len, column)) for column in zip(*written, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in written
    ]
