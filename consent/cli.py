"""The `consent` command. Each command reads its arguments, calls a rule, and says what happened.

What a command needs it imports when it runs, so that none waits for what others need.
"""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from consent import __version__
from consent.app import create_app, database_app
from consent.core.choices import ROLES, SCOPES, STAFF_LANGUAGES, TOKEN_LIFETIME

if TYPE_CHECKING:
    import uuid
    from email.message import EmailMessage

    from flask import Flask

    from consent.models import Staff
    from consent.outbox.announcements import Recipient
    from consent.site.schema import SiteFile


def main() -> None:
    """Runs the command; what a rule refuses ends as one line and a non-zero exit."""
    try:
        ended = commands(standalone_mode=False)
    except click.Abort:
        click.echo("consent: stopped.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        said = _refusal(error)
        if said is None:
            raise
        click.echo(said, err=True)
        sys.exit(1)
    else:
        sys.exit(ended if isinstance(ended, int) else 0)


def _refusal(error: Exception) -> str | None:
    """What is said of an error that a person can mend; None for one of the program's own."""
    from sqlalchemy.exc import SQLAlchemyError

    from consent.core.errors import ConsentError
    from consent.core.settings import SettingError
    from consent.site.schema import SiteFileError

    if isinstance(error, SiteFileError):
        return f"{len(error.mistakes)} to mend."
    if isinstance(error, OSError):
        return f"consent: {error.filename or error.strerror}: {error.strerror}"
    if isinstance(error, SQLAlchemyError):
        reason = getattr(error, "orig", None) or error
        return f"consent: CONSENT_DATABASE: {str(reason).splitlines()[0]}"
    if isinstance(error, ConsentError | SettingError):
        return f"consent: {getattr(error, 'detail', error)}"
    return None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def commands() -> None:
    """Samtykke: a consent and privacy-notice server. Settings come from the environment: docs/settings.md."""


Command = Callable[..., None]


def on_the_database(command: Command) -> Command:
    """Gives a command the database, at the newest schema."""
    return _within(database_app, command)


def on_the_app(command: Command) -> Command:
    """Gives a command the whole application, for what is made from its templates."""
    return _within(create_app, command)


def _within(make_app: Callable[[], Flask], command: Command) -> Command:
    @functools.wraps(command)
    def wrapped(**arguments: Any) -> None:
        from consent.core.db import db, migrate

        with make_app().app_context():
            try:
                migrate(db.engine)
                command(**arguments)
            finally:
                db.session.remove()
                db.engine.dispose()

    return wrapped


FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@commands.command()
@FILE
def check(file: Path) -> None:
    """Say whether FILE, a site file, can be published, and name every mistake in it."""
    from consent.site import schema

    found = schema.parse(_source(file))
    click.echo(
        f"{file}: fine. Site {found.site.key}, {len(found.purposes)} purposes, {len(found.services)} services, "
        f"{len(found.processors)} processors, in {', '.join(found.site.languages)}."
    )


@commands.command()
@FILE
@click.option("--material", is_flag=True, help="Announce it as a material change, whatever it is.")
@click.option(
    "--minor",
    metavar="REASON",
    help="What looks like a material change is none, for this reason. It is stored and shown.",
)
@on_the_app
def publish(file: Path, material: bool, minor: str | None) -> None:
    """Make FILE the version in force. The same content as the one in force changes nothing."""
    from consent.core.db import db
    from consent.notice import publishing

    if material and minor is not None:
        raise click.UsageError("Give --material or --minor, not both.")
    publication = publishing.publish(
        db.session(), _source(file), _now(), raised=material, lowered_because=minor
    )
    version = publication.version
    if not publication.is_new:
        click.echo(
            f"Version {version.number} of {version.site} says the same already ({version.hash}). Nothing changed."
        )
        return
    click.echo(f"Published version {version.number} of {version.site}, {version.hash}.")
    for change in publication.changes:
        if not change.is_order:
            why = f" (material: {change.reason})" if change.reason else ""
            click.echo(f"  {change.kind} {' › '.join(change.path)}{why}")
    if version.number > 1:
        click.echo("A material change." if version.is_material else "Not a material change.")
    if publication.asked_again:
        click.echo(f"Whoever granted {', '.join(publication.asked_again)} is asked again.")


def _source(file: Path) -> str:
    """The text of a site file that has no mistakes."""
    from consent.site import schema
    from consent.site.schema import SiteFileError

    try:
        source = file.read_text(encoding="utf-8")
        schema.parse(source)
    except SiteFileError as error:
        for mistake in error.mistakes:
            click.echo(f"{file}:{mistake}", err=True)
        raise
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"{file}: not UTF-8 text, at byte {error.start}. Save it as UTF-8."
        ) from None
    return source


@commands.command()
@click.argument("site")
@click.option("--url", help="Address of this server as visitors reach it; else CONSENT_PUBLIC_URL.")
@click.option(
    "--pinned",
    is_flag=True,
    help="With an integrity hash. Such a tag keeps its version: print it again after a publication.",
)
@click.option(
    "--first-party",
    is_flag=True,
    help="From a path of the website itself, so that Safari keeps a choice for longer than a week. "
    "Prints what the website's web server needs for it, too.",
)
@click.option(
    "--path",
    default="/samtykke",
    show_default=True,
    callback=lambda _context, _option, path: _prefix(path),
    help="That path.",
)
@on_the_app
def embed(site: str, url: str | None, pinned: bool, first_party: bool, path: str) -> None:
    """Print the lines for the head of SITE's pages. They go above every other script."""
    from consent.banner import script
    from consent.core.db import db
    from consent.site import signals, versions
    from consent.web import context, proxies

    address = (url or context.settings().public_url).rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise click.ClickException(
            "where is this server? Set CONSENT_PUBLIC_URL, or add --url https://consent.example.no"
        )
    session = db.session()
    site_file = versions.site_file(versions.current(session, site))
    body = script.body(session, site, context.settings().public_url) if pinned else ""
    click.echo(signals.lines(site_file, path if first_party else address, body))
    if first_party:
        click.echo(f"\n{proxies.lines(path, address)}")


def _prefix(path: str) -> str:
    if re.fullmatch(r"(/[A-Za-z0-9._-]+)+/?", path) is None:
        raise click.BadParameter(f"{path!r} is no path such as /samtykke")
    return path.rstrip("/")


@commands.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--key", prompt="Short name of the site, in addresses (a-z, 0-9, -)")
@click.option("--name", prompt="Name of the website or its owner")
@click.option("--origin", prompt="Its address, such as https://www.example.no")
@click.option("--email", prompt="E-mail address for questions about privacy")
@click.option("--languages", prompt="Languages, the default first", default="nb,en")
@click.option(
    "--services",
    "used",
    prompt="Services that it uses, such as google-analytics, meta-pixel (`consent services` lists them)",
    default="",
)
def init(
    file: Path, key: str, name: str, origin: str, email: str, languages: str, used: str
) -> None:
    """Write a first site file to FILE, from the answers to a few questions or from options."""
    from consent.site import known_services, schema, starter
    from consent.site.schema import SiteFileError

    if file.exists():
        raise click.ClickException(f"{file} is there already. Name another file, or remove it.")
    services = _listed(used)
    if unknown := [each for each in services if each not in known_services.names()]:
        raise click.ClickException(
            f"{', '.join(unknown)}: no known service. `consent services` lists them; others are described in the file."
        )
    answers = starter.Answers(key, name, origin.rstrip("/"), email, _listed(languages), services)
    source = starter.write(answers, _now().date())
    try:
        schema.parse(source)
    except SiteFileError as error:
        said = "; ".join(f"{each.key}: {each.message}" for each in error.mistakes)
        raise click.ClickException(said) from None
    file.write_text(source, encoding="utf-8")
    click.echo(f"{file} is written. Read it, then: consent publish {file}")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


@commands.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of the site file, for editors. A server has it at /site-file.schema.json."""
    from consent.site import schema

    click.echo(json.dumps(schema.json_schema(), indent=2))


@commands.command()
@click.argument("words", nargs=-1)
def services(words: tuple[str, ...]) -> None:
    """List the services that a site file can use by name; with WORDS, those that have them in their name."""
    from consent.site import known_services

    for key in known_services.names():
        service = known_services.known()["services"][key]
        if all(word.lower() in f"{key} {service['name']}".lower() for word in words):
            click.echo(f"{key:24}{service['purpose']:14}{service['name']}")


@commands.command()
@click.argument("site")
@click.option(
    "--list",
    "listed",
    type=click.File(encoding="utf-8"),
    help="Others to tell: a file with an address on each line, and a language after a comma; - for standard input.",
)
@click.option(
    "--version", "number", type=int, help="The version to tell of; else the one in force."
)
@click.option("--minor", is_flag=True, help="Tell of it although it is no material change.")
@on_the_app
def announce(site: str, listed: TextIO | None, number: int | None, minor: bool) -> None:
    """Tell SITE's subscribers by e-mail what has changed. It may be stopped and begun again: nobody is told twice."""
    from consent.core.db import db
    from consent.core.mail import Mailer
    from consent.outbox import announcements
    from consent.outbox.announcements import Sender
    from consent.site import versions
    from consent.web import context

    session, settings = db.session(), context.settings()
    _require_mail()
    version = versions.get(session, site, number) if number else versions.current(session, site)
    if not (version.is_material or minor):
        raise click.ClickException(
            f"version {version.number} is no material change. Add --minor to tell of it all the same."
        )
    site_file = versions.site_file(version)
    to = announcements.recipients(session, site, _recipients(listed, site_file) if listed else [])
    sender = Sender(settings.secret_keys, settings.mail_from, settings.public_url)
    refused, told = 0, 0
    with (
        Mailer(settings.smtp_url) as mailer,
        click.progressbar(
            length=len(to), label=f"Version {version.number}", file=sys.stderr
        ) as bar,
    ):
        for each in announcements.announce(session, mailer, sender, version, to, _now()):
            if each.refused:
                refused += 1
                click.echo(f"\n{each.recipient.email}: {each.refused}", err=True)
            told += each.is_new and not each.refused
            bar.update(1)
    click.echo(f"{told} told, {len(to) - told - refused} had been told before, {refused} refused.")
    if refused:
        raise click.exceptions.Exit(1)


def _require_mail() -> None:
    from consent.web import context

    settings = context.settings()
    if not settings.public_url.startswith("http"):
        raise click.ClickException("where is this server? Set CONSENT_PUBLIC_URL, for the links.")
    if not settings.mail_from:
        raise click.ClickException(
            "CONSENT_MAIL_FROM is not set: the address that e-mails come from."
        )


def _recipients(listed: TextIO, site_file: SiteFile) -> Iterator[Recipient]:
    from consent.core import emails
    from consent.core.errors import Invalid
    from consent.outbox.announcements import Recipient

    for number, line in enumerate(listed, 1):
        email, _, language = (part.strip() for part in line.partition(","))
        if not email:
            continue
        try:
            emails.address(email)
        except Invalid as error:
            raise click.ClickException(f"{listed.name}:{number}: {error.detail}") from None
        known = language in site_file.site.languages
        yield Recipient(email, language if known else site_file.default_language)


@commands.group()
def webhook() -> None:
    """Programs that are told over HTTP when a version is published."""


@webhook.command("add")
@click.argument("site")
@click.argument("url")
@on_the_database
def webhook_add(site: str, url: str) -> None:
    """Tell URL when a version of SITE is published. Prints the secret that signs the messages, once."""
    from consent.core.db import db
    from consent.outbox import webhooks

    made = webhooks.add(db.session(), site, url, _now())
    click.echo(f"{made.id} {made.url}\n{made.secret}")


@webhook.command("list")
@click.argument("site")
@on_the_database
def webhook_list(site: str) -> None:
    """List SITE's webhooks."""
    from consent.core.db import db
    from consent.outbox import webhooks

    for each in webhooks.of_site(db.session(), site):
        click.echo(f"{each.id} {each.url}")


@webhook.command("remove")
@click.argument("site")
@click.argument("identity", type=click.UUID)
@on_the_database
def webhook_remove(site: str, identity: uuid.UUID) -> None:
    """Tell a webhook nothing more."""
    from consent.core.db import db
    from consent.outbox import webhooks

    webhooks.remove(db.session(), site, identity)
    click.echo(f"{identity} is told nothing more.")


@webhook.command("deliver")
@on_the_database
def webhook_deliver() -> None:
    """Try the messages whose time has come. A server does so by itself."""
    from consent.core.db import db
    from consent.outbox import webhooks
    from consent.web import context

    post = functools.partial(webhooks.post, inside=context.settings().inside_hosts)
    click.echo(f"{webhooks.deliver_due(db.session(), _now, post)} taken.")


@commands.command()
@click.argument("sites", nargs=-1)
@on_the_database
def purge(sites: tuple[str, ...]) -> None:
    """Erase what SITES, or all sites, keep no longer. A server does so by itself once a day."""
    from consent import retention
    from consent.core.db import db

    session = db.session()
    for site in sites or retention.sites(session):
        erased = retention.purge(session, site, _now())
        click.echo(
            f"{site}: {', '.join(f'{count} {what}' for what, count in erased.items())} erased."
        )
    if not sites:
        erased = retention.purge_accounts(session, _now())
        click.echo(
            f"staff: {', '.join(f'{count} {what}' for what, count in erased.items())} erased."
        )


@commands.command("import-log")
@click.argument("site")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--format",
    "layout",
    metavar="FORMAT",
    help="How the lines are written, where that is not found out: a name (combined, common, vhost_combined, json, "
    "caddy, iis, cloudfront…), or the format that the web server's configuration has.",
)
@on_the_database
def import_log(site: str, files: tuple[Path, ...], layout: str | None) -> None:
    """Count the page views in FILES, logs of a web server, for SITE.

    Reads what Apache, nginx, Caddy, IIS and CloudFront write, also packed by gzip or zstd. It may be stopped and begun
    again: a file counts once, whatever it is called.
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
    today = _now().astimezone(site_file.zone).date()
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
            f"{found.no_views} no page views, {found.elsewhere} of other hosts, "
            f"{found.out_of_time} older than {kept[0]} or in the future, {found.unreadable} unreadable."
        )
        if found.first_unreadable:
            number, line = found.first_unreadable
            click.echo(
                f"{path}:{number}: the first that is unreadable: {weblog.shown(line)}", err=True
            )
    closing.close_due(db.engine, site, site_file, _now())


@commands.command()
@click.argument("site")
@click.argument("what", type=click.Choice(["visits", "consents"]))
@click.option("--by", default="day", show_default=True, help="What the rows are.")
@click.option("--from", "first", metavar="DAY", help="The first day, such as 2026-01-31.")
@click.option("--to", "last", metavar="DAY", help="The last day; without both, the last 30.")
@on_the_database
def stats(site: str, what: str, by: str, first: str | None, last: str | None) -> None:
    """Print the figures of SITE: the same as the API gives, as a table."""
    from consent.core.db import db
    from consent.stats import tables

    click.echo(tables.of_figures(db.session(), db.engine, site, what, by, first, last, _now()))


@commands.command()
@click.argument("site")
@click.option("--month", metavar="MONTH", help="Such as 2026-01; else the last that is over.")
@click.option(
    "--to",
    "addresses",
    multiple=True,
    metavar="ADDRESS",
    help="Send it there by e-mail; may be repeated.",
)
@click.option(
    "--language",
    type=click.Choice(STAFF_LANGUAGES),
    help="The language it is in; else the site's own, or English.",
)
@click.option(
    "--html",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it to this file as HTML, pictures and all.",
)
@click.option(
    "--send",
    "is_due",
    is_flag=True,
    help="Send the last month's to the staff who asked for it and have not had it. A server does so by itself.",
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
    """Print the report of SITE for a month, write it to a file, or send it by e-mail."""
    from consent.core import periods
    from consent.core.db import db
    from consent.outbox import reports
    from consent.web import context
    from consent.web.dashboard import report_letter

    if is_due:
        if month or addresses or language or file:
            raise click.UsageError(
                "--send sends what was asked for in the dashboard. Give it alone."
            )
        _send_reports(site)
        return
    session, settings = db.session(), context.settings()
    found = reports.of_month(session, site, periods.parse_month(month) if month else None, _now())
    own = found.site_file.default_language
    spoken = language or (own if own in STAFF_LANGUAGES else "en")
    if file:
        file.write_text(report_letter.file(found, spoken, settings.public_url), encoding="utf-8")
        click.echo(f"{file} is written.")
    if addresses:
        _require_mail()
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

    _require_mail()
    settings, taken, refused = context.settings(), 0, 0
    write = report_letter.writer(settings)
    for each in reports.send(db.session(), site, settings.smtp_url, write, _now):
        if each.refused:
            refused += 1
            click.echo(f"{each.email}: {each.refused}", err=True)
        else:
            taken += 1
    click.echo(f"{taken} sent, {refused} refused.")
    if refused:
        raise click.exceptions.Exit(1)


@commands.command("migrate")
@on_the_database
def migrate_command() -> None:
    """Bring the database's schema up to this program. Every other command does so by itself."""
    click.echo("The schema is current.")


@commands.command()
def serve() -> None:
    """Serve on CONSENT_HOST and CONSENT_PORT, in CONSENT_WORKERS processes."""
    from consent.server import serving

    serving.serve()


@commands.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-data"),
    show_default=True,
    help="Where its database and keys are kept between runs.",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on, and to print."
)
@click.option(
    "--port",
    envvar="PORT",
    default=8080,
    show_default=True,
    help="Port of the consent server; also PORT.",
)
@click.option(
    "--demo-port",
    envvar="DEMO_PORT",
    default=8081,
    show_default=True,
    help="Port of the demo website; also DEMO_PORT.",
)
def demo(folder: Path, host: str, port: int, demo_port: int) -> None:
    """Serve the demo site, with invented visits and decisions, and a website that carries its banner."""
    from consent.demo import run

    run(folder, host, port, demo_port)


@commands.group()
def user() -> None:
    """Staff: who logs in to the dashboard."""


@user.command("add")
@click.argument("email")
@click.option(
    "--site", "sites", multiple=True, required=True, help="A site they may see; may be repeated."
)
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="owner",
    show_default=True,
    help="What they may do: read; change and publish too; say who else may, too.",
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@on_the_database
def add_user(email: str, sites: tuple[str, ...], role: str, password_stdin: bool) -> None:
    """Add EMAIL, or give them a new password, and sites in that role. Ends their sessions."""
    import getpass

    from consent.core.db import db
    from consent.people import staff

    password = (
        sys.stdin.readline().rstrip("\n") if password_stdin else getpass.getpass("Password: ")
    )
    staff.add(db.session(), email, password, sites, _now(), role)
    click.echo(f"{email} is {role} of {', '.join(sites)}.")


@user.command("list")
@click.argument("site")
@on_the_database
def list_users(site: str) -> None:
    """List who may see SITE, and in which role."""
    from consent.core.db import db
    from consent.people import staff
    from consent.site import versions

    versions.current(db.session(), site)
    for each, role in staff.members_of(db.session(), site):
        factor = "second factor" if each.totp_secret else ""
        click.echo(f"{role:8}{each.email}  {factor}".rstrip())


@user.command("remove")
@click.argument("email")
@click.option(
    "--site", "sites", multiple=True, required=True, help="The site they leave; may be repeated."
)
@on_the_database
def remove_user(email: str, sites: tuple[str, ...]) -> None:
    """End EMAIL's part in a site. Who has no other is forgotten, password and all."""
    from consent.core.db import db
    from consent.people import staff

    session, found = db.session(), _member(email)
    for site in sites:
        staff.leave(session, found, site)
    session.commit()
    click.echo(f"{email} sees {', '.join(sites)} no more.")


@user.command("reset-second-factor")
@click.argument("email")
@on_the_database
def reset_second_factor(email: str) -> None:
    """Let EMAIL, who has lost phone and recovery codes, log in with the password alone."""
    from consent.core.db import db
    from consent.people import second_factor

    second_factor.turn_off(db.session(), _member(email))
    click.echo(f"{email} logs in with the password alone, until a second factor is set up again.")


def _member(email: str) -> Staff:
    from consent.core.db import db
    from consent.people import staff

    found = staff.by_email(db.session(), email)
    if found is None:
        raise click.ClickException(f"there is no {email} among the staff.")
    return found


@commands.command()
@click.argument("site")
@click.option("--name", default="command line", show_default=True, help="What it is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    default=["stats"],
    show_default=True,
    help="What it opens; may be repeated.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3660),
    default=TOKEN_LIFETIME.days,
    show_default=True,
    help="How long it holds.",
)
@on_the_database
def token(site: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Make a token for what the API has of SITE. It is shown once; a hash of it is kept."""
    from consent.core.db import db
    from consent.people import api_tokens

    lifetime = timedelta(days=days)
    click.echo(api_tokens.issue(db.session(), site, name, _now(), scopes, lifetime))


@commands.command()
@click.argument("site")
@on_the_database
def tokens(site: str) -> None:
    """List SITE's tokens: how each begins as a hash, what it opens, how long it holds, and what it is for."""
    from consent.core.db import db
    from consent.people import api_tokens

    for each in api_tokens.of_site(db.session(), site):
        until = f"until {each.expires_at.date()}"
        if each.revoked_at:
            until = f"revoked {each.revoked_at.date()}"
        click.echo(f"{each.hash[:12]}  {each.scope:26}{until:20}{each.name}")


@commands.command("revoke-token")
@click.argument("site")
@click.argument("beginning")
@on_the_database
def revoke_token(site: str, beginning: str) -> None:
    """End the token of SITE whose hash begins with BEGINNING (`consent tokens` says). At once."""
    from consent.core.db import db
    from consent.people import api_tokens

    ended = api_tokens.revoke(db.session(), site, beginning, _now())
    click.echo(f"{ended.hash[:12]} ({ended.name}) opens nothing any more.")


def _now() -> datetime:
    return datetime.now(UTC)
