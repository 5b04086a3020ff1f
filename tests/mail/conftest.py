"""A registry with findings and recipients, and a mail server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mail.server import MailServer, running


@pytest.fixture
def server() -> Iterator[MailServer]:
    """Run a mail server."""
    with running() as one:
        yield one
