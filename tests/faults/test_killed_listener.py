"""A listener that dies at any moment: by chance under load, and where it matters by force."""

from __future__ import annotations

import random
import signal
import threading

import pytest

from tests.conftest import wait_until
from tests.faults.account import is_stored, stored_numbers, take_account
from tests.faults.harness import Harness, kind

RATE = 400
LONGEST_LIFE_S = 0.6


@pytest.mark.timeout(4000)
def test_killed_at_random_under_load_it_loses_nothing_and_counts_nothing_twice(
    harness: Harness, registry_url: str
) -> None:
    rounds, chance = harness.scaled(30, 1000), random.Random(20261122)
    listening, life = harness.listener(registry_url), threading.Event()
    listening.start()
    with harness.traffic.flowing(RATE):
        for _ in range(rounds):
            life.wait(chance.uniform(0, LONGEST_LIFE_S))
            listening.kill()
            listening.start()
    harness.traffic.settle()
    account = take_account(registry_url, harness.traffic.confirmed, patience_s=60)
    listening.end()
    harness.record(
        f"kill -9 of the listener, {rounds} times under {RATE} msg/s, {kind(registry_url)}", account.figures
    )
    account.require_exactly_once()


@pytest.mark.timeout(2000)
@pytest.mark.parametrize(
    "fault", ["die_before_committing", "die_before_acknowledging", "die_among_acknowledgements"]
)
def test_dead_between_commit_and_acknowledgement_every_round_is_whole(
    harness: Harness, fault: str, registry_url: str
) -> None:
    """The crash that matters: what is stored comes again, and must not be counted again."""
    rounds, listening = harness.scaled(5, 200), harness.listener(registry_url)
    figures = ""
    listening.start(fault, "1")
    for place in range(rounds):
        listening.arm()
        while not listening.ended():
            harness.traffic.send(20)
            life_goes_on()
        assert listening.end() == -signal.SIGKILL, listening.said()
        harness.traffic.settle()
        listening.start(fault, str(1 + place % 3))
        account = take_account(registry_url, harness.traffic.confirmed)
        account.require_exactly_once()
        figures = account.figures
    where = fault.removeprefix("die_").replace("_", " ")
    harness.record(f"forced death {where}, {rounds} rounds, {kind(registry_url)}", figures)


def life_goes_on() -> None:
    """Let a moment pass between two publications."""
    threading.Event().wait(0.03)


@pytest.mark.timeout(300)
def test_control_acknowledging_at_once_is_reported_as_loss(harness: Harness, registry_url: str) -> None:
    """If the harness could not see this loss, what it says above would prove nothing."""
    listening = harness.listener(registry_url, batch_age_s="0.5")
    listening.start("acknowledge_at_once")
    with harness.traffic.flowing(RATE):
        for _ in range(5):
            life_goes_on()
            stored = len(stored_numbers(registry_url))
            wait_until(lambda stored=stored: len(stored_numbers(registry_url)) > stored, "nothing is stored")  # type: ignore[misc]
            threading.Event().wait(0.3)
            listening.kill()
            listening.start("acknowledge_at_once")
    harness.traffic.settle()
    last = harness.traffic.send()
    wait_until(lambda: is_stored(registry_url, last), "the last message, behind all others, did not come")
    account = take_account(registry_url, harness.traffic.settle(), patience_s=1)
    harness.record(f"control: acknowledged before it is stored, {kind(registry_url)}", account.figures)
    assert account.lost
    assert account.doubled == 0


@pytest.mark.timeout(300)
def test_control_without_a_unique_key_is_reported_as_double_counting(harness: Harness, registry_url: str) -> None:
    listening = harness.listener(registry_url)
    listening.start("no_unique_key", "1")
    for _ in range(3):
        listening.arm()
        harness.traffic.send(50)
        wait_until(listening.ended, "it did not die")
        listening.start("no_unique_key", "1")
    harness.traffic.settle()
    account = take_account(registry_url, harness.traffic.confirmed)
    harness.record(f"control: no unique key, {kind(registry_url)}", account.figures)
    assert not account.lost
    assert account.doubled > 0


@pytest.mark.timeout(300)
def test_a_second_listener_of_the_same_name_stops_and_takes_over_from_the_dead(
    harness: Harness, registry_url: str
) -> None:
    """Under load: the first is not disturbed; after kill -9 the second starts at once."""
    first, second = harness.listener(registry_url), harness.listener(registry_url)
    first.start()
    with harness.traffic.flowing(RATE):
        second.start(ready=False)
        wait_until(second.ended, "the second listener did not stop")
        assert second.end() == 1
        assert len(second.said().splitlines()) == 1, second.said()
        assert "LORA_REGISTRY_MQTT_CLIENT_ID" in second.said()
        assert not first.ended(), first.said()
        first.kill()
        second.start()
    account = take_account(registry_url, harness.traffic.settle())
    second.end()
    harness.record(
        f"two listeners with one client id, {kind(registry_url)}", f"{account.figures}; the second stops"
    )
    account.require_exactly_once()
