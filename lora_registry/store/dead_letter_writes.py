"""Messages that could not be events: kept once each, redacted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from lora_registry.store import collection, staging

_DEAD_LETTER = ("key", "first_received_at", "last_received_at", "topic", "reason", "detail", "size", "excerpt")


class DeadLetter(NamedTuple):
    """A message set aside; `excerpt` is already redacted."""

    topic: str
    payload: bytes
    received_at: datetime
    reason: str
    detail: str
    excerpt: str


def write_dead_letters(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    """Store letters; one that came before only gets a later date."""
    rows: dict[int, staging.Row] = {}
    for letter in letters:
        digest = hashlib.blake2b(letter.topic.encode("utf-8", "replace") + b"\0" + letter.payload, digest_size=8)
        key = int.from_bytes(digest.digest(), "big", signed=True)
        first = rows[key][1] if key in rows else letter.received_at
        rows[key] = (
            key, first, letter.received_at, letter.topic, letter.reason, letter.detail, len(letter.payload),
            letter.excerpt,
        )  # fmt: skip
    if rows:
        staging.merge(connection, collection.DeadLetter.table(), _DEAD_LETTER, rows.values())
