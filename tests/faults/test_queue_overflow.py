"""A broker's queue that overflows while we are away: it drops without a word, and no device may pay for it."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from lora_registry.domain.deafness import BIN_S
from tests.conftest import wait_until
from tests.e2e.program import rows, run
from tests.faults.account import query
from tests.faults.harness import Harness, kind
from tests.faults.listener import Listening, running
from tests.faults.traffic import Uplinks
from tests.integrations.samples import DEVICE_INFO, UP, changed, topic

QUEUED, SENT_WHILE_AWAY = 1000, 3000
PERIOD = timedelta(minutes=2)
# Rounds in which every device speaks once, with a time of its own: listened to, away, listened to again. So many
# that what each device loses would have it accused: few losses in one stretch prove nothing.
BEFORE, AWAY, AFTER = range(700), range(700, 1000), range(1000, 1200)
SPEAKING = SENT_WHILE_AWAY // len(AWAY)
# Two that are to be found all the same: one loses most of its messages, one falls silent as we leave.
USUAL_LOSS, LOST_BY_IT = 0.05, 0.6
LOSSY, DEAD = Uplinks.dev_eui(0), Uplinks.dev_eui(SPEAKING)


def publish(harness: Harness, rounds: range, started_at: datetime, places: int) -> int:
    """Let the first `places` devices speak in these rounds; return how many messages that was."""
    sent, chance = 0, random.Random(rounds.start)
    for number in rounds:
        for place in range(places):
            dev_eui = Uplinks.dev_eui(place)
            if rounds != AWAY and chance.random() < (LOST_BY_IT if dev_eui == LOSSY else USUAL_LOSS):
                continue
            event = changed(
                UP,
                deduplicationId=f"{dev_eui}-{number}",
                time=(started_at + number * PERIOD + place * PERIOD / SPEAKING).isoformat(),
                fCnt=number,
                deviceInfo=DEVICE_INFO | {"devEui": dev_eui, "deviceName": f"lamp-{place}"},
            )
            harness.traffic.send_raw(topic("up", dev_eui), json.dumps(event).encode())
            sent += 1
    harness.traffic.settle()
    return sent


def stored(url: str) -> int:
    return int(query(url, "SELECT count(*) FROM uplink")[0][0])


def listen(listening: Listening, expected: int) -> None:
    wait_until(lambda: stored(listening.database_url) >= expected, f"not all {expected} messages were stored", 60)


@pytest.mark.timeout(300)
def test_what_an_overflowing_queue_drops_is_an_outage_and_nobodys_fault(
    harness: Harness, registry_url: str
) -> None:
    harness.broker.stop()
    harness.broker.start(f"allow_anonymous true\nmax_queued_messages {QUEUED}\n")
    started_at = datetime.now(UTC) - AFTER.stop * PERIOD
    listening = harness.listener(registry_url)
    with running(listening):
        heard = publish(harness, BEFORE, started_at, SPEAKING + 1)
        listen(listening, heard)
    assert publish(harness, AWAY, started_at, SPEAKING) == SENT_WHILE_AWAY
    with running(listening):
        listen(listening, heard + QUEUED)
        heard += QUEUED + publish(harness, AFTER, started_at, SPEAKING)
        listen(listening, heard)
    assert stored(registry_url) == heard, "the queue held another number: this test would see nothing"

    run("audit", "run", database_url=registry_url)
    (outage,) = rows("outages", "list", database_url=registry_url)
    dropped, noticed = SENT_WHILE_AWAY - QUEUED, outage["evidence"]["missing"]
    accused = {
        (finding["kind"], finding["subject"])
        for finding in rows("findings", "list", database_url=registry_url)
        if finding["kind"] in ("silent_device", "low_delivery")
    }
    rightly = {("low_delivery", LOSSY), ("silent_device", DEAD)}
    harness.record(
        f"broker's queue of {QUEUED:,} overflows, {SENT_WHILE_AWAY:,} sent while away, {kind(registry_url)}",
        f"{dropped:,} dropped by the broker, {noticed:,} noticed missing; one outage, "
        f"{len(accused - rightly)} of {SPEAKING - 1} devices accused of it",
    )
    assert outage["cause"] == "counters_jump"
    dropped_from = started_at + (AWAY.start + QUEUED // SPEAKING) * PERIOD
    edge = timedelta(seconds=BIN_S)  # which an outage found by counters begins and ends with
    assert abs(datetime.fromisoformat(outage["started_at"]) - dropped_from) <= edge
    assert abs(datetime.fromisoformat(outage["ended_at"]) - (started_at + AFTER.start * PERIOD)) <= edge
    assert 0.95 * dropped <= noticed <= dropped
    # What is not the outage's doing is still found: the audit has not been blinded.
    assert accused == rightly
