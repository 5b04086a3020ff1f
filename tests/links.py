"""What devices' days say of gateways, unpacked for tests."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.links import NOWHERE
from lora_registry.store import link_reads
from lora_registry.store.engine import make_engine, reading


def links_in(registry: Engine | str) -> list[dict[str, Any]]:
    """Return every link of every device's day, by device and day."""
    engine = make_engine(registry) if isinstance(registry, str) else registry
    found = []
    with reading(engine) as connection:
        for block in link_reads.blocks(connection):
            for eui, day, record in zip(block.dev_eui.tolist(), block.day.tolist(), block.record, strict=True):
                link = {name: record[name].item() for name in link_reads.DTYPE.names or ()}
                link["dev_eui"], link["day"] = DevEui.from_int64(eui), link_reads.day_of(day)
                link["gateway_id"] = GatewayId.from_int64(link["gateway_id"])
                link["latitude_e7"] = None if link["latitude_e7"] == NOWHERE else link["latitude_e7"]
                found.append(link)
    if isinstance(registry, str):
        engine.dispose()
    return found
