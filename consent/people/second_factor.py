"""The second factor: codes of an app on the member's phone (TOTP, RFC 6238), and a few on paper.

The secret is encrypted with a key made of the server's, so that a copy of the database gives no codes. A login renews
that with the newest key; who has not logged in before an older one is retired has the recovery codes left.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pyotp
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from consent.core.errors import Invalid, Unauthenticated
from consent.core.hashes import of_secret
from consent.models import RecoveryCode, Staff

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

# Seconds for which an app shows a code.
STEP = 30
# A clock may be so many steps off.
TOLERANCE = 1
CODES = 10
ISSUER = "Samtykke"

Keys = Sequence[str]


def new_secret() -> str:
    """A secret to be set up: 160 bits in base32, as apps take it."""
    return pyotp.random_base32()


def address(secret: str, member: Staff) -> str:
    """The otpauth address of a secret, for a QR code."""
    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=member.email, issuer_name=ISSUER)


def turn_on(
    session: Session, keys: Keys, member: Staff, secret: str, code: str, now: datetime
) -> list[str]:
    """Asks for codes of this secret from now on. Commits. Returns new recovery codes, which are stored as hashes only.

    Raises Invalid if the code is none of the secret's: the app has not taken it.
    """
    step = _step(secret, code, now)
    if step is None:
        raise Invalid("This is not the code that the app shows now.")
    member.totp_secret = _box(keys).encrypt(secret.encode()).decode()
    member.totp_step = step
    return new_codes(session, member)


def turn_off(session: Session, member: Staff) -> None:
    """Commits."""
    member.totp_secret = member.totp_step = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff == member.id))
    session.commit()


def new_codes(session: Session, member: Staff) -> list[str]:
    """New recovery codes, in the place of those that were. Commits."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff == member.id))
    made = [_code() for _ in range(CODES)]
    session.add_all(RecoveryCode(staff=member.id, hash=_hash(each)) for each in made)
    session.commit()
    return made


def codes_left(session: Session, member: Staff) -> int:
    query = select(func.count()).where(RecoveryCode.staff == member.id)
    return session.scalar(query) or 0


def check(session: Session, keys: Keys, member: Staff, code: str, now: datetime) -> None:
    """Takes a code of the app that was not taken before, or a recovery code, which is used up. Commits.

    Raises Unauthenticated.
    """
    if not (_is_new(session, keys, member, code, now) or _use(session, member, code)):
        raise Unauthenticated("This code is not valid, or not any more.")
    session.commit()


def _is_new(session: Session, keys: Keys, member: Staff, code: str, now: datetime) -> bool:
    if not member.totp_secret:
        return False
    from cryptography.fernet import InvalidToken

    box = _box(keys)
    try:
        secret = box.decrypt(member.totp_secret.encode()).decode()
    except InvalidToken:  # encrypted with a key that has been retired
        return False
    step = _step(secret, code, now)
    if step is None:
        return False
    # With the newest key, so that older ones can be retired.
    renewed = box.rotate(member.totp_secret.encode()).decode()
    # The database decides, where the same code comes twice at once.
    taken = session.execute(
        update(Staff)
        .where(Staff.id == member.id, or_(Staff.totp_step.is_(None), Staff.totp_step < step))
        .values(totp_step=step, totp_secret=renewed)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def _step(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, if that is near."""
    current = int(now.timestamp()) // STEP
    sent = "".join(code.split())
    for step in range(current - TOLERANCE, current + TOLERANCE + 1):
        if hmac.compare_digest(pyotp.HOTP(secret).at(step).encode(), sent.encode()):
            return step
    return None


def _use(session: Session, member: Staff, code: str) -> bool:
    used = session.execute(
        delete(RecoveryCode).where(
            RecoveryCode.staff == member.id, RecoveryCode.hash == _hash(code)
        )
    )
    return bool(used.rowcount)  # type: ignore[attr-defined]


def _code() -> str:
    """80 random bits, in groups that are easily copied by hand."""
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))


def _hash(code: str) -> str:
    return of_secret("".join(code.lower().replace("-", " ").split()))


def _box(keys: Keys) -> MultiFernet:
    # Imported here, since it takes some 6 MB that a worker can do without until a member logs in so.
    from cryptography.fernet import Fernet, MultiFernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = [HKDF(SHA256(), 32, None, b"second factor").derive(key.encode()) for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(each)) for each in derived])
