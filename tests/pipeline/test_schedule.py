"""Timed jobs over a real database, with commands of their own: caught up once, never twice, never forgotten."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from lora_registry import schedule
from lora_registry.domain.errors import InUseError, UsageError
from lora_registry.pipeline import timed_jobs
from lora_registry.pipeline.timed_jobs import Job, change
from lora_registry.schedule import Scheduler
from lora_registry.store import jobs as job_runs
from lora_registry.store.engine import reading, writing
from lora_registry.store.process_lock import SCHEDULING, holding
from tests.conftest import wait_until

SAYS = {"fr": "essai", "en": "trial"}
YEARLY = {"month": "1", "day": "1", "hour": "5"}
QUICK = Job("quick", ("print('done')",), YEARLY, SAYS)
FAILING = Job("failing", ("raise SystemExit('no such sensor')",), YEARLY, SAYS)
SLOW = Job("slow", ("import time; time.sleep(60)",), YEARLY, SAYS)
PARIS = "Europe/Paris"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "_LOOK_S", 0.05)


@contextmanager
def running(engine: Engine, *jobs: Job) -> Iterator[None]:
    """Run a scheduler of `jobs`, each a piece of Python, in a thread."""
    stop, failed = threading.Event(), []
    scheduler = Scheduler(
        engine,
        zone=PARIS,
        clock=lambda: datetime.now(UTC),
        program=(sys.executable, "-c"),
        environment={},
        jobs=jobs,
    )

    def run() -> None:
        try:
            scheduler.run(stop)
        except Exception as error:  # noqa: BLE001 - told by the test's own thread
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        wait_until(lambda: bool(schedule.current) or bool(failed), "the scheduler did not start")
        yield
    finally:
        stop.set()
        thread.join(30)
    assert not failed, failed


def runs(engine: Engine) -> list[tuple[str, int | None, str]]:
    with reading(engine) as connection:
        rows = connection.execute(
            text("SELECT job, exit_code, words FROM job_run WHERE ended_at IS NOT NULL ORDER BY id")
        )
        return [(job, code, words.strip()) for job, code, words in rows]


def make_due(engine: Engine, name: str, at: datetime) -> None:
    """Write into the job store that a job should have run then."""
    with timed_jobs.planner_over(engine, timed_jobs.ZoneInfo(PARIS)) as planner:
        planner.modify_job(name, next_run_time=at)


def planned(engine: Engine) -> dict[str, float | None]:
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT id, next_run_time FROM apscheduler_jobs"))
        return {str(row.id): row.next_run_time for row in rows}


def settled(engine: Engine, count: int) -> Callable[[], bool]:
    return lambda: len(runs(engine)) >= count


def looked(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Note each time that the scheduler has looked for due jobs."""
    looks: list[None] = []
    look = timed_jobs.Planner.look

    def noted(planner: timed_jobs.Planner) -> None:
        look(planner)
        looks.append(None)

    monkeypatch.setattr(timed_jobs.Planner, "look", noted)
    return looks


def known(engine: Engine, jobs: Sequence[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    """Plan jobs once, and let them be those of the program."""
    monkeypatch.setattr(timed_jobs, "JOBS", tuple(jobs))
    with running(engine, *jobs):
        pass


def test_runs_missed_while_nobody_scheduled_are_caught_up_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    daily = Job("quick", QUICK.command, {"hour": "5"}, SAYS)
    known(engine, [daily], monkeypatch)
    make_due(engine, "quick", datetime.now(UTC) - timedelta(days=10))
    with running(engine, daily):
        wait_until(settled(engine, 1), "the missed run never came")
        following = planned(engine)["quick"]
        assert following is not None
        assert following > datetime.now(UTC).timestamp(), "the other nine are not to come"
    looks = looked(monkeypatch)
    with running(engine, daily):
        wait_until(lambda: len(looks) > 1, "it never looked")
    assert runs(engine) == [("quick", 0, "done")]


def test_a_restart_keeps_when_each_job_runs_next(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    known(engine, [QUICK], monkeypatch)
    soon = datetime.now(UTC) + timedelta(days=3)
    make_due(engine, "quick", soon)
    with running(engine, QUICK):
        pass
    assert planned(engine)["quick"] == pytest.approx(soon.timestamp(), abs=0.001)


def test_another_time_in_the_table_is_taken_over_and_a_job_that_left_it_goes(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(engine, [QUICK, SLOW], monkeypatch)
    change(engine, "quick", "pause", zone=PARIS, now=datetime.now(UTC))
    before = planned(engine)
    with running(engine, QUICK._replace(when={"hour": "6"}), FAILING):
        pass
    after = planned(engine)
    assert set(before) == {"quick", "slow"}
    assert set(after) == {"quick", "failing"}
    assert after["quick"] is None, "it stays paused"


def test_what_another_process_writes_is_seen_while_the_scheduler_runs(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(engine, [QUICK, FAILING], monkeypatch)
    with running(engine, QUICK, FAILING):
        change(engine, "failing", "now", zone=PARIS, now=datetime.now(UTC))
        wait_until(settled(engine, 1), "it was never run")
        change(engine, "quick", "pause", zone=PARIS, now=datetime.now(UTC))
        with pytest.raises(UsageError, match="'quick' is paused"):
            change(engine, "quick", "now", zone=PARIS, now=datetime.now(UTC))
        change(engine, "quick", "resume", zone=PARIS, now=datetime.now(UTC))
        change(engine, "quick", "now", zone=PARIS, now=datetime.now(UTC))
        wait_until(settled(engine, 2), "it was never run")
    assert runs(engine) == [("failing", 1, "no such sensor"), ("quick", 0, "done")]
    told = {row["job"]: row for row in timed_jobs.rows(engine, zone=PARIS, language="en")}
    assert (told["failing"]["last_exit_code"], told["failing"]["paused"]) == (1, False)
    assert told["quick"]["next_at"] > datetime.now(UTC)


@pytest.mark.parametrize("killed", [False, True])
def test_a_job_cut_short_is_told_so_and_run_again_once_by_the_next_scheduler(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, *, killed: bool
) -> None:
    known(engine, [SLOW], monkeypatch)
    if killed:  # without a word: a run that never ended
        with writing(engine) as connection:
            job_runs.begin(connection, "slow", now=datetime.now(UTC))
    else:
        make_due(engine, "slow", datetime.now(UTC))
        with running(engine, SLOW):
            wait_until(lambda: schedule.current[-1]._running is not None, "it never began")
        assert runs(engine) == [("slow", None, "")]
    quick = SLOW._replace(command=QUICK.command)
    with running(engine, quick):
        wait_until(settled(engine, 2), "it was not run again")
    looks = looked(monkeypatch)
    with running(engine, quick):
        wait_until(lambda: len(looks) > 1, "it never looked")
    assert runs(engine) == [("slow", None, "cut short with its scheduler" if killed else ""), ("slow", 0, "done")]


def test_a_job_at_rest_is_not_run_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    known(engine, [SLOW], monkeypatch)
    with writing(engine) as connection:
        job_runs.begin(connection, "slow", now=datetime.now(UTC))
    change(engine, "slow", "pause", zone=PARIS, now=datetime.now(UTC))
    looks = looked(monkeypatch)
    with running(engine, SLOW):
        wait_until(lambda: len(looks) > 1, "it never looked")
    assert runs(engine) == [("slow", None, "cut short with its scheduler")]
    assert planned(engine)["slow"] is None


def test_a_second_scheduler_is_refused(engine: Engine) -> None:
    refused = pytest.raises(InUseError, match="has its scheduler already")
    with holding(engine, SCHEDULING), refused, holding(engine, SCHEDULING):
        pass


def test_a_job_that_was_never_planned_says_how_to_plan_it(engine: Engine) -> None:
    with pytest.raises(UsageError, match="start `lora-registry schedule run` once"):
        change(engine, "audit", "now", zone=PARIS, now=datetime.now(UTC))


def test_what_the_store_names_can_be_found_and_is_no_lambda(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stored job is a pickle that names a function by text: moved elsewhere, jobs would vanish at a start."""
    known(engine, [SLOW], monkeypatch)
    with timed_jobs.planner_over(engine, timed_jobs.ZoneInfo(PARIS)) as planner:
        (job,) = planner.get_jobs()
        assert job.func_ref == f"{schedule.run_job.__module__}:{schedule.run_job.__name__}"
        assert job.func is schedule.run_job
        with pytest.raises(ValueError, match="could not be determined"):
            planner.add_job(lambda: None, "date")


def test_a_job_waits_a_month_for_its_scheduler_and_then_runs_once_at_a_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """APScheduler itself forgets a run that is a second late."""
    known(engine, [SLOW], monkeypatch)
    with timed_jobs.planner_over(engine, timed_jobs.ZoneInfo(PARIS)) as planner:
        (job,) = planner.get_jobs()
    assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (31 * 86_400, True, 1)
