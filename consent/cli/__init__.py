"""The `consent` command. Each command reads its arguments, calls a rule, and says what happened.

What a command needs it imports when it runs, so that none waits for what others need.
"""

from __future__ import annotations

import sys

import click

from consent.cli import operate, site, staff, stats
from consent.cli.command import commands

# Each module registers its commands.
__all__ = ["main", "operate", "site", "staff", "stats"]


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
