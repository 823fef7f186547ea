"""The draft of a site file, which its editors change together until one of them publishes it."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from consent.core.canonical import digest
from consent.core.errors import Conflict
from consent.models import Draft
from consent.notice import publishing
from consent.notice.publishing import Publication
from consent.people import audit
from consent.site import edit, mistakes, schema, toml_lines, versions
from consent.site.mistakes import Mistake
from consent.site.schema import SiteFileError

# How often a change is made anew on what another has saved meanwhile.
ATTEMPTS = 5
# Mistakes that are told of at once. Who has made more has pasted something else.
MOST_MISTAKES = 200


@dataclass(frozen=True)
class Snapshot:
    """A site's draft; where nobody has changed anything yet, the version in force."""

    site: str
    source: str
    based_on: int
    # None: nobody has changed anything.
    changed_by: str | None = None
    changed_at: datetime | None = None
    revision: int = 0

    @property
    def hash(self) -> str:
        """Of what it says."""
        return digest([self.based_on, self.source])

    def seen(self, current: int) -> str:
        """Of what somebody sees who compares it with the version in force."""
        return digest([self.hash, current])


def hash_of(source: str) -> str:
    """Of a text: another one has another."""
    return digest(source)


def of_site(session: Session, site: str) -> Snapshot:
    """Raises UnknownSite."""
    found = session.get(Draft, site, populate_existing=True)
    if found is None:
        current = versions.current(session, site)
        return Snapshot(site, current.source, current.number)
    return Snapshot(
        site, found.source, found.based_on, found.changed_by, found.changed_at, found.revision
    )


def change(
    session: Session, site: str, by: str, now: datetime, make: Callable[[str], str]
) -> Snapshot:
    """Makes a change of the draft, on what it is at this moment, and commits. Returns what it is then.

    `make` takes the source and returns the new one; where somebody else was quicker, it is called once more, with what
    they have made. What it raises leaves the draft as it is.

    Raises UnknownSite, and Conflict if others are always quicker.
    """
    for _ in range(ATTEMPTS):
        snapshot = of_site(session, site)
        source = make(snapshot.source)
        if source == snapshot.source:
            return snapshot
        if _store(session, snapshot, source, by, now):
            return of_site(session, site)
    raise Conflict("Others change the draft at this moment; try again.")


def _store(session: Session, snapshot: Snapshot, source: str, by: str, now: datetime) -> bool:
    """Whether nobody was quicker. Commits."""
    new = {"source": source, "changed_by": by, "changed_at": now, "revision": snapshot.revision + 1}
    if snapshot.revision:
        same = (Draft.site == snapshot.site) & (Draft.revision == snapshot.revision)
        stored = session.execute(update(Draft).where(same).values(**new))
        session.commit()
        return bool(stored.rowcount)  # type: ignore[attr-defined]
    session.add(Draft(site=snapshot.site, based_on=snapshot.based_on, **new))
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        return False
    return True


def discard(session: Session, site: str, was: str) -> None:
    """Begins anew from the version in force, and commits.

    Raises Conflict if the draft is not what it `was` (Snapshot.hash).
    """
    snapshot = of_site(session, site)
    if was != snapshot.hash or not _forget(session, snapshot):
        raise Conflict("The draft was changed meanwhile.")
    session.commit()


def _forget(session: Session, snapshot: Snapshot) -> bool:
    """Deletes the draft, unless somebody has changed it. The caller commits."""
    same = (Draft.site == snapshot.site) & (Draft.revision == snapshot.revision)
    gone = session.execute(delete(Draft).where(same))
    return bool(gone.rowcount) or not snapshot.revision  # type: ignore[attr-defined]


def mistakes_in(source: str, site: str) -> list[Mistake]:
    """The mistakes that keep a source from being published as this site's, in the order of the file."""
    try:
        site_file = schema.parse(source)
    except SiteFileError as error:
        return error.mistakes[:MOST_MISTAKES]
    if site_file.site.key != site:
        said = gettext("The key of a site cannot change. Write %(key)s.", key=site)
        return [Mistake(1, ("site", "key"), said)]
    return []


def syntax_of(source: str) -> list[Mistake]:
    """What keeps a source from being TOML."""
    try:
        toml_lines.loads(source)
    except tomllib.TOMLDecodeError as error:
        return [mistakes.of_syntax(error, source)]
    except RecursionError:
        return [Mistake(1, (), gettext("Lists or tables are nested too deeply for a site file."))]
    return []


def publish(
    session: Session,
    site: str,
    seen: str,
    by: str,
    now: datetime,
    *,
    dated: bool,
    raised: bool = False,
    lowered_because: str | None = None,
) -> Publication:
    """Publishes the draft as it was `seen` (Snapshot.seen), commits, and ends it.

    `dated`: the notice says that it was changed today.

    Raises Conflict if it was changed since, or another version was published; SiteFileError and what `notice.publish`
    does.
    """
    snapshot = of_site(session, site)
    current = versions.current(session, site).number
    if seen != snapshot.seen(current):
        raise Conflict("The draft, or the version in force, was changed meanwhile.")
    # Another site's key, too: its members alone publish it.
    if found := mistakes_in(snapshot.source, site):
        raise SiteFileError(found)
    source = snapshot.source
    if dated:
        zone = schema.parse(source).zone
        source = edit.write(source, {("site", "updated"): now.astimezone(zone).date()})
    if not _forget(session, snapshot):
        raise Conflict("The draft was changed meanwhile.")
    audit.note(session, site, by, "published", now, number=current + 1)
    made = publishing.publish(
        session,
        source,
        now,
        after=current,
        raised=raised,
        lowered_because=lowered_because,
    )
    if not made.is_new:
        session.rollback()
        _forget(session, snapshot)
        session.commit()
    return made
