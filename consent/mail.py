"""Sends e-mail over SMTP, one message after another on one connection."""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from consent import emails
from consent.errors import ConsentError

# Seconds for which a mail server may be silent.
PATIENCE = 60
# Where a password may go without TLS.
HERE = ("localhost", "127.0.0.1", "::1")


class NoMail(ConsentError):
    kind, title, status = "no-mail", "No e-mail can be sent", 503


class Refused(NoMail):
    """The mail server does not take this message; others it may."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"The mail server said {code} {said}.")
        # RFC 5321, section 4.2.1: 4… is for now, 5… for good.
        self.is_for_good = code >= 500


def message(sender: Address, subject: str, text: str) -> EmailMessage:
    """A message of plain text, to nobody yet."""
    made = EmailMessage()
    made["From"] = sender
    # On one line: a site's name may have been stored before names had to be.
    made["Subject"] = " ".join(subject.split())
    # No answers of machines (RFC 3834).
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text.strip() + "\n", cte="quoted-printable")
    return made


def addressed(message: EmailMessage, to: str) -> EmailMessage:
    """A copy of a message, to this address. Raises Invalid."""
    made = deepcopy(message)
    made["To"] = emails.address(to)
    return made


class Mailer:
    """A connection to the mail server of `url`: smtp://user:password@host:587, or smtps://… for TLS from the start.

    Over smtp:// TLS is used where the server offers it. Raises NoMail.
    """

    def __init__(self, url: str) -> None:
        if not url:
            raise NoMail("CONSENT_SMTP_URL is not set, and CONSENT_MAIL_FROM may be missing too.")
        parts = urlsplit(url)
        host, tls = parts.hostname or "localhost", ssl.create_default_context()
        try:
            if parts.scheme == "smtps":
                self._server: smtplib.SMTP = smtplib.SMTP_SSL(
                    host, parts.port or 465, timeout=PATIENCE, context=tls
                )
            else:
                self._server = smtplib.SMTP(host, parts.port or 587, timeout=PATIENCE)
                self._server.ehlo()
                if self._server.has_extn("starttls"):
                    self._server.starttls(context=tls)
                elif parts.username and host not in HERE:
                    raise NoMail(
                        f"The mail server {host} offers no TLS, and the password would go in clear."
                    )
            if parts.username:
                self._server.login(unquote(parts.username), unquote(parts.password or ""))
            self._server.ehlo_or_helo_if_needed()
            # The dot goes by itself; without this it would wait for the server's word on what went before.
            if self._server.sock:
                self._server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, smtplib.SMTPException) as error:
            raise NoMail(f"The mail server {host} does not take us: {error}.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            # In the middle of a message it would not hear that we leave, and what has no end is not taken.
            self._server.close()
            return
        try:
            self._server.quit()
        except (OSError, smtplib.SMTPException):
            self._server.close()

    def send(
        self, message: EmailMessage, before_the_end: Callable[[], None] = lambda: None
    ) -> None:
        """Sends to the address in `To`.

        `before_the_end` is called when all of it is with the server but the dot that ends it. A server takes a message
        only with that dot: what is noted then is true unless this process dies in the instant between.

        Raises Refused; and NoMail if the connection is lost.
        """
        try:
            self._expect(250, *self._server.mail(str(message["From"].addresses[0].addr_spec)))
            self._expect((250, 251), *self._server.rcpt(str(message["To"].addresses[0].addr_spec)))
            self._expect(354, *self._server.docmd("DATA"))
            self._server.send(_dotted(message.as_bytes(policy=SMTP)))
            before_the_end()
            self._server.send(b".\r\n")
            self._expect(250, *self._server.getreply())
        except (OSError, smtplib.SMTPException) as error:
            raise NoMail(f"The connection to the mail server is lost: {error}.") from error

    def _expect(self, wanted: int | tuple[int, ...], code: int, said: bytes) -> None:
        if code not in (wanted if isinstance(wanted, tuple) else (wanted,)):
            with suppress(OSError, smtplib.SMTPException):  # it may hang up, too
                self._server.rset()
            raise Refused(code, said.decode(errors="replace"))


def _dotted(body: bytes) -> bytes:
    """As it goes over the wire (RFC 5321, section 4.5.2), without the end."""
    body = re.sub(rb"\r\n|\r|\n", b"\r\n", body)
    body = re.sub(rb"(?m)^\.", b"..", body)
    return body if body.endswith(b"\r\n") else body + b"\r\n"
