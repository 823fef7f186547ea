"""Sends e-mail over SMTP, one message after another on one connection."""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from io import BufferedReader
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, unquote, urlsplit

from consent.core import emails, outside
from consent.core.deadline import Deadline
from consent.core.errors import ConsentError

# Seconds in which a mail server has let us in, and in which it has taken a message, however slowly it answers.
PATIENCE = 60
# Seconds that it has to say goodbye. Nothing depends on it.
GOODBYE = 5
# Bytes of one answer. The longest honest one lists what a server can do.
LONGEST_ANSWER = 64 * 1024
# Characters of it that are told.
MOST_TOLD = 500
# Where a password may go without TLS.
HERE = ("localhost", "127.0.0.1", "::1")


class NoMail(ConsentError):
    kind, title, status = "no-mail", "No e-mail can be sent", 503


class Refused(NoMail):
    """The mail server does not take this message; others it may."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"The mail server said {code} {said[:MOST_TOLD]}.")
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


class _Answers:
    """What a mail server sends, where no answer is longer than LONGEST_ANSWER."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self.left = LONGEST_ANSWER
        self.close = file.close

    def readline(self, most: int) -> bytes:
        line = self._file.readline(most)
        self.left -= len(line)
        if self.left < 0:
            raise OSError(f"An answer is longer than {LONGEST_ANSWER} bytes")
        # What is cut off is no answer, though it may begin as one.
        if line and not line.endswith(b"\n") and len(line) < most:
            raise OSError("The connection ended within an answer")
        return line


class _Server(smtplib.SMTP):
    """A mail server, connected to as all others outside: within a time that includes resolving and TLS.

    Its patience would be for each step, and its answers of any length.
    """

    def __init__(self, host: str, port: int, is_safe: bool, deadline: Deadline) -> None:
        self._is_safe, self._deadline = is_safe, deadline
        try:
            super().__init__(host, port, timeout=deadline.seconds)
            # It asks for this machine's own name last: by then whoever waits may be gone.
            deadline.left()
        except BaseException:
            self.close()
            raise

    def connect(self, host: str = "", port: int = 0, source_address: Any = None) -> Any:
        # The operator has named it, so it may be in this server's own network.
        inside = (host.lower().rstrip("."),)
        self.sock = outside.connected(host, port, self._is_safe, self._deadline, inside)
        return self.getreply()

    def getreply(self) -> tuple[int, bytes]:
        if self.sock is not None:
            if self.file is None:
                self.file = _Answers(self.sock.makefile("rb"))
            self.file.left = LONGEST_ANSWER
        return super().getreply()


class Mailer:
    """A connection to the mail server of `url`: smtp://user:password@host:587, or smtps://… for TLS from the start.

    Over smtp:// TLS is used where the server offers it. To let us in, and to take each message, the server has
    `seconds`. Raises NoMail.
    """

    def __init__(self, url: str, seconds: float = PATIENCE) -> None:
        if not url:
            raise NoMail("CONSENT_SMTP_URL is not set, and CONSENT_MAIL_FROM may be missing too.")
        self._seconds = seconds
        parts = urlsplit(url)
        host = parts.hostname or "localhost"
        try:
            with Deadline(seconds) as deadline:
                self._enter(parts, host, deadline)
        except (OSError, ValueError) as error:  # a name may be none
            raise NoMail(f"The mail server {host} does not take us: {error}.") from error

    def _enter(self, parts: SplitResult, host: str, deadline: Deadline) -> None:
        is_safe = parts.scheme == "smtps"
        port = parts.port or (465 if is_safe else 587)
        # Resolving knows no deadline.
        server = self._server = deadline.wait_for(partial(_Server, host, port, is_safe, deadline))
        try:
            server.ehlo()
            if not is_safe and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
            elif not is_safe and parts.username and host not in HERE:
                raise NoMail(
                    f"The mail server {host} offers no TLS, and the password would go in clear."
                )
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.ehlo_or_helo_if_needed()
            # The dot goes by itself; without this it would wait for the server's word on what went before.
            if server.sock:
                server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            server.close()
            raise

    @contextmanager
    def _exchange(self, seconds: float) -> Iterator[None]:
        with Deadline(seconds) as deadline:
            if self._server.sock is not None:
                deadline.watch(self._server.sock)
            yield

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
            with self._exchange(min(GOODBYE, self._seconds)):
                self._server.quit()
        except OSError:
            self._server.close()

    def send(
        self, message: EmailMessage, before_the_end: Callable[[], None] = lambda: None
    ) -> None:
        """Sends to the address in `To`.

        `before_the_end` is called when all of it is with the server but the dot that ends it. A server takes a message
        only with that dot: what is noted then is true unless this process dies in the instant between.

        Raises Refused; and NoMail if the connection is lost.
        """
        sender, to = (str(message[each].addresses[0].addr_spec) for each in ("From", "To"))
        try:
            with self._exchange(self._seconds):
                self._expect(250, *self._server.mail(sender))
                self._expect((250, 251), *self._server.rcpt(to))
                self._expect(354, *self._server.docmd("DATA"))
                self._server.send(_dotted(message.as_bytes(policy=SMTP)))
                before_the_end()
                self._server.send(b".\r\n")
                self._expect(250, *self._server.getreply())
        except OSError as error:
            raise NoMail(f"The connection to the mail server is lost: {error}.") from error

    def _expect(self, wanted: int | tuple[int, ...], code: int, said: bytes) -> None:
        if code not in (wanted if isinstance(wanted, tuple) else (wanted,)):
            with suppress(OSError):  # it may hang up, too
                self._server.rset()
            raise Refused(code, said.decode(errors="replace"))


def _dotted(body: bytes) -> bytes:
    """As it goes over the wire (RFC 5321, section 4.5.2), without the end."""
    body = re.sub(rb"\r\n|\r|\n", b"\r\n", body)
    body = re.sub(rb"(?m)^\.", b"..", body)
    return body if body.endswith(b"\r\n") else body + b"\r\n"
