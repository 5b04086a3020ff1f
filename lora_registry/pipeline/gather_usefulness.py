"""Evidence into facts of usefulness: all that a judgement may see of an object, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from lora_registry.domain import intervals
from lora_registry.domain.channel_measures import ChannelMeasures, DeviceMeasures
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.services import Family, PrivacyClass
from lora_registry.pipeline.clocks import Clocks
from lora_registry.store import sketch_reads, usage_reads, usefulness_evidence
from lora_registry.store.evidence import Partition
from lora_registry.store.reads import Row
from lora_registry.store.usage_reads import Counted
from lora_registry.store.usefulness_evidence import Days
from lora_registry.usefulness.facts import Channel, Equipment, Facts, Information, Neighbours, Radio, Use
from lora_registry.usefulness.use import Answer

RECENT_DAYS = 30
SKETCHED = timedelta(weeks=12)
"""Before the week of the judgement: one season, so that what changes with the weather is seen to change."""
STUCK = timedelta(days=6)
"""Before today, from the Monday before on: 7 to 13 days."""
_DAY_S = 86_400.0
_YEAR_DAYS = 365.25


@dataclass(frozen=True, slots=True)
class Uses:
    """What is known of who uses the services of a registry, by service and by application."""

    counted: Mapping[str, Counted]
    answers: Mapping[str, Row]
    integrations: Mapping[tuple[str, str], int]


def uses(connection: Connection, *, now: datetime) -> Uses:
    """Read the evidence of use: services are few."""
    return Uses(
        usage_reads.counted(connection, until=now.date()),
        usage_reads.answers(connection, until=now),
        usage_reads.integrations(connection),
    )


def gather(
    connection: Connection,
    part: Partition,
    run_id: int,
    *,
    now: datetime,
    clocks: Clocks,
    known: Uses,
    neighbours: Mapping[DevEui, Neighbours],
) -> Iterator[Facts]:
    """Yield the facts of each object of a partition that an audit judged."""
    on = now.date()
    days = usefulness_evidence.days(connection, part, until=on, count=RECENT_DAYS)
    placed = usefulness_evidence.placed(connection, part)
    long = sketch_reads.measures(connection, part, first=on - SKETCHED, last=on)
    recent = sketch_reads.measures(connection, part, first=on - STUCK, last=on)
    for row in usefulness_evidence.objects(connection, part, run_id):
        eui: DevEui = row["dev_eui"]
        yield Facts(
            dev_eui=str(eui),
            judged_on=on,
            use=use_of(row, known, now),
            radio=_radio(row, days.get(eui), clocks, now),
            information=_information(row, long.get(eui), recent.get(eui), on),
            neighbours=neighbours.get(eui, Neighbours(reason="class")),
            equipment=Equipment(
                model=row["model"],
                age_years=_years(row["purchased_on"], on),
                battery_pct=row["battery_pct"],
                external_power=bool(row["external_power"]),
                has_position=eui in placed,
                lifecycle=row["lifecycle"],
            ),
        )


def _years(since: date | None, on: date) -> float | None:
    return None if since is None or since > on else round((on - since).days / _YEAR_DAYS, 3)


def use_of(row: Row, known: Uses, now: datetime) -> Use:
    """Return who is known to use an object's service."""
    service = row["service_id"]
    counted = known.counted.get(service, Counted()) if service is not None else Counted()
    answer, answered_on = _answer(row, known.answers.get(service) if service is not None else None, now)
    return Use(
        service=service,
        family=row["family"],
        has_owner=row["owner_id"] is not None,
        has_purpose=bool(row["purpose"]),
        has_decision=bool(row["decision"]),
        consumers=len(row["consumers"] or ()),
        integrations=known.integrations.get((row["network_id"], row["application_id"] or "")),
        counted_days=len(counted.days),
        read_days=len(counted.read_days),
        read_days_30=len(counted.recent_read_days),
        reads=counted.reads,
        last_read_on=max(counted.read_days, default=None),
        sources=tuple(sorted(counted.sources)),
        answer=answer,
        answered_on=answered_on,
        ends_on=row["ends_on"],
    )


def _answer(row: Row, said: Row | None, now: datetime) -> tuple[str | None, date | None]:
    """Return the owner's last word: an answer, or the confirmation on the service's sheet where that is newer."""
    confirmed: date | None = row["confirmed_on"]
    if confirmed is not None and confirmed > now.date():
        confirmed = None
    if said is not None and (confirmed is None or said["answered_on"] >= confirmed):
        return said["answer"], said["answered_on"]
    return (Answer.NEEDED.value, confirmed) if confirmed is not None else (None, None)


def _radio(row: Row, days: Days | None, clocks: Clocks, now: datetime) -> Radio:
    seen: Mapping[str, Any] = row["facts"]
    silent_s = seen.get("watched_since_last_s")
    # Of what moves, what suits one corner of its round does not suit the next.
    rate: Mapping[str, Any] = {} if row["family"] == Family.POSITION else seen
    return Radio(
        state=row["state"],
        in_season=seen.get("in_season", True),
        known_days=round((seen.get("watched_since_known_s") or 0.0) / _DAY_S, 2),
        silent_days=None if silent_s is None else round(silent_s / _DAY_S, 2),
        cadence=row["cadence"] or "learning",
        period_s=row["period_s"],
        need_period_s=row["need_period_s"],
        uplinks_per_day=round(days.uplinks / days.span, 3) if days else None,
        airtime_s_per_day=round(days.airtime_s / days.span, 4) if days else None,
        delivery_low=row["delivery_low"],
        delivery_high=row["delivery_high"],
        days_heard=None if row["first_uplink_at"] is None else (days.heard if days else 0),
        days_expected=_days_expected(row, clocks, now),
        adr=rate.get("adr"),
        spreading_factor=rate.get("spreading_factor"),
        spreading_factor_enough=rate.get("spreading_factor_enough"),
        airtime_waste=rate.get("airtime_waste"),
    )


def _days_expected(row: Row, clocks: Clocks, now: datetime) -> int | None:
    """Return on how many of the last 30 days it should have been heard: watched, in season, no maintenance."""
    period_s = row["period_s"]
    if period_s is None or period_s > _DAY_S or row["first_uplink_at"] is None:
        return None
    since = max(now - timedelta(days=RECENT_DAYS), row["first_uplink_at"].astimezone(UTC))
    if since >= now:
        return None
    watched_s = float(intervals.elapsed(clocks.of(row), since.timestamp(), now.timestamp()))
    return int(watched_s // _DAY_S) or None


def _information(row: Row, long: DeviceMeasures | None, recent: DeviceMeasures | None, on: date) -> Information:
    if row["privacy"] is None:
        return Information(reason="unclassified")
    if not PrivacyClass(row["privacy"]).allows_sketches:
        return Information(reason="class")
    if long is None or not long.channels:
        heard = row["first_uplink_at"] is not None
        return Information(reason="undecoded" if heard else "too_few")
    first = row["first_uplink_at"].astimezone(UTC).date()
    last_at = row["facts"].get("last_uplink_at")
    last = datetime.fromisoformat(last_at).date() if last_at else on
    newest = {one.channel: one for one in recent.channels} if recent is not None else {}
    return Information(
        days=_span(_monday(on - SKETCHED), first, last),
        recent_days=_span(_monday(on - STUCK), first, last),
        frames=long.frames,
        repeats=long.repeats,
        channels=tuple(_channel(one, newest.get(one.channel)) for one in long.channels),
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _span(window: date, first: date, last: date) -> int:
    return max((last - max(window, first)).days + 1, 0)


def _channel(one: ChannelMeasures, newest: ChannelMeasures | None) -> Channel:
    return Channel(
        name=one.channel,
        is_state=one.is_state,
        is_index=one.is_index,
        declared=one.tolerance_declared,
        tolerance=one.tolerance,
        values=one.values,
        changes=one.changes,
        lowest=one.lowest,
        highest=one.highest,
        entropy_low=None if one.entropy is None else one.entropy.low,
        entropy_high=None if one.entropy is None else one.entropy.high,
        useful_cadence=one.useful_cadence,
        missed=dict(one.missed) if one.useful_cadence is not None else {},
        recent_values=newest.values if newest is not None else 0,
        recent_changes=newest.changes if newest is not None else 0,
        recent_lowest=newest.lowest if newest is not None else None,
        recent_highest=newest.highest if newest is not None else None,
    )
