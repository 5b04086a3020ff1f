"""The table of timed jobs: what runs when, over both changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lora_registry.domain.errors import UsageError
from lora_registry.pipeline.timed_jobs import JOBS, Job, job_named, trigger_of
from lora_registry.schedule import jobs_for
from lora_registry.settings import from_environ
from tests.cli.test_readme import existing

PARIS = ZoneInfo("Europe/Paris")
EACH = pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
# The weeks around the changes of 29 March and 25 October 2026.
CHANGES = (datetime(2026, 3, 25, tzinfo=UTC), datetime(2026, 10, 21, tzinfo=UTC))


def times(job: Job, start: datetime, days: int) -> list[datetime]:
    trigger, found, at = trigger_of(job, PARIS), [], start
    previous = None
    while (following := trigger.get_next_fire_time(previous, at)) and following < start + timedelta(days=days):
        found.append(following)
        previous, at = following, following.astimezone(UTC) + timedelta(seconds=1)
        assert not found[1:] or found[-1].timestamp() > found[-2].timestamp()
    return found


@EACH
@pytest.mark.parametrize("start", CHANGES)
def test_each_day_has_the_same_runs_over_a_change_of_the_clock(job: Job, start: datetime) -> None:
    found = times(job, start, days=14)
    assert found
    assert len({at.astimezone(UTC) for at in found}) == len(found)
    by_day = [
        [(at.hour, at.minute) for at in found if at.date() == day]
        for day in sorted({at.astimezone(PARIS).date() for at in found})[1:-1]
    ]
    if set(job.when) <= {"hour", "minute"} and "hour" in job.when:
        assert all(one == by_day[0] for one in by_day)


@EACH
def test_no_job_of_one_hour_lies_in_the_one_that_comes_twice_or_never(job: Job) -> None:
    assert job.when.get("hour") != "2"


@EACH
def test_days_are_named_as_numbers_mean_another_day_than_in_cron(job: Job) -> None:
    assert not any(letter.isdigit() for letter in job.when.get("day_of_week", ""))


@EACH
def test_a_job_is_told_in_both_languages_and_has_a_name_of_its_own(job: Job) -> None:
    assert set(job.does) == {"fr", "en"}
    assert all(job.does.values())
    assert job_named(job.name) is job


def test_an_unknown_job_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UsageError, match="no job 'aduit': choose from light-audit, "):
        job_named("aduit")


def test_a_job_that_lacks_what_it_needs_is_not_planned() -> None:
    without = from_environ({})
    with_network = from_environ({"LORA_REGISTRY_CHIRPSTACK_URL": "grpc://network.example:8080"})
    assert {job.name for job in jobs_for(with_network)} - {job.name for job in jobs_for(without)} == {"sync"}


@EACH
def test_each_job_is_a_command_of_this_program(job: Job) -> None:
    words = " ".join(word for word in job.command if not word.startswith("-"))
    assert words in existing()
