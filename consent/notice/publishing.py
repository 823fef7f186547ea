"""Publishes versions of a site file."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from consent.core.canonical import digest
from consent.core.errors import Conflict, Invalid
from consent.models import Site, Version
from consent.notice import changes, rendering
from consent.notice.changes import Change
from consent.site import events, schema, versions


@dataclass(frozen=True)
class Publication:
    version: Version
    # False: the version in force says the same, and nothing was changed.
    is_new: bool
    # From the version before.
    changes: list[Change]
    # Purposes that mean something else now: whoever granted them is asked again.
    asked_again: list[str]


def publish(
    session: Session,
    source: str,
    now: datetime,
    *,
    after: int | None = None,
    raised: bool = False,
    lowered_because: str | None = None,
) -> Publication:
    """Makes the site file in `source` the version in force, and commits.

    It is material if its changes are (changes.py), or `raised`; not if that is lowered with a reason. `after` is the
    version that it was compared with.

    Raises SiteFileError, Invalid where there is nothing to lower or a day would begin anew, or Conflict when another
    publication came in between.
    """
    site_file = schema.parse(source)
    texts = {
        language: rendering.render(site_file, language) for language in site_file.site.languages
    }
    content = schema.content(site_file)
    content_hash = digest({"content": content, "texts": texts})
    site = session.get(Site, site_file.site.key, with_for_update=True, populate_existing=True)
    found: list[Change] = []
    asked_again: list[str] = []
    if site is None:
        site = Site(site=site_file.site.key, created_at=now, current=0)
        session.add(site)
    else:
        if after is not None and site.current != after:
            raise Conflict(f"Version {site.current} of {site.site} was published meanwhile.")
        current = versions.get(session, site.site, site.current)
        if current.hash == content_hash:
            return Publication(current, is_new=False, changes=[], asked_again=[])
        today = now.astimezone(site_file.zone).date()
        if site.closed_through is not None and today <= site.closed_through:
            raise Invalid(
                f"In {site_file.site.timezone} it is {today}, which this site has counted to its end already. "
                f"Publish the other time zone when it is {site.closed_through + timedelta(days=1)} there."
            )
        before = versions.site_file(current)
        found = changes.compare(before, site_file)
        asked_again = versions.asked_again(before, site_file)
    is_material = changes.is_material(found)
    if lowered_because is not None and not lowered_because.strip():
        raise Invalid("Say why the change is not material: the reason is shown.")
    if lowered_because is not None and not is_material:
        raise Invalid("Nothing in this version is material, so there is nothing to lower.")
    site.current += 1
    made = Version(
        site=site.site,
        number=site.current,
        hash=content_hash,
        content=content,
        source=source,
        published_at=now,
        is_material=raised or (is_material and lowered_because is None),
        lowered_because=lowered_because,
    )
    session.add(made)
    rows = [
        rendering.text_row(made.site, made.number, language, said)
        for language, said in texts.items()
    ]
    told = _told(made, asked_again)
    try:
        session.flush()
        session.add_all(rows)
        events.queue(session, made.site, "notice.published", told, now)
        session.commit()
    except IntegrityError:
        session.rollback()
        raise Conflict(
            f"Version {made.number} of {made.site} was published meanwhile; try again."
        ) from None
    return Publication(made, is_new=True, changes=found, asked_again=asked_again)


def _told(made: Version, asked_again: list[str]) -> dict[str, Any]:
    """What webhooks are told of a publication."""
    return {
        "site": made.site,
        "number": made.number,
        "hash": made.hash,
        "material": made.is_material,
        "asked_again": asked_again,
    }
