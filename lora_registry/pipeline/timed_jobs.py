"""The timed jobs: one literal table, when each runs, how it last ended, and what people may change of it.

When each runs next lives in the database (APScheduler's job store): whoever pauses a job or wants it now writes
there, from any process, and the one that schedules (`lora_registry.schedule`) sees it within half a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Engine

from lora_registry.domain.errors import UsageError
from lora_registry.store import jobs as job_runs
from lora_registry.store.engine import make_engine, reading

_CATCH_UP: Final = timedelta(days=31)


class Job(NamedTuple):
    """A command and when it runs: fields of a cron expression, in the town's time zone."""

    name: str
    command: tuple[str, ...]
    when: dict[str, str]
    does: dict[str, str]
    """What it is for, in French and English."""
    needs: str = ""
    """A setting without which it has nothing to do."""


# No job between two and three at night, an hour that a change to summer time skips and one to winter time repeats.
# Days by name: APScheduler counts Monday as 0 where cron counts Sunday.
JOBS: Final[tuple[Job, ...]] = (
    Job(
        "light-audit", ("audit", "run", "--light"), {"minute": "5,20,35,50"},
        {"fr": "juger passerelles, incidents et objets de sécurité", "en": "judge gateways, incidents and safety"},
    ),
    Job(
        "sync", ("sync",), {"hour": "3", "minute": "10"},
        {"fr": "relire les listes de ChirpStack", "en": "read ChirpStack's lists again"}, needs="chirpstack_url",
    ),
    Job(
        "audit", ("audit", "run"), {"hour": "4", "minute": "15"},
        {"fr": "juger tous les objets", "en": "judge every object"},
    ),
    Job(
        "retain", ("retain",), {"hour": "3", "minute": "30"},
        {"fr": "effacer ce qui a fait son temps", "en": "delete what has had its time"},
    ),
    Job(
        "people", ("user", "retire"), {"day_of_week": "tue", "hour": "8", "minute": "40"},
        {"fr": "fermer puis effacer les comptes inutilisés", "en": "close, then delete unused accounts"},
    ),
    Job(
        "backups", ("db", "backups"), {"hour": "7", "minute": "40"},
        {"fr": "vérifier l'âge des sauvegardes", "en": "check the age of backups"}, needs="backup_dir",
    ),
    Job(
        # The hours after the first one are for mails that a server put off: with none, a run has nothing to do.
        "mail", ("report", "weekly", "--send"), {"day_of_week": "mon", "hour": "9-21", "minute": "0"},
        {"fr": "envoyer le courriel de la semaine", "en": "send the mail of the week"},
        needs="smtp_host",
    ),
    Job(
        "coverage", ("coverage", "build"), {"day_of_week": "sun", "hour": "5"},
        {"fr": "refaire la carte de couverture", "en": "build the coverage map again"},
    ),
    Job(
        # After the night's audit, whose word accounts take. Most days it has nothing to do.
        "accounts", ("report", "due"), {"hour": "6", "minute": "30"},
        {"fr": "faire les bilans du mois et de l'année", "en": "make the accounts of the month and the year"},
    ),
    Job(
        "opendata", ("export", "opendata"), {"day_of_week": "mon", "hour": "6", "minute": "20"},
        {"fr": "écrire les données ouvertes qui ont changé", "en": "write open data that has changed"},
        needs="opendata_dir",
    ),
)  # fmt: skip


def trigger_of(job: Job, zone: ZoneInfo) -> CronTrigger:
    """Return when a job runs: in the town's time, or by UTC where it runs every hour.

    In the hour that comes twice APScheduler takes the second run of a local cron for one before the first, and
    never gets out of it (3.11.3: it adds a microsecond to the local time, which forgets which of both it was).
    """
    return CronTrigger(**job.when, timezone=zone if "hour" in job.when else ZoneInfo("UTC"))


def job_named(name: str) -> Job:
    """Return a job of the table.

    Raises:
        UsageError: there is none of that name.

    """
    for job in JOBS:
        if job.name == name:
            return job
    raise UsageError(f"no job {name!r}: choose from {', '.join(job.name for job in JOBS)}")


class Planner(BaseScheduler):  # type: ignore[misc]  # APScheduler has no types
    """APScheduler without a thread of its own.

    Its ready-made schedulers look for due jobs once more while they shut down, also when they only ever were
    paused: the job then finds no executor, is planned for its next time, and that run is lost.
    """

    def wakeup(self) -> None:
        """Do nothing: one looks often enough."""

    def shutdown(self, wait: bool = True) -> None:  # noqa: FBT001, FBT002 - APScheduler's signature
        """Let go of the job store and, after what runs, of the executor."""
        super().shutdown(wait)

    def look(self) -> None:
        """Hand the jobs that are due to the executor."""
        self._process_jobs()


@contextmanager
def planner_over(engine: Engine, zone: ZoneInfo) -> Iterator[Planner]:
    """Yield APScheduler over the job store."""
    # An engine of its own: the job store disposes of it, under the feet of whoever else used it.
    own = make_engine(engine.url.render_as_string(hide_password=False))
    planner = Planner(
        jobstores={"default": SQLAlchemyJobStore(engine=own, tablename=job_runs.PlannedJob.__tablename__)},
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={
            "coalesce": True, "max_instances": 1, "misfire_grace_time": int(_CATCH_UP.total_seconds()),
        },
        timezone=zone,
    )  # fmt: skip
    planner.start()
    try:
        yield planner
    finally:
        if planner.running:
            planner.shutdown(wait=True)


def rows(engine: Engine, *, zone: str, language: str) -> list[dict[str, Any]]:
    """Return each job of the table, when it runs next and how it last ended."""
    with reading(engine) as connection:
        last = job_runs.latest(connection, [job.name for job in JOBS])
    with planner_over(engine, ZoneInfo(zone)) as planner:
        stored = {one.id: one for one in planner.get_jobs()}
    found = []
    for job in JOBS:
        known, run = stored.get(job.name), last.get(job.name)
        found.append(
            {
                "job": job.name,
                "does": job.does[language],
                "needs": job.needs,
                "next_at": known.next_run_time if known else None,
                "paused": known is not None and known.next_run_time is None,
                "last_started_at": run["started_at"] if run else None,
                "last_ended_at": run["ended_at"] if run else None,
                "last_exit_code": run["exit_code"] if run else None,
                "last_words": run["words"] if run else None,
            }
        )
    return found


def change(engine: Engine, name: str, what: str, *, zone: str, now: datetime) -> None:
    """`pause`, `resume` or start `now` one job, whoever runs the scheduler; it sees this within seconds.

    Raises:
        UsageError: no such job, no scheduler ever ran here, or a paused job is wanted now.

    """
    job_named(name)
    with planner_over(engine, ZoneInfo(zone)) as planner:
        known = planner.get_job(name)
        if known is None:
            raise UsageError(f"job {name!r} is not planned yet: start `lora-registry schedule run` once")
        if what == "now" and known.next_run_time is None:
            raise UsageError(f"job {name!r} is paused: `lora-registry schedule resume {name}` first")
        match what:
            case "pause":
                planner.pause_job(name)
            case "resume":
                planner.resume_job(name)
            case _:
                planner.modify_job(name, next_run_time=now)
