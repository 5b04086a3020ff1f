"""Judge everything as of now: evidence, facts, rules, verdicts and findings, one partition after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from lora_registry.audit import RULES, gateway_state, radio_state, run
from lora_registry.coverage.territories import Territories
from lora_registry.domain.facts import DeviceFacts, Facts
from lora_registry.domain.findings import Finding
from lora_registry.domain.habit import NO_HISTORY, Habit
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.pipeline.find_outages import find_outages
from lora_registry.pipeline.gather_facts import (
    RECENT_DAYS,
    Collection,
    Completeness,
    OpenFindings,
    Past,
    application_facts,
    collection,
    device_facts,
    gateway_facts,
)
from lora_registry.store import evidence, gateway_evidence, habits, verdicts
from lora_registry.store.engine import reading, writing

PARTITION_DEVICES = 500
"""Two months of hourly uplinks of these are some 700,000 rows in memory at once, about 200 MB."""


@dataclass(slots=True)
class Audited:
    """What a run said, in numbers."""

    run_id: int
    states: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Judged:
    facts: DeviceFacts
    learnt: Habit | None
    """Its habit, where that was learnt anew."""
    judgement: radio_state.Judgement
    airtime_s_per_day: float | None
    gateways_30d: int
    territory_code: str | None


def run_audit(
    engine: Engine,
    *,
    now: datetime,
    clock: Callable[[], datetime],
    zone: ZoneInfo,
    partition_devices: int = PARTITION_DEVICES,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Audited:
    """Judge the registry as of `now`, with only what was known by then.

    The run is shown once it is complete; until then lists show the one before. `clock` dates its completion.
    """
    find_outages(engine, now=now)
    with writing(engine) as connection:
        rules = {rule.name: rule.version for rule in RULES}
        audited = Audited(verdicts.start_run(connection, judged_at=now, rules=rules))
    with reading(engine) as connection:
        collected = collection(connection, now=now, zone=zone)
        already_open = verdicts.open_findings(connection)
        territories = Territories(gateway_evidence.boundaries(connection))
        parts = list(evidence.partitions(connection, partition_devices))
    applications: dict[str, Completeness] = {}
    for part in parts:
        with reading(engine) as connection:
            devices = evidence.devices(connection, part)
            judged = list(
                _judge(
                    connection,
                    part,
                    devices,
                    collected=collected,
                    already_open=already_open,
                    territories=territories,
                )
            )
        for device in devices:
            if device["registered_at"] is not None:
                name = device["application_name"] or device["application_id"] or device["network_id"]
                applications.setdefault(name, Completeness(device["registered_at"])).add(device)
        with writing(engine) as connection:
            verdicts.write_devices(connection, (_verdict(audited.run_id, one) for one in judged))
            habits.write(
                connection, [(DevEui(one.facts.dev_eui), one.learnt) for one in judged if one.learnt is not None]
            )
            _find(connection, audited, [one.facts for one in judged], now)
        audited.states.update(one.judgement.state.value for one in judged)
        on_progress(audited.states.total())
    with reading(engine) as connection:
        gateways = list(gateway_facts(connection, collected, already_open))
    described = list(application_facts(applications, already_open))
    with writing(engine) as connection:
        verdicts.write_gateways(
            connection,
            audited.run_id,
            [(GatewayId(one.gateway_id), gateway_state.judge(one, now), one.as_json()) for one in gateways],
        )
        verdicts.write_applications(connection, audited.run_id, described)
        _find(connection, audited, [*gateways, *described], now)
        verdicts.complete_run(connection, audited.run_id, completed_at=clock())
    return audited


def _judge(
    connection: Connection,
    part: evidence.Partition,
    devices: Sequence[evidence.Row],
    *,
    collected: Collection,
    already_open: OpenFindings,
    territories: Territories,
) -> Iterable[_Judged]:
    now = collected.now
    known = habits.read(connection, part)
    due = {device["dev_eui"] for device in devices if _is_due(device, known.get(device["dev_eui"]), collected)}
    histories = evidence.histories(connection, part, due, until=now)
    airtime = evidence.airtime_s_per_day(connection, part, until=now.date(), days=RECENT_DAYS)
    gateways = evidence.gateways_heard(connection, part, until=now.date(), days=RECENT_DAYS)
    placed = evidence.positions(connection, part)
    communes = dict(zip(placed, territories.of(list(placed.values())), strict=True))
    for device in devices:
        eui: DevEui = device["dev_eui"]
        past = Past(known.get(eui), histories.get(eui, NO_HISTORY) if eui in due else None)
        facts, learnt = device_facts(device, past, collected, already_open)
        newer = past.habit is not None and past.habit.learnt_at > now
        yield _Judged(
            facts=facts,
            learnt=None if newer else learnt,
            judgement=radio_state.judge(facts),
            airtime_s_per_day=airtime.get(eui),
            gateways_30d=gateways.get(eui, 0),
            territory_code=communes.get(eui),
        )


def _is_due(device: evidence.Row, habit: Habit | None, collected: Collection) -> bool:
    """Tell whether a device has to be learnt anew: for what came, or as it is late by what is known."""
    total, last_at = device["uplinks_total"] or 0, device["last_data_at"]
    if habit is None:
        return total > 0
    if habit.is_due(
        number=device["dev_eui"].to_int64(), uplinks_total=total, last_uplink_at=last_at, now=collected.now
    ):
        return True
    late_after_s, since = (
        habit.learnt.get("late_after_s"),
        collected.now - last_at if last_at is not None else None,
    )
    news = total > habit.uplinks_total
    return news and late_after_s is not None and since is not None and since.total_seconds() > late_after_s


def _verdict(run_id: int, judged: _Judged) -> verdicts.Verdict:
    facts = judged.facts
    return verdicts.Verdict(
        dev_eui=DevEui(facts.dev_eui),
        run_id=run_id,
        state=judged.judgement.state,
        reason=judged.judgement.reason,
        cadence=facts.cadence_class,
        period_s=facts.period_s,
        delivery_ratio=facts.delivery_ratio,
        delivery_low=facts.delivery_low,
        delivery_high=facts.delivery_high,
        airtime_s_per_day=judged.airtime_s_per_day,
        gateways_30d=judged.gateways_30d,
        territory_code=judged.territory_code,
        facts=facts.as_json(),
    )


def _find(connection: Connection, audited: Audited, facts: Iterable[Facts], now: datetime) -> None:
    findings = [outcome for outcome in run(RULES, facts, now) if isinstance(outcome, Finding)]
    verdicts.write_findings(connection, audited.run_id, findings)
    audited.findings.update(finding.kind for finding in findings)
