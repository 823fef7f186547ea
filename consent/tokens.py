"""The visitor's token: a signed note that says which visitor of which site somebody is."""

import hashlib
import uuid
from datetime import datetime, timedelta
from functools import lru_cache

from itsdangerous import BadSignature, Signer

from consent.errors import BadToken, ExpiredToken, ForeignToken

# As long as the longest consent (sitefile.Asking.months), and some days for the way.
LIFETIME = timedelta(days=13 * 31 + 7)


def issue(keys: tuple[str, ...], site: str, visitor: uuid.UUID, moment: datetime) -> str:
    """A token of the visitor, signed with the newest key. The same moment gives the same token."""
    return _signer(keys).sign(f"{site}.{visitor.hex}.{int(moment.timestamp())}").decode()


def read(keys: tuple[str, ...], site: str, token: str, now: datetime) -> uuid.UUID:
    """The visitor of `token`.

    Raises BadToken (forged, or signed with a key that has been retired), ExpiredToken, ForeignToken.
    """
    try:
        issued_for, visitor, moment = _signer(keys).unsign(token).decode().split(".")
    except (BadSignature, UnicodeError):
        raise BadToken("The token's signature matches none of the server's keys.") from None
    if issued_for != site:
        raise ForeignToken(f"The token was issued for another site than {site!r}.")
    if now.timestamp() - int(moment) > LIFETIME.total_seconds():
        raise ExpiredToken(
            f"The token is older than {LIFETIME.days} days; a new decision gives a new one."
        )
    return uuid.UUID(hex=visitor)


@lru_cache(maxsize=16)
def _signer(keys: tuple[str, ...]) -> Signer:
    # itsdangerous signs with the last key and accepts all; the setting has the newest first. It would derive this
    # salt's keys anew for each token.
    derived = [_derived(key) for key in reversed(keys)]
    return Signer(derived, key_derivation="none", digest_method=hashlib.sha256)


def _derived(key: str) -> bytes:
    return Signer(key, salt="visitor", digest_method=hashlib.sha256).derive_key()
