"""Writes the letters that the outbox sends, and has them sent at once where that is possible."""

import threading
import uuid
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from flask import current_app, render_template
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from consent.core import emails, log_throttle, mail, tokens
from consent.core.db import db
from consent.core.errors import NotFound
from consent.models import Invitation, Subscriber
from consent.outbox import announcements, letters, queue
from consent.people import invitations, staff
from consent.site import versions
from consent.web import context


def write(session: Session, kind: str, content: dict[str, Any]) -> EmailMessage | None:
    """None where nobody is to have it any more. Raises Invalid for an address that no mail server takes."""
    return WRITERS[kind](session, **content)


def _reset(session: Session, member: str | None, language: str) -> EmailMessage | None:
    found = staff.member(session, uuid.UUID(member)) if member else None
    if found is None:
        return None
    token = tokens.issue_reset(
        context.settings().secret_keys, found.id, staff.fingerprint(found), context.now()
    )
    with force_locale(language):
        return _letter(
            found.email,
            gettext("Reset your Samtykke password"),
            render_template(
                "dashboard/mail/reset.txt", address=_address(f"reset/{token}", language)
            ),
        )


def _invitation(session: Session, seed: str, language: str) -> EmailMessage | None:
    for key in context.settings().secret_keys:
        secret = tokens.invitation(key, seed)
        try:
            found = invitations.find(session, secret, context.now())
        except NotFound:
            continue
        return _of_invitations(session, found, secret, language)
    return None


def _of_invitations(
    session: Session, found: list[Invitation], secret: str, language: str
) -> EmailMessage:
    by, names = found[0].invited_by, versions.names(session, [each.site for each in found])
    sites = [names[each.site] for each in found]
    with force_locale(language):
        return _letter(
            found[0].email,
            gettext("%(who)s invites you to %(sites)s", who=by, sites=", ".join(sites)),
            render_template(
                "dashboard/mail/invitation.txt",
                by=by,
                sites=sites,
                address=_address(f"invitations/{secret}", language),
            ),
        )


def _confirmation(session: Session, site: str, subscriber: str) -> EmailMessage | None:
    found = session.get(Subscriber, (site, uuid.UUID(subscriber)))
    if found is None or found.confirmed_at is not None:
        return None
    site_file = versions.site_file(versions.current(session, site))
    return announcements.confirmation(context.sender(), site_file, found)


WRITERS: dict[str, Callable[..., EmailMessage | None]] = {
    "reset": _reset,
    "invitation": _invitation,
    "confirmation": _confirmation,
}


def _address(path: str, language: str) -> str:
    return f"{context.settings().public_url}/dashboard/-/{path}?lang={language}"


def _letter(to: str, subject: str, text: str) -> EmailMessage:
    sender = emails.address(context.settings().mail_from, "Samtykke")
    return mail.addressed(mail.message(sender, subject, text), to)


def send_due() -> None:
    """Sends the letters whose time has come, in the application."""
    if not context.sends_mail():
        return
    for problem in letters.send_due(db.session(), context.settings().smtp_url, write, context.now):
        log_throttle.log_error(__name__, f"A letter was not sent: {problem}")


def send(key: queue.Key) -> str:
    """Sends a letter that was just queued. What is wrong, or nothing; where something is, it is tried again."""
    session, now = db.session(), context.now()
    if not queue.claim(session, key, now, now + letters.CLAIM):
        return ""
    return letters.send(session, key, context.settings().smtp_url, write, context.now)


def send_soon() -> None:
    """The same in a thread, for an answer that must not tell by how long it takes whether anything was sent."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def work() -> None:
        with app.app_context():
            try:
                send_due()
            except Exception as error:
                log_throttle.log_exception(__name__, "letters", error)

    threading.Thread(target=work, name="letters").start()
