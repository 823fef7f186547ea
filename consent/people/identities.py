"""Who somebody is at the organization where staff log in (OpenID Connect Core 1.0)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.core.errors import Unauthenticated
from consent.models import Identity, Staff
from consent.people import staff


def log_in(session: Session, claims: Mapping[str, Any], invited: str, now: datetime) -> Staff:
    """The member whom the provider's claims are about. Commits.

    At first somebody is known by their e-mail address, if the provider says that it is verified; from then on by
    issuer and subject, which alone are theirs for ever (section 5.7): who has their address later is somebody else.
    Nobody becomes a member so, but who has the `invited` address.

    Raises Unauthenticated.
    """
    key = (str(claims["iss"]), str(claims["sub"]))
    if known := session.get(Identity, key):
        return session.get_one(Staff, known.staff)
    email = claims.get("email")
    if not email or claims.get("email_verified") is not True:
        raise Unauthenticated("The provider does not say that the e-mail address is verified.")
    found = staff.by_email(session, str(email))
    if found is None and str(email).lower() == invited:
        found = staff.create(session, invited, now)
    if found is None:
        raise Unauthenticated(f"{email} is no member.")
    others = select(Identity.subject).where(Identity.issuer == key[0], Identity.staff == found.id)
    if session.scalar(others):
        raise Unauthenticated(f"{email} was somebody else's.")
    session.add(Identity(issuer=key[0], subject=key[1], staff=found.id))
    session.commit()
    return found
