"""A site's monthly report as people read it: in a terminal, in a browser, as an e-mail.

Mail programs show no SVG, and many of them know no style sheets: the pictures are PNG, and the HTML carries its styles
in its elements. It sets no colours of text and page, so that these are the reader's, light or dark.
"""

import base64
from collections.abc import Mapping
from email.message import EmailMessage
from functools import partial
from typing import Any, NamedTuple, cast

from flask import render_template
from flask_babel import force_locale, format_date, format_number, format_percent, gettext, ngettext

from consent.core import emails, i18n, mail
from consent.core.periods import Period
from consent.core.settings import Settings
from consent.notice import rendering
from consent.outbox.reports import Report, Write
from consent.stats import charts, consents, suppression, tables, visits
from consent.stats.comparison import Number
from consent.stats.suppression import share
from consent.web.dashboard import names, pictures

# Characters of a name in a table of plain text.
LONGEST = 48


class Table(NamedTuple):
    columns: list[str]
    rows: list[list[str]]


def text(report: Report, language: str, server: str = "", is_asked: bool = False) -> str:
    """The report as plain text. `server` is the server's own address, for links; without, there are none."""
    with force_locale(language):
        return render_template(
            "dashboard/report.txt", aligned=_aligned, **values(report, language, server, is_asked)
        )


def html(
    report: Report,
    language: str,
    sources: Mapping[str, str],
    server: str = "",
    is_asked: bool = False,
) -> str:
    """The report as HTML for mail programs; `sources` are the addresses of the pictures."""
    with force_locale(language):
        return render_template(
            "dashboard/report_mail.html",
            sources=sources,
            **values(report, language, server, is_asked),
        )


def file(report: Report, language: str, server: str = "") -> str:
    """The report as HTML that needs nothing from anywhere."""
    sources = {
        name: f"data:image/png;base64,{base64.b64encode(png).decode()}"
        for name, png in _drawn(report, language).items()
    }
    return html(report, language, sources, server)


def message(
    report: Report, language: str, server: str, mail_from: str, is_asked: bool = False
) -> EmailMessage:
    """The report as an e-mail, to nobody yet. `is_asked`: it comes every month, to whoever asked for it."""
    with force_locale(language):
        subject = title(report)
    made = mail.message(
        emails.address(mail_from, "Samtykke"), subject, text(report, language, server, is_asked)
    )
    ids = {
        name: f"{name}.{report.site}.{report.month.first:%Y-%m}@samtykke"
        for name in ("accepted", "visits")
    }
    sources = {name: f"cid:{each}" for name, each in ids.items()}
    made.add_alternative(
        html(report, language, sources, server, is_asked), subtype="html", cte="quoted-printable"
    )
    _, rich = cast(list[EmailMessage], made.get_payload())
    for name, png in _drawn(report, language).items():
        rich.add_related(
            png, "image", "png", cid=f"<{ids[name]}>", filename=f"{name}.png", disposition="inline"
        )
    return made


def writer(settings: Settings) -> Write:
    """Writes the reports that come every month."""
    return partial(message, server=settings.public_url, mail_from=settings.mail_from, is_asked=True)


def title(report: Report) -> str:
    return str(
        gettext(
            "Report for %(site)s, %(month)s",
            site=report.site_file.site.name,
            month=month_name(report.month),
        )
    )


def month_name(month: Period) -> str:
    return str(format_date(month.first, "MMMM y"))


def values(report: Report, language: str, server: str, is_asked: bool = False) -> dict[str, Any]:
    """What the report's templates show, in the language in force."""
    dashboard = f"{server}/dashboard/{report.site}"
    days = f"from={report.month.first}&to={report.month.last}&lang={language}"
    return {
        "report": report,
        "language": language,
        "title": title(report),
        "numbers": _numbers(report),
        "actions": _actions(report.decided),
        "purposes": _purposes(report, language),
        "tops": [_ranking(by, *found) for by, found in report.tops.items()],
        "days": _days(report),
        "said": {
            "accepted": pictures.said_of_accepted(report.decisions),
            "visits": pictures.said_over_time(report.views),
        },
        "k": suppression.K,
        "figures": server and f"{dashboard}/?{days}",
        "stop": server and is_asked and f"{dashboard}/report?lang={language}",
    }


def _drawn(report: Report, language: str) -> dict[str, bytes]:
    published = [each.day for each in report.published]
    with force_locale(language):
        return {
            "accepted": charts.png(pictures.accepted(report.decisions, published, narrow=True)),
            "visits": charts.png(pictures.over_time(report.views, narrow=True)),
        }


def _numbers(report: Report) -> Table:
    titles = names.numbers()
    months = [format_date(each.first, "MMM y") for each in (report.month, report.before)]
    return Table(
        [gettext("Statistics"), *months, gettext("Change")],
        [
            [
                titles[each.name],
                _figure(each.value, each),
                _figure(each.before, each),
                _change(each),
            ]
            for each in report.numbers
        ],
    )


def _figure(value: float | None, of: Number) -> str:
    return _percent(value) if of.is_share else _count(value)


def _change(number: Number) -> str:
    if number.change is None:
        return tables.WITHHELD
    if number.is_share:
        points = round(number.change * 100)
        return str(
            ngettext(
                "%(points)s percentage point",
                "%(points)s percentage points",
                abs(points),
                points=i18n.signed(points),
            )
        )
    return i18n.signed_percent(number.change)


def _actions(decided: consents.ConsentResult) -> Table:
    return Table(
        [gettext("Answer"), gettext("Decisions"), gettext("Share")],
        [
            [name, _count(count), _percent(share(count, decided.decisions))]
            for action, name in names.actions().items()
            for count in [decided.actions[action]]
        ],
    )


def _purposes(report: Report, language: str) -> Table:
    titles = {each.key: each.title for each in rendering.purposes(report.site_file, language)}
    return Table(
        [gettext("Consent by purpose"), gettext("Accepted"), gettext("Share")],
        [
            [
                titles.get(each.value, each.value),
                _count(each.granted),
                _percent(share(each.granted, each.decisions)),
            ]
            for each in report.decided.rows
        ],
    )


def _ranking(by: visits.By, rows: list[visits.VisitRow], rest: int) -> Table:
    title = {
        "page": gettext("Pages"),
        "entry": gettext("Entry pages"),
        "referrer": gettext("Referrers"),
    }[by]
    unit = gettext("Page views") if by in visits.OF_VIEWS else gettext("Visits")
    listed = [[names.of_value(by, each.value), _count(each.count)] for each in rows]
    if rest:
        listed.append([gettext("All others"), _count(rest)])
    return Table([title, unit], listed or [[tables.WITHHELD, tables.WITHHELD]])


def _days(report: Report) -> Table:
    titles = names.numbers()
    columns = [titles[each] for each in ("views", "visits", "decisions", "accepted")]
    return Table(
        [gettext("Day"), *columns],
        [
            [
                i18n.short_day(seen.period.first),
                _count(seen.views),
                _count(seen.visits),
                _count(decided.decisions),
                _percent(share(decided.accepted, decided.decisions)),
            ]
            for seen, decided in zip(report.views, report.decisions, strict=True)
        ],
    )


def _count(value: float | None) -> str:
    return tables.WITHHELD if value is None else str(format_number(value))


def _percent(value: float | None) -> str:
    return tables.WITHHELD if value is None else str(format_percent(value))


def _aligned(table: Table) -> str:
    rows = [[_short(name), *rest] for name, *rest in table.rows]
    return "\n".join(tables.aligned(table.columns, rows))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
