"""The weeks of raw events: which are open, when each was last written to, and which are sealed for good.

Ingest holds a shared lock on the row of each week that it writes into; sealing one takes the exclusive lock. So no
event goes into a week that is being forgotten, and listeners wait for each other only while one of them opens a
week or notes, once an hour, that it wrote into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Date, select
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.events import DeviceEvent, GatewayConnection, GatewayEvent, GatewayStats
from lora_registry.domain.raw_weeks import RECORDED_EVERY, strays_of_all, weeks_of, weeks_of_all
from lora_registry.store import staging, week_partitions
from lora_registry.store.base import Base, Lives, Merge, lives, merged
from lora_registry.store.types import Instant


class RawWeek(Base):
    """A week with raw rows, or that had some. That it is here says that its partitions are, until it is sealed."""

    __tablename__ = "raw_week"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    week: Mapped[date] = mapped_column(Date, primary_key=True, comment="its Monday")
    last_insert_at: Mapped[datetime] = mapped_column(Instant, info=merged(Merge.MAX), comment="to an hour")
    sealed_at: Mapped[datetime | None] = mapped_column(Instant, comment="nothing is added from then on")
    emptied_at: Mapped[datetime | None] = mapped_column(Instant, comment="when its last row was gone")


class RawStray(Base):
    """Rows of a week that lie among those of another: their payload carried no time that can be."""

    __tablename__ = "raw_stray"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    week: Mapped[date] = mapped_column(Date, primary_key=True, comment="they belong to")
    lies_in: Mapped[date] = mapped_column(Date, primary_key=True, comment="a week of the stretch of their keys")


@dataclass(frozen=True, slots=True)
class Admitted:
    """The events of a batch that may be stored."""

    device_events: Sequence[DeviceEvent]
    gateway_events: Sequence[GatewayEvent]
    sealed: int
    """Device events left out, because their week is forgotten."""
    last_insert_at: Mapping[date, datetime]
    """Of the weeks that are known and open."""


def admit(
    connection: Connection, device_events: Sequence[DeviceEvent], gateway_events: Sequence[GatewayEvent]
) -> Admitted:
    """Leave out the events of sealed weeks; keep the other weeks open, with a place for rows, until the commit.

    To be called before the transaction touches a raw table.
    """
    wanted = weeks_of_all([_times(event) for event in (*device_events, *_reports(gateway_events))])
    if not wanted:
        return Admitted(device_events, gateway_events, 0, {})
    query = select(RawWeek.week, RawWeek.last_insert_at, RawWeek.sealed_at)
    ordered = query.where(RawWeek.week.in_(wanted)).order_by(RawWeek.week)
    known = connection.execute(ordered.with_for_update(key_share=True, read=True)).all()
    week_partitions.make(connection.engine, sorted(wanted - {row.week for row in known}))
    open_weeks = {row.week: row.last_insert_at for row in known if row.sealed_at is None}
    sealed = {row.week for row in known if row.sealed_at is not None}
    if not sealed:
        return Admitted(device_events, gateway_events, 0, open_weeks)
    left = [event for event in device_events if sealed.isdisjoint(weeks_of(*_times(event)))]
    told = [
        event
        for event in gateway_events
        # A connection state is no row among others: it only changes the gateway's.
        if isinstance(event, GatewayConnection) or sealed.isdisjoint(weeks_of(*_times(event)))
    ]
    return Admitted(left, told, len(device_events) - len(left), open_weeks)


def note_inserts(
    connection: Connection,
    admitted: Admitted,
    inserted: Iterable[DeviceEvent | GatewayStats],
    *,
    now: datetime,
) -> None:
    """Record into which weeks rows were `inserted` just now.

    Once an hour and week, as the last thing before the commit: nobody waits for this row while we still work.
    """
    times = [_times(event) for event in inserted]
    rows = [(week, now) for week in weeks_of_all(times) if _is_due(admitted.last_insert_at.get(week), now)]
    if rows:
        staging.merge(connection, RawWeek.table(), ("week", "last_insert_at"), rows)
    strays = strays_of_all(times)
    if strays:
        _note_strays(connection, strays)


def _is_due(noted_at: datetime | None, now: datetime) -> bool:
    return noted_at is None or now - noted_at >= RECORDED_EVERY


def _note_strays(connection: Connection, strays: set[tuple[date, date]]) -> None:
    query = select(RawStray.week, RawStray.lies_in).where(RawStray.week.in_({week for week, _ in strays}))
    missing = strays - {(row.week, row.lies_in) for row in connection.execute(query)}
    staging.insert_new(connection, RawStray.table(), ("week", "lies_in"), list(missing))


def _reports(events: Iterable[GatewayEvent]) -> Iterator[GatewayStats]:
    return (event for event in events if isinstance(event, GatewayStats))


def _times(event: DeviceEvent | GatewayStats) -> tuple[datetime, datetime]:
    """Return the time in an event's key, and the one that is shown."""
    if isinstance(event, GatewayStats):
        at = report_at(event)
        return at, at
    return event.header.timing[:2]


def report_at(report: GatewayStats) -> datetime:
    """Return the time in a report's key: its own where that can be, otherwise its arrival."""
    return report.own_time or report.received_at
