"""Tells other programs over HTTP what happens to a site, as Standard Webhooks 1.0 says (https://www.standardwebhooks.com).

A message is queued in the transaction of what it tells (site/events.py), and tried until its receiver takes it.
"""

import base64
import hmac
import re
import secrets
import uuid
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException

import uuid_utils.compat
from sqlalchemy import String, cast, delete, func, select
from sqlalchemy.orm import Session

from consent.core import outside
from consent.core.errors import Invalid, NotFound
from consent.models import OutboxItem, Webhook
from consent.models.outbox import WEBHOOK
from consent.outbox import queue
from consent.site import versions

# Sends body and headers to a URL, and returns the status of the answer. Raises OSError, HTTPException.
Post = Callable[[str, bytes, dict[str, str]], int]

# Before each further attempt, as the specification advises; after the last the message is given up.
PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
# Seconds that a receiver may take, for all of the exchange.
PATIENCE = 15
# What a process that sends a message has it to itself for; then another may try.
CLAIM = timedelta(seconds=2 * PATIENCE)
# Messages that are tried in one round, of which each webhook has one: a slow receiver holds up nobody but itself.
AT_ONCE = 20
ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[!-~]*)?")


def add(session: Session, site: str, url: str, now: datetime) -> Webhook:
    """Raises UnknownSite, Invalid."""
    versions.current(session, site)
    if not ADDRESS.fullmatch(url) or len(url) > 2000:
        raise Invalid(f"{url!r} is no address; write it whole, in ASCII: https://….")
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    made = Webhook(site=site, id=uuid_utils.compat.uuid7(), url=url, secret=secret, created_at=now)
    session.add(made)
    session.commit()
    return made


def of_site(session: Session, site: str) -> list[Webhook]:
    """Raises UnknownSite."""
    versions.current(session, site)
    found = select(Webhook).where(Webhook.site == site).order_by(Webhook.id)
    return list(session.scalars(found))


@dataclass(frozen=True)
class State:
    """A webhook, and how it does. Messages are kept for some time (retention.MESSAGES)."""

    webhook: Webhook
    # The latest message; None where there was none.
    last: OutboxItem | None
    # How many are to be tried again.
    waiting: int


def states(session: Session, site: str) -> list[State]:
    """Raises UnknownSite."""
    # Ids of messages are in the order of their time.
    query = (
        select(OutboxItem)
        .where(OutboxItem.site == site, OutboxItem.kind == WEBHOOK)
        .order_by(OutboxItem.id)
    )
    messages: dict[str, list[OutboxItem]] = {}
    for message in session.scalars(query):
        messages.setdefault(message.about, []).append(message)
    return [
        State(
            each,
            next(reversed(messages.get(str(each.id), [])), None),
            sum(message.next_attempt_at is not None for message in messages.get(str(each.id), [])),
        )
        for each in of_site(session, site)
    ]


def remove(session: Session, site: str, identity: uuid.UUID) -> None:
    """And all that it was still to be told. Raises NotFound."""
    gone = session.execute(delete(Webhook).where(Webhook.site == site, Webhook.id == identity))
    if not gone.rowcount:  # type: ignore[attr-defined]
        raise NotFound(f"Site {site!r} has no webhook {identity}.")
    session.execute(
        delete(OutboxItem).where(
            OutboxItem.site == site,
            OutboxItem.kind == WEBHOOK,
            OutboxItem.about == str(identity),
        )
    )
    session.commit()


def deliver_due(session: Session, clock: Callable[[], datetime], post: Post) -> int:
    """Tries the first message of each webhook whose time has come, all at the same time, and commits.

    How many were taken. The caller comes again for the next ones.
    """
    # Ids are in the order of their time. PostgreSQL before 18 finds the least of texts only.
    first = func.min(cast(OutboxItem.id, String))
    due = (
        select(OutboxItem.site, first)
        .where(OutboxItem.kind == WEBHOOK, OutboxItem.next_attempt_at <= clock())
        .group_by(OutboxItem.site, OutboxItem.about)
        .order_by(func.min(OutboxItem.next_attempt_at))
        .limit(AT_ONCE)
    )
    now = clock()
    keys = [(site, uuid.UUID(identity)) for site, identity in session.execute(due).all()]
    claimed = [key for key in keys if queue.claim(session, key, now, now + CLAIM)]
    requests = {key: _request(session, key, now) for key in claimed}
    # The connection goes back while the receivers think.
    session.commit()
    taken = 0
    with ThreadPoolExecutor(max(len(requests), 1)) as threads:
        tried = {
            threads.submit(_tried, post, *request): key
            for key, request in requests.items()
            if request
        }
        for each in as_completed(tried):
            taken += _note(session, tried[each], *each.result(), clock())
    return taken


Request = tuple[str, bytes, dict[str, str]]


def _request(session: Session, key: queue.Key, now: datetime) -> Request | None:
    """None where the webhook was removed meanwhile."""
    message = session.get(OutboxItem, key)
    if message is None:
        return None
    webhook = session.get(Webhook, (message.site, uuid.UUID(message.about)))
    if webhook is None:
        return None
    body = message.content.encode()
    return webhook.url, body, headers(webhook.secret, str(message.id), now, body)


def _tried(post: Post, url: str, body: bytes, given: dict[str, str]) -> tuple[int, str | None]:
    """The status of the answer, and what is wrong with it."""
    try:
        status = post(url, body, given)
    except (OSError, HTTPException, ValueError) as problem:
        return 0, str(problem)[:300]
    return status, None if 200 <= status < 300 else f"It answered {status}."


def _note(session: Session, key: queue.Key, status: int, error: str | None, now: datetime) -> bool:
    if error is None:
        queue.sent(session, key, now)
    else:
        # 410: it is gone, as it says itself.
        queue.failed(session, key, error, now, PAUSES, for_good=status == 410)
    return error is None


def headers(secret: str, identity: str, now: datetime, body: bytes) -> dict[str, str]:
    """Those by which the receiver knows that the message is ours, new, and whole."""
    timestamp = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.digest(key, f"{identity}.{timestamp}.".encode() + body, "sha256")
    return {
        "Content-Type": "application/json",
        "webhook-id": identity,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def post(url: str, body: bytes, given: dict[str, str], inside: Collection[str] = ()) -> int:
    """The status of the answer. A receiver that has moved says so to whoever set it up, not to us.

    `inside` as in outside.exchange, which says what is raised.
    """
    asked = {**given, "User-Agent": "Samtykke"}
    answer = outside.exchange(
        "POST", url, asked, seconds=PATIENCE, most=0, inside=inside, body=body
    )
    return answer.status
