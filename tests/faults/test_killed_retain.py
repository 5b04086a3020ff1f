"""Forgetting that dies before any one of its statements: nothing half forgotten, nothing counted twice."""

from __future__ import annotations

import multiprocessing
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lora_registry.domain.raw_weeks import midnight, week_of
from lora_registry.store.engine import make_engine
from tests.e2e.program import environment
from tests.faults import faulty_retain
from tests.faults.harness import Harness, kind
from tests.raw_events import DAY, report, scalar, store, sums, up

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload([faulty_retain.__name__])
_DATED, _UNDATED = 6, 3


def retain(url: str, words: Path, *, fatal: int) -> int:
    """Run `retain`, dead before its statement number `fatal`; return its exit code."""
    process = _SERVER.Process(target=faulty_retain.run, args=(environment(database_url=url), str(words), fatal))
    process.start()
    process.join(60)
    assert process.exitcode is not None, words.read_text()
    return process.exitcode


def events_of(monday: datetime) -> list[Any]:
    """Return a week's events: dated, without a time of their own, far ahead; and a gateway's report."""
    dated = [up(monday + n * DAY, n) for n in range(_DATED)]
    undated = [up(monday + n * DAY, n, time=None, rxInfo=[]) for n in range(_UNDATED)]
    return [*dated, *undated, up(monday, 9, time="2071-01-01T00:00:00Z"), report(monday)]


@pytest.mark.timeout(900)
def test_killed_before_each_statement_in_turn_it_forgets_whole_weeks_once(
    harness: Harness, registry_url: str
) -> None:
    engine, words = make_engine(registry_url), harness.folder / "retain.log"
    now, step = datetime.now(UTC), harness.scaled(5, 1)
    kept = midnight(week_of(now)) - 14 * DAY
    store(engine, events_of(kept), now)
    of_one_week = sums(engine)
    deaths, fatal, code = 0, 1, -signal.SIGKILL
    while code == -signal.SIGKILL:
        monday = kept - (50 + 7 * deaths) // 7 * 7 * DAY
        store(engine, events_of(monday), monday + 8 * DAY)
        before = sums(engine)
        code = retain(registry_url, words, fatal=fatal)
        assert sums(engine)[1:4] == before[1:4], "totals are those of what was ever stored"
        assert sums(engine)[5] == before[5]
        half = sums(engine)[0]
        again = store(engine, events_of(monday), monday + 8 * DAY)
        assert (again.uplinks, sums(engine)) == (0, (half, *sums(engine)[1:]))
        assert retain(registry_url, words, fatal=0) == 0, words.read_text()
        assert sums(engine)[0] == of_one_week[0], "only the week that is kept has rows"
        assert scalar(engine, "SELECT count(*) FROM gateway_report") == 1
        again = store(engine, events_of(monday), now + timedelta(hours=2))
        assert (again.uplinks, again.sealed) == (0, _DATED + _UNDATED + 1)
        assert sums(engine)[1:4] == before[1:4]
        deaths += code == -signal.SIGKILL
        fatal += step
    assert code == 0, words.read_text()
    assert deaths > 10
    engine.dispose()
    harness.record(
        f"kill -9 of retain before one statement after the other, {kind(registry_url)}",
        f"{deaths} deaths: nothing half forgotten, nothing counted twice",
    )
