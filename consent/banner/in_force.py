"""What a process keeps in memory, so that a page view asks the database nothing: what is in force, and its script."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.banner import script
from consent.banner.script import Served
from consent.core import log_throttle
from consent.core.errors import NotAtHand, UnknownSite
from consent.models import Site
from consent.site import versions
from consent.site.versions import Published

# Seconds for which a process may go on with what it knows after another one has published.
FRESH_FOR = 1.0
# For which a request that does not wait is answered with it all the same.
STALE_FOR = 10.0
# Older versions that browsers still decide about. They are read again when they are asked for.
MOST_VERSIONS = 1000


@dataclass(frozen=True)
class InForce:
    published: Published
    script: Served


class Memory:
    """The sites as one process knows them. Asks the database at most once a second for each."""

    def __init__(self, sessions: Callable[[], Session], address: str) -> None:
        self._sessions = sessions
        # The server's own, which the scripts hold.
        self._address = address
        self._held: dict[str, tuple[float, InForce]] = {}
        self._versions: dict[tuple[str, int], Published] = {}
        self._asking = threading.Lock()
        # Who asks for requests that do not wait, and about which sites.
        self._apart: ThreadPoolExecutor | None = None
        self._asked_apart: set[str] = set()

    def current(self, site: str, wait: bool = True) -> InForce:
        """What is in force. While the database does not answer, what was in force when it last did.

        Raises UnknownSite; and NotAtHand where the database has to be asked, and the caller does not `wait`.
        """
        held = self._held.get(site)
        if held is not None and time.monotonic() - held[0] < FRESH_FOR:
            return held[1]
        if not wait:
            if held is None or time.monotonic() - held[0] > STALE_FOR:
                raise NotAtHand
            self._ask_apart(site)
            return held[1]
        if held is None:
            return self._ask(site, None)
        if not self._asking.acquire(blocking=False):
            return held[1]
        try:
            return self._ask(site, held[1])
        except UnknownSite:
            raise
        except Exception as error:  # the database is away, or holds what only a newer program reads
            log_throttle.log_error(__name__, f"Site {site}: the script may be old: {error}")
            self._held[site] = (time.monotonic(), held[1])
            return held[1]
        finally:
            self._asking.release()

    def _ask_apart(self, site: str) -> None:
        """Has a thread find out what is in force, for the requests that come after this one."""
        if self._apart is None:
            self._apart = ThreadPoolExecutor(1, "memory")  # not before a server may have forked
        if site not in self._asked_apart:
            self._asked_apart.add(site)
            self._apart.submit(self._refresh, site)

    def _refresh(self, site: str) -> None:
        try:
            self.current(site)
        except UnknownSite:
            pass  # the next request is told
        finally:
            self._asked_apart.discard(site)

    def held(self, site: str) -> InForce | None:
        """What was in force when somebody last looked."""
        held = self._held.get(site)
        return held and held[1]

    def _ask(self, site: str, known: InForce | None) -> InForce:
        asked_at = time.monotonic()
        with self._sessions() as session:
            number = session.scalar(select(Site.current).where(Site.site == site))
            if number is None:
                self._held.pop(site, None)
                raise UnknownSite(f"There is no site {site!r} on this server.")
            if known is None or known.published.number != number:
                published = versions.published(session, site, number)
                body = script.of_version(session, site, number, self._address)
                known = InForce(_at_hand(published), script.encode(body))
        self._held[site] = (asked_at, known)
        return known

    def version(self, site: str, number: int, wait: bool = True) -> Published:
        """A version, whether or not it is still in force. Raises NotFound, and NotAtHand as `current` does."""
        held = self._held.get(site)
        if held and held[1].published.number == number:
            return held[1].published
        found = self._versions.get((site, number))
        if found is None:
            if not wait:
                raise NotAtHand
            with self._sessions() as session:
                found = _at_hand(versions.published(session, site, number))
            if len(self._versions) >= MOST_VERSIONS:
                self._versions.clear()
            self._versions[site, number] = found
        return found

    def forget(self) -> None:
        self._held.clear()
        self._versions.clear()


def _at_hand(published: Published) -> Published:
    """Reads now what is else read from the disk when it is first asked for."""
    _ = published.site_file.zone
    return published
