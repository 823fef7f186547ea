"""E-mails to staff."""

import threading
from email.message import EmailMessage

from flask import render_template
from flask_babel import gettext

from consent.core import emails, log_throttle, mail
from consent.core.errors import ConsentError
from consent.core.mail import Mailer
from consent.web import context


def invitation(to: str, by: str, sites: list[str], address: str) -> EmailMessage:
    """`sites` are their names."""
    return _letter(
        to,
        gettext("%(who)s invites you to %(sites)s", who=by, sites=", ".join(sites)),
        render_template("dashboard/mail/invitation.txt", by=by, sites=sites, address=address),
    )


def reset(to: str, address: str) -> EmailMessage:
    return _letter(
        to,
        gettext("Reset your Samtykke password"),
        render_template("dashboard/mail/reset.txt", address=address),
    )


def _letter(to: str, subject: str, text: str) -> EmailMessage:
    sender = emails.address(context.settings().mail_from, "Samtykke")
    return mail.addressed(mail.message(sender, subject, text), to)


def send(letter: EmailMessage) -> None:
    """Raises NoMail."""
    with Mailer(context.settings().smtp_url) as mailer:
        mailer.send(letter)


def send_later(letter: EmailMessage) -> None:
    """For an answer that must not tell, by how long it takes, whether anything was sent."""
    url = context.settings().smtp_url

    def work() -> None:
        try:
            with Mailer(url) as mailer:
                mailer.send(letter)
        except ConsentError as error:
            log_throttle.log_error(__name__, f"An e-mail to staff was not sent: {error.detail}")

    threading.Thread(target=work, name="letter").start()
