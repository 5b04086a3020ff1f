"""What a run has kept of its judgement: the facts it saw and what it found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, func, select, type_coerce

from lora_registry.domain.facts import ApplicationFacts, DeviceFacts, Facts, GatewayFacts
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import chosen
from lora_registry.store.audits import ApplicationVerdict, AuditRun, DeviceVerdict, FindingVerdict, GatewayVerdict
from lora_registry.store.evidence import Partition
from lora_registry.store.reads import Row

_FOUND = (
    "kind", "subject_kind", "subject", "since", "severity", "confidence", "evidence", "explanation", "cause",
    "patience_s",
)  # fmt: skip


class Run(NamedTuple):
    """A complete audit."""

    id: int
    judged_at: datetime
    rules: dict[str, int]
    """Version of each rule that judged."""


def runs(connection: Connection) -> list[Run]:
    """Return the complete runs whose verdicts are kept, the newest first."""
    kept = select(DeviceVerdict.run_id).union(select(GatewayVerdict.run_id), select(ApplicationVerdict.run_id))
    query = (
        select(AuditRun.id, AuditRun.judged_at, AuditRun.rules)
        .where(AuditRun.completed_at.is_not(None), AuditRun.id.in_(kept))
        .order_by(AuditRun.id.desc())
    )
    return [Run(*row) for row in connection.execute(query)]


def device_facts(connection: Connection, run: Run, part: Partition) -> Iterator[Facts]:
    """Yield the facts of a partition's devices."""
    stored = type_coerce(DeviceVerdict.dev_eui, BigInteger)
    query = select(DeviceVerdict.facts).where(
        DeviceVerdict.run_id == run.id, stored.between(part.first, part.last)
    )
    yield from (DeviceFacts.from_json(told) for told in connection.scalars(query))


def facts_of(connection: Connection, run_id: int, devices: Collection[DevEui]) -> Iterator[DeviceFacts]:
    """Yield the facts of some devices, by DevEUI."""
    query = select(DeviceVerdict.facts).where(
        DeviceVerdict.run_id == run_id, chosen.one_of(connection, DeviceVerdict.dev_eui, devices)
    )
    yield from (DeviceFacts.from_json(told) for told in connection.scalars(query.order_by(DeviceVerdict.dev_eui)))


def states(connection: Connection, run_id: int) -> Counter[str]:
    """Return how many devices a run found in each state."""
    query = select(DeviceVerdict.state, func.count()).where(DeviceVerdict.run_id == run_id)
    return Counter(dict(connection.execute(query.group_by(DeviceVerdict.state)).all()))


def kinds(connection: Connection, run_id: int) -> Counter[str]:
    """Return how much a run found of each kind."""
    query = select(FindingVerdict.kind, func.count()).where(FindingVerdict.run_id == run_id)
    return Counter(dict(connection.execute(query.group_by(FindingVerdict.kind)).all()))


def gateway_facts(connection: Connection, run: Run) -> list[GatewayFacts]:
    """Return the facts of gateways."""
    query = select(GatewayVerdict.facts).where(GatewayVerdict.run_id == run.id)
    return [GatewayFacts.from_json(told) for told in connection.scalars(query)]


def other_facts(connection: Connection, run: Run) -> Iterator[Facts]:
    """Yield the facts of gateways and applications."""
    applications = select(ApplicationVerdict.facts).where(ApplicationVerdict.run_id == run.id)
    yield from gateway_facts(connection, run)
    yield from (ApplicationFacts.from_json(told) for told in connection.scalars(applications))


def found(connection: Connection, run: Run) -> list[Row]:
    """Return what the run found, as it wrote it."""
    columns: list[Any] = [FindingVerdict.table().c[name] for name in _FOUND]
    query = select(*columns).where(FindingVerdict.run_id == run.id)
    return [dict(row) for row in connection.execute(query).mappings()]
