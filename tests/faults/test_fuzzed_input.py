"""Whatever bytes a broker may carry: stored, set aside or of no use; no exception, and no hang."""

from __future__ import annotations

import base64
import json
import os
import re
import time

import pytest

from integrations.chirpstack import decode
from lora_registry.domain.events import GatewayConnection, GatewayStats
from tests.e2e.program import run
from tests.faults.harness import Harness, kind
from tests.integrations.test_fuzz import HANG, Found, search

EXAMPLES = 10_000
_OUTCOMES = re.compile(
    r"received (\d+): (\d+) uplinks and (\d+) other events stored, (\d+) known already, (\d+) set aside, "
    r"(\d+) of no use"
)


@pytest.fixture(scope="module")
def drawn() -> Found:
    """Draw the messages, new ones for the full table; each is decoded alone, within `HANG`, to a value."""
    return search(EXAMPLES, new_ones=os.environ.get("FAULTS_FULL") == "1")


@pytest.mark.timeout(600)
def test_each_of_ten_thousand_messages_has_one_outcome(harness: Harness, drawn: Found, registry_url: str) -> None:
    """In batches of 2,000, where one that a database refuses drags all others along."""
    messages = [message._replace(retained=False) for message in drawn.messages]  # which a capture does not say
    capture = harness.folder / "capture"
    with capture.open("w", encoding="utf-8") as lines:
        for message in messages:
            line = {"topic": message.topic, "received_at": message.received_at.isoformat()}
            json.dump(line | {"payload_b64": base64.b64encode(message.payload).decode()}, lines)
            lines.write("\n")
    begun = time.monotonic()
    words = run("backfill", str(capture), database_url=registry_url).stderr
    took_s = time.monotonic() - begun
    outcomes = _OUTCOMES.search(words)
    assert outcomes is not None, words
    received, uplinks, others, known, aside, unused = map(int, outcomes.groups())
    assert received == len(messages) >= EXAMPLES
    harness.record(
        f"{received:,} messages of Hypothesis, JSON and Protobuf, {kind(registry_url)}",
        f"{uplinks + others:,} stored, {known:,} of a known key, {aside:,} set aside, {unused:,} of no use; "
        f"{HANG.total_seconds():.0f} s allowed for each, all of them stored in {took_s:.1f} s",
    )
    of_gateways = sum(isinstance(decode(message), GatewayStats | GatewayConnection) for message in messages)
    assert received == uplinks + others + known + aside + unused + of_gateways
    assert min(uplinks, others, aside) > 100, "the search saw hardly anything that becomes an event"
