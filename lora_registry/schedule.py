"""The timed jobs: one literal table, one process that runs them, one at a time.

Each job is a command of this program in a process of its own: its memory is given back, and one that dies takes
nothing with it. When each runs next lives in the database (APScheduler's job store): a restart loses nothing, a
missed run is caught up once, and whoever pauses a job or wants it now writes there, from any process.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Engine

from lora_registry.domain.errors import UsageError
from lora_registry.settings import Settings
from lora_registry.store import jobs as job_runs
from lora_registry.store.engine import make_engine, reading, writing

_LOOK_S = 20.0
"""How soon what another process wrote is seen."""
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


def jobs_for(settings: Settings) -> list[Job]:
    """Return the jobs that have what they need."""
    return [job for job in JOBS if not job.needs or getattr(settings, job.needs)]


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


class Stop(Protocol):
    """The word to stop, from outside."""

    def wait(self, timeout_s: float, /) -> bool:
        """Wait `timeout_s`, or until told to stop; return whether to."""


class Scheduler:
    """Runs the jobs while it is open; the caller holds `store.process_lock.SCHEDULING`."""

    def __init__(
        self,
        engine: Engine,
        *,
        zone: str,
        clock: Callable[[], datetime],
        program: Sequence[str],
        environment: Mapping[str, str],
        jobs: Sequence[Job],
    ) -> None:
        """Prepare; `program` is what a job's command is appended to, `environment` where it finds its settings."""
        self._engine, self._clock, self._program = engine, clock, tuple(program)
        self._environment = dict(environment)
        self._jobs = {job.name: job for job in jobs}
        self._zone = ZoneInfo(zone)
        self._running: subprocess.Popen[str] | None = None
        self._closing = threading.Event()

    def run(self, stop: Stop) -> None:
        """Run the jobs until told to stop; the one that runs then is ended and noted as cut short."""
        with writing(self._engine) as connection:
            again = job_runs.cut_short(connection, now=self._clock())
        with _planner(self._engine, self._zone) as planner:
            self._register(planner)
            for name in again:
                known = planner.get_job(name)
                if known is not None and known.next_run_time is not None:  # gone, or at rest since
                    planner.modify_job(name, next_run_time=self._clock())
            current.append(self)
            try:
                while not stop.wait(_LOOK_S):
                    planner.look()
            finally:
                self._closing.set()
                if self._running is not None:
                    self._running.terminate()
                planner.shutdown(wait=True)
                current.remove(self)

    def _register(self, planner: Planner) -> None:
        """Make the stored jobs those of the table; one that is there keeps its next run, whatever is restarted."""
        for stored in planner.get_jobs():
            if stored.id not in self._jobs:
                planner.remove_job(stored.id)
        for job in self._jobs.values():
            trigger = trigger_of(job, self._zone)
            known = planner.get_job(job.name)
            if known is None:
                planner.add_job("lora_registry.schedule:run_job", trigger, args=[job.name], id=job.name)
            elif str(known.trigger) != str(trigger) or str(known.trigger.timezone) != str(trigger.timezone):
                paused = known.next_run_time is None
                planner.reschedule_job(job.name, trigger=trigger)
                if paused:
                    planner.pause_job(job.name)

    def execute(self, name: str) -> None:
        """Run one job's command to its end and write down what became of it."""
        if self._closing.is_set():
            return
        with writing(self._engine) as connection:
            number = job_runs.begin(connection, name, now=self._clock())
        words, code = "", None
        try:
            self._running = subprocess.Popen(
                [*self._program, *self._jobs[name].command],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace", env=self._environment,
            )  # fmt: skip
            if self._closing.is_set():  # told to stop just before there was something to stop
                self._running.terminate()
            words, _ = self._running.communicate()
            code = None if self._closing.is_set() else self._running.returncode
        except OSError as error:
            words, code = str(error), 127
        finally:
            self._running = None
            with writing(self._engine) as connection:
                job_runs.end(connection, number, exit_code=code, words=words, now=self._clock())


current: Final[list[Scheduler]] = []
"""The scheduler of this process: a stored job can name a function only."""


def run_job(name: str) -> None:
    """Run a job in the scheduler of this process; what the job store calls."""
    current[-1].execute(name)


@contextmanager
def _planner(engine: Engine, zone: ZoneInfo) -> Iterator[Planner]:
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
    with _planner(engine, ZoneInfo(zone)) as planner:
        stored = {one.id: one for one in planner.get_jobs()}
    found = []
    for job in JOBS:
        known, run = stored.get(job.name), last.get(job.name)
        found.append(
            {
                "job": job.name,
                "does": job.does[language],
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
    with _planner(engine, ZoneInfo(zone)) as planner:
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
