"""Staff: who they are, their passwords, and what each may do with which site."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import cache

import uuid_utils.compat
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from consent.core.choices import ROLES as ROLES
from consent.core.db import upsert
from consent.core.emails import address
from consent.core.errors import Conflict, Invalid, NotAllowed, NotFound, Unauthenticated
from consent.core.hashes import of_secret
from consent.models import (
    Identity,
    Invitation,
    Membership,
    RecoveryCode,
    ReportSubscription,
    Site,
    Staff,
    StaffSession,
)
from consent.people import sessions
from consent.site import versions

SHORTEST_PASSWORD = 12
_hasher = PasswordHasher()


def add(
    session: Session,
    email: str,
    password: str,
    sites: Sequence[str],
    now: datetime,
    role: str = "owner",
) -> Staff:
    """Adds a member of staff, or gives one a new password and more sites, in that role. Commits.

    A new password ends the sessions that an old one began. Raises Invalid for a short password, no e-mail address or
    no role, UnknownSite.
    """
    require_password(password)
    for site in sites:
        versions.current(session, site)
    found = by_email(session, email)
    if found is None:
        found = create(session, email, now)
    else:
        sessions.end_all(session, found)
    found.password_hash = _hasher.hash(password)
    for site in sites:
        join(session, found, site, role)
    session.commit()
    return found


def create(session: Session, email: str, now: datetime) -> Staff:
    """A new member, who has no password and sees nothing yet. The caller commits. Raises Invalid, Conflict."""
    made = Staff(
        id=uuid_utils.compat.uuid7(),
        email=address(email).addr_spec.lower(),
        password_hash="",
        created_at=now,
    )
    session.add(made)
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        raise Conflict(f"{email} has an account already.") from None
    return made


def require_password(password: str) -> None:
    """Raises Invalid if it is too short to be one."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(f"The password needs at least {SHORTEST_PASSWORD} characters.")


def by_email(session: Session, email: str) -> Staff | None:
    """The member with this address, however its domain is written."""
    return session.scalar(select(Staff).where(Staff.email == _spelled(email)))


def _spelled(email: str) -> str:
    try:
        return address(email).addr_spec.lower()
    except Invalid:
        return email.strip().lower()


@cache
def _nobody() -> str:
    """Checked where there is no such member, so that the answer takes as long as a wrong password's."""
    return _hasher.hash(secrets.token_urlsafe(16))


def log_in(session: Session, email: str, password: str) -> Staff:
    """The member with this e-mail and password. Raises Unauthenticated."""
    found = by_email(session, email)
    stored = (found.password_hash if found else "") or _nobody()
    if not _is_hash_of(stored, password) or found is None:
        raise Unauthenticated("The e-mail address and the password do not belong together.")
    if _hasher.check_needs_rehash(found.password_hash):
        found.password_hash = _hasher.hash(password)
        session.commit()
    return found


def fingerprint(member: Staff) -> str:
    """Of the password, without telling it: another one has another."""
    return of_secret(member.password_hash)[:16]


def is_theirs(member: Staff, password: str) -> bool:
    """Whether this is the member's password."""
    return _is_hash_of(member.password_hash, password)


def _is_hash_of(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def change_password(session: Session, member: Staff, password: str) -> None:
    """Gives a member a new password, and ends all their sessions. Commits. Raises Invalid."""
    require_password(password)
    member.password_hash = _hasher.hash(password)
    sessions.end_all(session, member)
    session.commit()


def member(session: Session, identity: uuid.UUID) -> Staff | None:
    return session.get(Staff, identity)


def sites_of(session: Session, member: Staff, role: str = "viewer") -> list[str]:
    """Keys of the sites where a member has this role, or one that may do more."""
    query = select(Membership.site).where(
        Membership.staff == member.id, Membership.role.in_(_at_least(role))
    )
    return list(session.scalars(query.order_by(Membership.site)))


def _at_least(role: str) -> tuple[str, ...]:
    return ROLES[ROLES.index(role) :]


def role_in(session: Session, member: Staff, site: str) -> str:
    """Raises NotFound where the site is not this member's, as where it is unknown."""
    found = session.get(Membership, (site, member.id))
    if found is None:
        raise NotFound(f"There is no site {site!r} here.")
    return found.role


def require_site(session: Session, member: Staff, site: str, role: str = "viewer") -> Site:
    """The site, if this member has that role in it, or one that may do more.

    Raises NotFound where the site is not theirs or unknown, NotAllowed.
    """
    if role_in(session, member, site) not in _at_least(role):
        raise NotAllowed(f"This takes the role {role!r}.")
    return session.get_one(Site, site)


def members_of(session: Session, site: str) -> list[tuple[Staff, str]]:
    """Who has a role in a site, and which, by e-mail address."""
    query = (
        select(Staff, Membership.role)
        .join(Membership, Membership.staff == Staff.id)
        .where(Membership.site == site)
        .order_by(Staff.email)
    )
    return [(found, role) for found, role in session.execute(query)]


def is_member(session: Session, site: str, email: str, role: str) -> bool:
    """Whether somebody with this address may already do on the site all that the role allows."""
    return any(
        each.email == email.lower() and had in _at_least(role)
        for each, had in members_of(session, site)
    )


def join(session: Session, member: Staff, site: str, role: str) -> None:
    """Gives a member a role in a site, in place of another that they had. The caller commits.

    Raises Invalid, and Conflict where the site would be left without an owner.
    """
    if role not in ROLES:
        raise Invalid(f"{role!r} is no role. There are {', '.join(ROLES)}.")
    if role != "owner":
        _require_other_owner(session, member, site)
        _end_invitations(session, member, site)
    added = upsert(session, Membership).values(site=site, staff=member.id, role=role)
    session.execute(
        added.on_conflict_do_update(index_elements=["site", "staff"], set_={"role": role})
    )
    session.expire_all()


def leave(session: Session, member: Staff, site: str) -> None:
    """Ends a member's part in a site; who has no other is forgotten. The caller commits.

    Raises NotFound, and Conflict where the site would be left without an owner.
    """
    role_in(session, member, site)
    _require_other_owner(session, member, site)
    _end_invitations(session, member, site)
    for table in (Membership, ReportSubscription):
        session.execute(delete(table).where(table.site == site, table.staff == member.id))
    if not sites_of(session, member):
        forget(session, member)


def forget(session: Session, member: Staff) -> None:
    """Deletes all that is stored of a member, but for what they did. The caller commits."""
    for table in (Membership, RecoveryCode, StaffSession, Identity, ReportSubscription):
        session.execute(delete(table).where(table.staff == member.id))
    session.delete(member)
    session.flush()


def _end_invitations(session: Session, member: Staff, site: str) -> None:
    """Those that a member made, who could else come back by one of them."""
    made = (Invitation.site == site) & (Invitation.invited_by == member.email)
    session.execute(delete(Invitation).where(made))


def _require_other_owner(session: Session, member: Staff, site: str) -> None:
    # Written to, which locks on SQLite too, so that two owners cannot let go of the site at the same moment.
    session.execute(update(Site).where(Site.site == site).values(current=Site.current))
    owners = select(Membership.staff).where(Membership.site == site, Membership.role == "owner")
    if session.scalars(owners).all() == [member.id]:
        raise Conflict(f"Site {site!r} needs an owner. Make somebody else one first.")
