"""Signed notes: which visitor of a site somebody is, whom a link in an e-mail is for, whose browser this is."""

import base64
import hashlib
import hmac
import uuid
from datetime import datetime, timedelta
from functools import lru_cache

from itsdangerous import BadSignature, Signer
from itsdangerous.signer import SigningAlgorithm

from consent.core.errors import BadToken, ExpiredToken, ForeignToken
from consent.core.hashes import of_secret

# For how long a link to a new password opens.
RESET = timedelta(hours=1)
# As long as the longest consent (sitefile.Asking.months), and some days for the way.
LIFETIME = timedelta(days=13 * 31 + 7)


def issue(keys: tuple[str, ...], site: str, visitor: uuid.UUID, moment: datetime) -> str:
    """A token of the visitor, signed with the newest key. The same moment gives the same token."""
    return _signer(keys, "visitor").sign(f"{site}.{visitor.hex}.{int(moment.timestamp())}").decode()


def read(keys: tuple[str, ...], site: str, token: str, now: datetime) -> uuid.UUID:
    """The visitor of `token`.

    Raises BadToken (forged, or signed with a key that has been retired), ExpiredToken, ForeignToken.
    """
    issued_for, visitor, moment = _unsigned(keys, "visitor", token).split(".")
    if issued_for != site:
        raise ForeignToken(f"The token was issued for another site than {site!r}.")
    if now.timestamp() - int(moment) > LIFETIME.total_seconds():
        raise ExpiredToken(
            f"The token is older than {LIFETIME.days} days; a new decision gives a new one."
        )
    return uuid.UUID(hex=visitor)


def issue_subscription(keys: tuple[str, ...], site: str, subscriber: uuid.UUID) -> str:
    """A token for links in e-mails. It holds until its subscriber leaves."""
    return _signer(keys, "subscriber").sign(f"{site}.{subscriber.hex}").decode()


def read_subscription(keys: tuple[str, ...], site: str, token: str) -> uuid.UUID:
    """The subscriber of `token`. Raises BadToken, ForeignToken."""
    issued_for, subscriber = _unsigned(keys, "subscriber", token).split(".")
    if issued_for != site:
        raise ForeignToken(f"The token was issued for another site than {site!r}.")
    return uuid.UUID(hex=subscriber)


def issue_reset(keys: tuple[str, ...], member: uuid.UUID, fingerprint: str, now: datetime) -> str:
    """A token for a link by which a member of staff gets a new password, while theirs has this fingerprint."""
    return (
        _signer(keys, "reset").sign(f"{member.hex}.{fingerprint}.{int(now.timestamp())}").decode()
    )


def read_reset(keys: tuple[str, ...], token: str, now: datetime) -> tuple[uuid.UUID, str]:
    """Whose token it is, and the fingerprint of the password that it is to replace. Raises BadToken, ExpiredToken."""
    member, fingerprint, moment = _unsigned(keys, "reset", token).split(".")
    if now.timestamp() - int(moment) > RESET.total_seconds():
        raise ExpiredToken("The link is too old. Ask for another.")
    return uuid.UUID(hex=member), fingerprint


def invitation(key: str, seed: str) -> str:
    """The secret of an invitation's link. Of the two, the seed alone is stored until the letter is sent."""
    made = hmac.digest(key.encode(), f"invitation {seed}".encode(), "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def issue_device(keys: tuple[str, ...], email: str) -> str:
    """A token of a browser in which somebody with this address has logged in. It does not have the address itself."""
    return _signer(keys, "device").sign(f"{uuid.uuid4().hex}.{of_secret(email)}").decode()


def read_device(keys: tuple[str, ...], token: str, email: str) -> str | None:
    """Which browser it is, if somebody with this address has logged in with it. Raises BadToken."""
    device, _, known = _unsigned(keys, "device", token).partition(".")
    return device if known == of_secret(email) else None


def _unsigned(keys: tuple[str, ...], salt: str, token: str) -> str:
    try:
        return _signer(keys, salt).unsign(token).decode()
    except (BadSignature, UnicodeError):
        raise BadToken("The token's signature matches none of the server's keys.") from None


class _HmacSha256(SigningAlgorithm):
    """As itsdangerous's own, in a quarter of the time: in one call instead of an object."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha256")


@lru_cache(maxsize=16)
def _signer(keys: tuple[str, ...], salt: str) -> Signer:
    # itsdangerous signs with the last key and accepts all; the setting has the newest first. It would derive the
    # salt's keys anew for each token.
    derived = [
        Signer(key, salt=salt, digest_method=hashlib.sha256).derive_key() for key in reversed(keys)
    ]
    return Signer(derived, key_derivation="none", algorithm=_HmacSha256())
