"""Who somebody is at the organization where staff log in, as far as no provider is needed to ask."""

from datetime import UTC, datetime
from typing import Any

import pytest

from consent.core.errors import Unauthenticated
from consent.people import identities, staff
from tests.conftest import PASSWORD

ALICE = {
    "iss": "https://login.example.no",
    "sub": "1",
    "email": "alice@example.no",
    "email_verified": True,
}


def log_in(session: Any, **claims: Any) -> Any:
    return identities.log_in(session, {**ALICE, **claims}, "", datetime.now(UTC))


def test_who_has_somebodys_address_later_is_not_them(session: Any) -> None:
    """An address becomes free when somebody leaves, and may be another's then (section 5.7)."""
    made = staff.add(session, "alice@example.no", PASSWORD, ["07sor"], datetime.now(UTC))
    assert log_in(session).id == made.id

    with pytest.raises(Unauthenticated):
        log_in(session, sub="2")

    assert log_in(session, email="alice@elsewhere.example").id == made.id


def test_another_provider_has_its_own_ids(session: Any) -> None:
    made = staff.add(session, "alice@example.no", PASSWORD, ["07sor"], datetime.now(UTC))
    log_in(session)

    assert log_in(session, iss="https://other.example.no").id == made.id
