"""A broker that restarts, and a connection that dies without telling anybody."""

from __future__ import annotations

import threading
import time

import pytest

from tests.faults.account import take_account
from tests.faults.half_open import Proxy
from tests.faults.harness import Harness, kind
from tests.faults.listener import running

pytestmark = pytest.mark.waits

RECONNECTED_S = 60
RATE = 100


@pytest.mark.timeout(900)
def test_a_broker_restarting_again_and_again_loses_nothing(harness: Harness, registry_url: str) -> None:
    """Stopped in an orderly way, mosquitto saves its queues; killed, it may not (docs/reliability.md)."""
    restarts, slowest_s = harness.scaled(10, 50), 0.0
    with running(harness.listener(registry_url)) as listening:
        with harness.traffic.flowing(RATE):
            for _ in range(restarts):
                harness.broker.stop()
                harness.broker.start()
                slowest_s = max(slowest_s, listening.stores(harness.traffic.send(), 2 * RECONNECTED_S))
        account = take_account(registry_url, harness.traffic.settle(), patience_s=60)
    figures = f"{account.figures}; storing again after {slowest_s:.1f} s at the latest"
    harness.record(f"broker restarted, {restarts} times under {RATE} msg/s, {kind(registry_url)}", figures)
    account.require_exactly_once()
    assert slowest_s <= RECONNECTED_S


@pytest.mark.timeout(300)
def test_a_connection_that_died_silently_is_noticed(harness: Harness, postgres_url: str) -> None:
    proxy = Proxy(harness.broker.port)
    try:
        listening = harness.listener(postgres_url)
        listening.mqtt_url = f"mqtt://127.0.0.1:{proxy.port}"
        with running(listening):
            listening.stores(harness.traffic.send(50), 20)
            # Acknowledgements are on their way for a moment longer than the commit.
            threading.Event().wait(0.5)
            proxy.freeze()
            frozen = time.monotonic()
            listening.stores(harness.traffic.send(50), 2 * RECONNECTED_S)
            noticed_s = time.monotonic() - frozen
            account = take_account(postgres_url, harness.traffic.settle())
    finally:
        proxy.close()
    harness.record("half-open connection to the broker", f"{account.figures}; reconnected after {noticed_s:.0f} s")
    account.require_exactly_once()
    assert noticed_s <= RECONNECTED_S
