"""`audit evaluate`: alarms on recorded histories, from the past alone."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from lora_registry.audit.evaluate import alarms_of, evaluate
from lora_registry.audit.history_csv import read_history
from lora_registry.domain.history import History

HOUR = 3600.0
DAY = 24 * HOUR
START = 1_672_531_200.0
SENSOR = "70b3d57ed0000042"


def lossy(period_s: float, days: float, loss: float, seed: int) -> History:
    rng = np.random.default_rng(seed)
    heard = np.flatnonzero(rng.uniform(size=int(days * DAY / period_s)) >= loss)
    return History.of(START + period_s * heard, heard)


def without(history: History, since_day: float, until_day: float) -> History:
    kept = (history.at_s < START + since_day * DAY) | (history.at_s >= START + until_day * DAY)
    return History.of(history.at_s[kept], history.f_cnt[kept])


def csv_of(dev_eui: str, history: History) -> Iterator[str]:
    yield "dev_eui,time,f_cnt"
    for at_s, f_cnt in zip(history.at_s.tolist(), history.f_cnt.tolist(), strict=True):
        yield f"{dev_eui},{datetime.fromtimestamp(at_s, UTC).isoformat()},{f_cnt}"


def test_a_silence_rings_after_it_began_and_the_next_uplink_clears_it() -> None:
    history = without(lossy(HOUR, 60, 0.05, 2), 40, 44)
    _, alarms = alarms_of(history, START + 60 * DAY, beta=0.1)
    assert len(alarms) == 1
    assert START + 40 * DAY + 2 * HOUR < alarms[0].at_s < START + 40 * DAY + 14 * HOUR
    assert alarms[0].cleared_s == history.at_s[history.at_s >= START + 44 * DAY][0]


def test_an_alarm_still_open_at_the_end_has_no_end() -> None:
    history = without(lossy(HOUR, 60, 0.05, 2), 40, 61)
    _, alarms = alarms_of(history, START + 60 * DAY, beta=0.1)
    assert [alarm.cleared_s for alarm in alarms] == [None]
    _, early = alarms_of(history, float(history.at_s[-1]) + 2 * HOUR, beta=0.1)
    assert early == []


@pytest.mark.parametrize("beta", [0.1, 1.0, 5.0])
def test_the_future_changes_no_alarm_of_the_past(beta: float) -> None:
    rng = np.random.default_rng(4)
    quiet = without(without(lossy(600.0, 50, 0.2, 1), 20, 21), 30, 32)
    bursts = History.of(START + np.cumsum(rng.exponential(2 * HOUR, 500)))
    for history in (quiet, bursts):
        _, whole = alarms_of(history, START + 50 * DAY, beta=beta)
        for until_day in (10.0, 20.5, 31.0, 40.0):
            cut_s = START + until_day * DAY
            part = History.of(history.at_s[history.at_s <= cut_s], history.f_cnt[history.at_s <= cut_s])
            _, known = alarms_of(part, cut_s, beta=beta)
            assert [one.at_s for one in known] == [one.at_s for one in whole if one.at_s <= cut_s]


@pytest.mark.parametrize(
    ("period_s", "days", "loss"), [(600.0, 100, 0.02), (HOUR, 200, 0.3), (12 * HOUR, 360, 0.02)]
)
def test_ten_healthy_devices_hardly_ever_ring(period_s: float, days: float, loss: float) -> None:
    alarms = [
        alarm
        for seed in range(10)
        for alarm in alarms_of(lossy(period_s, days, loss, seed), START + days * DAY, beta=0.1)[1]
    ]
    assert len(alarms) <= 3  # 0.3 to 1 expected; four or more happen to a right budget once in 50 at worst


def test_a_device_set_to_a_slower_period_stops_ringing_soon() -> None:
    fast = START + 600.0 * np.arange(5000)
    slow = fast[-1] + 2 * HOUR * np.arange(1, 300)
    history = History.of(np.concatenate((fast, slow)), np.arange(5299))
    learnt, alarms = alarms_of(history, float(slow[-1]), beta=1.0)
    assert 1 <= len(alarms) <= 20
    assert learnt.period_s == pytest.approx(2 * HOUR)


def test_a_budget_must_be_positive() -> None:
    with pytest.raises(ValueError, match="beta 0 must be positive"):
        alarms_of(lossy(HOUR, 5, 0.1, 1), START, beta=0)


def test_every_device_is_listed_even_one_of_a_single_uplink() -> None:
    lines = [
        *csv_of(SENSOR, without(lossy(HOUR, 60, 0.05, 2), 40, 44)),
        "70B3D57ED0000001,2023-01-02T00:00:00+01:00,",
    ]
    rows = evaluate(read_history(lines), beta=0.1)
    assert [row["dev_eui"] for row in rows] == ["70b3d57ed0000001", SENSOR]
    assert rows[0]["class"] == "learning"
    assert rows[0]["period_s"] is None
    # a stranger heard once is given a month
    assert rows[0]["alarms"] == [{"at": "2023-01-31T23:00:00.000Z", "cleared_at": None}]
    assert (rows[1]["class"], rows[1]["period_s"]) == ("periodic", 3600.0)
    assert len(rows[1]["alarms"]) == 1
    json.dumps(rows, allow_nan=False)


def test_a_file_without_rows_lists_nothing() -> None:
    assert evaluate(read_history(["dev_eui,time,f_cnt"])) == []


def test_the_real_outages_of_grenoble_are_found_and_nothing_else(real_data: Path) -> None:
    source = real_data / "grenoble" / "chirpstack_v4_sainteynard.ndjson.gz"
    rows: list[str] = ["f_cnt,time,dev_eui"]
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            if message["topic"].endswith("/up"):
                up = message["payload"]
                rows.append(f"{up.get('fCnt', 0)},{up['time']},{up['deviceInfo']['devEui']}")
    histories = read_history(rows)
    judged = {row["dev_eui"]: row for row in evaluate(histories, beta=0.1)}
    assert [row["class"] for row in judged.values()] == ["periodic", "periodic"]
    hours: dict[str, list[float]] = {}
    for dev_eui, history in histories.devices:
        hours[dev_eui] = []
        for alarm in judged[dev_eui]["alarms"]:
            assert alarm["cleared_at"] is not None
            raised = datetime.fromisoformat(alarm["at"])
            cleared = datetime.fromisoformat(alarm["cleared_at"])
            last_s = history.at_s[np.searchsorted(history.at_s, raised.timestamp()) - 1]
            assert raised < cleared
            hours[dev_eui].append((cleared - datetime.fromtimestamp(last_s, UTC)) / timedelta(hours=1))
    station, door = hours["d1d1e80000000033"], hours["d1d1e80000000032"]
    assert station == [pytest.approx(4.53, abs=0.01)]
    assert max(door) == pytest.approx(5.56, abs=0.01)
    assert min(door) > 2
