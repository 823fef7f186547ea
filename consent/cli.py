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
        count = len(error.mistakes)
        return f"{count} mistake{'s' if count != 1 else ''}. Correct the file and try again."
    if isinstance(error, OSError):
        return f"consent: {error.filename or error.strerror}: {error.strerror}"
    if isinstance(error, SQLAlchemyError):
        reason = getattr(error, "orig", None) or error
        return f"consent: CONSENT_DATABASE: {str(reason).splitlines()[0]}"
    if isinstance(error, ConsentError | SettingError):
        return f"consent: {getattr(error, 'detail', error)}"
    return None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="samtykke")
def commands() -> None:
    """Samtykke, a consent and privacy-notice server.

    Settings are environment variables: see docs/settings.md.
    """


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
    """Check the site file FILE, and name every mistake."""
    from consent.site import schema

    found = schema.parse(_source(file))
    click.echo(
        f"{file}: no mistakes. Site {found.site.key}, {len(found.purposes)} purposes, {len(found.services)} services, "
        f"{len(found.processors)} processors, in {', '.join(found.site.languages)}."
    )


@commands.command()
@FILE
@click.option("--material", is_flag=True, help="Treat the version as a material change.")
@click.option(
    "--minor",
    metavar="REASON",
    help="Treat the version as not material, for this reason. The reason is stored and shown.",
)
@on_the_app
def publish(file: Path, material: bool, minor: str | None) -> None:
    """Publish the site file FILE as the version in force.

    Nothing changes if the version in force has the same content.
    """
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
            f"Version {version.number} of {version.site} has the same content ({version.hash}). Nothing changed."
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
        click.echo(f"Visitors who granted {', '.join(publication.asked_again)} are asked again.")


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
            f"{file}: not UTF-8 text at byte {error.start}. Save it as UTF-8."
        ) from None
    return source


@commands.command()
@click.argument("site")
@click.option(
    "--url", help="Address at which visitors reach this server.  [default: CONSENT_PUBLIC_URL]"
)
@click.option(
    "--pinned",
    is_flag=True,
    help="Add an integrity hash. The tag then keeps its version: print it again after you publish.",
)
@click.option(
    "--first-party",
    is_flag=True,
    help="Serve the script from a path of the website, so that Safari keeps a choice for longer than a week. "
    "Also prints the lines for the website's web server.",
)
@click.option(
    "--path",
    default="/samtykke",
    show_default=True,
    callback=lambda _context, _option, path: _prefix(path),
    help="The path for --first-party.",
)
@on_the_app
def embed(site: str, url: str | None, pinned: bool, first_party: bool, path: str) -> None:
    """Print the lines for the head of SITE's pages.

    Put them above every other script.
    """
    from consent.banner import script
    from consent.core.db import db
    from consent.site import signals, versions
    from consent.web import context, proxies

    address = (url or context.settings().public_url).rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise click.ClickException(
            "the full address of this server is missing. Set CONSENT_PUBLIC_URL, or add --url https://consent.example.no"
        )
    session = db.session()
    site_file = versions.site_file(versions.current(session, site))
    body = script.body(session, site, context.settings().public_url) if pinned else ""
    click.echo(signals.lines(site_file, path if first_party else address, body))
    if first_party:
        click.echo(f"\n{proxies.lines(path, address)}")


def _prefix(path: str) -> str:
    if re.fullmatch(r"(/[A-Za-z0-9._-]+)+/?", path) is None:
        raise click.BadParameter(f"{path!r} is not a path. Write it like /samtykke")
    return path.rstrip("/")


@commands.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--key",
    prompt="Short name of the site, for addresses (a-z, 0-9, -)",
    help="Short name of the site.",
)
@click.option(
    "--name", prompt="Name of the website or its owner", help="Name of the website or its owner."
)
@click.option(
    "--origin",
    prompt="Address of the website, such as https://www.example.no",
    help="Address of the website.",
)
@click.option(
    "--email",
    prompt="E-mail address for questions about privacy",
    help="E-mail address for questions about privacy.",
)
@click.option(
    "--languages",
    prompt="Languages, the default first",
    default="nb,en",
    help="Languages, the default first.",
)
@click.option(
    "--services",
    "used",
    prompt="Services that the website uses, such as google-analytics, meta-pixel (`consent services` lists them)",
    default="",
    help="Known services that the website uses, separated by commas.",
)
def init(
    file: Path, key: str, name: str, origin: str, email: str, languages: str, used: str
) -> None:
    """Write a first site file to FILE.

    Asks for everything that the options do not set.
    """
    from consent.site import known_services, schema, starter
    from consent.site.schema import SiteFileError

    if file.exists():
        raise click.ClickException(f"{file} already exists. Choose another name, or remove it.")
    services = _listed(used)
    if unknown := [each for each in services if each not in known_services.names()]:
        raise click.ClickException(
            f"{', '.join(unknown)}: no known service. `consent services` lists them. Describe others in the file."
        )
    answers = starter.Answers(key, name, origin.rstrip("/"), email, _listed(languages), services)
    source = starter.write(answers, _now().date())
    try:
        schema.parse(source)
    except SiteFileError as error:
        said = "; ".join(f"{each.key}: {each.message}" for each in error.mistakes)
        raise click.ClickException(said) from None
    file.write_text(source, encoding="utf-8")
    click.echo(f"Wrote {file}. Read and edit it, then run: consent publish {file}")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


@commands.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of the site file, for text editors.

    A server has it at /site-file.schema.json.
    """
    from consent.site import schema

    click.echo(json.dumps(schema.json_schema(), indent=2))


@commands.command()
@click.argument("words", nargs=-1)
def services(words: tuple[str, ...]) -> None:
    """List the known services, which a site file can use by name.

    With WORDS, list only those with all the words in their name.
    """
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
    help="More recipients: a file with an address on each line, and a language after a comma. - is standard input.",
)
@click.option(
    "--version", "number", type=int, help="The version to announce.  [default: the one in force]"
)
@click.option(
    "--minor", is_flag=True, help="Announce the version even if it is not a material change."
)
@on_the_app
def announce(site: str, listed: TextIO | None, number: int | None, minor: bool) -> None:
    """Announce a version of SITE to its subscribers by e-mail.

    You can stop the command and run it again: nobody receives an announcement twice.
    """
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
            f"version {version.number} is not a material change. Add --minor to announce it anyway."
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
    click.echo(f"{told} sent, {len(to) - told - refused} sent before, {refused} refused.")
    if refused:
        raise click.exceptions.Exit(1)


def _require_mail() -> None:
    from consent.web import context

    settings = context.settings()
    if not settings.public_url.startswith("http"):
        raise click.ClickException(
            "CONSENT_PUBLIC_URL is not set. Set it to this server's address, for the links."
        )
    if not settings.mail_from:
        raise click.ClickException(
            "CONSENT_MAIL_FROM is not set. Set it to the address that e-mails are sent from."
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
    """Manage webhooks, which tell programs of new versions."""


@webhook.command("add")
@click.argument("site")
@click.argument("url")
@on_the_database
def webhook_add(site: str, url: str) -> None:
    """Send URL a message when a version of SITE is published.

    Prints the secret that signs the messages. It is shown only once.
    """
    from consent.core.db import db
    from consent.outbox import webhooks

    made = webhooks.add(db.session(), site, url, _now())
    click.echo(f"{made.id} {made.url}\n{made.secret}")


@webhook.command("list")
@click.argument("site")
@on_the_database
def webhook_list(site: str) -> None:
    """List the webhooks of SITE."""
    from consent.core.db import db
    from consent.outbox import webhooks

    for each in webhooks.of_site(db.session(), site):
        click.echo(f"{each.id} {each.url}")


@webhook.command("remove")
@click.argument("site")
@click.argument("identity", type=click.UUID)
@on_the_database
def webhook_remove(site: str, identity: uuid.UUID) -> None:
    """Remove the webhook with the id IDENTITY from SITE."""
    from consent.core.db import db
    from consent.outbox import webhooks

    webhooks.remove(db.session(), site, identity)
    click.echo(f"Removed {identity}.")


@webhook.command("deliver")
@on_the_database
def webhook_deliver() -> None:
    """Deliver the messages that are due.

    `consent serve` does so by itself.
    """
    from consent.core.db import db
    from consent.outbox import webhooks
    from consent.web import context

    post = functools.partial(webhooks.post, inside=context.settings().inside_hosts)
    click.echo(f"{webhooks.deliver_due(db.session(), _now, post)} delivered.")


@commands.command()
@click.argument("sites", nargs=-1)
@on_the_database
def purge(sites: tuple[str, ...]) -> None:
    """Erase data whose retention period is over.

    Erases data of SITES, or of all sites. `consent serve` does so by itself once a day.
    """
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
            f"members: {', '.join(f'{count} {what}' for what, count in erased.items())} erased."
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
            f"{found.no_views} not page views, {found.elsewhere} of other hosts, "
            f"{found.out_of_time} older than {kept[0]} or in the future, {found.unreadable} unreadable."
        )
        if found.first_unreadable:
            number, line = found.first_unreadable
            click.echo(
                f"{path}:{number}: the first unreadable line: {weblog.shown(line)}", err=True
            )
    closing.close_due(db.engine, site, site_file, _now())


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

    click.echo(tables.of_figures(db.session(), db.engine, site, what, by, first, last, _now()))


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
    found = reports.of_month(session, site, periods.parse_month(month) if month else None, _now())
    own = found.site_file.default_language
    spoken = language or (own if own in STAFF_LANGUAGES else "en")
    if file:
        file.write_text(report_letter.file(found, spoken, settings.public_url), encoding="utf-8")
        click.echo(f"Wrote {file}.")
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
    """Migrate the database to the newest schema.

    Every other command that needs the database does so by itself.
    """
    click.echo("The schema is current.")


@commands.command()
def serve() -> None:
    """Run the server.

    It listens on CONSENT_HOST and CONSENT_PORT, in CONSENT_WORKERS processes.
    """
    from consent.server import serving

    serving.serve()


@commands.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-data"),
    show_default=True,
    help="Folder for the demo's database and keys between runs.",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on and to print."
)
@click.option(
    "--port",
    envvar="PORT",
    default=8080,
    show_default=True,
    help="Port of the consent server. The variable PORT sets it too.",
)
@click.option(
    "--demo-port",
    envvar="DEMO_PORT",
    default=8081,
    show_default=True,
    help="Port of the demo website. The variable DEMO_PORT sets it too.",
)
def demo(folder: Path, host: str, port: int, demo_port: int) -> None:
    """Run a demo server, and a website with its banner.

    Visits and decisions are invented.
    """
    from consent.demo import run

    run(folder, host, port, demo_port)


@commands.group()
def user() -> None:
    """Manage members, who log in to the dashboard."""


@user.command("add")
@click.argument("email")
@click.option(
    "--site", "sites", multiple=True, required=True, help="A site of the member. May be repeated."
)
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="owner",
    show_default=True,
    help="Viewers read. Editors also change and publish. Owners also manage members.",
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@on_the_database
def add_user(email: str, sites: tuple[str, ...], role: str, password_stdin: bool) -> None:
    """Add the member EMAIL, or change role and password.

    Ends the member's sessions.
    """
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
    """List the members of SITE.

    Each line has the role and the e-mail address, and says whether there is a second factor.
    """
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
    "--site",
    "sites",
    multiple=True,
    required=True,
    help="The site that the member leaves. May be repeated.",
)
@on_the_database
def remove_user(email: str, sites: tuple[str, ...]) -> None:
    """Remove the member EMAIL from a site.

    A member without any other site is deleted, with password and sessions.
    """
    from consent.core.db import db
    from consent.people import staff

    session, found = db.session(), _member(email)
    for site in sites:
        staff.leave(session, found, site)
    session.commit()
    click.echo(f"{email} is no longer a member of {', '.join(sites)}.")


@user.command("reset-second-factor")
@click.argument("email")
@on_the_database
def reset_second_factor(email: str) -> None:
    """Turn off the second factor of EMAIL.

    For a member who has lost both phone and recovery codes.
    """
    from consent.core.db import db
    from consent.people import second_factor

    second_factor.turn_off(db.session(), _member(email))
    click.echo(
        f"{email} now logs in with the password alone, until a second factor is set up again."
    )


def _member(email: str) -> Staff:
    from consent.core.db import db
    from consent.people import staff

    found = staff.by_email(db.session(), email)
    if found is None:
        raise click.ClickException(f"there is no member {email}.")
    return found


@commands.command()
@click.argument("site")
@click.option("--name", default="command line", show_default=True, help="What the token is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    default=["stats"],
    show_default=True,
    help="What the token may read. May be repeated.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3660),
    default=TOKEN_LIFETIME.days,
    show_default=True,
    help="Days until the token expires.",
)
@on_the_database
def token(site: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Create a token for the API of SITE.

    It is shown only once. The server keeps a hash of it.
    """
    from consent.core.db import db
    from consent.people import api_tokens

    lifetime = timedelta(days=days)
    click.echo(api_tokens.issue(db.session(), site, name, _now(), scopes, lifetime))


@commands.command()
@click.argument("site")
@on_the_database
def tokens(site: str) -> None:
    """List the tokens of SITE.

    Each line has the start of the hash, the scope, the expiry and the name.
    """
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
    """Revoke a token of SITE at once.

    BEGINNING is the start of the token's hash, which `consent tokens` lists.
    """
    from consent.core.db import db
    from consent.people import api_tokens

    ended = api_tokens.revoke(db.session(), site, beginning, _now())
    click.echo(f"Revoked {ended.hash[:12]} ({ended.name}).")


def _now() -> datetime:
    return datetime.now(UTC)
