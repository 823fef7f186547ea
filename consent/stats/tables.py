"""Figures as a table of plain text, for a terminal."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from consent.core import periods
from consent.core.errors import Invalid
from consent.site import versions
from consent.stats import closing, consents, suppression, visits

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
        raise Invalid(f"by={by!r} is not a dimension. Use one of {', '.join(dimensions)}.")
    site_file = versions.site_file(versions.current(session, site))
    closing.close_due(engine, site, site_file, now)
    period = periods.period(first, last, now.astimezone(site_file.zone).date())
    if what == "visits":
        seen = visits.answer(session, site, period, by, now)  # type: ignore[arg-type]
        sums, (names, rows) = _visits(seen), _rows(seen)
    else:
        decided = consents.answer(session, site, period, by, now)  # type: ignore[arg-type]
        sums, (names, rows) = _consents(decided), _rows(decided)
    return "\n".join(
        [
            f"{site}, {period.first} to {period.last}: {sums}",
            "",
            *aligned(names, rows),
            "",
            f"{WITHHELD} means none, or withheld (fewer than {suppression.K}). Days marked * are not closed yet.",
        ]
    )


def _visits(found: visits.VisitResult) -> str:
    sums = f"{found.views} page views, {found.visits} visits"
    if found.noise:
        sums += f"; with noise (epsilon {', '.join(map(str, found.noise))})"
    return sums


def _consents(found: consents.ConsentResult) -> str:
    each_action = ", ".join(f"{count} {action}" for action, count in found.actions.items())
    return f"{found.decisions} decisions ({each_action})"


def _rows(found: visits.VisitResult | consents.ConsentResult) -> tuple[list[str], list[list[Cell]]]:
    """Names and cells. The running day is marked in its name."""
    table = found.table()
    names = [name for name in (table[0] if table else (found.by,)) if name != "running"]
    rows = [[row[name] for name in names] for row in table]
    for cells, row in zip(rows, table, strict=True):
        if row.get("running"):
            cells[0] = f"{cells[0]} *"
    if found.other:
        others: list[Cell] = [OTHERS, *[None] * (len(names) - 1)]
        others[names.index("decisions") if "decisions" in names else -1] = found.other
        rows.append(others)
    return names, rows


def aligned(names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Lines in columns; all but the first lean to the right."""
    written = [[WITHHELD if cell is None else str(cell) for cell in row] for row in (names, *rows)]
    widths = [max(map(len, column)) for column in zip(*written, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in written
    ]
