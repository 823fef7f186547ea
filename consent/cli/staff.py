"""Commands about members and API tokens."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from consent.cli.command import commands, now, on_the_database
from consent.core.choices import ROLES, SCOPES, TOKEN_LIFETIME

if TYPE_CHECKING:
    from consent.models import Staff


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
    staff.add(db.session(), email, password, sites, now(), role)
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
    click.echo(api_tokens.issue(db.session(), site, name, now(), scopes, lifetime))


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

    ended = api_tokens.revoke(db.session(), site, beginning, now())
    click.echo(f"Revoked {ended.hash[:12]} ({ended.name}).")
