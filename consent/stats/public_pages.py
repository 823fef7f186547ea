"""Which pages of a site its public figures may name: those in its own sitemap, and those that its site file lists.

Anybody can send a page view of any path, and with it words of their own. What the website itself has written is safe to
show (sitemaps.py reads it).
"""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from consent.core import db
from consent.core.bulk import Bulk
from consent.counting import cleaning
from consent.models import PublicPage
from consent.site.schema import SiteFile

# What browsers send of a path as it is; they encode the rest (WHATWG URL, path percent-encode set).
SENT_AS_IT_IS = "/%!$&'()*+,:;=@[]\\^|~"
# Pages of a site that are kept.
MOST = 50_000
# Paths in one statement.
AT_ONCE = 500


def as_counted(path: str) -> str:
    """A path in the form in which its page views are counted."""
    return cleaning.path(quote(cleaning.bare(path), safe=SENT_AS_IT_IS))


def among(session: Session, site: str, site_file: SiteFile, paths: Sequence[str]) -> set[str]:
    """Those of the paths, as they are counted, that may be named."""
    listed = _listed(tuple(site_file.hits.public_pages))
    found = {each for each in paths if each in listed.pages or each.startswith(listed.below)}
    for some in _pieces(paths):
        query = select(PublicPage.path).where(PublicPage.site == site, PublicPage.path.in_(some))
        found.update(session.scalars(query))
    return found


class _Listed(NamedTuple):
    pages: frozenset[str]
    # What the paths of all others begin with.
    below: tuple[str, ...]


@lru_cache(maxsize=64)
def _listed(written: tuple[str, ...]) -> _Listed:
    """What a site file lists."""
    return _Listed(
        frozenset(as_counted(each) for each in written if not each.endswith("*")),
        tuple(as_counted(each.removesuffix("*")) for each in written if each.endswith("*")),
    )


def keep(session: Session, site: str, found: Iterable[str], *, is_whole: bool) -> None:
    """Puts the pages that were found in the place of those that are kept, in one transaction.

    Where not all could be read, those that are kept stay as well.
    """
    kept = set(session.scalars(select(PublicPage.path).where(PublicPage.site == site)))
    # The connection goes back before the transaction takes one.
    session.commit()
    wanted = dict.fromkeys(found)
    if not is_whole:
        wanted |= dict.fromkeys(sorted(kept))
    wanted = dict.fromkeys(list(wanted)[:MOST])
    with db.write(session.get_bind()) as connection:  # type: ignore[arg-type]
        for some in _pieces(sorted(kept - wanted.keys())):
            connection.execute(
                delete(PublicPage).where(PublicPage.site == site, PublicPage.path.in_(some))
            )
        _ADD.execute(connection, [(site, each) for each in sorted(wanted.keys() - kept)])


# Another process may have found the same.
_ADD = Bulk(PublicPage, "DO NOTHING")


def forget(session: Session, site: str) -> None:
    """Deletes what is kept of the site. The caller commits."""
    session.execute(delete(PublicPage).where(PublicPage.site == site))


def _pieces(paths: Sequence[str]) -> Iterable[Collection[str]]:
    return (paths[start : start + AT_ONCE] for start in range(0, len(paths), AT_ONCE))
