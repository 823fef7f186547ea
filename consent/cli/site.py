"""Commands about site files: check, publish, embed, start one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from consent.cli.command import commands, now, on_the_app

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@commands.command()
@FILE
def check(file: Path) -> None:
    """Check the site file FILE, and name every mistake."""
    from consent.site import schema

    source = _text(file)
    with _naming_mistakes(file):
        found = schema.parse(source)
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
    source = _text(file)
    with _naming_mistakes(file):
        publication = publishing.publish(
            db.session(), source, now(), raised=material, lowered_because=minor
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


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"{file}: not UTF-8 text at byte {error.start}. Save it as UTF-8."
        ) from None


@contextmanager
def _naming_mistakes(file: Path) -> Iterator[None]:
    """Prints a line for each mistake of the site file that is read within."""
    from consent.site.schema import SiteFileError

    try:
        yield
    except SiteFileError as error:
        for mistake in error.mistakes:
            click.echo(f"{file}:{mistake}", err=True)
        raise


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
    source = starter.write(answers, now().date())
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
