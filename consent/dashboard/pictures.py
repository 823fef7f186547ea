"""The pictures of figures over time, of whatever period."""

from collections.abc import Collection, Sequence
from datetime import date

from flask_babel import gettext

from consent import charts, consents, i18n, visits
from consent.days import Period
from consent.suppression import share


def over_time(steps: Sequence[visits.Step], narrow: bool = False) -> bytes:
    """Page views and visits, as SVG."""
    series = [
        (gettext("Page views"), [each.views for each in steps]),
        (gettext("Visits"), [each.visits for each in steps]),
    ]
    return charts.bars(series, [_label(each.period) for each in steps], narrow)


def accepted(
    steps: Sequence[consents.Step], published: Collection[date], narrow: bool = False
) -> bytes:
    """The share of decisions that accepted all, as SVG; the days of publications are marked."""
    shares = [share(each.accepted, each.decisions) for each in steps]
    marked = {
        position
        for position, each in enumerate(steps)
        if any(each.period.first <= day <= each.period.last for day in published)
    }
    labels = [_label(each.period) for each in steps]
    return charts.shares(
        gettext("Accepted all"), shares, labels, marked, gettext("New version"), narrow
    )


def _label(period: Period) -> str:
    return i18n.short_day(period.first)
