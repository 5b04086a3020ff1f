"""Shared causes in the registry: written by the run that finds them, read by the next one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, select, type_coerce, update

from lora_registry.domain.facts import IncidentFacts
from lora_registry.store import staging
from lora_registry.store.evidence import Partition, within
from lora_registry.store.incident_tables import CauseEvidence, Incident, IncidentDevice

_COLUMNS = (
    "cause_kind", "cause", "began_at", "ended_at", "name", "silent_s", "devices", "members", "expected", "gain",
    "first_run_id", "last_run_id",
)  # fmt: skip
_ATTACHED = ("dev_eui", "cause_kind", "cause", "began_at")


class Key(NamedTuple):
    """What makes it the same incident at the next run."""

    cause_kind: str
    cause: str
    began_at: datetime

    @property
    def name(self) -> str:
        """As facts and findings refer to it."""
        return f"{self.cause_kind}:{self.cause}"


def key_of(facts: IncidentFacts) -> Key:
    """Return the key of an incident."""
    return Key(facts.cause_kind, facts.key, facts.began_at)


def ends(connection: Connection) -> dict[Key, datetime | None]:
    """Return when each incident ended; None: it goes on."""
    query = select(Incident.cause_kind, Incident.cause, Incident.began_at, Incident.ended_at)
    return {Key(kind, cause, began_at): ended_at for kind, cause, began_at, ended_at in connection.execute(query)}


def attached(connection: Connection, part: Partition | None = None) -> dict[int, list[Key]]:
    """Return the incidents of each device (as stored) that any ever explained."""
    query = select(
        type_coerce(IncidentDevice.dev_eui, BigInteger),
        IncidentDevice.cause_kind,
        IncidentDevice.cause,
        IncidentDevice.began_at,
    )
    if part is not None:
        query = query.where(within(IncidentDevice.dev_eui, part))
    found: dict[int, list[Key]] = {}
    for number, kind, cause, began_at in connection.execute(query.order_by(IncidentDevice.began_at)):
        found.setdefault(number, []).append(Key(kind, cause, began_at))
    return found


def publish(
    connection: Connection,
    run_id: int,
    found: Iterable[IncidentFacts],
    devices: Mapping[Key, Sequence[Any]],
    *,
    judged_at: datetime,
) -> None:
    """Make what a run found the incidents that are shown: new ones, renewed ones, and the end of all others.

    In the transaction that completes the run. `devices` are the DevEUIs that each explains; one that was attached
    stays attached, for the time of the incident is off its clock for good.
    """
    facts = {key_of(one): one for one in found}
    staging.merge(
        connection,
        Incident.table(),
        _COLUMNS,
        [
            (*key, None, one.name, one.silent_s, one.devices, one.members, one.expected, one.gain, run_id, run_id)
            for key, one in facts.items()
        ],
    )
    staging.merge(
        connection,
        IncidentDevice.table(),
        _ATTACHED,
        [(dev_eui, *key) for key, of_it in devices.items() for dev_eui in of_it],
    )
    over = (Incident.last_run_id != run_id, Incident.ended_at.is_(None), Incident.began_at <= judged_at)
    connection.execute(update(Incident).where(*over).values(ended_at=judged_at))


def keep_evidence(connection: Connection, run_id: int, part: Partition, body: bytes) -> None:
    """Keep what one partition yields for the search; written again, it replaces itself."""
    staging.merge(connection, CauseEvidence.table(), ("run_id", "part", "body"), [(run_id, part.first, body)])


def evidence(connection: Connection, run_id: int) -> list[bytes]:
    """Return what the partitions of a run have yielded."""
    query = select(CauseEvidence.body).where(CauseEvidence.run_id == run_id).order_by(CauseEvidence.part)
    return list(connection.scalars(query))
