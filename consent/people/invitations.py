"""Invitations: an owner lets somebody become a member of one or several sites, by a link in an e-mail."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from consent.core.emails import address
from consent.core.errors import Conflict, Invalid, NotFound
from consent.core.hashes import of_secret
from consent.models import Invitation, Staff
from consent.people import staff

LIFETIME = timedelta(days=7)


def invite(
    session: Session,
    by: Staff,
    email: str,
    sites: Sequence[str],
    role: str,
    now: datetime,
    secret: str = "",
) -> str:
    """What the link is to hold: `secret`, or a new one. It is stored as a hash only. The caller commits.

    Whether somebody has this address is not told: an owner of one site learns nothing of the members of others.

    Raises Invalid; NotFound and NotAllowed where a site is not theirs to share.
    """
    email = address(email).addr_spec.lower()
    if role not in staff.ROLES:
        raise Invalid(f"{role!r} is no role. There are {', '.join(staff.ROLES)}.")
    if not sites:
        raise Invalid("Say to which sites.")
    secret = secret or secrets.token_urlsafe(32)
    for site in sites:
        staff.require_site(session, by, site, "owner")
        # The newest stands: who was invited in another role finds this one.
        session.execute(
            delete(Invitation).where(Invitation.site == site, Invitation.email == email)
        )
        session.add(
            Invitation(
                site=site,
                hash=of_secret(secret),
                email=email,
                role=role,
                invited_by=by.email,
                invited_at=now,
                expires_at=now + LIFETIME,
            )
        )
    session.flush()
    return secret


def of_site(session: Session, site: str, now: datetime) -> list[Invitation]:
    """Those that may still be accepted, by e-mail address."""
    query = select(Invitation).where(Invitation.site == site, Invitation.expires_at > now)
    return list(session.scalars(query.order_by(Invitation.email)))


def withdraw(session: Session, site: str, invitation_hash: str) -> Invitation:
    """The caller commits. Raises NotFound."""
    found = session.get(Invitation, (site, invitation_hash))
    if found is None:
        raise NotFound("There is no such invitation, or no longer.")
    session.delete(found)
    return found


def find(session: Session, secret: str, now: datetime) -> list[Invitation]:
    """What a link invites to, a site each. Raises NotFound if that is nothing, or nothing any more."""
    query = select(Invitation).where(
        Invitation.hash == of_secret(secret), Invitation.expires_at > now
    )
    found = list(session.scalars(query.order_by(Invitation.site)))
    if not found:
        raise NotFound("This invitation was accepted already, withdrawn, or is too old.")
    return found


def accept(session: Session, invitations: Sequence[Invitation], member: Staff) -> None:
    """Gives a member the roles that they are invited to. The caller commits. Raises Conflict if somebody else is."""
    for each in invitations:
        if each.email != member.email:
            raise Conflict(f"This invitation is for {each.email}.")
        if not _may_more(session, member, each):
            staff.join(session, member, each.site, each.role)
        session.delete(each)


def _may_more(session: Session, member: Staff, invitation: Invitation) -> bool:
    """Whether they may do all that already: an old link takes nothing away."""
    try:
        had = staff.role_in(session, member, invitation.site)
    except NotFound:
        return False
    return staff.ROLES.index(had) >= staff.ROLES.index(invitation.role)
