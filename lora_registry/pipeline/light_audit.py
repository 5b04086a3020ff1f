"""The audit that may run every few minutes: gateways, shared causes, and the devices on which safety depends.

Nothing is learnt and no history is read. It judges by what the last full audit has taught, publishes only what it
judged, and leaves everything else as that one said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from lora_registry.audit import (
    RULES,
    cause_packing,
    gateway_state,
    incident,
    never_seen,
    not_back,
    radio_state,
    run,
    silent_device,
    silent_gateway,
)  # fmt: skip
from lora_registry.audit.cause_evidence import Summary
from lora_registry.audit.shared_causes import search
from lora_registry.domain.errors import RefusedError
from lora_registry.domain.facts import Facts, GatewayFacts
from lora_registry.domain.findings import Finding, Identity, SubjectKind
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.pipeline.clocks import Clocks, Collection
from lora_registry.pipeline.explain_silences import Explained, explained
from lora_registry.pipeline.gather_causes import speaker, summary
from lora_registry.pipeline.gather_collection import collection
from lora_registry.pipeline.gather_facts import Past, device_facts
from lora_registry.pipeline.gather_gateways import OpenFindings, gateway_facts
from lora_registry.pipeline.judge_part import Judged
from lora_registry.pipeline.run_audit import Audited
from lora_registry.store import evidence, habits, incidents, reads, speakers, verdict_reads, verdicts
from lora_registry.store.engine import reading, writing
from lora_registry.store.evidence import Partition
from lora_registry.store.findings import Scope
from lora_registry.store.incidents import Key
from lora_registry.store.link_reads import Heard

_EVERYBODY = Partition(-(1 << 63), (1 << 63) - 1)
_OF_DEVICES = frozenset({silent_device.NAME, never_seen.NAME, not_back.NAME})
_OF_THE_REST = frozenset({incident.NAME, silent_gateway.NAME})
_RULES = tuple(rule for rule in RULES if rule.name in _OF_DEVICES | _OF_THE_REST)


def light_audit(engine: Engine, *, now: datetime, clock: Callable[[], datetime], zone: ZoneInfo) -> Audited:
    """Judge gateways, shared causes and safety services as of `now`; `clock` dates its completion.

    Raises:
        RefusedError: no full audit came before it, or one of a later instant did.

    """
    with reading(engine) as connection:
        full = _full_run(connection, now)
        collected = collection(connection, now=now, zone=zone)
        already_open = verdicts.open_findings(connection)
        attached = incidents.attached(connection)
        safety = speakers.safety_devices(connection)
        rows = [row for row in speakers.speakers(connection) if row["last_data_at"] <= now]
        part = _summary(rows, collected, attached)
        gateways = _gateways(connection, full, rows, collected, already_open)
        last_s = {row["dev_eui"].to_int64(): row["last_data_at"].timestamp() for row in rows} if attached else {}
        causes = explained(search([part], gateways), attached, last_s, collected)
        gateways = [replace(one, shared_cause=causes.of_gateway.get(one.gateway_id)) for one in gateways]
        concerned = {*safety, *map(DevEui.from_int64, causes.of_device)}
        judged = _judge(connection, concerned, causes, attached, collected=collected, already_open=already_open)
    with writing(engine) as connection:
        versions = {rule.name: rule.version for rule in _RULES}
        run_id = verdicts.start_run(connection, judged_at=now, rules=versions, light=True)
        incidents.keep_evidence(connection, run_id, _EVERYBODY, cause_packing.pack(part))
        _write(connection, run_id, judged, gateways, causes, now=now)
        scope = _scope_of(frozenset(str(eui) for eui in concerned))
        verdicts.complete_run(connection, run_id, completed_at=clock(), scope=scope)
    with reading(engine) as connection:
        return Audited(run_id, verdict_reads.states(connection, run_id), verdict_reads.kinds(connection, run_id))


def _full_run(connection: Connection, now: datetime) -> verdict_reads.Run:
    """Return the last audit of everything: what it has learnt is judged by."""
    last = reads.last_run(connection)
    found = [run for run in verdict_reads.runs(connection) if run.id == last]
    if not found:
        raise RefusedError("a light audit judges by what a full one has learnt: run `audit run` first")
    if found[0].judged_at > now:
        raise RefusedError(
            f"the last audit judged as of {found[0].judged_at.isoformat()}, later than {now.isoformat()}: "
            "judge the past with `audit run --now TIME`"
        )
    return found[0]


def _summary(rows: Iterable[speakers.Row], collected: Collection, attached: Mapping[int, list[Key]]) -> Summary:
    clocks, found = Clocks(collected), []
    for row in rows:
        one = speaker(
            row,
            row["last_data_at"],
            law=row["law"],
            links=row["links"],
            clocks=clocks,
            collected=collected,
            incidents=attached.get(row["dev_eui"].to_int64(), ()) if attached else (),
        )
        if one is not None:
            found.append(one)
    return summary(found, now=collected.now)


def _gateways(
    connection: Connection,
    full: verdict_reads.Run,
    rows: Iterable[speakers.Row],
    collected: Collection,
    already_open: OpenFindings,
) -> list[GatewayFacts]:
    """Return the facts of gateways: those of the full audit, with what was heard since."""
    known = verdict_reads.gateway_facts(connection, full)
    active = [row["dev_eui"] for row in rows if row["last_data_at"].date() >= full.judged_at.date()]
    heard = speakers.heard_since(connection, active, full.judged_at.date()) if active else {}
    for one in known:
        if one.last_heard_at is None:
            continue
        newer = heard.get(GatewayId(one.gateway_id))
        heard[GatewayId(one.gateway_id)] = Heard(
            one.known_at, max(one.last_heard_at, newer.last_at) if newer else one.last_heard_at, one.devices_30d
        )
    for told in heard.values():
        told.last_at = min(told.last_at, collected.now)
    return list(gateway_facts(connection, collected, already_open, heard=heard))


def _judge(
    connection: Connection,
    concerned: set[DevEui],
    causes: Explained,
    attached: Mapping[int, list[Key]],
    *,
    collected: Collection,
    already_open: OpenFindings,
) -> list[Judged]:
    """Judge some devices by their habits as they are."""
    known = habits.read(connection, _EVERYBODY, only=concerned)
    clocks, judged = Clocks(collected), []
    for device in evidence.devices(connection, _EVERYBODY, only=concerned):
        eui: DevEui = device["dev_eui"]
        past = Past(habit=known.get(eui), incidents=attached.get(eui.to_int64(), ()))
        facts, _ = device_facts(device, past, collected, already_open, clocks)
        facts = replace(facts, shared_cause=causes.of_device.get(eui.to_int64()))
        judged.append(Judged(facts, None, radio_state.judge(facts), None, 0, None))
    return judged


def _write(
    connection: Connection,
    run_id: int,
    judged: list[Judged],
    gateways: list[GatewayFacts],
    causes: Explained,
    *,
    now: datetime,
) -> None:
    verdicts.write_devices(connection, (one.verdict(run_id) for one in judged))
    verdicts.write_gateways(
        connection,
        run_id,
        [(GatewayId(one.gateway_id), gateway_state.judge(one, now), one.as_json()) for one in gateways],
    )
    incidents.publish(connection, run_id, causes.incidents, causes.devices, judged_at=now)
    facts: list[Facts] = [*(one.facts for one in judged), *gateways, *causes.incidents]
    found = [outcome for outcome in run(_RULES, facts, now) if isinstance(outcome, Finding)]
    verdicts.write_findings(connection, run_id, found)


def _scope_of(devices: frozenset[str]) -> Scope:
    """Return what this run has judged, of findings: what it does not see of these is over."""

    def judged(identity: Identity) -> bool:
        kind, subject_kind, subject, _ = identity
        if subject_kind == SubjectKind.DEVICE:
            return kind in _OF_DEVICES and subject in devices
        return kind in _OF_THE_REST

    return judged
