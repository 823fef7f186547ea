"""Tells people by e-mail that a notice has changed: those who asked for it, and those on a list.

Who asks has to confirm by a link in an e-mail (double opt-in), and leaves by another, in one click (RFC 8058).
"""

import hmac
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import cache, partial
from typing import NamedTuple

import uuid_utils.compat
from flask import render_template
from flask_babel import force_locale, gettext
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from consent.core import emails, mail, tokens
from consent.core.errors import Conflict, Invalid, NotFound
from consent.core.mail import Mailer, Refused
from consent.models import Delivery, Subscriber, Version
from consent.notice import change_words
from consent.notice.change_words import Said
from consent.outbox import letters
from consent.site import versions
from consent.site.schema import SiteFile

# Whoever asks once more is asked again after so long.
ASK_AGAIN = timedelta(days=1)


@dataclass(frozen=True)
class Sender:
    """What every message of the server needs to know."""

    # Newest first.
    keys: tuple[str, ...]
    # The address that messages come from.
    mail_from: str
    # The server's own address, without a slash at its end.
    public_url: str

    def link(self, site: str, path: str) -> str:
        return f"{self.public_url}/privacy/{site}/{path}"


class Recipient(NamedTuple):
    email: str
    language: str
    # None: from a list, not one of the subscribers.
    subscriber: uuid.UUID | None = None


def ask(
    session: Session, site_file: SiteFile, email: str, language: str, now: datetime
) -> Subscriber | None:
    """Notes that somebody wants to be told, queues the e-mail that asks whether it was they, and commits.

    None if that was asked today, or is confirmed: whoever fills in a stranger's address changes nothing, and fills no
    mailbox. Raises Invalid.
    """
    site, email = site_file.site.key, emails.address(email).addr_spec.lower()
    found = session.scalar(
        select(Subscriber).where(Subscriber.site == site, Subscriber.email == email)
    )
    if found is not None:
        if found.confirmed_at or now - found.asked_at < ASK_AGAIN:
            return None
        _ask_whether(session, found, now)
        session.commit()
        return found
    spoken = site_file.site.languages
    found = Subscriber(
        site=site,
        id=uuid_utils.compat.uuid7(),
        email=email,
        language=language if language in spoken else site_file.default_language,
        asked_at=now,
    )
    session.add(found)
    _ask_whether(session, found, now)
    try:
        session.commit()
    except IntegrityError:  # at the same moment, in another tab
        session.rollback()
        return None
    return found


def _ask_whether(session: Session, subscriber: Subscriber, now: datetime) -> None:
    content = {"site": subscriber.site, "subscriber": str(subscriber.id)}
    letters.put(session, subscriber.site, "confirmation", content, now)


def get(session: Session, keys: tuple[str, ...], site: str, token: str) -> Subscriber:
    """The subscriber of a link. Raises BadToken, ForeignToken, and NotFound where they have left."""
    found = session.get(Subscriber, (site, tokens.read_subscription(keys, site, token)))
    if found is None:
        raise NotFound("This address is not told of changes, or no longer.")
    return found


def confirm(session: Session, subscriber: Subscriber, now: datetime) -> None:
    subscriber.confirmed_at = subscriber.confirmed_at or now
    session.commit()


def leave(session: Session, subscriber: Subscriber) -> None:
    """Deletes the address."""
    session.delete(subscriber)
    session.commit()


def confirmation(sender: Sender, site_file: SiteFile, subscriber: Subscriber) -> EmailMessage:
    name = site_file.site.name
    with force_locale(subscriber.language):
        token = tokens.issue_subscription(sender.keys, subscriber.site, subscriber.id)
        return _message(
            sender,
            site_file,
            subscriber.email,
            gettext("Confirm: notify me when the privacy notice of %(name)s changes", name=name),
            render_template(
                "mail/confirm.txt",
                name=name,
                address=sender.link(subscriber.site, f"subscription/{token}"),
            ),
        )


def _message(sender: Sender, site_file: SiteFile, to: str, subject: str, text: str) -> EmailMessage:
    sent_by = emails.address(sender.mail_from, site_file.site.name)
    made = mail.addressed(mail.message(sent_by, subject, text), to)
    with suppress(Invalid):  # what the notice names may be none that mail servers take
        made["Reply-To"] = emails.address(site_file.controller.email)
    return made


def recipients(session: Session, site: str, listed: Iterable[Recipient]) -> list[Recipient]:
    """The confirmed subscribers and those on the list, each address once."""
    subscribed = session.scalars(
        select(Subscriber)
        .where(Subscriber.site == site, Subscriber.confirmed_at.is_not(None))
        .order_by(Subscriber.id)
    )
    found = {
        each.email.lower(): Recipient(each.email, each.language, each.id) for each in subscribed
    }
    for each in listed:
        found.setdefault(each.email.lower(), each)
    return list(found.values())


@dataclass(frozen=True)
class Told:
    """What became of one announcement."""

    recipient: Recipient
    # Empty: it was sent, now or before.
    refused: str = ""
    # Whether it is no use to try this address again.
    is_for_good: bool = False
    is_new: bool = True


def announce(
    session: Session,
    mailer: Mailer,
    sender: Sender,
    version: Version,
    to: Iterable[Recipient],
    now: datetime,
) -> Iterator[Told]:
    """Tells each recipient of the version, unless they were told. May be stopped, and begun again, at any point.

    Raises NoMail if the connection is lost, and Conflict where another process tells somebody at this moment.
    """
    said, number = cache(partial(_said, session, version)), version.number
    for recipient in to:
        # With an older key it was told before the keys were rotated.
        key, *older = (_recipient(each, recipient.email) for each in sender.keys)
        if any(
            session.get(Delivery, (version.site, version.number, each)) for each in (key, *older)
        ):
            yield Told(recipient, is_new=False)
            continue
        message = _announcement(sender, version, recipient, said(recipient.language))

        def note(key: str = key) -> None:
            session.add(
                Delivery(site=version.site, version=version.number, recipient=key, sent_at=now)
            )
            session.commit()

        try:
            mailer.send(message, before_the_end=note)
        except Refused as error:
            session.execute(
                delete(Delivery).where(
                    Delivery.site == version.site,
                    Delivery.version == version.number,
                    Delivery.recipient == key,
                )
            )
            session.commit()
            yield Told(recipient, refused=error.detail, is_for_good=error.is_for_good)
        except IntegrityError:
            session.rollback()
            raise Conflict(
                f"Another process is telling people of version {number} at this moment. Begin again when it has ended."
            ) from None
        else:
            yield Told(recipient)


def _recipient(key: str, email: str) -> str:
    return hmac.digest(key.encode(), email.lower().encode(), "sha256").hex()


def _said(session: Session, version: Version, language: str) -> list[Said]:
    """What it changed; the first has changed nothing."""
    if version.number == 1:
        return []
    before = versions.get(session, version.site, version.number - 1)
    with force_locale(language):
        return change_words.between(
            versions.site_file(before), versions.site_file(version), language
        )


class Words(NamedTuple):
    subject: str
    text: str


def preview(session: Session, sender: Sender, version: Version, language: str) -> Words:
    """What a subscriber of this language is told of the version."""
    page = sender.link(version.site, "subscription/…")
    return _words(sender, version, language, _said(session, version, language), page)


def _words(
    sender: Sender, version: Version, language: str, said: list[Said], leave: str | None
) -> Words:
    site_file = versions.site_file(version)
    name = site_file.site.name
    with force_locale(language):
        text = render_template(
            "mail/announcement.txt",
            name=name,
            number=version.number,
            day=version.published_at.astimezone(site_file.zone).date(),
            said=said,
            address=sender.link(version.site, f"versions/{version.number}?lang={language}"),
            leave=leave,
        )
        return Words(gettext("The privacy notice of %(name)s has changed", name=name), text.strip())


def _announcement(
    sender: Sender, version: Version, recipient: Recipient, said: list[Said]
) -> EmailMessage:
    token = recipient.subscriber and tokens.issue_subscription(
        sender.keys, version.site, recipient.subscriber
    )
    page = sender.link(version.site, f"subscription/{token}") if token else None
    words = _words(sender, version, recipient.language, said, page)
    made = _message(sender, versions.site_file(version), recipient.email, *words)
    if page:
        made["List-Unsubscribe"] = f"<{page}/leave>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return made
