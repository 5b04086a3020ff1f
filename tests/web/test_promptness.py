"""What makes pages wait without anybody working: found by measuring, easily lost again."""

from __future__ import annotations

import gc
import time

from lora_registry.pipeline.garbage import few_pauses
from tests.web.conftest import Server

_ACKNOWLEDGED_LATE_S = 0.04
"""How long Linux waits before it acknowledges a segment that nothing is answered to."""


def test_a_body_does_not_wait_until_its_headers_are_acknowledged(server: Server) -> None:
    client = server.client()
    client.get("/healthz")
    took = []
    for _ in range(10):
        since = time.perf_counter()
        client.get("/healthz")
        took.append(time.perf_counter() - since)
    assert min(took) < _ACKNOWLEDGED_LATE_S * 0.9, "see server.listening_on"


def test_what_a_server_was_made_of_is_not_looked_through_again() -> None:
    with few_pauses():
        assert gc.get_freeze_count() > len(gc.get_objects())
    assert gc.get_freeze_count() == 0
