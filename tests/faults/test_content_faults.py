"""Messages that are no events, that come again and again, or whose clock is wrong."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import wait_until
from tests.e2e.program import rows, run
from tests.faults.account import query, set_aside, take_account
from tests.faults.harness import Harness, kind
from tests.faults.listener import running
from tests.integrations.samples import DEVICE_INFO, UP, changed, topic

POISONS = (b"not an event", b'{"deviceInfo": {"devEui": 5}}', b"\xff\xfe", b"[" * 3000, b"")
HOUR = timedelta(hours=1)
AT_ONCE = 20_000  # of 65,535 packet numbers


@pytest.mark.timeout(300)
def test_one_poisoned_message_in_a_hundred_stops_nothing(harness: Harness, registry_url: str) -> None:
    poisoned = set()
    with running(harness.listener(registry_url, mqtt_receive_maximum="50")):
        for place in range(100):
            harness.traffic.send(99)
            to = topic("up", f"70b3d57ed2{place:06x}")
            harness.traffic.send_raw(to, POISONS[place % len(POISONS)])
            poisoned.add(to)
        account = take_account(registry_url, harness.traffic.settle(), patience_s=60)
        wait_until(lambda: set_aside(registry_url) >= poisoned, "not every poisoned message was set aside", 60)
    figures = f"{account.figures}; {len(poisoned)} of {len(poisoned)} set aside"
    harness.record(f"1 % poison in 10,000, a window of 50, {kind(registry_url)}", figures)
    account.require_exactly_once()
    assert set_aside(registry_url) == poisoned


@pytest.mark.timeout(600)
def test_each_event_ten_times_in_any_order_counts_once(harness: Harness, registry_url: str) -> None:
    count = harness.scaled(1000, 10_000)
    numbers = list(range(1, count + 1)) * 10
    random.Random(20261122).shuffle(numbers)
    with running(harness.listener(registry_url)) as listening:
        for at_once in range(0, len(numbers), AT_ONCE):
            for number in numbers[at_once : at_once + AT_ONCE]:
                harness.traffic.send_again(number)
            harness.traffic.settle()
        # Behind all others: once it is stored, so are they.
        harness.traffic.send_again(count + 1)
        listening.stores(count + 1, 200)
        account = take_account(registry_url, harness.traffic.settle())
    harness.record(f"each of {count:,} events ten times, shuffled, {kind(registry_url)}", account.figures)
    account.require_exactly_once()
    assert query(registry_url, "SELECT sum(retransmissions) FROM device_day") == [(0,)]


def uplink(dev_eui: str, number: int, time: str) -> bytes:
    info = DEVICE_INFO | {"devEui": dev_eui}
    event = changed(UP, deduplicationId=f"{dev_eui}-{number}", fCnt=number, time=time, deviceInfo=info)
    return json.dumps(event).encode()


def negative_figures(value: Any, name: str = "") -> list[str]:
    """Return the names of numbers below zero, anywhere in a JSON value; those in dB have a right to be."""
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in negative_figures(inner, str(key))]
    if isinstance(value, list):
        return [found for inner in value for found in negative_figures(inner, name)]
    below = isinstance(value, int | float) and value < 0 and not name.endswith(("_db", "_dbm"))
    return [f"{name}={value}"] if below else []


def day_of(value: object) -> str:
    return str(value)[:10]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("offset_s", [0, 3600, -3600])
def test_wrong_clocks_leave_day_totals_right_and_no_age_negative(
    harness: Harness, offset_s: int, registry_url: str
) -> None:
    """Devices an hour off, in the hours summer time begins and ends, in 1970 and 2106; and our own clock off."""
    now = datetime.now(UTC)
    sent: dict[str, list[datetime]] = {}
    for place, day in enumerate((datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC))):
        # Europe/Paris, a day of 23 hours and one of 25, each hour in UTC, from the hour before to the hour after.
        sent[f"70b3d57ed30000{place:02x}"] = [day + timedelta(minutes=30 * half) for half in range(-2, 50)]
    sent["70b3d57ed3000010"] = [now - HOUR, now, now + HOUR - timedelta(minutes=1)]
    for place, year in enumerate((1970, 2106)):
        sent[f"70b3d57ed300002{place}"] = [datetime(year, 2, 7, 6, 28, 15, tzinfo=UTC)]
    with running(harness.listener(registry_url), "clock", str(offset_s)) as listening:
        for dev_eui, times in sent.items():
            for number, time in enumerate(times, start=1):
                harness.traffic.send_raw(topic("up", dev_eui), uplink(dev_eui, number, time.isoformat()))
        harness.traffic.settle()
        expected = sum(map(len, sent.values()))
        wait_until(lambda: query(registry_url, "SELECT count(*) FROM uplink") == [(expected,)], "not all came")
        listening.end()
    ours = now + timedelta(seconds=offset_s)
    totals: dict[str, int] = {}
    for times in sent.values():
        for time in times:
            shown = time if 2015 <= time.year < 2100 else ours
            totals[shown.date().isoformat()] = totals.get(shown.date().isoformat(), 0) + 1
    counted = query(registry_url, "SELECT day, sum(uplinks) FROM device_day GROUP BY day")
    assert {day_of(day): int(uplinks) for day, uplinks in counted} == totals
    assert query(registry_url, "SELECT count(*) FROM watch WHERE ended_at < started_at") == [(0,)]
    for device in rows("devices", "list", database_url=registry_url):
        assert device["first_uplink_at"] <= device["last_uplink_at"], device
        assert device["last_uplink_at"] <= (ours + timedelta(days=1)).isoformat(), device
    audited = run("audit", "run", database_url=registry_url, check=False)
    assert audited.returncode in (0, 1), audited.stderr
    assert negative_figures(rows("findings", "list", database_url=registry_url)) == []
    harness.record(
        f"clocks wrong by an hour, summer time, 1970 and 2106, ours {offset_s:+} s, {kind(registry_url)}",
        f"{expected} uplinks on {len(totals)} days: every total right",
    )


@pytest.mark.timeout(300)
def test_our_clock_set_back_by_an_hour_holds_nothing_up(harness: Harness, registry_url: str) -> None:
    with running(harness.listener(registry_url), "clock_set_back", "150") as listening:
        listening.stores(harness.traffic.send(100), 20)
        harness.traffic.send(100)
        account = take_account(registry_url, harness.traffic.settle(), patience_s=10)
        harness.record(f"our clock set back by an hour while listening, {kind(registry_url)}", account.figures)
    account.require_exactly_once()
