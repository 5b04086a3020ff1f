"""Judge everything as of now: partition by partition, then what silences have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from lora_registry.audit import RULES, cause_packing, gateway_state, run
from lora_registry.coverage.territories import Territories
from lora_registry.domain.facts import Facts, GatewayFacts
from lora_registry.domain.findings import Finding, SubjectKind
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.pipeline.explain_silences import Explained, explained, judge_anew, shared_causes
from lora_registry.pipeline.find_outages import find_outages
from lora_registry.pipeline.gather_collection import collection
from lora_registry.pipeline.gather_gateways import Completeness, application_facts, count, gateway_facts
from lora_registry.pipeline.judge_part import Part, judge_part
from lora_registry.store import evidence, gateway_evidence, habits, incidents, reads, verdict_reads, verdicts
from lora_registry.store.engine import reading, writing
from lora_registry.store.evidence import Partition
from lora_registry.store.gateway_evidence import Carried
from lora_registry.store.link_reads import Heard

PARTITION_DEVICES = 500
"""Two months of hourly uplinks of these are some 700,000 rows in memory at once, about 200 MB."""


@dataclass(slots=True)
class Audited:
    """What a run said, in numbers."""

    run_id: int
    states: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Hearing:
    """What devices say of gateways, summed over partitions."""

    heard: dict[GatewayId, Heard] = field(default_factory=dict)
    devices_30d: Counter[int] = field(default_factory=Counter)

    def add(self, part: Part) -> None:
        """Add what a partition yields."""
        self.devices_30d.update(part.devices_30d)
        for gateway_id, one in part.heard.items():
            known = self.heard.setdefault(gateway_id, Heard(one.first_at, one.last_at))
            known.first_at, known.last_at = min(known.first_at, one.first_at), max(known.last_at, one.last_at)
            known.devices += one.devices

    def since(self, before: Carried | None, now: datetime) -> dict[GatewayId, Heard] | None:
        """Return what is known of all gateways by now, with an earlier run's word; None: their days must be read.

        They must where there is no earlier word, and where devices know a gateway that it did not.
        """
        if before is None:
            return None
        found = gateway_evidence.joined(before, dict(self.heard), until=now)
        devices = {GatewayId.from_int64(gateway): count for gateway, count in self.devices_30d.items()}
        if devices.keys() - found.keys():
            return None
        for gateway_id, count_30d in devices.items():
            found[gateway_id].devices = max(found[gateway_id].devices, count_30d)
        return found


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
    with reading(engine) as connection:
        previous_run_id = reads.last_run(connection)
    with writing(engine) as connection:
        rules = {rule.name: rule.version for rule in RULES}
        audited = Audited(verdicts.start_run(connection, judged_at=now, rules=rules))
    with reading(engine) as connection:
        collected = collection(connection, now=now, zone=zone)
        already_open = verdicts.open_findings(connection)
        territories = Territories(gateway_evidence.boundaries(connection))
        parts = list(evidence.partitions(connection, partition_devices))
        attached = incidents.attached(connection)
        before = gateway_evidence.carried(connection, now)
    since = before.judged_at.date() if before is not None else None
    hearing = Hearing()
    applications: dict[str, Completeness] = {}
    last_s: dict[int, float] = {}
    for part in parts:
        with reading(engine) as connection:
            devices = evidence.devices(connection, part)
            done = judge_part(
                connection,
                part,
                devices,
                collected=collected,
                already_open=already_open,
                territories=territories,
                since=since,
            )
        hearing.add(done)
        for device in devices:
            count(applications, device)
        last_s |= _last_heard(done, attached)
        _write(engine, audited, part, done, now)
        on_progress(audited.states.total())
    with reading(engine) as connection:
        heard = hearing.since(before, now)
        gateways = list(gateway_facts(connection, collected, already_open, heard=heard))
        causes = explained(shared_causes(connection, audited.run_id, gateways), attached, last_s, collected)
    gateways = [replace(one, shared_cause=causes.of_gateway.get(one.gateway_id)) for one in gateways]
    for part in parts:
        _explain(engine, audited, part, causes, previous_run_id=previous_run_id, now=now)
    described = list(application_facts(applications, already_open))
    with writing(engine) as connection:
        verdicts.write_gateways(connection, audited.run_id, _gateway_verdicts(gateways, now))
        verdicts.write_applications(connection, audited.run_id, described)
        incidents.publish(connection, audited.run_id, causes.incidents, causes.devices, judged_at=now)
        _find(connection, audited, [*gateways, *described, *causes.incidents], now)
        verdicts.complete_run(connection, audited.run_id, completed_at=clock())
    with reading(engine) as connection:
        audited.states = verdict_reads.states(connection, audited.run_id)
        audited.findings = verdict_reads.kinds(connection, audited.run_id)
    return audited


def _last_heard(done: Part, attached: Mapping[int, object]) -> dict[int, float]:
    """Return when the devices that were ever attached to an incident were last heard."""
    if not attached:
        return {}
    heard = ((DevEui(one.facts.dev_eui).to_int64(), one.facts.last_uplink_at) for one in done.judged)
    return {number: at.timestamp() for number, at in heard if at is not None and number in attached}


def _write(engine: Engine, audited: Audited, part: Partition, done: Part, now: datetime) -> None:
    """Write what a partition yields; written again, it replaces itself."""
    judged = done.judged
    with writing(engine) as connection:
        verdicts.write_devices(connection, (one.verdict(audited.run_id) for one in judged))
        habits.write(
            connection, [(DevEui(one.facts.dev_eui), one.learnt) for one in judged if one.learnt is not None]
        )
        incidents.keep_evidence(connection, audited.run_id, part, cause_packing.pack(done.causes))
        _find(connection, audited, [one.facts for one in judged], now)
    audited.states.update(one.judgement.state.value for one in judged)


def _explain(
    engine: Engine,
    audited: Audited,
    part: Partition,
    causes: Explained,
    *,
    previous_run_id: int | None,
    now: datetime,
) -> None:
    """Judge the silent devices of a partition again, now that causes are known."""
    of_it = {number: cause for number, cause in causes.of_device.items() if part.first <= number <= part.last}
    anew = judge_anew(engine, audited.run_id, part, of_it, previous_run_id=previous_run_id, now=now)
    if not anew:
        return
    with writing(engine) as connection:
        verdicts.judge_again(connection, audited.run_id, [(one.facts, *one.judgement) for one in anew])
        verdicts.forget_findings(
            connection, audited.run_id, SubjectKind.DEVICE, [one.facts.dev_eui for one in anew]
        )
        _find(connection, audited, [one.facts for one in anew], now)


def _gateway_verdicts(
    gateways: Sequence[GatewayFacts], now: datetime
) -> list[tuple[GatewayId, str, dict[str, object]]]:
    return [(GatewayId(one.gateway_id), gateway_state.judge(one, now), one.as_json()) for one in gateways]


def _find(connection: Connection, audited: Audited, facts: Iterable[Facts], now: datetime) -> None:
    findings = [outcome for outcome in run(RULES, facts, now) if isinstance(outcome, Finding)]
    verdicts.write_findings(connection, audited.run_id, findings)
