"""The four numbers that say most of a period, each beside the same of an earlier one."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from consent.core.periods import Period
from consent.stats import consents, figures, visits
from consent.stats.suppression import share

Name = Literal["visits", "views", "decisions", "accepted"]


@dataclass(frozen=True)
class Number:
    """A figure of the period, and the same of the period before."""

    name: Name
    value: float | None
    before: float | None

    @property
    def is_share(self) -> bool:
        return self.name == "accepted"

    @property
    def change(self) -> float | None:
        """By how much of what it was; of shares, by how many points."""
        if self.value is None or not self.before:
            return None
        return self.value - self.before if self.is_share else self.value / self.before - 1


def numbers(
    session: Session,
    site: str,
    decided: consents.ConsentResult,
    seen: visits.VisitResult,
    earlier: Period,
) -> list[Number]:
    """Visits, page views, decisions and the share that accepted all, of two answers about one period."""
    actions = figures.sums(session, [site], "consents.action", earlier)
    total = figures.sums(session, [site], "total", earlier)
    all_before = sum(actions.values())
    return [
        Number("visits", seen.visits or None, total.get((site, "visits"))),
        Number("views", seen.views or None, total.get((site, "views"))),
        Number("decisions", decided.decisions, all_before),
        Number(
            "accepted",
            share(decided.actions["accept"], decided.decisions),
            share(actions.get((site, "accept"), 0), all_before),
        ),
    ]
