"""One process that runs the timed jobs of `pipeline.timed_jobs`, one at a time.

Each job is a command of this program in a process of its own: its memory is given back, and one that dies takes
nothing with it. A restart loses nothing, and a missed run is caught up once.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from lora_registry.pipeline.timed_jobs import JOBS, Job, Planner, planner_over, trigger_of
from lora_registry.settings import Settings
from lora_registry.store import jobs as job_runs
from lora_registry.store.engine import writing

_LOOK_S = 20.0
"""How soon what another process wrote is seen."""


def jobs_for(settings: Settings) -> list[Job]:
    """Return the jobs that have what they need."""
    return [job for job in JOBS if not job.needs or getattr(settings, job.needs)]


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
        with planner_over(self._engine, self._zone) as planner:
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
