"""A mail server of the tests."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from tests.ports import free_port

FROM = "consent@server.example"
SERVER = "https://consent.example"


class Mailbox:
    """A mail server that keeps what it takes, and refuses some addresses."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.grown = threading.Condition()
        self.hangs_up = False
        self.puts_off = True

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address.startswith("nobody@"):
            return "550 5.1.1 There is no such mailbox"
        if address.startswith("later@") and self.puts_off:
            return "450 4.2.0 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.hangs_up:
            asyncio.get_running_loop().call_soon(server.transport.close)
            return "421 4.3.2 Going away"
        with self.grown:
            self.taken.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
            self.recipients += envelope.rcpt_tos
            self.grown.notify_all()
        return "250 OK"

    def wait_for(self, number: int) -> None:
        with self.grown:
            assert self.grown.wait_for(lambda: len(self.taken) >= number, timeout=60)


def wait_for_letters() -> None:
    """Until what was asked for in a request has been tried, in a thread of its own."""
    for thread in threading.enumerate():
        if thread.name == "letters":
            thread.join()


@contextmanager
def serving() -> Iterator[tuple[Mailbox, str]]:
    """A mailbox, and the URL of its server."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield box, f"smtp://127.0.0.1:{controller.port}"
    controller.stop()
