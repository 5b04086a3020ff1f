"""`schedule`: the timed jobs."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.stopping import Stop
from lora_registry.store.process_lock import SCHEDULING, holding

SCHEDULE_COLUMNS = (
    "job", "does", "next_at", "paused", "last_started_at", "last_ended_at", "last_exit_code", "last_words",
)  # fmt: skip
_IN_TABLE = SCHEDULE_COLUMNS[:-1]
Name = Annotated[str, typer.Argument(metavar="JOB", help="Its name in `schedule list`.")]

schedule = typer.Typer(help="The timed jobs.", no_args_is_help=True)
app.add_typer(schedule, name="schedule")


@schedule.command("run")
def run(context: typer.Context) -> None:
    """Run the timed jobs until stopped, one at a time; one such process for a registry."""
    from lora_registry.schedule import Scheduler, jobs_for  # noqa: PLC0415 - APScheduler, for these commands only

    configured, stop = settings(context), Stop()
    stop.listen()
    # A command line is for all to read, an environment is not: the address may hold a password.
    environment = {**os.environ, "LORA_REGISTRY_DATABASE_URL": configured.database_url}
    environment.pop("LORA_REGISTRY_DATABASE_URL_FILE", None)
    with registry(configured) as engine, holding(engine, SCHEDULING):
        say("scheduling")
        Scheduler(
            engine,
            zone=configured.timezone,
            clock=now,
            program=(sys.executable, "-m", "lora_registry"),
            environment=environment,
            jobs=jobs_for(configured),
        ).run(stop)


@schedule.command("list")
def list_jobs(
    context: typer.Context,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the jobs: when each runs next and how it last ended."""
    from lora_registry.pipeline.timed_jobs import rows  # noqa: PLC0415 - see above

    configured = settings(context)
    with registry(configured) as engine:
        found = rows(engine, zone=configured.timezone, language=configured.language)
    listing.write(found, SCHEDULE_COLUMNS, form, in_table=_IN_TABLE)


@schedule.command("pause")
def pause(context: typer.Context, job: Name) -> None:
    """Let a job rest until it is resumed."""
    _change(context, job, "pause")


@schedule.command("resume")
def resume(context: typer.Context, job: Name) -> None:
    """Run a paused job again, at its usual times."""
    _change(context, job, "resume")


@schedule.command("now")
def run_now(context: typer.Context, job: Name) -> None:
    """Run a job as soon as the scheduler sees this, and then at its usual times."""
    _change(context, job, "now")


def _change(context: typer.Context, job: str, what: str) -> None:
    from lora_registry.pipeline.timed_jobs import change  # noqa: PLC0415 - see above

    configured = settings(context)
    with registry(configured) as engine:
        change(engine, job, what, zone=configured.timezone, now=now())
    say(
        {"pause": f"{job} is paused", "resume": f"{job} runs again", "now": f"{job} runs within half a minute"}[
            what
        ]
    )
