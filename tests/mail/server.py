"""A real SMTP server that does as it is told: slow, refusing for now or for ever, dying in mid-mail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.conftest import free_port

TAKEN = "250 OK"


class Taken(NamedTuple):
    """A mail that the server said it took."""

    recipients: tuple[str, ...]
    mail: EmailMessage


class MailServer:
    """What aiosmtpd asks for each mail; `answers` are its next answers to DATA, then it takes everything."""

    def __init__(self) -> None:
        self.port = free_port()
        self.taken: list[Taken] = []
        self.answers: list[str | Callable[[SMTP], None]] = []
        self.to_recipient: dict[str, str] = {}
        self.delay_s = 0.0

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: ARG002, N802
        envelope.rcpt_tos.append(address)
        return self.to_recipient.get(address, TAKEN)

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        answer = self.answers.pop(0) if self.answers else TAKEN
        if callable(answer):
            answer(server)
            return "451 gone"
        if answer == TAKEN:
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.taken.append(Taken(tuple(envelope.rcpt_tos), mail))
        return answer


def die(server: SMTP) -> None:
    """Drop the connection without an answer."""
    assert server.transport is not None
    server.transport.abort()


@contextmanager
def running() -> Iterator[MailServer]:
    """Run a server on a port of its own."""
    handler = MailServer()
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()
