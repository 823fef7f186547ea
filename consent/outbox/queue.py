"""The one way to send a thing later: it is claimed by one process, tried again, and given up.

An item is queued in the transaction of what it follows from (models/outbox.py). Whichever process comes first claims it
for as long as an attempt may take; one that is killed leaves it to the next.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from consent.models import OutboxItem

Key = tuple[str, uuid.UUID]

# Items of a kind that are looked at in one round.
AT_ONCE = 100
LONGEST_ERROR = 300


def due(session: Session, kind: str, now: datetime, *more: ColumnElement[bool]) -> list[Key]:
    """Items whose time has come, those that have waited longest first."""
    query = (
        select(OutboxItem.site, OutboxItem.id)
        .where(OutboxItem.kind == kind, OutboxItem.next_attempt_at <= now, *more)
        .order_by(OutboxItem.next_attempt_at, OutboxItem.id)
        .limit(AT_ONCE)
    )
    return [(site, identity) for site, identity in session.execute(query)]


def claimed(
    session: Session,
    kind: str,
    clock: Callable[[], datetime],
    claim_for: timedelta,
    *more: ColumnElement[bool],
) -> Iterator[Key]:
    """All items whose time has come, each claimed as it is handed out, unless another process has it meanwhile."""
    while some := due(session, kind, clock(), *more):
        for key in some:
            now = clock()
            if claim(session, key, now, now + claim_for):
                yield key


def claim(session: Session, key: Key, now: datetime, until: datetime) -> bool:
    """Whether this process is the one that tries it now, and commits. Once another has it, it is not due."""
    claimed = _set(session, key, OutboxItem.next_attempt_at <= now, next_attempt_at=until)
    session.commit()
    return claimed


def is_claimed(session: Session, key: Key, until: datetime) -> bool:
    """Whether it is still this process that has it: nobody stopped it, and no other took it over."""
    found = select(OutboxItem.next_attempt_at).where(*_is(key))
    return session.scalar(found) == until


def sent(session: Session, key: Key, now: datetime) -> None:
    """Commits."""
    _set(session, key, sent_at=now, next_attempt_at=None, error=None)
    session.commit()


def change(session: Session, key: Key, claimed_until: datetime, **values: Any) -> bool:
    """Notes what an item is after an attempt, unless it is another's by now, or nobody's. The caller commits."""
    return _set(session, key, OutboxItem.next_attempt_at == claimed_until, **values)


def failed(
    session: Session,
    key: Key,
    error: str,
    now: datetime,
    pauses: Sequence[timedelta],
    *,
    for_good: bool = False,
) -> None:
    """Has it tried again after the next of `pauses`; gives it up after the last, or `for_good`. Commits."""
    before = session.scalar(select(OutboxItem.attempts).where(*_is(key)))
    # None: it was taken back meanwhile.
    attempts = (before or 0) + 1
    wait = None if for_good else pause(pauses, attempts)
    _set(
        session,
        key,
        attempts=attempts,
        error=error[:LONGEST_ERROR],
        sent_at=None,
        next_attempt_at=wait and now + wait,
    )
    session.commit()


def pause(pauses: Sequence[timedelta], attempts: int) -> timedelta | None:
    """What there is to wait after so many attempts that failed; None: it is given up."""
    return pauses[attempts - 1] if attempts <= len(pauses) else None


def _is(key: Key) -> list[ColumnElement[bool]]:
    return [OutboxItem.site == key[0], OutboxItem.id == key[1]]


def _set(session: Session, key: Key, *where: ColumnElement[bool], **values: Any) -> bool:
    statement = update(OutboxItem).where(*_is(key), *where).values(**values)
    changed = session.execute(statement.execution_options(synchronize_session=False))
    return bool(changed.rowcount)  # type: ignore[attr-defined]
