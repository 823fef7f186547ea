"""Commands for operators: serve, migrate, purge, announce, webhooks, the demo."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from consent.cli.command import commands, now, on_the_app, on_the_database, require_mail

if TYPE_CHECKING:
    import uuid

    from consent.outbox.announcements import Recipient
    from consent.site.schema import SiteFile


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
    require_mail()
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
        for each in announcements.announce(session, mailer, sender, version, to, now()):
            if each.refused:
                refused += 1
                click.echo(f"\n{each.recipient.email}: {each.refused}", err=True)
            told += each.is_new and not each.refused
            bar.update(1)
    click.echo(f"{told} sent, {len(to) - told - refused} sent before, {refused} refused.")
    if refused:
        raise click.exceptions.Exit(1)


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

    made = webhooks.add(db.session(), site, url, now())
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
    click.echo(f"{webhooks.deliver_due(db.session(), now, post)} delivered.")


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
        erased = retention.purge(session, site, now())
        click.echo(
            f"{site}: {', '.join(f'{count} {what}' for what, count in erased.items())} erased."
        )
    if not sites:
        erased = retention.purge_accounts(session, now())
        click.echo(
            f"members: {', '.join(f'{count} {what}' for what, count in erased.items())} erased."
        )


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
