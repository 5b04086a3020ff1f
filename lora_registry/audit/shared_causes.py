"""From the evidence of all partitions to incidents: the one joining step of an audit, and of judging it again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from lora_registry.audit import silent_gateway
from lora_registry.audit.cause_evidence import Cause, CauseKind, Summary, merge
from lora_registry.audit.causes import GatewayKnown, find_causes
from lora_registry.audit.incident import facts_of
from lora_registry.domain.facts import GatewayFacts, IncidentFacts


class Found(NamedTuple):
    """One incident."""

    facts: IncidentFacts
    devices: tuple[int, ...]
    """Stored DevEUIs that it explains, ascending."""


@dataclass(frozen=True, slots=True)
class SharedCauses:
    """What a run's search found."""

    incidents: tuple[Found, ...] = ()
    of_device: dict[int, str] = field(default_factory=dict)
    """Stored DevEUI -> the incident that explains it, as facts name it: `gateway:7276ff000b031f00`."""
    of_gateway: dict[str, str] = field(default_factory=dict)


def search(parts: Iterable[Summary], gateways: Iterable[GatewayFacts]) -> SharedCauses:
    """Return the incidents; `parts` are what the partitions yielded, in any order."""
    facts = {one.gateway_id: one for one in gateways}
    summaries = list(parts)
    if not summaries:
        return SharedCauses()
    causes = find_causes(merge(summaries), {gateway: _known(one) for gateway, one in facts.items()})
    found = tuple(Found(facts_of(one, _name(one.cause, facts)), one.devices) for one in causes.incidents)
    of_gateway = {
        gateway: name_of(cause)
        for cause in (one.cause for one in causes.incidents)
        for gateway, one in facts.items()
        if (cause.kind is CauseKind.GATEWAY and cause.key == gateway)
        or (cause.kind is CauseKind.BACKHAUL and cause.key == one.backhaul)
    }
    return SharedCauses(found, {number: name_of(cause) for number, cause in causes.explained.items()}, of_gateway)


def name_of(cause: Cause) -> str:
    """Return a cause as facts and findings name it."""
    return f"{cause.kind.value}:{cause.key}"


def _known(facts: GatewayFacts) -> GatewayKnown:
    """Return what a gateway's facts tell the search: nothing of its reports while we cannot hear any."""
    stopped = facts.watched_since_stats_s is not None and facts.watched_since_stats_s > silent_gateway.limit_s(
        facts
    )
    reporting = not stopped if facts.ever_sent_stats and facts.collection_alive else None
    return GatewayKnown(
        reporting=reporting,
        backhaul=facts.backhaul or "",
        last_s=facts.last_heard_at.timestamp() if facts.last_heard_at is not None else None,
        age_s=facts.unheard_s,
    )


def _name(cause: Cause, gateways: dict[str, GatewayFacts]) -> str:
    known = gateways.get(cause.key) if cause.kind is CauseKind.GATEWAY else None
    return known.name if known is not None and known.name else cause.key
