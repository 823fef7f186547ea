"""The pictures of figures over time, of whatever period."""

from collections.abc import Collection, Sequence
from datetime import date

from flask_babel import format_number, format_percent, gettext

from consent.core import i18n
from consent.core.periods import Period
from consent.stats import charts, consents, visits
from consent.stats.suppression import share


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
        gettext("Consent rate"), shares, labels, marked, gettext("New version"), narrow
    )


def said_over_time(steps: Sequence[visits.Step]) -> str:
    """What the picture of page views and visits shows, of days that a table beside it lists."""
    shown = [(each.views, each.period.first) for each in steps if each.views is not None]
    if not shown:
        return str(gettext("No data for this period"))
    (least, _), (most, day) = min(shown), max(shown)
    return str(
        gettext(
            "Page views and visits for each day: from %(least)s to %(most)s page views, the most on %(day)s. The "
            "table of all days shows the same data.",
            least=format_number(least),
            most=format_number(most),
            day=i18n.short_day(day),
        )
    )


def said_of_accepted(steps: Sequence[consents.Step]) -> str:
    """What the picture of the share that accepted all shows, of days that a table beside it lists."""
    shares = [share(each.accepted, each.decisions) for each in steps]
    shown = [each for each in shares if each is not None]
    if not shown:
        return str(gettext("No data for this period"))
    return str(
        gettext(
            "Consent rate for each day: from %(least)s to %(most)s. The table of all days shows the same data.",
            least=format_percent(min(shown)),
            most=format_percent(max(shown)),
        )
    )


def _label(period: Period) -> str:
    return i18n.short_day(period.first)
