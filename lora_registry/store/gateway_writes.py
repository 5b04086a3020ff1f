"""What gateways say of themselves: each report counted once, the last known state and place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from lora_registry.domain.events import GatewayConnection, GatewayEvent, GatewayStats
from lora_registry.store import collection, staging
from lora_registry.store.weeks import report_at

_REPORT = ("gateway_id", "at")
_GATEWAY_DAY = ("gateway_id", "day", "reports", "rx_received", "rx_ok", "tx_emitted", "first_at", "last_at")
_GATEWAY = (
    "gateway_id", "network_id", "region", "first_stats_at", "last_stats_at", "online", "online_at",
    "latitude", "longitude", "altitude_m",
)  # fmt: skip


def write_gateways(connection: Connection, network: str, events: Sequence[GatewayEvent]) -> list[GatewayStats]:
    """Count each report once, by gateway and its own time (its arrival where it has none); return the new ones."""
    new: list[GatewayStats] = []
    reports = {(event.gateway_id, report_at(event)): event for event in events if isinstance(event, GatewayStats)}
    if reports:
        table = collection.GatewayReport.table()
        known = staging.insert_new(connection, table, _REPORT, list(reports))
        new = [event for place, event in enumerate(reports.values()) if place not in known]
        days: dict[tuple[Any, Any], list[GatewayStats]] = {}
        for event in new:
            days.setdefault((event.gateway_id, event.received_at.date()), []).append(event)
        rows = [
            (
                *key, len(day), sum(e.rx_received for e in day), sum(e.rx_ok for e in day),
                sum(e.tx_emitted for e in day), min(e.received_at for e in day), max(e.received_at for e in day),
            )
            for key, day in days.items()
        ]  # fmt: skip
        staging.merge(connection, collection.GatewayDay.table(), _GATEWAY_DAY, rows)
    gateways = list(_gateway_rows(network, events))
    if gateways:
        staging.merge(connection, collection.Gateway.table(), _GATEWAY, gateways)
    return new


def _gateway_rows(network: str, events: Sequence[GatewayEvent]) -> Iterable[staging.Row]:
    by_gateway: dict[Any, list[GatewayEvent]] = {}
    for event in events:
        by_gateway.setdefault(event.gateway_id, []).append(event)
    for gateway_id, told in by_gateway.items():
        stats = [event for event in told if isinstance(event, GatewayStats)]
        states = [event for event in told if isinstance(event, GatewayConnection)]
        location = next((event.location for event in reversed(stats) if event.location is not None), None)
        state = states[-1] if states else None
        yield (
            gateway_id,
            network,
            told[-1].region,
            min((event.received_at for event in stats), default=None),
            max((event.received_at for event in stats), default=None),
            state.online if state is not None else None,
            # A retained state is what the broker remembered: it says nothing about when.
            state.received_at if state is not None and not state.retained else None,
            *(location or (None, None, None)),
        )
