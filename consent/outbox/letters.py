"""Letters to one person: a new password, an invitation, a subscription to be confirmed.

They are queued in the transaction of what they follow from. A letter is written when it is sent, so that no link that
opens something is stored.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any, Literal

from sqlalchemy.orm import Session

from consent.core import mail
from consent.core.errors import ConsentError
from consent.core.mail import Mailer, Refused
from consent.models import OutboxItem
from consent.models.outbox import LETTER, queued
from consent.outbox import queue

Kind = Literal["reset", "invitation", "confirmation"]
# Writes a letter of a kind, from what was queued; None where nobody is to have it any more.
Write = Callable[[Session, str, dict[str, Any]], EmailMessage | None]

# What a process that sends one has it to itself for: to be let in, and for the message.
CLAIM = timedelta(seconds=2 * mail.PATIENCE)
# Before each further try; after the last it is given up.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 1440))


def put(
    session: Session, site: str, kind: Kind, content: dict[str, Any], now: datetime
) -> queue.Key:
    """Queues a letter; of an account, which belongs to no site, `site` is empty. The caller commits."""
    item = queued(LETTER, site, kind, json.dumps(content), now)
    session.add(item)
    return item.site, item.id


def is_tried_again(session: Session, key: queue.Key) -> bool:
    """Whether a letter that was not sent waits for another try."""
    item = session.get(OutboxItem, key)
    return item is not None and item.next_attempt_at is not None


def send_due(
    session: Session, smtp_url: str, write: Write, clock: Callable[[], datetime]
) -> list[str]:
    """Sends the letters whose time has come, and commits. What went wrong, a line each."""
    found = [
        send(session, key, smtp_url, write, clock)
        for key in queue.claimed(session, LETTER, clock, CLAIM)
    ]
    return [each for each in found if each]


def send(
    session: Session,
    key: queue.Key,
    smtp_url: str,
    write: Write,
    clock: Callable[[], datetime],
) -> str:
    """Sends a letter that this process has claimed, and commits. What is wrong, or nothing."""
    item = session.get_one(OutboxItem, key)
    try:
        letter = write(session, item.about, json.loads(item.content))
        if letter is None:
            session.delete(item)
            session.commit()
            return ""
        with Mailer(smtp_url) as mailer:
            mailer.send(letter, before_the_end=lambda: queue.sent(session, key, clock()))
    except ConsentError as error:
        is_for_good = isinstance(error, Refused) and error.is_for_good
        queue.failed(session, key, error.detail, clock(), PAUSES, for_good=is_for_good)
        return error.detail
    return ""
