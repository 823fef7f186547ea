"""Finds published versions, and what they say and mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.core.canonical import digest
from consent.core.errors import NotFound, UnknownSite
from consent.core.periods import Period
from consent.models import Site, Version, VersionText
from consent.site import schema
from consent.site.schema import SiteFile, Storage


@dataclass(frozen=True)
class Published:
    """What the rules need to know of a version, without a database at hand."""

    site: str
    number: int
    # The version's, SHA-256 in hex.
    hash: str
    site_file: SiteFile
    # For each language the hash of the words that a visitor has before them.
    words_hashes: dict[str, str]

    @cached_property
    def meanings(self) -> dict[str, str]:
        """The fingerprint of each purpose that is asked for."""
        return fingerprints(self.site_file)


def get(session: Session, site: str, number: int) -> Version:
    # Larger numbers are none that a database could hold.
    found = session.get(Version, (site, number)) if 0 < number < 2**31 else None
    if found is None:
        raise NotFound(f"Site {site!r} has no version {number}.")
    return found


def current(session: Session, site: str) -> Version:
    """The version in force. Raises UnknownSite."""
    row = session.get(Site, site)
    if row is None:
        raise UnknownSite(f"There is no site {site!r} on this server.")
    return get(session, site, row.current)


def names(session: Session, sites: Iterable[str]) -> dict[str, str]:
    """What some sites are called in their versions in force."""
    in_force = (Site.site == Version.site) & (Site.current == Version.number)
    found = session.scalars(select(Version).join(Site, in_force).where(Site.site.in_(sites)))
    return {each.site: site_file(each).site.name for each in found}


def published(session: Session, site: str, number: int) -> Published:
    """Raises NotFound."""
    made = get(session, site, number)
    hashes = select(VersionText.language, VersionText.words_hash).where(
        VersionText.site == site, VersionText.version == number
    )
    found = dict(session.execute(hashes).all())
    return Published(site, number, made.hash, site_file(made), found)


def text(session: Session, made: Version, language: str) -> VersionText:
    found = session.get(VersionText, (made.site, made.number, language))
    if found is None:
        raise NotFound(f"Version {made.number} of site {made.site!r} does not speak {language!r}.")
    return found


def words_hash(banner: dict[str, str], settings: str) -> str:
    """The hash of what a visitor has before them when they choose: the banner's words and its settings layer."""
    return digest({"banner": banner, "settings": settings})


# Versions never change, so what was read from one stands for as long as the process does.
_loaded: dict[str, SiteFile] = {}
_LOADED_AT_MOST = 512


def site_file(made: Version) -> SiteFile:
    found = _loaded.get(made.hash)
    if found is None:
        if len(_loaded) >= _LOADED_AT_MOST:
            _loaded.clear()
        found = _loaded[made.hash] = schema.load(made.content)
    return found


def fingerprints(site_file: SiteFile) -> dict[str, str]:
    """For each purpose that is asked for, a short hash of what it means.

    Its services, their cookies and signals, and who receives the data: when these change, those who had granted the
    purpose are asked again. The wording is not in it.
    """
    types = {purpose.key: purpose.consent_types for purpose in site_file.purposes}
    return {
        purpose: digest(
            [
                # Only where the file says so: what the standard purposes mean to Google is known.
                *([{"types": types[purpose]}] if types[purpose] is not None else []),
                *[
                    {
                        "service": service.key,
                        "cookies": [
                            cookie.model_dump(include={"name", "lifetime"})
                            for cookie in service.cookies
                        ],
                        # Only where there is any, so that what had none before still means the same.
                        **(
                            {"storage": [_meant(each) for each in service.storage]}
                            if service.storage
                            else {}
                        ),
                        "recipient": site_file.processor(service.processor).model_dump(
                            include={"name", "countries", "seat"}
                        ),
                    }
                    for service in site_file.services_of(purpose)
                ],
            ]
        )[:6]
        for purpose in site_file.asked_purposes
    }


def _meant(storage: Storage) -> dict[str, Any]:
    return storage.model_dump(include={"kind", "name", "lifetime"})


def asked_again(old: SiteFile, new: SiteFile) -> list[str]:
    """The purposes about which those who had granted them are asked again: they mean something else now."""
    before = fingerprints(old)
    return [
        purpose
        for purpose, fingerprint in fingerprints(new).items()
        if before.get(purpose, fingerprint) != fingerprint
    ]


def of_site(session: Session, site: str) -> list[Version]:
    """All versions, the newest first. Raises UnknownSite."""
    current(session, site)
    found = select(Version).where(Version.site == site).order_by(Version.number.desc())
    return list(session.scalars(found))


def published_in(session: Session, site: str, period: Period) -> list[tuple[Version, date]]:
    """The versions that were published in a period, and on which of the site's days. Raises UnknownSite."""
    zone = site_file(current(session, site)).zone
    dated = [(each, each.published_at.astimezone(zone).date()) for each in of_site(session, site)]
    return [(each, day) for each, day in dated if period.first <= day <= period.last]
