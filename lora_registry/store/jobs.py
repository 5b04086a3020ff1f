"""What became of the timed jobs: one row a run. Written by the scheduler, read by lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Float,
    Integer,
    LargeBinary,
    String,
    Unicode,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.types import Instant

Row = dict[str, Any]
WORDS = 2000
"""Characters kept of what a job said."""


class PlannedJob(Base):
    """When each job runs next: APScheduler's own table, as its job store would make it."""

    __tablename__ = "apscheduler_jobs"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    id: Mapped[str] = mapped_column(Unicode(191), primary_key=True)
    next_run_time: Mapped[float | None] = mapped_column(Float(25), index=True)
    job_state: Mapped[bytes] = mapped_column(LargeBinary)


class JobRun(Base):
    """One run of a timed job."""

    __tablename__ = "job_run"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    job: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    exit_code: Mapped[int | None] = mapped_column(Integer, comment="null while it runs, and when it was cut short")
    words: Mapped[str] = mapped_column(String(WORDS), comment="the end of what it said")


def begin(connection: Connection, job: str, *, now: datetime) -> int:
    """Note that a job runs; return the run's number."""
    key = connection.execute(insert(JobRun).values(job=job, started_at=now, words="")).inserted_primary_key
    assert key is not None  # noqa: S101 - a single-row insert has one
    return int(key[0])


def end(connection: Connection, number: int, *, exit_code: int | None, words: str, now: datetime) -> None:
    """Note how a run ended."""
    told = words[-WORDS:].replace("\x00", "")
    connection.execute(
        update(JobRun).where(JobRun.id == number).values(ended_at=now, exit_code=exit_code, words=told)
    )


def cut_short(connection: Connection, *, now: datetime) -> list[str]:
    """Return the jobs whose last run came to no end of its own; close those runs that nobody else could."""
    unended = JobRun.ended_at.is_(None)
    connection.execute(update(JobRun).where(unended).values(ended_at=now, words="cut short with its scheduler"))
    last = select(func.max(JobRun.id)).group_by(JobRun.job)
    query = select(JobRun.job).where(JobRun.id.in_(last), JobRun.exit_code.is_(None))
    return list(connection.scalars(query.order_by(JobRun.job)))


def latest(connection: Connection, jobs: Iterable[str]) -> dict[str, Row]:
    """Return the last run of each of these jobs that ever ran."""
    last = select(func.max(JobRun.id)).where(JobRun.job.in_(list(jobs))).group_by(JobRun.job)
    rows = connection.execute(select(JobRun.__table__).where(JobRun.id.in_(last))).mappings()
    return {row["job"]: dict(row) for row in rows}
