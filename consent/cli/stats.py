"""Commands about statistics: ask, report, import logs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from consent.cli.command import commands, now, on_the_app, on_the_database, require_mail
from consent.core.choices import STAFF_LANGUAGES

if TYPE_CHECKING:
    from email.message import EmailMessage


@commands.command("import-log")
@click.argument("site")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--format",
    "layout",
    metavar="FORMAT",
    help="The format of the lines, if it is not detected: a name (combined, common, vhost_combined, json, caddy, iis, "
    "cloudfront…), or the format in the web server's configuration.",
)
@on_the_database
def import_log(site: str, files: tuple[Path, ...], layout: str | None) -> None:
    """Count the page views of SITE in FILES, logs of a web server.

    Reads logs of Apache, nginx, Caddy, IIS and CloudFront, also compressed with gzip or zstd. You can stop the command
    and run it again: a file counts once, whatever its name.
    """
    from consent.core.db import db
    from consent.counting import logfiles, weblog
    from consent.counting.networks import Countries, Networks
    from consent.site import versions
    from consent.stats import closing
    from consent.web import context

    session = db.session()
    version = versions.published(session, site, versions.current(session, site).number)
    site_file = version.site_file
    today = now().astimezone(site_file.zone).date()
    kept = (today - timedelta(days=site_file.keep.counters.days), today)
    networks, countries = (
        Networks(context.settings().isp_database),
        Countries(context.settings().country_database),
    )
    rules = weblog.Rules(site_file, networks, countries, kept)
    for path in files:
        found = weblog.Imported()
        with logfiles.opened(path) as (file, raw):
            reader = weblog.reader_of(file, path, layout)
            size = path.stat().st_size
            with click.progressbar(length=size, label=path.name, file=sys.stderr) as bar:
                for _ in weblog.read(db.engine, version, file, reader, rules, found):
                    bar.update(raw.tell() - bar.pos)
        click.echo(
            f"{path}: {found.lines} lines, {reader.name if found.lines else 'empty'}; "
            f"{found.counted} page views counted, {found.counted_before} counted before, "
            f"{found.no_views} not page views, {found.elsewhere} of other hosts, "
            f"{found.out_of_time} older than {kept[0]} or in the future, {found.unreadable} unreadable."
        )
        if found.first_unreadable:
            number, line = found.first_unreadable
            click.echo(
                f"{path}:{number}: the first unreadable line: {weblog.shown(line)}", err=True
            )
    closing.close_due(db.engine, site, site_file, now())


@commands.command()
@click.argument("site")
@click.argument("what", type=click.Choice(["visits", "consents"]))
@click.option(
    "--by",
    default="day",
    show_default=True,
    help="Dimension of the rows, such as day, page or purpose.",
)
@click.option("--from", "first", metavar="DAY", help="The first day, such as 2026-01-31.")
@click.option("--to", "last", metavar="DAY", help="The last day.  [default: the last 30 days]")
@on_the_database
def stats(site: str, what: str, by: str, first: str | None, last: str | None) -> None:
    """Print statistics of SITE as a table.

    The numbers are those of the API.
    """
    from consent.core.db import db
    from consent.stats import tables

    click.echo(tables.of_figures(db.session(), db.engine, site, what, by, first, last, now()))


@commands.command()
@click.argument("site")
@click.option(
    "--month", metavar="MONTH", help="The month, such as 2026-01.  [default: the last complete one]"
)
@click.option(
    "--to",
    "addresses",
    multiple=True,
    metavar="ADDRESS",
    help="Send the report to this e-mail address. May be repeated.",
)
@click.option(
    "--language",
    type=click.Choice(STAFF_LANGUAGES),
    help="Language of the report.  [default: the site's own, or English]",
)
@click.option(
    "--html",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report to this file as HTML, pictures included.",
)
@click.option(
    "--send",
    "is_due",
    is_flag=True,
    help="Send last month's report to the members who subscribed and have not received it. `consent serve` does so "
    "by itself.",
)
@on_the_app
def report(
    site: str,
    month: str | None,
    addresses: tuple[str, ...],
    language: str | None,
    file: Path | None,
    is_due: bool,
) -> None:
    """Print, save or e-mail a monthly report of SITE."""
    from consent.core import periods
    from consent.core.db import db
    from consent.outbox import reports
    from consent.web import context
    from consent.web.dashboard import report_letter

    if is_due:
        if month or addresses or language or file:
            raise click.UsageError(
                "--send sends the reports that members subscribed to. Use it without other options."
            )
        _send_reports(site)
        return
    session, settings = db.session(), context.settings()
    found = reports.of_month(session, site, periods.parse_month(month) if month else None, now())
    own = found.site_file.default_language
    spoken = language or (own if own in STAFF_LANGUAGES else "en")
    if file:
        file.write_text(report_letter.file(found, spoken, settings.public_url), encoding="utf-8")
        click.echo(f"Wrote {file}.")
    if addresses:
        require_mail()
        _send(
            report_letter.message(found, spoken, settings.public_url, settings.mail_from), addresses
        )
    if not (file or addresses):
        click.echo(report_letter.text(found, spoken, settings.public_url))


def _send(message: EmailMessage, addresses: Sequence[str]) -> None:
    """Sends a message to each address that the mail server takes."""
    from consent.core import mail
    from consent.core.mail import Mailer, Refused
    from consent.web import context

    refused = False
    to = [mail.addressed(message, each) for each in addresses]
    with Mailer(context.settings().smtp_url) as mailer:
        for each in to:
            try:
                mailer.send(each)
            except Refused as error:
                refused = True
                click.echo(f"{each['To']}: {error.detail}", err=True)
            else:
                click.echo(f"Sent to {each['To']}.")
    if refused:
        raise click.exceptions.Exit(1)


def _send_reports(site: str) -> None:
    from consent.core.db import db
    from consent.outbox import reports
    from consent.web import context
    from consent.web.dashboard import report_letter

    require_mail()
    settings, taken, refused = context.settings(), 0, 0
    write = report_letter.writer(settings)
    for each in reports.send(db.session(), site, settings.smtp_url, write, now):
        if each.refused:
            refused += 1
            click.echo(f"{each.email}: {each.refused}", err=True)
        else:
            taken += 1
    click.echo(f"{taken} sent, {refused} refused.")
    if refused:
        raise click.exceptions.Exit(1)
