"""How much lies here unacknowledged, with a broker that sends more than it was asked for."""

from __future__ import annotations

import time

import pytest

from integrations.mqtt import Address, MqttSource
from lora_registry.domain.events import RawMessage
from tests.conftest import Broker
from tests.integrations.test_mqtt import connected, publish

MOST, SENT, AT_ONCE = 100, 3_000, 20
# One reading of the socket takes a megabyte of them.
SLACK = 110
TEN_KB = "x" * 10_000


def taken_so_far(source: MqttSource, taken: list[RawMessage]) -> None:
    while came := source.take(0):
        taken += came


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_broker_that_sends_past_the_receive_maximum_is_read_no_further(broker: Broker, protocol: str) -> None:
    # What it sends before anything is acknowledged is the broker's own limit at 3.1.1.
    broker.stop()
    broker.start(f"allow_anonymous true\nmax_inflight_messages {MOST}\n")
    address = Address(broker.url, protocol)
    with connected(address):
        pass
    publish(address, *[f"{number} {TEN_KB}" for number in range(SENT)])
    taken: list[RawMessage] = []
    acknowledged = most = 0
    with connected(address) as source:
        deadline = time.monotonic() + 60
        while acknowledged < SENT and time.monotonic() < deadline:
            taken += source.take(0.005)
            taken_so_far(source, taken)
            most = max(most, len(taken) - acknowledged)
            source.acknowledge(taken[acknowledged : acknowledged + AT_ONCE])
            acknowledged = min(acknowledged + AT_ONCE, len(taken))
    assert [int(raw.payload.split()[0]) for raw in taken] == list(range(SENT))
    assert most <= MOST + SLACK
