"""When an event of ChirpStack 3 happened: gateways' clocks, some of them years behind."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from integrations.chirpstack import decode
from lora_registry.domain.events import Clock, RawMessage, Uplink
from tests.integrations.samples import ARRIVAL, DEV_EUI

A, B, C = "a84041ffff1e2d30", "a84041ffff1e2d31", "a84041ffff1e2d32"
NEAR, NEARER, LATE = "2026-09-10T09:00:01.2Z", "2026-09-10T09:00:01.3Z", "2023-02-16T12:00:00Z"


def timing(*told: tuple[str, str | None], **more: Any) -> tuple[str, str, Clock]:
    rx_info = [{"gatewayID": gateway} | ({} if time is None else {"time": time}) for gateway, time in told]
    payload = json.dumps({"devEUI": DEV_EUI, "fCnt": 5, "rxInfo": rx_info} | more).encode()
    event = decode(RawMessage(f"application/1/device/{DEV_EUI}/event/up", payload, ARRIVAL))
    assert isinstance(event, Uplink), event
    key_at, shown_at, clock = event.header.timing
    return key_at.isoformat(), shown_at.isoformat(), clock


def iso(text: str) -> str:
    return datetime.fromisoformat(text).isoformat()


@pytest.mark.parametrize(
    ("told", "key_at", "shown_at", "clock"),
    [
        ([(A, NEAR)], NEAR, NEAR, Clock.OWN),
        ([(C, LATE), (A, NEAR), (B, NEARER)], NEARER, NEARER, Clock.OWN),
        ([(A, NEAR), (C, LATE)], NEAR, NEAR, Clock.OWN),
        ([(A, None), (C, LATE)], LATE, ARRIVAL.isoformat(), Clock.SUSPECT),  # a lone clock, and a day off arrival
        ([(C, LATE), (C, LATE)], LATE, ARRIVAL.isoformat(), Clock.SUSPECT),  # two antennas are one clock
        ([(A, LATE), (B, LATE)], LATE, LATE, Clock.OWN),  # a capture replayed years later
        ([(A, "soon"), (B, NEAR)], NEAR, NEAR, Clock.OWN),
        ([(A, "soon")], "1970-01-01T00:00:00Z", ARRIVAL.isoformat(), Clock.SUSPECT),
        ([(A, None)], "1970-01-01T00:00:00Z", ARRIVAL.isoformat(), Clock.ARRIVAL),
    ],
)
def test_the_time_is_that_of_most_gateways(
    told: list[tuple[str, str | None]], key_at: str, shown_at: str, clock: Clock
) -> None:
    assert timing(*told) == (iso(key_at), iso(shown_at), clock)


def test_the_server_s_own_time_comes_first() -> None:
    assert timing((A, LATE), publishedAt=NEAR) == (iso(NEAR), iso(NEAR), Clock.OWN)
